"""Which pictures make up the data set: families, seeds, splits and kinds of picture, all decided by one seed.

Fictional families are split whole. The named packs are in no training picture at all: they are taught from the pictures
of the split "teach", so that every figure for them is one of a pack that the network has never been fitted to.
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
from ._scene import Camera, Detail, Scene, random_scene

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
    """One picture to render. ``kind`` is family, pack, cell or open (a pack without its lid)."""

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
