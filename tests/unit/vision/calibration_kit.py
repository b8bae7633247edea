"""Pictures of a ChArUco board by a camera that is known exactly."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from delid.config import Board
from delid.core import Frame
from delid.vision._calibration_board import draw_board
from delid.vision._geometry import Points

BOARD = Board(squares=(9, 7), square_mm=20.0)
SIZE = (640, 480)
MATRIX = np.array([[620.0, 0, 325.0], [0, 618.0, 236.0], [0, 0, 1]])
LENS = np.array([-0.18, 0.07, 0.0008, -0.0006, 0.0])
MARGIN_PX = 60


@cache
def _sheet() -> Points:
    """Softened a little: the printed sheet is finer than the camera."""
    return cv2.GaussianBlur(np.pad(draw_board(BOARD), MARGIN_PX, constant_values=255), (0, 0), 2.0)


@cache
def _rays() -> Points:
    """The pinhole coordinates of every pixel, free of the lens, 3 x n, on the plane at distance 1."""
    x, y = np.meshgrid(np.arange(SIZE[0], dtype=np.float64), np.arange(SIZE[1], dtype=np.float64))
    pixels = np.column_stack([x.ravel(), y.ravel()])[:, None]
    criteria = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 20, 1e-9)
    flat = cv2.undistortPointsIter(pixels, MATRIX, LENS, np.eye(3), np.eye(3), criteria).reshape(-1, 2)
    return np.vstack([flat.T, np.ones(len(flat))]).astype(np.float32)


@cache
def _noise() -> Points:
    return np.random.default_rng(1).normal(0, 2, (SIZE[1], SIZE[0])).astype(np.float32)


def pose(tilt_x: float, tilt_y: float, roll: float, shift: tuple[float, float], away_mm: float) -> Points:
    """Camera from board, 4 x 4: degrees and mm; the board's middle lies at ``shift`` and ``away_mm``."""
    turn = np.eye(3)
    for axis, degrees in ((2, roll), (1, tilt_y), (0, tilt_x)):
        vector = np.zeros(3)
        vector[axis] = np.deg2rad(degrees)
        turn = cv2.Rodrigues(vector)[0] @ turn
    middle = np.array([BOARD.squares[0], BOARD.squares[1], 0]) * BOARD.square_mm / 2
    placed = np.eye(4)
    placed[:3, :3] = turn
    placed[:3, 3] = np.array([*shift, away_mm]) - turn @ middle
    return placed


def picture(camera_from_board: Points, name: str, seed: int = 0) -> Frame:
    """By looking along each pixel's ray at the printed sheet: no lens model of OpenCV is run forwards here."""
    turn, shift = camera_from_board[:3, :3], camera_from_board[:3, 3]
    # x, y and scale on the sheet of the point that a ray meets, by the plane's homography
    across = np.linalg.inv(np.column_stack([turn[:, 0], turn[:, 1], shift])).astype(np.float32) @ _rays()
    px_per_mm = np.float32(200 / BOARD.square_mm)
    x, y = ((across[n] / across[2] * px_per_mm - 0.5 + MARGIN_PX).reshape(SIZE[1], SIZE[0]) for n in (0, 1))
    seen = cv2.remap(_sheet(), x, y, cv2.INTER_LINEAR, borderValue=128).astype(np.float32)
    seen = seen * np.float32(0.8) + 25 + np.roll(_noise(), seed * 7919)
    image = cv2.cvtColor(np.clip(seen, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)
    return Frame(image, name, f"{seed:064x}")


@cache
def good_set() -> tuple[Frame, ...]:
    """Twelve pictures as the manual asks for them."""
    looks = [
        (0, 0, 0, (0, 0), 210), (30, 0, 5, (0, 0), 240), (-30, 0, -5, (0, 0), 240), (0, 32, 0, (0, 0), 240),
        (0, -32, 8, (0, 0), 240), (20, 20, 0, (-60, -40), 280), (-20, 20, 10, (60, -40), 280),
        (20, -20, 0, (-60, 40), 280), (-20, -20, 0, (60, 40), 280), (10, 0, 90, (-20, 10), 260),
        (0, 25, 30, (30, 10), 300), (35, 10, -20, (0, -20), 260),
    ]  # fmt: skip
    return tuple(picture(pose(*look), f"{n:02d}.png", n) for n, look in enumerate(looks, start=1))
