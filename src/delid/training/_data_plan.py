"""Which pictures make up the data set: families, seeds, splits and kinds of picture, all decided by one seed.

Fictional families are split whole. The named packs are in no training picture at all: they are taught from the pictures
of the split "teach", so that every figure for them is one of a pack that the network has never been fitted to.
Close-ups show boards full of fasteners.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from ._family import Family, pack_family, random_family
from ._noise import stream
from ._polygon import along_path, chamfered, inset_path
from ._scene import Camera, Detail, Scene, looking_at, random_fasteners, random_scene

SPLITS = ("train", "validation", "test", "teach")


@dataclass(frozen=True, slots=True)
class DataPlan:
    """Counts for each split (train, validation, test, teach); sizes in pixels."""

    seed: int = 31
    families: tuple[int, int, int, int] = (240, 20, 30, 0)
    per_family: tuple[int, int, int, int] = (3, 3, 4, 0)
    per_pack: tuple[int, int, int, int] = (0, 5, 10, 5)
    from_cell: tuple[int, int, int, int] = (0, 5, 10, 5)
    opened: tuple[int, int, int, int] = (30, 8, 12, 0)
    close_ups: tuple[int, int, int, int] = (0, 0, 0, 0)
    size_px: tuple[int, int] = (400, 300)
    samples: int = 5
    packs: str = "cell_configs/packs"
    hdri: str = ""
    """Folder of .exr surroundings that light one picture in three; without it all surroundings are procedural."""

    def sha256(self) -> str:
        """Digest of the recipe that makes the data again."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Job:
    """One picture to render. ``kind`` is family, pack, cell, open (a pack without its lid) or closeup."""

    name: str
    split: str
    kind: str
    family: str
    seed: int


def jobs(plan: DataPlan) -> list[Job]:
    """Every picture of the plan, mixed so that a part of the list is a small copy of the whole."""
    found = [job for index, split in enumerate(SPLITS) for job in _jobs_of(plan, index, split)]
    order = np.random.default_rng(plan.seed).permutation(len(found))
    return [found[k] for k in order]


def _jobs_of(plan: DataPlan, index: int, split: str) -> Iterator[Job]:
    base = plan.seed * 1_000_000 + index * 100_000
    names = [f"family-{base + k}" for k in range(plan.families[index])]
    for k, name in enumerate(names):
        for n in range(plan.per_family[index]):
            yield Job(f"{split}-f{k:03d}-{n:02d}", split, "family", name, base + k * 100 + n)
    for pack in pack_names(plan):
        for n in range(plan.per_pack[index]):
            yield Job(f"{split}-{pack}-{n:02d}", split, "pack", pack, _seed(base, pack, n))
        for n in range(plan.from_cell[index]):
            yield Job(f"{split}-{pack}-cell-{n:02d}", split, "cell", pack, _seed(base, pack, 500 + n))
    for n in range(plan.opened[index]):
        yield Job(f"{split}-open-{n:03d}", split, "open", names[n % len(names)], base + 70_000 + n)
    for n in range(plan.close_ups[index]):
        family = pack_names(plan)[n // 4 % 3] if n % 4 == 0 else names[n % len(names)]
        yield Job(f"{split}-close-{n:03d}", split, "closeup", family, base + 80_000 + n)


def _seed(base: int, pack: str, number: int) -> int:
    """A named pack's scenes keep their seeds whatever other packs there are."""
    return (zlib.crc32(f"{base}/{pack}".encode()) + number) & 0x7FFFFFFF


def pack_names(plan: DataPlan) -> list[str]:
    return sorted(path.stem for path in Path(plan.packs).glob("*.yaml"))


def family_of(name: str, plan: DataPlan) -> Family:
    """A family by its name: ``family-SEED`` or the name of a pack file."""
    if name.startswith("family-"):
        return random_family(int(name.removeprefix("family-")))
    return pack_family(read_pack(Path(plan.packs) / f"{name}.yaml"))


def read_pack(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = YAML(typ="safe").load(path.read_text())
    return data


def scene_of(job: Job, plan: DataPlan) -> Scene:
    """The scene of one job."""
    family = family_of(job.family, plan)
    camera = None
    if job.kind == "cell" or (job.kind in ("family", "open") and job.seed % 3 == 0):
        shift = stream(job.seed, "fixture").uniform(-2, 2, 2)
        camera = cell_camera(family.height_mm, (float(shift[0]), float(shift[1]))).scaled(plan.size_px[0] / 1600)
    bare = random_scene(job.name, job.seed, family, plan.size_px, None, _surroundings_of(job, plan), camera)
    scene = replace(bare, detail=Detail(samples=plan.samples))
    if job.kind == "open":
        return replace(scene, lid_off=True, damages=(), fasteners=())
    if job.kind == "closeup":
        return _close_up(scene, job, plan)
    return scene


def _surroundings_of(job: Job, plan: DataPlan) -> str | None:
    files = sorted(Path(plan.hdri).glob("*.exr")) if plan.hdri else []
    rng = stream(job.seed, "hdri")
    return str(files[int(rng.integers(len(files)))]) if files and rng.random() < 1 / 3 else None


def cell_camera(height_mm: float, shift_mm: tuple[float, float] = (0.0, 0.0)) -> Camera:
    """The demonstration cell's overview camera, in the frame of a pack of this height standing in the fixture."""
    tilt = np.radians(1.5)
    c, s = float(np.cos(tilt)), float(np.sin(tilt))
    at = (0.0 - shift_mm[0], 792.1 - 850.0 - shift_mm[1], 1750.0 - (-600.0 + height_mm))
    axes = ((1.0, 0.0, 0.0), (0.0, -c, s), (0.0, -s, -c))
    return Camera(1600, 1200, 1600.0, 799.5, 599.5, at, axes)


def _close_up(scene: Scene, job: Job, plan: DataPlan) -> Scene:
    """A small board in the family's finish, full of fasteners of all kinds, at 0.8 to 1.9 mm per pixel."""
    rng = stream(job.seed, "closeup")
    family = _board(scene.family, rng)
    whole = "nut" if family.head == "nut_on_stud" else "bolt"
    fasteners = []
    for fastener in random_fasteners(rng, family, 1.0):
        kind = str(rng.choice([whole, "empty", "stripped", "other"], p=[0.36, 0.42, 0.12, 0.10]))
        other = "bolt" if whole == "nut" else "nut"
        fasteners.append(replace(fastener, kind=other if kind == "other" else kind))
    width, height = plan.size_px
    scale = float(rng.choice([rng.uniform(1.2, 1.5), rng.uniform(0.8, 1.9)]))
    focal = width * float(rng.uniform(1.0, 2.2))
    away = scale * focal
    target = (float(rng.uniform(-40, 40)), float(rng.uniform(-30, 30)))
    lean = min(0.5, abs(float(rng.normal(0, 0.25))))
    heading = float(rng.uniform(0, 2 * np.pi))
    eye = (target[0] + away * np.sin(lean) * np.cos(heading), target[1] + away * np.sin(lean) * np.sin(heading))
    high = away * float(np.cos(lean))
    axes = looking_at((eye[0], eye[1], high), (*target, 0.0), float(rng.uniform(0, 2 * np.pi)))
    camera = Camera(width, height, focal, (width - 1) / 2, (height - 1) / 2, (*eye, high), axes)
    sensor = replace(scene.sensor, blur_px=min(scene.sensor.blur_px, 0.8), noise=min(scene.sensor.noise, 1.4))
    detail = Detail(plan.samples, 4, 4.0, 1.0)
    return replace(
        scene,
        family=family,
        damages=(),
        camera=camera,
        fasteners=tuple(fasteners),
        detail=detail,
        sensor=sensor,
        clutter=scene.clutter * 0.3,
    )


def _board(family: Family, rng: np.random.Generator) -> Family:
    """The family's sheet metal cut small, with fasteners close together on its flange and on its middle."""
    length, width = float(rng.uniform(440, 620)), float(rng.uniform(320, 460))
    outline = chamfered(length, width, float(rng.choice([0.0, 30.0, 70.0])))
    inset = float(rng.uniform(17, 26))
    edge = along_path(inset_path(outline, inset), float(rng.uniform(44, 58)))
    free_x, free_y = length / 2 - inset - 50, width / 2 - inset - 50
    middle = [(x, y) for x in np.arange(-free_x, free_x, 50.0) for y in np.arange(-free_y, free_y, 50.0)]
    places = [(float(x), float(y)) for x, y in edge] + [(float(x), float(y)) for x, y in middle]
    return replace(
        family,
        outline_mm=tuple((float(x), float(y)) for x, y in outline),
        fasteners_mm=tuple(places),
        features=(),
        parts=(),
        labels=(),
        across_flats_mm=float(rng.choice([10.0, 10.0, 10.0, 8.0, 13.0])),
    )
