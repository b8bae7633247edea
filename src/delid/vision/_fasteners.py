"""The kind of every fastener, judged at its nominal place.

Pixel and millimetre centres are the nominal ones of the pack file, projected by the calibration: the classifier says
what is there, not where exactly it is. ``center_mm`` is therefore as good as pack file, fixture and calibration.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from delid.config import PackFile
from delid.core import Fastener, FastenerKind

from ._geometry import Points, Projection, in_frame


def nominal_places(pack: PackFile, projection: Projection) -> tuple[list[str], Points, Points]:
    """Ids, robot points (n x 3, mm) and pixels (n x 2) of the fasteners whose nominal place the camera sees."""
    places = pack.fastener_places()
    robot = projection.pack_to_robot(places.values(), pack)
    pixels = projection.robot_to_px(robot)
    seen = in_frame(pixels, projection.size_px)
    return [name for name, ok in zip(places, seen, strict=True) if ok], robot[seen], pixels[seen]


def judge_fasteners(
    ids: list[str], robot: Points, pixels: Points, kinds: NDArray[np.float32], labels: tuple[str, ...]
) -> tuple[Fastener, ...]:
    """One fastener for each id: the likeliest kind with its probability, however low.

    A kind below the manifest's ``min_confidence`` is kept as it is; whoever acts on it compares and asks.
    """
    best = np.argmax(kinds, axis=1)
    return tuple(
        Fastener(
            id=name,
            kind=FastenerKind(labels[index]),
            center_px=(round(float(pixel[0]), 2), round(float(pixel[1]), 2)),
            center_mm=(round(float(place[0]), 2), round(float(place[1]), 2)),
            confidence=round(min(max(float(row[index]), 0.0), 1.0), 4),
        )
        for name, place, pixel, row, index in zip(ids, robot, pixels, kinds, best, strict=True)
    )
