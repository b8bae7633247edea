"""Training views for the fastener detector: cut from close-ups and photographs, at every scale, turned, recoloured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.vision import FASTENER_KINDS

from ._augment import recoloured
from ._samples import Sample

Picture = NDArray[np.uint8]
UNKNOWN = -1
"""A place that counts neither as a fastener nor as none: hidden, cut off, or drawn as heads no longer are."""
SIDE_PX = 256
FINEST_MM, COARSEST_MM = 0.25, 1.65
EDGE_PX = 4.0
BORDER = 4


@dataclass(frozen=True, slots=True)
class Source:
    """One picture with its fasteners: centres (n, 2), kinds (n), and places worth looking at (m, 2)."""

    picture: Picture
    mm_per_px: float
    centres: NDArray[np.float64]
    kinds: NDArray[np.int64]
    spots: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class View:
    picture: Picture
    centres: NDArray[np.float64]
    kinds: NDArray[np.int64]


def source_of(sample: Sample) -> Source:
    """A close-up for training; hidden fasteners are neither taught nor held against the network."""
    every = sample.truth["fasteners"]
    centres = np.array([f["center_px"] for f in every], float).reshape(-1, 2)
    kinds = np.array([UNKNOWN if f["hidden"] else FASTENER_KINDS.index(f["kind"]) for f in every], np.int64)
    decoys = np.array([f["center_px"] for f in sample.truth.get("decoys", [])], float).reshape(-1, 2)
    rare = centres[np.isin(kinds, [FASTENER_KINDS.index("stripped"), FASTENER_KINDS.index("empty")])]
    spots = np.concatenate([centres, rare, decoys])
    width, height = sample.truth["size_px"]
    inside = ((spots >= 0) & (spots < (width, height))).all(axis=1) if len(spots) else np.zeros(0, bool)
    scale = float(np.median([f["mm_per_px"] for f in every])) if every else 1.2
    return Source(sample.picture(), scale, centres, kinds, spots[inside])


def wanted_scale(rng: np.random.Generator, source: Source) -> float:
    """Millimetres per pixel of a view: any that a camera of a cell may have, never much finer than the source."""
    if rng.random() < 0.25:
        wanted = float(rng.uniform(1.1, COARSEST_MM))
    else:
        wanted = float(np.exp(rng.uniform(np.log(FINEST_MM), np.log(1.35))))
    return max(wanted, 0.7 * source.mm_per_px)


def cut(rng: np.random.Generator, source: Source, side: int, mm_per_px: float) -> View:
    """A square of the source at another scale, turned and maybe mirrored."""
    picture, factor = source.picture, source.mm_per_px / mm_per_px
    centres, spots = source.centres, source.spots
    if factor < 0.95:  # shrink as a lens and a sensor do, by areas
        size = (max(8, round(picture.shape[1] * factor)), max(8, round(picture.shape[0] * factor)))
        share = np.array([size[0] / picture.shape[1], size[1] / picture.shape[0]])
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        centres, spots, factor = (centres + 0.5) * share - 0.5, (spots + 0.5) * share - 0.5, 1.0
    height, width = picture.shape[:2]
    if len(spots) and rng.random() < 0.85:
        middle = spots[int(rng.integers(len(spots)))] + rng.uniform(-0.3, 0.3, 2) * side / factor
    else:
        middle = rng.uniform((0, 0), (width, height))
    turn = float(rng.uniform(0, 2 * np.pi)) if rng.random() < 0.7 else float(rng.integers(4)) * np.pi / 2
    c, s = factor * np.cos(turn), factor * np.sin(turn)
    matrix = np.array([[c, -s], [s, c]]) @ np.diag([float(rng.choice([-1.0, 1.0])), 1.0])
    shift = np.array([(side - 1) / 2, (side - 1) / 2]) - matrix @ middle
    fill = tuple(int(v) for v in rng.integers(0, 255, 3))
    out = cv2.warpAffine(
        picture, np.column_stack([matrix, shift]), (side, side), flags=cv2.INTER_LINEAR, borderValue=fill
    )
    placed = centres @ matrix.T + shift if len(centres) else centres
    kept = ((placed > -BORDER) & (placed < side - 1 + BORDER)).all(axis=1) if len(placed) else np.zeros(0, bool)
    placed, kinds = placed[kept], source.kinds[kept].copy()
    inside = ((centres[kept] > EDGE_PX) & (centres[kept] < (width - 1 - EDGE_PX, height - 1 - EDGE_PX))).all(axis=1)
    cut_off = ~((placed > EDGE_PX) & (placed < side - 1 - EDGE_PX)).all(axis=1) | ~inside
    kinds[cut_off] = UNKNOWN
    return View(np.asarray(out, np.uint8), placed, kinds)


def board_view(rng: np.random.Generator, sources: Sequence[Source]) -> View:
    """A view of one source, or four of them side by side where the scale leaves one too small."""
    first = sources[int(rng.integers(len(sources)))]
    scale = wanted_scale(rng, first)
    whole = min(first.picture.shape[:2]) * first.mm_per_px / scale >= 0.75 * SIDE_PX
    if whole:
        return _recoloured(rng, cut(rng, first, SIDE_PX, scale))
    half = SIDE_PX // 2
    parts = []
    for number in range(4):
        source = first if number == 0 else sources[int(rng.integers(len(sources)))]
        near = max(scale * float(np.exp(rng.uniform(-0.2, 0.2))), 0.7 * source.mm_per_px)
        parts.append(_recoloured(rng, cut(rng, source, half, near)))
    return joined(parts, half)


def joined(parts: Sequence[View], half: int) -> View:
    """Four views as one square."""
    picture = np.zeros((2 * half, 2 * half, 3), np.uint8)
    centres = []
    for number, part in enumerate(parts):
        x, y = number % 2 * half, number // 2 * half
        picture[y : y + half, x : x + half] = part.picture
        centres.append(part.centres + np.array([x, y]))
    return View(picture, np.concatenate(centres), np.concatenate([p.kinds for p in parts]))


def _recoloured(rng: np.random.Generator, view: View) -> View:
    return View(recoloured(rng, view.picture), view.centres, view.kinds)


def photo_view(
    rng: np.random.Generator, photos: dict[int, list[Picture]], grounds: Sequence[Source], side: int = SIDE_PX
) -> View:
    """Photographed crops pasted as discs: screws, holes, and (UNKNOWN as key) what is neither, which is no fastener."""
    ground = grounds[int(rng.integers(len(grounds)))]
    base = cv2.resize(ground.picture, (32, 32), interpolation=cv2.INTER_AREA)  # colours of a lid, without its things
    picture = np.asarray(cv2.resize(base, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)
    picture = picture + rng.normal(0, 4, picture.shape).astype(np.float32)
    step = int(rng.choice([32, 48, 64, 85]))
    centres, kinds = [], []
    for row in range(side // step):
        for column in range(side // step):
            if rng.random() < 0.15:
                continue
            kind = int(rng.choice(list(photos)))
            crop = photos[kind][int(rng.integers(len(photos[kind])))]
            size = int(rng.uniform(0.4, 0.92) * step)
            middle = ((np.array([column, row]) + 0.5) * step + rng.uniform(-0.5, 0.5, 2) * (step - size - 3)).round()
            _paste(rng, picture, crop, middle, size)
            if kind != UNKNOWN:
                centres.append(middle)
                kinds.append(kind)
    out = np.asarray(np.clip(picture, 0, 255), np.uint8)
    return _recoloured(rng, View(out, np.array(centres, float).reshape(-1, 2), np.array(kinds, np.int64)))


def _paste(
    rng: np.random.Generator, picture: NDArray[np.float32], crop: Picture, middle: NDArray[np.float64], size: int
) -> None:
    """Lay a crop so that its middle comes to lie at a whole pixel, with a soft round edge."""
    size += 1 - size % 2
    small = cv2.resize(np.rot90(crop, int(rng.integers(4))), (size, size), interpolation=cv2.INTER_AREA)
    reach = size // 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    inside = (
        np.clip((reach + 0.5 - np.hypot(x, y)) / 2, 0, 1)[..., None] if rng.random() < 0.8 else np.ones((size, size, 1))
    )
    column, row = int(middle[0]), int(middle[1])
    x0, y0 = column - reach, row - reach
    part = picture[y0 : y0 + size, x0 : x0 + size]
    part[...] = part * (1 - inside) + small.astype(np.float32) * inside


def targets_of(view: View, stride: int = 4) -> tuple[NDArray[np.float32], ...]:
    """What the network should say: heat, offset, where the offset counts, and where anything counts."""
    side = view.picture.shape[0] // stride
    heat = np.zeros((len(FASTENER_KINDS), side, side), np.float32)
    offset = np.zeros((2, side, side), np.float32)
    at = np.zeros((1, side, side), np.float32)
    counted = np.ones((1, side, side), np.float32)
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32)
    for (x, y), kind in zip((view.centres - (stride - 1) / 2) / stride, view.kinds, strict=True):
        dx, dy = np.float32(x) - columns, np.float32(y) - rows
        if kind == UNKNOWN:
            counted[0][(np.abs(dx) < 2.6) & (np.abs(dy) < 2.6)] = 0.0
            continue
        i, j = min(max(round(float(y)), 0), side - 1), min(max(round(float(x)), 0), side - 1)
        spread = np.exp(-((columns - j) ** 2 + (rows - i) ** 2) / 2)
        np.maximum(heat[kind], spread, out=heat[kind])
        close = (np.abs(columns - j) <= 1) & (np.abs(rows - i) <= 1)
        offset[0][close], offset[1][close], at[0][close] = dx[close], dy[close], 1.0
    return heat, offset, at, counted
