"""Codes on labels: QR, Data Matrix and Code 128. An unreadable label is normal; the raw text is always kept."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from delid.core import Code

from ._battery_code import STANDARD, decode_battery_code

BoxPx = tuple[int, int, int, int]
SEARCH_SIDE_PX = 1600
"""A whole frame is searched at this size at most: reading time grows with the area."""
LABEL_FULL_SIDE_PX = 400
"""A label's place that is smaller is enlarged twofold: modules of 1.6 pixels are read then, instead of 2."""

_FORMATS = (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Code128)
_Found = dict[tuple[str, str], Code]


def read_codes(image: NDArray[np.uint8], places: Sequence[BoxPx] = ()) -> tuple[Code, ...]:
    """Every code found, each text and symbology once.

    With ``places`` (x0, y0, x1, y1 in pixels) only these boxes are read: enlarged and upright first, then as they
    are and turned. Without them the whole frame is searched once, turned too. Light codes on dark are not sought.
    """
    found: _Found = {}
    for x0, y0, x1, y1 in places:
        grey = _grey(image[y0:y1, x0:x1])
        if not _read(_enlarged(grey), found, turned=False):
            _read(grey, found, turned=True)
    if not places:
        _read(_reduced(_grey(image)), found, turned=True)
    return tuple(found.values())


def _read(grey: NDArray[np.uint8], found: _Found, *, turned: bool) -> bool:
    """Add what can be read; False when nothing can. The flags left out cost more time than they find codes."""
    barcodes = zxingcpp.read_barcodes(
        grey, formats=zxingcpp.BarcodeFormats(_FORMATS), try_rotate=turned, try_downscale=False, try_invert=False
    )
    for barcode in barcodes:
        text, symbology = str(barcode.text), str(barcode.format.name)
        decoded = decode_battery_code(text)
        found.setdefault((text, symbology), Code(text, symbology, STANDARD if decoded else None, decoded))
    return bool(barcodes)


def _grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def _enlarged(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if max(grey.shape) >= LABEL_FULL_SIDE_PX:
        return grey
    return np.asarray(cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)


def _reduced(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    ratio = SEARCH_SIDE_PX / max(grey.shape)
    if ratio >= 1.0:
        return grey
    size = (max(1, round(grey.shape[1] * ratio)), max(1, round(grey.shape[0] * ratio)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
