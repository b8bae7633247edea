"""Fasteners found in a picture by the detector: at native resolution, in overlapping tiles, one model run a tile.

The model gives, for every cell of `STRIDE` pixels, the probability of a centre of each kind and where in the cell it
lies. A tile answers for its own middle part only, so that what is cut by its border is judged by its neighbour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.core import Fastener, FastenerKind, ModelError, PointPx

from ._manifest import FASTENER_KINDS, DetectionSpec, InputSpec, Manifest
from ._session import Outputs

STRIDE = 4
MULTIPLE = 32
"""The model takes sides that are a multiple of this."""
TILE_PX = 768
OVERLAP_PX = 96
UNPLACED = "seen."
"""How the ids of detections begin that belong to no place of a pack."""
Region = tuple[int, int, int, int]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Detection:
    """One fastener: centre in the picture's pixels, likeliest kind, its probability, and that of every kind."""

    center_px: PointPx
    kind: FastenerKind
    confidence: float
    kind_scores: dict[FastenerKind, float]


class Detector(Protocol):
    """A loaded model of the task fastener_detect."""

    @property
    def manifest(self) -> Manifest: ...

    def run(self, tensor: NDArray[np.float32]) -> Outputs: ...


def detect_fasteners(
    image_bgr: NDArray[np.uint8],
    model: Detector,
    *,
    regions: Sequence[Region] | None = None,
    tile_px: int = TILE_PX,
    least: float | None = None,
) -> list[Detection]:
    """Every fastener of a picture, surest first.

    Args:
        image_bgr: height x width x 3, 8 bits.
        model: of the task fastener_detect; another raises ModelError.
        regions: x0, y0, x1, y1 (exclusive) in pixels to look at; the whole picture otherwise.
        tile_px: the largest side of what the model sees at once.
        least: probability from which something is found; that of the manifest for each kind otherwise.
    """
    spec = model.manifest.detection
    if model.manifest.task != "fastener_detect" or spec is None:
        raise ModelError(
            f"a model of the task {model.manifest.task} says what stands at a place, not where.",
            hint="Set models.fasteners of the cell file to a model of the task fastener_detect.",
            code="model.no_places",
        )
    height, width = image_bgr.shape[:2]
    found: list[tuple[float, float, Floats]] = []
    for region in regions if regions is not None else [(0, 0, width, height)]:
        for tile in tiles_of(_inside(region, width, height), tile_px):
            found += _look(image_bgr, model, spec, tile, least)
    return [_detection(x, y, scores) for x, y, scores in suppressed(found, spec.radius_px)]


@dataclass(frozen=True, slots=True)
class Tile:
    """What the model sees (x0, y0, x1, y1) and the part of it that it answers for."""

    seen: Region
    own: Region


def tiles_of(region: Region, tile_px: int = TILE_PX, overlap_px: int = OVERLAP_PX) -> Iterator[Tile]:
    """Tiles of equal size that cover a region; neighbours overlap by at least `overlap_px`."""
    x0, y0, x1, y1 = region
    columns, rows = list(_spans(x0, x1, tile_px, overlap_px)), list(_spans(y0, y1, tile_px, overlap_px))
    for top, bottom, own_top, own_bottom in rows:
        for left, right, own_left, own_right in columns:
            yield Tile((left, top, right, bottom), (own_left, own_top, own_right, own_bottom))


def _spans(start: int, stop: int, tile_px: int, overlap_px: int) -> Iterator[tuple[int, int, int, int]]:
    """First and last pixel seen, first and last pixel answered for (both exclusive at the end)."""
    length = stop - start
    if length <= 0:
        return
    count = 1 if length <= tile_px else -(-(length - overlap_px) // (tile_px - overlap_px))
    side = min(tile_px, _rounded_up(-(-(length + (count - 1) * overlap_px) // count)))
    # whole strides, so that a cell of one tile is a cell of the next
    begins = [round(k * (length - side) / max(1, count - 1) / STRIDE) * STRIDE if k else 0 for k in range(count)]
    ends = [min(length, begin + side) for begin in begins]
    ends[-1] = length
    for k, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        own_begin = 0 if k == 0 else (begin + ends[k - 1]) // 2
        own_end = length if k == count - 1 else (begins[k + 1] + end) // 2
        yield start + begin, start + end, start + own_begin, start + own_end


def _rounded_up(length: int) -> int:
    return -(-length // MULTIPLE) * MULTIPLE


def _inside(region: Region, width: int, height: int) -> Region:
    x0, y0, x1, y1 = region
    return max(0, x0), max(0, y0), min(width, x1), min(height, y1)


def _look(
    image_bgr: NDArray[np.uint8], model: Detector, spec: DetectionSpec, tile: Tile, least: float | None
) -> list[tuple[float, float, Floats]]:
    x0, y0, x1, y1 = tile.seen
    outputs = model.run(tensor_of(image_bgr[y0:y1, x0:x1], model.manifest.input))
    own_x0, own_y0, own_x1, own_y1 = tile.own
    found = []
    limits = [float(spec.thresholds[kind]) if least is None else least for kind in FASTENER_KINDS]
    for x, y, scores in peaks_of(outputs["heat"][0], outputs["offset"][0], limits):
        x, y = x + x0, y + y0
        # half a pixel more at the seams: a centre between two tiles is kept by both, and suppressed later
        if own_x0 - 0.5 <= x < own_x1 + 0.5 and own_y0 - 0.5 <= y < own_y1 + 0.5:
            found.append((x, y, scores))
    return found


def tensor_of(part_bgr: NDArray[np.uint8], spec: InputSpec) -> Floats:
    """A part of a picture as the model takes it, filled up to whole multiples with the manifest's pad value."""
    height, width = part_bgr.shape[:2]
    down, right = _rounded_up(height) - height, _rounded_up(width) - width
    if down or right:
        pad = (spec.pad,) * 3
        part_bgr = np.asarray(cv2.copyMakeBorder(part_bgr, 0, down, 0, right, cv2.BORDER_CONSTANT, value=pad), np.uint8)
    tensor = np.empty((1, 3, *part_bgr.shape[:2]), np.float32)
    for channel in range(3):  # BGR to RGB on the way
        plane = cv2.extractChannel(part_bgr, 2 - channel)
        cv2.LUT(plane, _normalised(spec.mean[channel], spec.scale[channel]), dst=tensor[0, channel])
    return tensor


@lru_cache(maxsize=16)
def _normalised(mean: float, scale: float) -> Floats:
    """What each of the 256 values of a channel is to the model; looking it up costs less than working it out."""
    return (np.arange(256, dtype=np.float32) - np.float32(mean)) / np.float32(scale)


def peaks_of(heat: Floats, offset: Floats, limits: Iterable[float]) -> list[tuple[float, float, Floats]]:
    """Cells that are the highest of their neighbourhood in any kind: x, y in pixels and the score of every kind."""
    over = heat >= np.array(list(limits), np.float32)[:, None, None]
    best = heat.max(axis=0)
    highest = best >= cv2.dilate(best, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero(over.any(axis=0) & highest)
    half = (STRIDE - 1) / 2
    return [
        (
            float(STRIDE * (j + min(max(offset[0, i, j], -1.0), 1.0)) + half),
            float(STRIDE * (i + min(max(offset[1, i, j], -1.0), 1.0)) + half),
            heat[:, i, j],
        )
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
    ]


def suppressed(found: Sequence[tuple[float, float, Floats]], radius_px: float) -> list[tuple[float, float, Floats]]:
    """Surest first; whatever lies within the radius of a surer one is the same fastener, whatever its kind."""
    order = sorted(found, key=lambda f: (-float(f[2].max()), f[1], f[0]))
    kept: list[tuple[float, float, Floats]] = []
    places = np.empty((len(order), 2))
    for x, y, scores in order:
        if kept and np.hypot(places[: len(kept), 0] - x, places[: len(kept), 1] - y).min() < radius_px:
            continue
        places[len(kept)] = x, y
        kept.append((x, y, scores))
    return kept


def unplaced(detections: Sequence[Detection]) -> tuple[Fastener, ...]:
    """Detections of a picture whose pack or calibration is not known, from above to below: seen, but belonging nowhere.

    Their ids count within one picture only.
    """
    ordered = sorted(detections, key=lambda d: (d.center_px[1], d.center_px[0]))
    return tuple(
        Fastener(f"{UNPLACED}{number:02d}", d.kind, d.center_px, None, d.confidence)
        for number, d in enumerate(ordered, start=1)
    )


def _detection(x: float, y: float, scores: Floats) -> Detection:
    values = {FastenerKind(kind): round(float(score), 4) for kind, score in zip(FASTENER_KINDS, scores, strict=True)}
    kind = FastenerKind(FASTENER_KINDS[int(np.argmax(scores))])
    return Detection((round(x, 2), round(y, 2)), kind, values[kind], values)
