"""Codes on labels: QR, Data Matrix and Code 128, and what became of the search for them.

An unreadable label is normal; the raw text is always kept. The work on one frame is bounded by the pixels that the
reader is offered, not by a clock, so that a frame gives the same answer on a busy machine and in a replay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from delid.core import BATTERY_CODE_STANDARD, Code, CodeOutcome, CodeReading, decode_battery_code

from ._label_search import BoxPx, Grey, around, count_finders, find_print, has_print

SEARCH_SIDE_PX = 1600
"""A whole frame is searched at this size at most: reading time grows with the area."""
BUDGET_PX = 1_200_000
"""Pixels offered to the reader for the labels of one frame, counted twice where it also reads sideways; about 10 ms.
The first look at a whole frame is not counted."""
ENLARGED_SIDE_PX = 560
"""A patch is enlarged to this longer side at most; larger ones have pixels enough."""
SHARPENING = (2.0, 0.8)
"""Amount, and radius in pixels of the label as it was: modules of less than two pixels come apart again."""
MAX_CANDIDATES = 4
MIN_FINDERS = 2
"""One corner of a QR code may be a washer; two are a code."""

_FORMATS = (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Code128)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way of looking at a label; see docs/vision.md for what each of them finds.

    Attributes:
        scale: enlarged so much first.
        turned: look for codes that stand on their side or on their head too.
        angle_deg: turn the picture first; bars are read along rows and columns only.
        sharpen: undo some blur.
        inverted: light print on dark, as a laser leaves it.
        one_level: one grey level parts dark from light, instead of one for each neighbourhood.
    """

    scale: float = 1.0
    turned: bool = False
    angle_deg: float = 0.0
    sharpen: bool = False
    inverted: bool = False
    one_level: bool = False


FIRST_ATTEMPTS = (Attempt(), Attempt(2.0, turned=True, sharpen=True))
"""Tried at every place: nearly all that can be read is read by these."""
MORE_ATTEMPTS = (
    Attempt(1.5, turned=True, sharpen=True, angle_deg=45.0),
    Attempt(3.0, turned=True, sharpen=True),
    Attempt(2.0, turned=True, one_level=True),
    Attempt(2.0, turned=True, sharpen=True, inverted=True),
    Attempt(4.0, turned=True, sharpen=True),
    Attempt(0.5, turned=True),
)
"""Tried on the patch of print in a place, as long as the budget lasts; what finds most for its cost stands first."""


@dataclass(slots=True)
class _Search:
    """What has been found in a frame so far, and what is left of the budget."""

    codes: dict[tuple[str, str], Code] = field(default_factory=dict)
    budget_px: int = BUDGET_PX
    in_parts: int = 0
    """Codes that were seen and not read."""
    labels: int = 0
    """Labels that were seen and not read."""
    clashes: list[tuple[str, str]] = field(default_factory=list)


def read_labels(image: NDArray[np.uint8], places: Sequence[BoxPx] = ()) -> tuple[tuple[Code, ...], CodeReading]:
    """Every code found, each text and symbology once, and what became of the search.

    With ``places`` (x0, y0, x1, y1 in pixels) only these boxes are read. Without them the whole frame is searched, then
    the patches in it that look like print.
    """
    search = _Search()
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    if places:
        for x0, y0, x1, y1 in places:
            _read_place(grey[y0:y1, x0:x1], search)
    else:
        _read_frame(grey, search)
    codes = tuple(search.codes.values())
    return codes, _reading(codes, search)


def read_codes(image: NDArray[np.uint8], places: Sequence[BoxPx] = ()) -> tuple[Code, ...]:
    """The codes of `read_labels` alone."""
    return read_labels(image, places)[0]


def conflicting(codes: Iterable[Code]) -> tuple[str, ...]:
    """The battery codes that cannot belong to one pack: two that name different packs. Empty when there is no conflict.

    Modules and battery cells have codes of their own, so that several of those are no conflict.
    """
    packs = [c.text for c in codes if c.decoded is not None and c.decoded["product"] == "pack"]
    different = list({"".join(text.split()).upper(): text for text in packs}.values())
    return tuple(different) if len(different) > 1 else ()


def _reading(codes: tuple[Code, ...], search: _Search) -> CodeReading:
    if texts := conflicting(codes) or (search.clashes[0] if search.clashes else ()):
        return conflict(texts)
    if any(c.standard == BATTERY_CODE_STANDARD for c in codes):
        return CodeReading(CodeOutcome.READ)
    if codes:
        others = ", ".join(c.text for c in codes)
        return CodeReading(CodeOutcome.PART_LABEL, (f"a part label, not a battery code: {others}",))
    if search.in_parts:
        words = "parts of a code are made out; the rest is covered, dirty or too small to resolve"
        return CodeReading(CodeOutcome.PARTLY_COVERED, (words,))
    if search.labels:
        return CodeReading(CodeOutcome.UNREADABLE, ("a label is seen, but no code in it can be read",))
    return CodeReading()


def conflict(texts: Iterable[str]) -> CodeReading:
    """The outcome for codes that disagree."""
    return CodeReading(CodeOutcome.CONFLICT, (f"battery codes that disagree: {', '.join(texts)}",))


def _read_frame(grey: Grey, search: _Search) -> None:
    """The whole frame once; then the patches of print, if there was nothing."""
    ratio = min(1.0, SEARCH_SIDE_PX / max(grey.shape))
    found, _ = _try(grey, Attempt(ratio, turned=True), search)
    if found:
        return
    for patch in find_print(grey, MAX_CANDIDATES):
        _climb(_cut(grey, patch), (*FIRST_ATTEMPTS, *MORE_ATTEMPTS), search)


def _read_place(grey: Grey, search: _Search) -> None:
    """One place where the pack file has a label."""
    found, parts = _climb(grey, FIRST_ATTEMPTS, search)
    printed = has_print(grey)
    if not found and (parts or printed):
        patch = _cut(grey, around(find_print(grey, MAX_CANDIDATES), grey))
        found, more = _climb(patch, MORE_ATTEMPTS, search)
        if not found and printed:  # without print, parts of a code are an edge or a bead
            search.labels += 1
            search.in_parts += parts + more > 0 or count_finders(_seen_as(patch, Attempt(3.0))) >= MIN_FINDERS
    search.clashes.extend(_clash(found))


def _climb(grey: Grey, ladder: Iterable[Attempt], search: _Search) -> tuple[list[Code], int]:
    """The attempts one after another until something is read or the budget is spent; and the codes seen in parts."""
    seen = 0
    largest = max(1.0, ENLARGED_SIDE_PX / max(grey.shape))
    for attempt in dict.fromkeys(replace(a, scale=min(a.scale, largest)) for a in ladder):
        if search.budget_px <= 0:
            break
        search.budget_px -= int(grey.size * attempt.scale**2) * (2 if attempt.turned else 1)
        found, parts = _try(grey, attempt, search)
        if found:
            return found, 0
        seen += parts
    return [], seen


def _cut(grey: Grey, box: BoxPx) -> Grey:
    return grey[box[1] : box[3], box[0] : box[2]]


def _clash(found: list[Code]) -> list[tuple[str, str]]:
    """Two battery codes for the same kind of product on one label."""
    codes = [(c.text, c.decoded["product"]) for c in found if c.decoded is not None]
    return [(a, b) for n, (a, kind) in enumerate(codes) for b, other in codes[n + 1 :] if kind == other and a != b]


def _try(grey: Grey, attempt: Attempt, search: _Search) -> tuple[list[Code], int]:
    """Codes read by this attempt, and the number of those that were seen but not read."""
    binarizer = zxingcpp.Binarizer.GlobalHistogram if attempt.one_level else zxingcpp.Binarizer.LocalAverage
    barcodes = zxingcpp.read_barcodes(
        _seen_as(grey, attempt), formats=zxingcpp.BarcodeFormats(_FORMATS), try_rotate=attempt.turned,
        try_downscale=False, try_invert=False, binarizer=binarizer, return_errors=True,
    )  # fmt: skip
    read = []
    for barcode in barcodes:
        if barcode.valid:
            text, symbology = str(barcode.text), str(barcode.format.name)
            decoded = decode_battery_code(text)
            code = Code(text, symbology, BATTERY_CODE_STANDARD if decoded else None, decoded)
            read.append(search.codes.setdefault((text, symbology), code))
    return read, len(barcodes) - len(read)


def _seen_as(grey: Grey, attempt: Attempt) -> Grey:
    picture = grey
    if attempt.scale != 1.0:
        size = (max(1, round(grey.shape[1] * attempt.scale)), max(1, round(grey.shape[0] * attempt.scale)))
        way = cv2.INTER_CUBIC if attempt.scale > 1.0 else cv2.INTER_AREA
        picture = np.asarray(cv2.resize(grey, size, interpolation=way), np.uint8)
    if attempt.sharpen:
        amount, radius = SHARPENING
        soft = cv2.GaussianBlur(picture, (0, 0), radius * attempt.scale)
        picture = np.asarray(cv2.addWeighted(picture, 1 + amount, soft, -amount, 0), np.uint8)
    if attempt.angle_deg:
        picture = _turned(picture, attempt.angle_deg)
    if attempt.inverted:
        picture = np.asarray(cv2.bitwise_not(picture), np.uint8)
    return picture


def _turned(grey: Grey, angle_deg: float) -> Grey:
    """Turned about its middle, on a canvas that holds all of it."""
    height, width = grey.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (int(width * cos + height * sin) + 1, int(width * sin + height * cos) + 1)
    matrix[0, 2] += (size[0] - width) / 2
    matrix[1, 2] += (size[1] - height) / 2
    return np.asarray(cv2.warpAffine(grey, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)
