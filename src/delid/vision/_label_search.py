"""Where in a picture a label may be: patches of fine print. And corners of QR codes, where no code could be read."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
BoxPx = tuple[int, int, int, int]

WORKING_SIDE_PX = 800
"""A large picture is searched at this size: print is found by its texture, which survives."""
PRINT_GRADIENT = 22.0
"""Mean change of grey per pixel (Scharr, scaled to grey levels) that print has, and a lid or a bead has not."""
SPREAD_PX = 9
"""Print is dense: its gradient is averaged over so many pixels, in which a lone edge pales."""
MIN_SIDE_PX = 15
"""A patch of print is at least so wide and so high; a bolt's head or an edge is not, once it is averaged."""
MIN_SHARE = 0.03
"""A label's place is print by this share at least: labels of rendered frames have 0.06 to 0.23, bare lids 0 to 0.01."""
MIN_FILL = 0.3
"""A label fills its upright box, a cable does not; a label that is turned by 45 degrees fills half of it."""
MARGIN = 0.25
"""A box is made wider by this share of its shorter side, because a code needs its quiet zone."""

_SQUARE = np.ones((MIN_SIDE_PX, MIN_SIDE_PX), np.uint8)


def find_print(grey: Grey, limit: int) -> list[BoxPx]:
    """Boxes (x0, y0, x1, y1) of the patches with the most print, at most ``limit``, strongest first."""
    ratio = min(1.0, WORKING_SIDE_PX / max(grey.shape))
    small = grey
    if ratio < 1.0:
        size = (max(1, round(grey.shape[1] * ratio)), max(1, round(grey.shape[0] * ratio)))
        small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    if min(small.shape) < MIN_SIDE_PX:
        return []
    dense = _density(small)
    mask = cv2.morphologyEx(_print_mask(dense), cv2.MORPH_CLOSE, _SQUARE)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    found = []
    for x, y, width, height, area in stats[1:count].tolist():
        if min(width, height) >= MIN_SIDE_PX and area >= MIN_FILL * width * height:
            strength = float(dense[y : y + height, x : x + width].mean()) * area**0.5
            found.append((strength, _widened((x, y, width, height), ratio, grey.shape)))
    return [box for _, box in sorted(found, reverse=True)[:limit]]


def around(boxes: list[BoxPx], grey: Grey) -> BoxPx:
    """The box around all boxes; the whole picture when there are none."""
    if not boxes:
        return (0, 0, grey.shape[1], grey.shape[0])
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return (min(x0), min(y0), max(x1), max(y1))


def has_print(grey: Grey) -> bool:
    """True when a label's place shows print, and not a bare lid."""
    return min(grey.shape) >= MIN_SIDE_PX and float(_print_mask(_density(grey)).mean()) >= MIN_SHARE


def _print_mask(density: NDArray[np.float32]) -> Grey:
    """1 where print may be, in patches that are not too small."""
    return np.asarray(cv2.morphologyEx((density >= PRINT_GRADIENT).astype(np.uint8), cv2.MORPH_OPEN, _SQUARE), np.uint8)


def _density(grey: Grey) -> NDArray[np.float32]:
    across = cv2.Scharr(grey, cv2.CV_16S, 1, 0)
    down = cv2.Scharr(grey, cv2.CV_16S, 0, 1)
    change = cv2.convertScaleAbs(cv2.addWeighted(cv2.convertScaleAbs(across, alpha=1 / 16), 0.5,
                                                 cv2.convertScaleAbs(down, alpha=1 / 16), 0.5, 0), alpha=2)  # fmt: skip
    return np.asarray(cv2.blur(change.astype(np.float32), (SPREAD_PX, SPREAD_PX)), np.float32)


def _widened(box: tuple[int, int, int, int], ratio: float, shape: tuple[int, ...]) -> BoxPx:
    x, y, width, height = box
    margin = MARGIN * min(width, height)
    x0, y0 = int((x - margin) / ratio), int((y - margin) / ratio)
    x1, y1 = round((x + width + margin) / ratio), round((y + height + margin) / ratio)
    return (max(0, x0), max(0, y0), min(shape[1], x1), min(shape[0], y1))


def count_finders(grey: Grey) -> int:
    """Corner marks of a QR code: a dark square in a light ring in a dark ring, sides 3 : 5 : 7."""
    _, dark = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    contours, tree = cv2.findContours(dark, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return 0
    areas = [cv2.contourArea(c) for c in contours]
    found = 0
    for outer, (_, _, hole, _) in enumerate(tree[0]):
        core = int(tree[0][hole][2]) if hole >= 0 else -1
        if core >= 0 and _is_finder(areas[outer], areas[hole], areas[core]) and _is_square(contours[outer]):
            found += 1
    return found


def _is_finder(outer: float, hole: float, core: float) -> bool:
    """Areas near 49 : 25 : 9; contours run along pixel centres, which takes from some and gives to others."""
    return outer >= 60 and 0.35 < hole / outer < 0.75 and 0.2 < core / max(hole, 1.0) < 0.55


def _is_square(contour: cv2.typing.MatLike) -> bool:
    (_, (width, height), _) = cv2.minAreaRect(contour)
    return (
        min(width, height) > 0
        and max(width, height) / min(width, height) < 1.4
        and (cv2.contourArea(contour) / (width * height) > 0.75)
    )
