"""What all packs of one model share: outline, beads, bolts, finish, connectors and label places.

A family comes from a seed (a fictional pack) or from a pack file (a named one); both are the same kind of thing.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ._noise import stream
from ._polygon import along_path, inset_path, random_outline

Pair = tuple[float, float]
Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Finish:
    """The surface of a lid: linear base colour, roughness, metallic share, and how cloudy it is."""

    name: str
    rgb: Rgb
    roughness: float
    metallic: float
    cloud: float


@dataclass(frozen=True, slots=True)
class Feature:
    """One embossing: `kind` line, rect, round or ring; raised when `height_mm` is positive."""

    kind: str
    at_mm: Pair
    size_mm: Pair
    angle_rad: float
    height_mm: float


@dataclass(frozen=True, slots=True)
class Part:
    """Something fixed to the pack: a connector, a cover, a vent, a cable outlet."""

    kind: str
    at_mm: Pair
    angle_rad: float
    size_mm: tuple[float, float, float]
    rgb: Rgb


@dataclass(frozen=True, slots=True)
class Label:
    at_mm: Pair
    size_mm: Pair
    style: str


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    seed: int
    outline_mm: tuple[Pair, ...]
    height_mm: float
    flange_mm: float
    rise_mm: float
    ramp_mm: float
    finish: Finish
    features: tuple[Feature, ...]
    fasteners_mm: tuple[Pair, ...]
    head: str
    across_flats_mm: float
    parts: tuple[Part, ...]
    labels: tuple[Label, ...]
    torque_paint: Rgb | None
    bolt_rgb: Rgb
    modules_mm: tuple[Pair, ...] = ()
    """Centres of the modules under the lid; without any, battery cells lie across the whole tray."""
    module_size_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)


FINISHES = (
    Finish("e-coat", (0.022, 0.022, 0.024), 0.38, 0.0, 0.10),
    Finish("dark grey paint", (0.08, 0.085, 0.09), 0.42, 0.0, 0.08),
    Finish("aluminium", (0.62, 0.63, 0.65), 0.36, 0.9, 0.06),
    Finish("galvanised", (0.46, 0.48, 0.50), 0.42, 0.75, 0.09),
    Finish("grey composite", (0.20, 0.20, 0.19), 0.62, 0.0, 0.10),
    Finish("white paint", (0.55, 0.55, 0.53), 0.40, 0.0, 0.05),
    Finish("silver paint", (0.33, 0.34, 0.35), 0.40, 0.35, 0.06),
    Finish("black composite", (0.035, 0.035, 0.034), 0.66, 0.0, 0.12),
    Finish("blue paint", (0.05, 0.09, 0.16), 0.40, 0.0, 0.08),
    Finish("primer", (0.24, 0.13, 0.08), 0.60, 0.0, 0.10),
)
PART_OF_CONNECTOR = {
    "service_disconnect": "service_disconnect",
    "high_voltage": "hv_connector",
    "low_voltage": "signal_connector",
    "coolant": "signal_connector",
}
"""How each kind of connector of a pack file is drawn."""

PART_COLOURS: tuple[Rgb, ...] = (
    (0.90, 0.20, 0.02),
    (0.02, 0.02, 0.02),
    (0.90, 0.24, 0.03),
    (0.25, 0.25, 0.26),
    (0.60, 0.61, 0.62),
)
PAINTS: tuple[Rgb | None, ...] = (
    None,
    (0.85, 0.65, 0.03),
    (0.75, 0.75, 0.72),
    (0.05, 0.40, 0.09),
    (0.6, 0.03, 0.03),
    (0.04, 0.12, 0.5),
)
BOLT_COLOURS: tuple[Rgb, ...] = (
    (0.56, 0.55, 0.52),
    (0.42, 0.41, 0.40),
    (0.60, 0.52, 0.30),
    (0.10, 0.10, 0.10),
    (0.50, 0.52, 0.54),
)


def random_family(seed: int) -> Family:
    """A fictional pack model, entirely decided by its seed."""
    rng = stream(seed, "family")
    length = float(rng.uniform(1050, 2050))
    width = float(min(length * rng.uniform(0.55, 0.95), rng.uniform(850, 1500)))
    outline = random_outline(rng, length, width)
    flange = float(rng.uniform(38, 60))
    path = inset_path(outline, float(rng.uniform(0.38, 0.52)) * flange)
    fasteners = along_path(path, float(rng.uniform(110, 300)))
    return _assemble(
        f"family-{seed}", seed, rng, outline, fasteners, flange, float(rng.uniform(100, 280)), None, None, None
    )


def pack_family(data: Mapping[str, Any]) -> Family:
    """The family of a pack file's content (outline, fasteners, connector and label places are the file's)."""
    name = str(data["pack"])
    seed = zlib.crc32(name.encode()) & 0x7FFFFFFF
    rng = stream(seed, "family")
    outline = np.array(data["outline_mm"], float)
    group = data["groups"]["lid"]
    parts = [
        (PART_OF_CONNECTOR[str(c["kind"])], (float(c["at_mm"][0]), float(c["at_mm"][1])))
        for c in data.get("connectors", [])
    ]
    labels = [_pair(label["at_mm"]) + _pair(label["size_mm"]) for label in data.get("labels", [])]
    # what is on the lid comes first: its order is that of the pack file's ids
    groups = [group, *(other for key, other in data["groups"].items() if key != "lid")]
    fasteners = np.array([place for one in groups for place in one["positions_mm"]], float)
    family = _assemble(
        name, seed, rng, outline, fasteners, 46.0, float(data["height_mm"]), str(group["head"]), parts, labels
    )
    modules = data.get("modules")
    if not modules:
        return family
    length, width, tall = (float(v) for v in modules["size_mm"])
    return replace(
        family,
        modules_mm=tuple(_pair(place) for place in modules["positions_mm"]),
        module_size_mm=(length, width, tall),
    )


def _pair(value: Any) -> Pair:
    return float(value[0]), float(value[1])


def _assemble(
    name: str,
    seed: int,
    rng: np.random.Generator,
    outline: Any,
    fasteners: Any,
    flange_mm: float,
    height_mm: float,
    head: str | None,
    connectors: list[tuple[str, Pair]] | None,
    labels: list[tuple[float, float, float, float]] | None,
) -> Family:
    rise = float(rng.uniform(6, 26))
    ramp = float(rng.uniform(10, 40))
    extent = float(np.ptp(outline[:, 0])), float(np.ptp(outline[:, 1]))
    room = (extent[0] / 2 - flange_mm - ramp - 20, extent[1] / 2 - flange_mm - ramp - 20)
    finish = _finish(rng)
    placed = connectors or [(_part_kind(rng), _spot(rng, room)) for _ in range(int(rng.integers(1, 4)))]
    if labels is None:
        labels = [(*_spot(rng, room), *_label_size(rng)) for _ in range(int(rng.integers(1, 3)))]
    extra = [(*_spot(rng, room), 110.0, 90.0) for _ in range(int(rng.integers(0, 3)))]
    return Family(
        name=name,
        seed=seed,
        outline_mm=tuple((float(x), float(y)) for x, y in outline),
        height_mm=height_mm,
        flange_mm=flange_mm,
        rise_mm=rise,
        ramp_mm=ramp,
        finish=finish,
        features=random_features(rng, room),
        fasteners_mm=tuple((float(x), float(y)) for x, y in fasteners),
        head=head or str(rng.choice(["hex_flange", "hex_flange", "nut_on_stud"])),
        across_flats_mm=10.0 if head else float(rng.choice([8.0, 10.0, 10.0, 13.0])),
        parts=tuple(_part(rng, kind, at) for kind, at in placed),
        labels=tuple(Label((a, b), (w, h), "code") for a, b, w, h in labels)
        + tuple(Label((a, b), (w, h), "warning") for a, b, w, h in extra),
        torque_paint=PAINTS[int(rng.integers(len(PAINTS)))],
        bolt_rgb=BOLT_COLOURS[int(rng.integers(len(BOLT_COLOURS)))],
    )


def _finish(rng: np.random.Generator) -> Finish:
    base = FINISHES[int(rng.integers(len(FINISHES)))]
    red, green, blue = (float(v) for v in np.clip(np.array(base.rgb) * (1.0 + rng.uniform(-0.15, 0.15, 3)), 0.015, 0.8))
    return replace(base, rgb=(red, green, blue), roughness=float(base.roughness + rng.uniform(-0.06, 0.08)))


def random_features(rng: np.random.Generator, room: Pair) -> tuple[Feature, ...]:
    """Beads and pads in one of the patterns that pressed lids use."""
    features: list[Feature] = []
    for _ in range(int(rng.integers(1, 3))):
        pattern = rng.choice(["long", "cross", "grid", "diagonal", "pads", "rounds", "frame"])
        features += _pattern(rng, str(pattern), room)
    return tuple(features)


def _pattern(rng: np.random.Generator, pattern: str, room: Pair) -> list[Feature]:
    height = float(rng.uniform(3.5, 11) * rng.choice([-1, 1]))
    x, y = room
    if pattern in ("long", "cross"):
        count, wide = int(rng.integers(3, 10)), float(rng.uniform(16, 50))
        axis, across = (x, y) if pattern == "long" else (y, x)
        share = float(rng.uniform(0.55, 0.95))
        turn = 0.0 if pattern == "long" else np.pi / 2
        rows = np.linspace(-0.85, 0.85, count) * across
        return [
            Feature("line", (0.0, r) if pattern == "long" else (r, 0.0), (axis * share, wide / 2), turn, height)
            for r in rows
        ]
    if pattern == "grid":
        nx, ny = int(rng.integers(2, 6)), int(rng.integers(2, 5))
        half = (0.72 * x / nx, 0.72 * y / ny)
        kind = str(rng.choice(["rect", "round"]))
        return [
            Feature(kind, (x * (2 * i + 1 - nx) / nx, y * (2 * j + 1 - ny) / ny), half, 0.0, height)
            for i in range(nx)
            for j in range(ny)
        ]
    if pattern == "diagonal":
        turn = float(np.arctan2(y, x))
        reach = 0.8 * float(np.hypot(x, y))
        return [Feature("line", (0.0, 0.0), (reach, 15.0), s * turn, height) for s in (-1.0, 1.0)]
    if pattern == "frame":
        return [
            Feature("frame", (0.0, 0.0), (x * s, y * s), 0.0, height)
            for s in rng.uniform(0.4, 0.9, int(rng.integers(1, 3)))
        ]
    count = int(rng.integers(3, 9))
    kind = "rect" if pattern == "pads" else str(rng.choice(["round", "ring"]))
    sizes = rng.uniform(40, 170, (count, 2))
    return [Feature(kind, _spot(rng, room), (float(a), float(b)), 0.0, height) for a, b in sizes]


def _part_kind(rng: np.random.Generator) -> str:
    return str(rng.choice(["service_disconnect", "hv_connector", "signal_connector", "vent", "cover"]))


def _part(rng: np.random.Generator, kind: str, at: Pair) -> Part:
    size = {
        "service_disconnect": (130.0, 90.0, 62.0),
        "hv_connector": (150.0, 80.0, 70.0),
        "signal_connector": (70.0, 45.0, 40.0),
        "vent": (60.0, 60.0, 14.0),
        "cover": (220.0, 150.0, 24.0),
    }[kind]
    scale = float(rng.uniform(0.8, 1.25))
    if kind in ("service_disconnect", "hv_connector"):
        rgb = PART_COLOURS[int(rng.choice([0, 0, 2, 1]))]
    else:
        rgb = PART_COLOURS[int(rng.choice([1, 1, 3, 4]))]
    turn = float(rng.choice([0.0, np.pi / 2, np.pi, -np.pi / 2]))
    return Part(kind, at, turn, (size[0] * scale, size[1] * scale, size[2] * scale), rgb)


def _spot(rng: np.random.Generator, room: Pair) -> Pair:
    return float(rng.uniform(-0.85, 0.85) * room[0]), float(rng.uniform(-0.85, 0.85) * room[1])


def _label_size(rng: np.random.Generator) -> Pair:
    return float(rng.uniform(120, 220)), float(rng.uniform(70, 110))
