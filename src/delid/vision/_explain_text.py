"""Words in a column of a picture, in a size that is read from a step away, and the signs of fasteners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from delid.core import FastenerKind, ImageBgr

Colour = tuple[int, int, int]
"""Blue, green, red."""

INK: Colour = (235, 235, 235)
GREY: Colour = (200, 200, 200)
ORANGE: Colour = (40, 150, 255)
RED: Colour = (60, 60, 225)
FONT = cv2.FONT_HERSHEY_SIMPLEX
LAST_PX = 24
"""Kept free below the last line, for the tails of its letters and the space above a heading."""


@dataclass(frozen=True, slots=True)
class Row:
    """A heading or a sentence; ``mark`` draws the sign of a fastener's kind before it."""

    words: str
    colour: Colour = INK
    head: bool = False
    small: bool = False
    mark: FastenerKind | None = None

    @property
    def style(self) -> tuple[float, int, int]:
        """Scale of the letters, thickness, height of a line in pixels."""
        if self.head:
            return 0.95, 2, 42
        return (0.55, 1, 26) if self.small else (0.68, 1, 30)


class Column:
    """Writes rows from the top of an image downwards; stops above the lower edge with three dots."""

    def __init__(self, image: ImageBgr, left: int, width: int) -> None:
        self._image, self._left, self._width, self._y = image, left, width, 6

    def write(self, rows: Iterable[Row]) -> None:
        for row in rows:
            scale, thickness, step = row.style
            indent = 34 if row.mark else 0
            for number, line in enumerate(wrapped(row.words, scale, thickness, self._width - indent)):
                if self._y + 2 * step + LAST_PX > self._image.shape[0]:
                    self._put("...", INK, 0.68, 1, 0, step)
                    return
                self._y += 12 if row.head and number == 0 else 0
                self._put(line, row.colour, scale, thickness, indent, step)
                if row.mark and number == 0:
                    self._mark(row.mark)

    def _put(self, line: str, colour: Colour, scale: float, thickness: int, indent: int, step: int) -> None:
        self._y += step
        at = (self._left + indent, self._y)
        cv2.putText(self._image, line, at, FONT, scale, colour, thickness, cv2.LINE_AA)

    def _mark(self, kind: FastenerKind) -> None:
        mark(self._image, (self._left + 12, self._y - 8), kind, 2, 9)


def mark(picture: ImageBgr, at: tuple[int, int], kind: FastenerKind, thickness: int, radius: int = 10) -> None:
    """Bolt a circle, nut a diamond, empty hole a cross, stripped head a triangle."""
    x, y = at
    if kind is FastenerKind.BOLT:
        cv2.circle(picture, at, radius, GREY, thickness, cv2.LINE_AA)
        return
    shapes = {
        FastenerKind.NUT: [[(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]],
        FastenerKind.STRIPPED: [[(x, y - radius), (x + radius, y + radius), (x - radius, y + radius)]],
        FastenerKind.EMPTY: [
            [(x - radius, y - radius), (x + radius, y + radius)], [(x - radius, y + radius), (x + radius, y - radius)]
        ],
    }  # fmt: skip
    colour = GREY if kind is FastenerKind.NUT else ORANGE
    lines = [np.array(points, np.int32) for points in shapes[kind]]
    cv2.polylines(picture, lines, True, colour, thickness, cv2.LINE_AA)


def wrapped(words: str, scale: float, thickness: int, width: int) -> Iterator[str]:
    """Lines that fit; letters that the font has not become question marks, words that are too long are cut."""
    line = ""
    for word in words.encode("ascii", "replace").decode().split():
        for piece in _pieces(word, scale, thickness, width):
            longer = f"{line} {piece}".strip()
            if line and _width(longer, scale, thickness) > width:
                yield line
                longer = piece
            line = longer
    if line:
        yield line


def _pieces(word: str, scale: float, thickness: int, width: int) -> Iterator[str]:
    while len(word) > 1 and _width(word, scale, thickness) > width:
        fits = next(n for n in range(len(word), 0, -1) if n == 1 or _width(word[:n], scale, thickness) <= width)
        yield word[:fits]
        word = word[fits:]
    yield word


def _width(words: str, scale: float, thickness: int) -> int:
    return int(cv2.getTextSize(words, FONT, scale, thickness)[0][0])
