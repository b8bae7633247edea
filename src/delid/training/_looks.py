"""From the lights of a scene to the frames of a light program, as a camera delivers them: 8-bit BGR, one a look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ._light import RAKES
from ._noise import stream
from ._sensor import Sensor, develop

Lights = NDArray[np.float32]
"""Linear light (h, w, 6): the hall in RGB, then the brightness by each lamp of RAKES."""
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Mixture:
    """How lights become frames.

    Attributes:
        stray: hall light left in a raking frame, as a share of the lamp's own.
        side: share of a raking lamp's light in the ambient frame, and which lamp; 0 is the soft hall alone.
        lamp_stops: exposure of the raking frames, against an automatic one.
    """

    stray: float = 0.12
    side: tuple[int, float] = (0, 0.0)
    lamp_stops: float = 0.0


def random_mixture(rng: np.random.Generator) -> Mixture:
    """Lamps of different strength; one ambient frame in three has light from one side, as halls have windows."""
    side = float(rng.uniform(0.1, 1.2)) if rng.random() < 0.35 else 0.0
    return Mixture(float(rng.uniform(0.0, 0.3)), (int(rng.integers(len(RAKES))), side), float(rng.normal(0, 0.3)))


def developed(lights: Lights, sensor: Sensor, mixture: Mixture, looks: tuple[str, ...]) -> dict[str, Picture]:
    """The frames of the looks that are asked for, by name; ``ambient`` is always among them.

    The raking frames share one exposure, as those of a cell do: which side is brighter must stay visible. They are
    grey: no model looks at their colours.
    """
    hall, lamps = lights[..., :3], lights[..., 3:]
    frames = {"ambient": develop(_with_side(hall, lamps, mixture), sensor)}
    names = [name for name in looks if name in RAKES]
    if not names:
        return frames
    grey = hall.mean(axis=2, keepdims=True)
    level = _level(lamps[..., :2])
    exposure = 0.30 / level * 2.0**mixture.lamp_stops
    stray = grey * np.float32(mixture.stray * level / _level(grey))
    for name in names:
        number = RAKES.index(name)
        frame = develop(lamps[..., number, None] + stray, replace(sensor, seed=sensor.seed + 1 + number), exposure)
        frames[name] = np.repeat(frame, 3, axis=2)
    return frames


def _with_side(hall: Lights, lamps: Lights, mixture: Mixture) -> Lights:
    """The hall's light with that of a lamp at one side, in the colours that the hall shows."""
    number, share = mixture.side
    if share <= 0:
        return hall
    grey = hall.mean(axis=2, keepdims=True)
    lamp = lamps[..., number : number + 1] * np.float32(share * _level(grey) / _level(lamps[..., number]))
    return np.asarray(hall + lamp * np.clip(hall / (grey + 1e-3), 0, 3), np.float32)


def _level(linear: Lights) -> float:
    return max(float(np.percentile(linear[::4, ::4], 75)), 1e-4)


def fixed_frames(lights: Lights, truth: Mapping[str, object], looks: tuple[str, ...]) -> dict[str, Picture]:
    """The frames of a validation or test picture: sensor and mixture follow from its truth alone."""
    values = truth["sensor"]
    assert isinstance(values, dict)
    sensor = Sensor(**values)
    rng = stream(sensor.seed, "mixture")
    mixture = replace(random_mixture(rng), side=(0, 0.0))
    return developed(lights, sensor, mixture, looks)
