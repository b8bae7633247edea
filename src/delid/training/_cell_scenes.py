"""Scenes for the simulated camera: the same pack, camera and light rendered with all fasteners, with none, and open.

The picture with all fasteners exists under each raking lamp too: that is the light program of a first inspection.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ._damage import Damage
from ._data_plan import DataPlan, cell_camera, family_of
from ._fasteners import Fastener
from ._lid import Wear
from ._looks import Mixture, developed
from ._noise import stream
from ._render import Rendered, render
from ._scene import Detail, Scene, random_scene
from ._sensor import Sensor, auto_exposure, develop, encode_jpeg
from ._truth import truth_of

SHIFT_MM = 1.5
"""A pack stands at most this far from its nominal place, on each axis."""
PATCH_MM = 32.0
"""Around a fastener, what changes when it comes out: itself and the shadow that a raking lamp makes it throw."""
LARGEST_BYTES = 700_000
CELL_LOOKS = ("rake_left", "rake_right")


@dataclass(frozen=True, slots=True)
class SceneOrder:
    """What one scene shows. Damage places are shares of the lid's half length and half width."""

    name: str
    family: str
    seed: int
    damages: tuple[tuple[str, float, float, float], ...] = ()


ORDERS: tuple[SceneOrder, ...] = (
    SceneOrder("vw-meb-82-clean", "vw-meb-82", 9_000_101),
    SceneOrder("vw-meb-82-damaged", "vw-meb-82", 9_000_102, (("dent", 0.45, 0.45, 0.35),)),
    SceneOrder("vw-meb-82-burn", "vw-meb-82", 9_000_103, (("burn", 0.7, -0.3, -0.35),)),
    SceneOrder("nissan-leaf-24-clean", "nissan-leaf-24", 9_000_104),
    SceneOrder("nissan-leaf-24-damaged", "nissan-leaf-24", 9_000_105, (("corrosion", 0.4, -0.4, 0.3),)),
    SceneOrder("byd-blade-clean", "byd-blade", 9_000_106),
    SceneOrder("byd-blade-damaged", "byd-blade", 9_000_107, (("corrosion", 0.35, 0.4, -0.3),)),
    SceneOrder("stranger", "family-9000400", 9_000_108),
)


def write_scene(order: SceneOrder, folder: Path, command: str, plan: DataPlan, samples: int = 6) -> dict[str, Any]:
    """Render one scene into ``folder/name``: bolts.jpg, none.jpg, open.jpg, and scene.yaml (JSON, a subset of YAML).

    ``bolts.rake_left.jpg`` and ``bolts.rake_right.jpg`` show it under the raking lamps.
    """
    family = family_of(order.family, plan)
    rng = stream(order.seed, "place")
    shift = (float(rng.uniform(-SHIFT_MM, SHIFT_MM)), float(rng.uniform(-SHIFT_MM, SHIFT_MM)))
    extent = np.abs(np.array(family.outline_mm)).max(axis=0)
    damages = tuple(
        Damage(kind, severity, (u * extent[0], v * extent[1]), 0.4, 0.8, order.seed + n)
        for n, (kind, severity, u, v) in enumerate(order.damages)
    )
    camera = cell_camera(family.height_mm, shift)
    base = random_scene(order.name, order.seed, family, (1600, 1200), damages, camera=camera)
    whole = "nut" if family.head == "nut_on_stud" else "bolt"
    scene = replace(
        base,
        floor_mm=-family.height_mm,
        fasteners=_all(base.fasteners, whole),
        wear=Wear(base.wear.dirt * 0.6, base.wear.scratches, base.wear.dust * 0.6, base.wear.marks, base.wear.seed),
        sensor=replace(base.sensor, exposure_stops=0.0, noise=0.35, blur_px=0.0, vignette=0.12, contrast=0.1),
        clutter=min(base.clutter, 0.7),
        detail=Detail(samples, 4, 4.0, 1.0),
    )
    first = render(scene)
    exposed = replace(scene, exposure=auto_exposure(first.linear, scene.sensor))
    unlit = replace(exposed, detail=replace(exposed.detail, rakes=False))
    second = render(replace(unlit, fasteners=_all(exposed.fasteners, "empty")))
    target = folder / order.name
    target.mkdir(parents=True, exist_ok=True)
    third = render(replace(unlit, fasteners=(), lid_off=True))
    for name, rendered in (("bolts", first), ("none", second), ("open", third)):
        (target / f"{name}.jpg").write_bytes(_jpeg(develop(rendered.linear, exposed.sensor, exposed.exposure)))
    _write_lit(target, first, exposed.sensor)
    facts = _facts(order, exposed, first, shift, command)
    (target / "scene.yaml").write_text(json.dumps(facts, indent=1) + "\n")
    return facts


def _write_lit(target: Path, rendered: Rendered, sensor: Sensor) -> None:
    """The picture with all fasteners under each raking lamp of the cell."""
    lights = np.concatenate([rendered.linear, rendered.rakes], axis=2)
    frames = developed(lights, sensor, Mixture(), CELL_LOOKS)
    for look in CELL_LOOKS:
        (target / f"bolts.{look}.jpg").write_bytes(_jpeg(frames[look]))


def _all(fasteners: Sequence[Fastener], kind: str) -> tuple[Fastener, ...]:
    return tuple(replace(fastener, kind=kind) for fastener in fasteners)


def _jpeg(picture: Any) -> bytes:
    for quality in (93, 91, 89, 86, 82, 78):
        data = encode_jpeg(picture, quality)
        if len(data) <= LARGEST_BYTES:
            return data
    return data


def _facts(
    order: SceneOrder, scene: Scene, rendered: Rendered, shift: tuple[float, float], command: str
) -> dict[str, Any]:
    truth = truth_of(scene, rendered, "scene")
    named = not order.family.startswith("family-")
    return {
        "scene": order.name,
        "pack": order.family if named else order.name,
        "taught": named,
        "shift_mm": [round(v, 3) for v in shift],
        "damage": [{k: d[k] for k in ("kind", "severity", "box_px")} for d in truth["damages"]],
        "fasteners": [
            {
                "id": f["id"],
                "center_px": f["center_px"],
                "patch_radius_px": round(PATCH_MM / f["mm_per_px"], 1),
                "hidden": f["hidden"],
            }
            for f in truth["fasteners"]
        ],
        "camera": asdict(scene.camera),
        "seed": order.seed,
        "command": command,
    }
