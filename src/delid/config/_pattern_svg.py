"""A pack file drawn over a photograph, so that a wrong figure is seen before a tool finds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from ._pack import PackFile, XyMm

Px = tuple[float, float]
ToPx = Callable[[XyMm], Px]

FILL = 0.9
"""Share of the picture that the pack is taken to fill where no corners are given."""


def fitted(pack: PackFile, size_px: tuple[int, int]) -> ToPx:
    """From the pack's frame (mm) to pixels, seen straight from above: in the middle, as large as FILL allows."""
    x0, y0, x1, y1 = _box(pack)
    scale = FILL * min(size_px[0] / (x1 - x0), size_px[1] / (y1 - y0))
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    return lambda at: (
        size_px[0] / 2 + (at[0] - middle[0]) * scale,
        size_px[1] / 2 - (at[1] - middle[1]) * scale,
    )


def seen_with_corners(pack: PackFile, corners_px: Sequence[Px]) -> ToPx:
    """By a plane projection through the corners of the outline's box.

    ``corners_px`` are the pixels of (-x, -y), (+x, -y), (+x, +y), (-x, +y). Raises ValueError when three lie on a line.
    """
    x0, y0, x1, y1 = _box(pack)
    rows, values = [], []
    for (x, y), (u, v) in zip(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), corners_px, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    try:
        found = np.linalg.solve(np.array(rows, dtype=float), np.array(values, dtype=float))
    except np.linalg.LinAlgError as error:
        raise ValueError("the four corners lie on a line") from error
    matrix: NDArray[np.float64] = np.append(found, 1.0).reshape(3, 3)

    def to_px(at: XyMm) -> Px:
        u, v, w = matrix @ np.array([at[0], at[1], 1.0])
        return float(u / w), float(v / w)

    return to_px


def pattern_svg(pack: PackFile, size_px: tuple[int, int], to_px: ToPx, photo: str = "") -> str:
    """Outline, modules, fasteners with their ids, the lid's grip and the connectors; ``photo`` is a data address."""
    width, height = size_px
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">',
        f"<title>{escape(pack.pack)}: {escape(pack.name)}</title>",
        f'<rect width="{width}" height="{height}" fill="#e8e8e8"/>',
    ]
    if photo:
        parts.append(f'<image href="{escape(photo, quote=True)}" width="{width}" height="{height}"/>')
    parts.append(_polygon([to_px(p) for p in pack.outline_mm], "#0057b8", 3))
    if pack.modules:
        length, across, _ = pack.modules.size_mm
        for x, y in pack.modules.positions_mm:
            corners = [(x - length / 2, y - across / 2), (x + length / 2, y - across / 2),
                       (x + length / 2, y + across / 2), (x - length / 2, y + across / 2)]  # fmt: skip
            parts.append(_polygon([to_px(c) for c in corners], "#666666", 2))
    for name, at in pack.fastener_places().items():
        parts.append(_mark(to_px(at), 9, "#d00000", name))
    parts.append(_mark(to_px(pack.lid.grip_mm), 16, "#007a3d", "grip"))
    parts += [_mark(to_px(c.at_mm), 12, "#8a2be2", c.id) for c in pack.connectors]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _box(pack: PackFile) -> tuple[float, float, float, float]:
    xs, ys = zip(*pack.outline_mm, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _polygon(points: Sequence[Px], colour: str, width: int) -> str:
    at = " ".join(f"{u:.1f},{v:.1f}" for u, v in points)
    return f'<polygon points="{at}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _mark(at: Px, radius: int, colour: str, name: str) -> str:
    u, v = at
    return (
        f'<g id="{escape(name, quote=True)}"><circle cx="{u:.1f}" cy="{v:.1f}" r="{radius}" fill="none" '
        f'stroke="{colour}" stroke-width="3"/><text x="{u + radius + 2:.1f}" y="{v:.1f}" font-size="14" '
        f'fill="{colour}" stroke="#ffffff" stroke-width="3" paint-order="stroke">{escape(name)}</text></g>'
    )
