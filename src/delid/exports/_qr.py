"""QR codes that name a record by its hash (RFC 6920: ``ni:///sha-256;...``), as modules, for SVG and PDF."""

from __future__ import annotations

import base64

import numpy as np
import zxingcpp
from numpy.typing import NDArray

WELL_KNOWN = "/.well-known/ni/sha-256/"


def hash_name(sha256: str, link: str = "") -> str:
    """The name of what has this SHA-256 (hex digits).

    With ``link``, the address of a server, it is the address that RFC 6920 gives to it there.
    """
    name = base64.urlsafe_b64encode(bytes.fromhex(sha256)).rstrip(b"=").decode()
    return f"{link.rstrip('/')}{WELL_KNOWN}{name}" if link else f"ni:///sha-256;{name}"


def qr_modules(text: str) -> NDArray[np.bool_]:
    """The code for ``text``, error correction level M: True is dark, one element a module, without the quiet zone."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    picture = np.asarray(zxingcpp.write_barcode_to_image(code, scale=1, add_quiet_zones=False))
    return np.asarray(picture < 128)


def dark_runs(modules: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Dark modules of each row put together: column, row, and how many."""
    runs: list[tuple[int, int, int]] = []
    for row, cells in enumerate(modules):
        edges = np.flatnonzero(np.diff(np.concatenate(([False], cells, [False])).astype(np.int8)))
        runs += [(int(a), row, int(b - a)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return runs


def qr_svg(text: str, label: str) -> str:
    """The code as an SVG element with its quiet zone of four modules; ``label`` must be escaped already."""
    modules = qr_modules(text)
    side = modules.shape[0] + 8
    path = "".join(f"M{x + 4} {y + 4}h{n}v1h-{n}z" for x, y, n in dark_runs(modules))
    return (
        f'<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" '
        f'aria-label="{label}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path d="{path}"/></svg>'
    )
