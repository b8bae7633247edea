"""Where could the pattern lie? Votes over every turn and shift in the search range, without a first guess.

Each pair (place of the pattern, detection) that the range allows votes, for each turn of a fine grid, for the shift
that would bring the one onto the other. True pairs vote for one shift together, false ones spread. The search is
complete and has no chance in it, so that the same picture always gives the same pose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._geometry import Points

BIN_MM = 5.0
TURN_STEP_DEG = 0.25
KEPT = 4
"""Peaks that are worth a closer look."""
LOOKED_AT = 400
WORTH_PART = 0.6
"""A peak with a smaller part of the best one's votes cannot turn out to fit as well."""
APART_MM = 20.0
"""Two peaks nearer to each other than this, at the pattern's rim, are one."""


@dataclass(frozen=True, slots=True)
class Start:
    """A pose to refine: shift in mm along the pack's axes, turn in radians, and the votes for it."""

    shift: tuple[float, float]
    turn_rad: float
    votes: int


def find_starts(
    pattern: Points, found: Points, search_mm: float, search_rad: float, *, about_rad: float = 0.0
) -> list[Start]:
    """The best poses, most votes first; two votes at least.

    Args:
        pattern: places of the pack file, n x 2, pack's frame.
        found: detections on the lid's plane, m x 2, same frame.
        search_mm: range of the shift along each axis.
        search_rad: range of the turn on either side of ``about_rad``.
    """
    if not len(pattern) or not len(found):
        return []
    steps = max(1, int(np.ceil(search_rad / np.deg2rad(TURN_STEP_DEG))))
    turns = about_rad + np.linspace(-search_rad, search_rad, 2 * steps + 1)
    rim = float(np.linalg.norm(pattern, axis=1).max())
    kept: list[Start] = []
    for peak in _peaks(_shifts(pattern, found, turns, search_mm), turns, search_mm):
        if len(kept) == KEPT:
            break
        if all(_apart(peak, other, rim) > APART_MM for other in kept):
            kept.append(peak)
    return kept


def turned(points: Points, turn_rad: float) -> Points:
    """Points, n x 2, turned about the origin."""
    c, s = np.cos(turn_rad), np.sin(turn_rad)
    return np.asarray(points @ np.array([[c, s], [-s, c]]))


def _shifts(pattern: Points, found: Points, turns: Points, search_mm: float) -> Points:
    """The shift that each pair asks for at each turn, turns x pairs x 2; pairs too far apart for any turn left out."""
    reach = np.sqrt(2) * search_mm + BIN_MM + np.linalg.norm(pattern, axis=1) * np.ptp(turns) / 2
    middle = turned(pattern, float(turns.mean()))
    near = np.linalg.norm(found[None, :, :] - middle[:, None, :], axis=2) <= reach[:, None]
    place, detection = np.nonzero(near)
    return found[detection][None] - np.stack([turned(pattern[place], float(turn)) for turn in turns])


def _peaks(shifts: Points, turns: Points, search_mm: float) -> list[Start]:
    """The fullest windows of two by two bins over all turns, fullest first, the mildest turn first among equals."""
    half = int(np.ceil((search_mm + BIN_MM) / BIN_MM))
    size = 2 * half + 2
    cells = np.floor(shifts / BIN_MM).astype(int) + half
    turn, pair = np.nonzero(((cells >= 0) & (cells < size)).all(axis=2))
    flat = (turn * size + cells[turn, pair, 0]) * size + cells[turn, pair, 1]
    votes = np.bincount(flat, minlength=len(turns) * size * size).reshape(len(turns), size, size)
    windows = votes[:, :-1, :-1] + votes[:, 1:, :-1] + votes[:, :-1, 1:] + votes[:, 1:, 1:]
    enough = max(2, round(WORTH_PART * int(windows.max())))
    at = np.argwhere(windows >= enough)
    counts = windows[tuple(at.T)]
    order = np.lexsort((np.abs(at[:, 0] - len(turns) // 2), -counts))[:LOOKED_AT]
    return [
        Start(((row + 1 - half) * BIN_MM, (column + 1 - half) * BIN_MM), float(turns[t]), int(count))
        for (t, row, column), count in zip(at[order].tolist(), counts[order].tolist(), strict=True)
    ]


def _apart(a: Start, b: Start, rim: float) -> float:
    return float(np.hypot(a.shift[0] - b.shift[0], a.shift[1] - b.shift[1]) + rim * abs(a.turn_rad - b.turn_rad))
