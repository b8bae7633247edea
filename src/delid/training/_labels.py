"""Printed labels with real codes, as pictures to be laid onto a lid's texture."""

from __future__ import annotations

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

_DATE_YEAR = "ABCDE"
_DATE_MONTH = "123456789ABC"
_DATE_DAY = "123456789ABCDEFGHJKLMNPRSTVWXY"


def battery_code(rng: np.random.Generator) -> str:
    """A code in the pattern of GB/T 34014-2017 (24 characters), for a fictional maker."""
    letters = np.array(list("0123456789ABCDEFGHJKLMNPRSTVWXY"))

    def some(count: int) -> str:
        return "".join(rng.choice(letters, count))

    date = rng.choice(list(_DATE_YEAR)) + rng.choice(list(_DATE_MONTH)) + rng.choice(list(_DATE_DAY))
    return f"X{some(2)}P{rng.choice(list('BE'))}{some(2)}{some(7)}{date}{int(rng.integers(10**7)):07d}"


def code_label(rng: np.random.Generator, size_px: tuple[int, int], text: str) -> Picture:
    """A white type label with a machine code, its text and some lines of print; `size_px` is (width, height)."""
    width, height = size_px
    paper = int(rng.integers(205, 250))
    label = np.full((height, width, 3), paper, np.uint8)
    kinds = [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Code128]
    code = np.array(
        zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(text, kinds[int(rng.integers(3))]), scale=1)
    )
    if code.ndim == 3:
        code = code[..., 0]
    wide = code.shape[1] > 1.6 * code.shape[0]
    box = (int(width * 0.9), int(height * 0.4)) if wide else (int(height * 0.72), int(height * 0.72))
    picture = cv2.resize(code, box, interpolation=cv2.INTER_NEAREST if box[0] >= code.shape[1] else cv2.INTER_AREA)
    x, y = int(width * 0.05), int(height * 0.1)
    label[y : y + box[1], x : x + box[0]] = np.minimum(picture, paper)[..., None]
    left = x if wide else x + box[0] + int(width * 0.04)
    top = y + box[1] + int(height * 0.16) if wide else y + int(height * 0.14)
    scale = max(0.2, height / 330)
    lines = [
        text,
        "LITHIUM ION BATTERY",
        f"{int(rng.integers(280, 430))} V  {int(rng.integers(40, 95))} kWh",
        "MADE 20" + str(rng.integers(18, 25)),
    ]
    for k, line in enumerate(lines):
        at = (left, top + int(k * height * 0.17))
        cv2.putText(
            label, line, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (20, 20, 20), max(1, round(scale * 1.6)), cv2.LINE_AA
        )
    cv2.rectangle(label, (1, 1), (width - 2, height - 2), (60, 60, 60), 1)
    return label


def warning_label(rng: np.random.Generator, size_px: tuple[int, int]) -> Picture:
    """A yellow or orange warning of high voltage, drawn here from lines (no standard symbol copied)."""
    width, height = size_px
    back = [(30, 190, 240), (10, 120, 235), (235, 235, 235)][int(rng.integers(3))]
    label = np.full((height, width, 3), back, np.uint8)
    cx, r = int(height * 0.5), height * 0.38
    corners = np.array([[cx, height * 0.12], [cx - r, height * 0.82], [cx + r, height * 0.82]], np.int32)
    cv2.polylines(label, [corners], True, (15, 15, 15), max(1, height // 20), cv2.LINE_AA)
    bolt = np.array(
        [[cx + 2, height * 0.32], [cx - r * 0.25, height * 0.6], [cx + r * 0.1, height * 0.58], [cx - 2, height * 0.78]]
    )
    cv2.polylines(label, [bolt.astype(np.int32)], False, (15, 15, 15), max(1, height // 16), cv2.LINE_AA)
    for k in range(4):
        y = int(height * (0.2 + 0.18 * k))
        end = int(width * float(rng.uniform(0.75, 0.95)))
        cv2.line(label, (int(height * 1.02), y), (max(end, int(height * 1.05)), y), (25, 25, 25), max(1, height // 24))
    return label
