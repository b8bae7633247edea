"""The ChArUco board: printed at its true size, and found in a picture."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.config import Board
from delid.core import ImageBgr

PX_PER_SQUARE = 200
"""A marker's squares come out in whole pixels for marker parts of 0.7, and the edges are sharp in print."""
MARGIN_MM = 12.0
CAPTION_MM = 4.0
MM_PER_POINT = 25.4 / 72
BOARD_FORMATS = ("pdf", "svg", "png")


@dataclass(frozen=True, slots=True, eq=False)
class Corners:
    """Corners of the board in one picture: points in mm on the board, n x 3, their pixels, n x 2, their numbers."""

    board_mm: NDArray[np.float64]
    pixels: NDArray[np.float64]
    numbers: NDArray[np.int64]


def find_corners(image: ImageBgr, board: Board) -> Corners:
    """The inner corners of the board that the picture shows, to a part of a pixel; none where there is no board."""
    found, numbers, _, _ = _detector(board).detectBoard(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    if found is None or numbers is None or not len(numbers):
        return Corners(np.empty((0, 3)), np.empty((0, 2)), np.empty(0, np.int64))
    ids = np.asarray(numbers, np.int64).ravel()
    return Corners(board_corners_mm(board)[ids], np.asarray(found, np.float64).reshape(-1, 2), ids)


def board_corners_mm(board: Board) -> NDArray[np.float64]:
    """Every inner corner, n x 3, in mm from the board's corner; z = 0."""
    return np.asarray(_charuco(board).getChessboardCorners(), np.float64)


def draw_board(board: Board) -> NDArray[np.uint8]:
    """The board as a picture of whole pixels, without a margin."""
    size = (board.squares[0] * PX_PER_SQUARE, board.squares[1] * PX_PER_SQUARE)
    return np.asarray(_charuco(board).generateImage(size, marginSize=0, borderBits=1), np.uint8)


def print_board(board: Board, kind: str) -> bytes:
    """A file for the printer: pdf, svg or png, at the true size; ValueError for another kind."""
    if kind == "png":
        return _png(draw_board(board), PX_PER_SQUARE / board.square_mm)
    if kind == "svg":
        return _svg(board).encode()
    if kind == "pdf":
        return _pdf(board)
    raise ValueError(f"{kind!r} is none of {', '.join(BOARD_FORMATS)}")


def caption(board: Board) -> str:
    """What stands under the printed board, so that a wrong scale is found with a ruler."""
    across, down = board.squares
    side = f"{board.square_mm:g}"
    return (
        f"delid ChArUco {across} x {down}, squares {side} mm, {board.dictionary}, markers {board.marker_part:g}. "
        f"Print at 100 %. {across} squares must measure {across * board.square_mm:g} mm."
    )


@cache
def _charuco(board: Board) -> cv2.aruco.CharucoBoard:
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, board.dictionary))
    return cv2.aruco.CharucoBoard(board.squares, board.square_mm, board.square_mm * board.marker_part, dictionary)


@cache
def _detector(board: Board) -> cv2.aruco.CharucoDetector:
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    return cv2.aruco.CharucoDetector(_charuco(board), cv2.aruco.CharucoParameters(), parameters)


def _page(board: Board) -> tuple[float, float, float, float]:
    """Width and height of the board and of the page, mm."""
    width, height = (count * board.square_mm for count in board.squares)
    return width, height, width + 2 * MARGIN_MM, height + 2 * MARGIN_MM


def _png(image: NDArray[np.uint8], px_per_mm: float) -> bytes:
    """A PNG that says how large it is: OpenCV writes no pHYs chunk, so one is put in after the header."""
    content = cv2.imencode(".png", image)[1].tobytes()
    per_metre = round(px_per_mm * 1000)
    body = b"pHYs" + struct.pack(">IIB", per_metre, per_metre, 1)
    chunk = struct.pack(">I", 9) + body + struct.pack(">I", zlib.crc32(body))
    header_end = 8 + 25
    return content[:header_end] + chunk + content[header_end:]


def _svg(board: Board) -> str:
    width, height, page_width, page_height = _page(board)
    picture = base64.b64encode(cv2.imencode(".png", draw_board(board))[1].tobytes()).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{page_width:g}mm" height="{page_height:g}mm" '
        f'viewBox="0 0 {page_width:g} {page_height:g}"><rect width="100%" height="100%" fill="white"/>'
        f'<image x="{MARGIN_MM:g}" y="{MARGIN_MM:g}" width="{width:g}" height="{height:g}" '
        f'style="image-rendering:pixelated" href="data:image/png;base64,{picture}"/>'
        f'<text x="{MARGIN_MM:g}" y="{page_height - CAPTION_MM:g}" font-family="sans-serif" font-size="3.5">'
        f"{caption(board)}</text></svg>\n"
    )


def _pdf(board: Board) -> bytes:
    """One page with one picture of one bit a pixel, and the caption."""
    width, height, page_width, page_height = (side / MM_PER_POINT for side in _page(board))
    margin, low = MARGIN_MM / MM_PER_POINT, CAPTION_MM / MM_PER_POINT
    image = draw_board(board)
    bits = zlib.compress(np.packbits(image > 127, axis=1).tobytes(), 9)
    drawing = (
        f"q {width:.4f} 0 0 {height:.4f} {margin:.4f} {margin:.4f} cm /Im0 Do Q "
        f"BT /F0 8 Tf {margin:.4f} {low:.4f} Td ({caption(board)}) Tj ET"
    ).encode()
    picture = (
        f"<< /Type /XObject /Subtype /Image /Width {image.shape[1]} /Height {image.shape[0]} /ColorSpace /DeviceGray "
        f"/BitsPerComponent 1 /Filter /FlateDecode /Length {len(bits)} >>"
    )
    return _pdf_file(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            (
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {page_width:.4f} {page_height:.4f}] /Contents 4 0 R "
                "/Resources << /XObject << /Im0 5 0 R >> /Font << /F0 6 0 R >> >> >>"
            ).encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
            b"%s\nstream\n%s\nendstream" % (picture.encode(), bits),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        ]
    )


def _pdf_file(objects: list[bytes]) -> bytes:
    """Objects 1, 2, ... with their table; the first is the catalogue."""
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)
