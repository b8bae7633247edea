"""Close-ups for the fastener detector: boards full of fasteners of all kinds and of things that only look like them,
and parts of whole lids with their beads, connectors and labels, as an overview camera sees them.

Every split has families, seeds, light and places of its own. Resolutions run from a camera at the tool (0.25 mm per
pixel) to an overview camera (1.6 mm per pixel).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from delid.core import UsageError

from ._decoys import DECOYS
from ._family import BOLT_COLOURS, FINISHES, PAINTS, Family, random_family
from ._fasteners import Fastener
from ._light import Light, raking_lamp
from ._noise import stream
from ._polygon import chamfered
from ._scene import Camera, Detail, Scene, looking_at, random_fasteners, random_scene
from ._sensor import develop, encode_jpeg
from ._truth import truth_of

SPLITS = ("train", "validation", "test")
PLAN_FILE = "plan.json"
BANDS_MM_PX = ((0.25, 0.45), (0.45, 0.7), (0.7, 1.0), (1.0, 1.3), (1.3, 1.6))
"""Bands of resolution that are reported apart; the last two are those of an overview camera."""
PITCH, NEAR_PITCH = (3.4, 5.5), (2.9, 3.7)
"""From fastener to fastener on a board, in widths across the flats."""
FINE = 2
"""Training pictures come from the first bands twice out of three times: coarser ones are made of them by shrinking."""


@dataclass(frozen=True, slots=True)
class CloseUpPlan:
    """Counts for each split (train, validation, test).

    `near`: boards as the camera at the tool sees them, all of the finest band and crowded, for the model of kinds.
    """

    seed: int = 53
    boards: tuple[int, int, int] = (160, 24, 40)
    lids: tuple[int, int, int] = (160, 16, 24)
    size_px: tuple[int, int] = (512, 384)
    samples: int = 6
    hdri: str = ""
    near: bool = False

    def sha256(self) -> str:
        """Digest of the recipe that makes the pictures again."""
        recipe = asdict(self)
        if not self.near:
            del recipe["near"]  # recipes from before there was a choice keep their digest
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


NEAR_PLAN = CloseUpPlan(seed=61, boards=(150, 20, 36), lids=(0, 0, 0), size_px=(640, 480), near=True)


@dataclass(frozen=True, slots=True)
class Board:
    """One picture to render: of a board, or (``lid``) of a part of a whole lid."""

    name: str
    split: str
    seed: int
    band: int
    lid: bool = False


def boards(plan: CloseUpPlan) -> list[Board]:
    """Every picture of the plan, the splits mixed so that a part of the list is a small copy of the whole."""
    found = []
    for index, split in enumerate(SPLITS):
        base = plan.seed * 1_000_000 + index * 100_000
        for n in range(plan.boards[index]):
            band = n % len(BANDS_MM_PX) if split != "train" or n % 3 == 0 else n % FINE
            band = 0 if plan.near else band
            found.append(Board(f"{split}-board-{n:03d}", split, base + n, band))
        for n in range(plan.lids[index]):
            found.append(Board(f"{split}-lid-{n:03d}", split, base + 50_000 + n, 3 + n % 2, lid=True))
    order = np.random.default_rng(plan.seed).permutation(len(found))
    return [found[k] for k in order]


def board_scene(board: Board, plan: CloseUpPlan) -> Scene:
    """The scene of one close-up; a family of its own belongs to every board."""
    rng = stream(board.seed, "board")
    width, height = plan.size_px
    mm_per_px = float(rng.uniform(*BANDS_MM_PX[board.band]))
    family = random_family(board.seed)
    target = (0.0, 0.0)
    if board.lid:
        target = _place_of_interest(family, rng)
    else:
        crowd = NEAR_PITCH if plan.near else PITCH
        family = sheet(family, rng, (width * mm_per_px, height * mm_per_px), crowd)
    camera = _camera(rng, plan.size_px, mm_per_px, target)
    scene = random_scene(board.name, board.seed, family, plan.size_px, (), _surroundings(board, plan), camera)
    calm = replace(scene.sensor, blur_px=min(scene.sensor.blur_px, 0.7), noise=min(scene.sensor.noise, 1.4))
    return replace(
        scene,
        fasteners=_lid_fasteners(rng, family) if board.lid else _fasteners(rng, family),
        light=_light(scene.light, rng, float(np.hypot(width, height)) * mm_per_px),
        sensor=calm,
        clutter=scene.clutter * (1.0 if board.lid else 0.4),
        detail=Detail(plan.samples, 3, 7.0 if board.lid else 4.0, max(0.35, 0.8 * mm_per_px), rakes=False),
    )


def _surroundings(board: Board, plan: CloseUpPlan) -> str | None:
    """Real surroundings are split too: the first five for training, one for validation, two for the test."""
    files = sorted(Path(plan.hdri).glob("*.exr")) if plan.hdri else []
    part = {"train": files[:5], "validation": files[5:6], "test": files[6:]}[board.split]
    rng = stream(board.seed, "hdri")
    return str(part[int(rng.integers(len(part)))]) if part and rng.random() < 1 / 3 else None


def sheet(
    family: Family, rng: np.random.Generator, view_mm: tuple[float, float], crowd: tuple[float, float] = PITCH
) -> Family:
    """The family's sheet metal, a little smaller or larger than the view."""
    reach = float(np.hypot(*view_mm))
    length, width = (float(rng.uniform(0.75, 1.25)) * reach for _ in range(2))
    outline = chamfered(length, width, float(rng.choice([0.0, 0.08])) * reach)
    af = float(rng.choice([10.0, 10.0, 10.0, 8.0, 13.0]))
    pitch = af * float(rng.uniform(*crowd))
    grid = [
        (x + float(rng.normal(0, 0.12)) * pitch, y + float(rng.normal(0, 0.12)) * pitch)
        for x in np.arange(-length / 2 + 0.6 * pitch, length / 2 - 0.5 * pitch, pitch)
        for y in np.arange(-width / 2 + 0.6 * pitch, width / 2 - 0.5 * pitch, pitch)
    ]
    return replace(
        family,
        outline_mm=tuple((float(x), float(y)) for x, y in outline),
        fasteners_mm=tuple((float(x), float(y)) for x, y in grid),
        features=(),
        parts=(),
        labels=(),
        flange_mm=0.12 * reach,
        rise_mm=float(rng.choice([0.0, 5.0, 12.0])),
        finish=FINISHES[int(rng.integers(len(FINISHES)))],
        head=str(rng.choice(["hex_flange", "nut_on_stud"])),
        torque_paint=PAINTS[int(rng.integers(len(PAINTS)))],
        across_flats_mm=af,
    )


def _fasteners(rng: np.random.Generator, family: Family) -> tuple[Fastener, ...]:
    """All kinds on one board, decoys among them, some places left bare."""
    whole, other = ("nut", "bolt") if family.head == "nut_on_stud" else ("bolt", "nut")
    names = [whole, other, "empty", "stripped", "decoy", "bare"]
    shares = rng.dirichlet(np.array([0.24, 0.10, 0.24, 0.17, 0.16, 0.09]) * 14)
    found = []
    for at in family.fasteners_mm:
        kind = str(rng.choice(names, p=shares))
        if kind == "bare":
            continue
        if kind == "decoy":
            kind = DECOYS[int(rng.integers(len(DECOYS)))]
        rgb = family.bolt_rgb if rng.random() < 0.7 else BOLT_COLOURS[int(rng.integers(len(BOLT_COLOURS)))]
        size = family.across_flats_mm if rng.random() < 0.8 else float(rng.choice([8.0, 10.0, 13.0]))
        seed = int(rng.integers(2**31))
        found.append(Fastener(at, kind, family.head, size, rgb, family.torque_paint, seed))
    return tuple(found)


def _place_of_interest(family: Family, rng: np.random.Generator) -> tuple[float, float]:
    """Where an overview picture is cut from: at a fastener, a connector, or anywhere."""
    places = [*family.fasteners_mm[:: max(1, len(family.fasteners_mm) // 6)], *(part.at_mm for part in family.parts)]
    x, y = places[int(rng.integers(len(places)))]
    return x * float(rng.uniform(0.7, 1.0)), y * float(rng.uniform(0.7, 1.0))


def _lid_fasteners(rng: np.random.Generator, family: Family) -> tuple[Fastener, ...]:
    """A lid before, during or after its bolts come out, with a few things on it that only look like bolts."""
    found = [*random_fasteners(rng, family, float(rng.choice([0.0, 0.5, 0.97])))]
    extent = np.abs(np.array(family.outline_mm)).max(axis=0)
    for _ in range(int(rng.integers(4, 16))):
        x, y = rng.uniform(-0.9, 0.9, 2) * extent
        kind = DECOYS[int(rng.integers(len(DECOYS)))]
        seed = int(rng.integers(2**31))
        found.append(Fastener((float(x), float(y)), kind, family.head, 10.0, family.bolt_rgb, None, seed))
    return tuple(found)


def _camera(
    rng: np.random.Generator, size_px: tuple[int, int], mm_per_px: float, target: tuple[float, float]
) -> Camera:
    """Mostly from above, some leaning; turned by any angle."""
    width, height = size_px
    focal = width * float(rng.uniform(1.2, 2.4))
    away = mm_per_px * focal
    lean = min(0.45, abs(float(rng.normal(0, 0.2))))
    heading = float(rng.uniform(0, 2 * np.pi))
    flat = away * np.sin(lean)
    x, y = target
    eye = (x + float(flat * np.cos(heading)), y + float(flat * np.sin(heading)), float(away * np.cos(lean)))
    axes = looking_at(eye, (x, y, 0.0), float(rng.uniform(0, 2 * np.pi)))
    return Camera(width, height, focal, (width - 1) / 2, (height - 1) / 2, eye, axes)


def _light(light: Light, rng: np.random.Generator, reach_mm: float) -> Light:
    """Soft light from the hall, or half the time a low lamp that draws long shadows."""
    if rng.random() < 0.5:
        return light
    heading, elevation = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.15, 0.6))
    power = float(rng.uniform(60, 220))
    lamp = raking_lamp(
        heading, elevation, reach_mm + float(rng.uniform(450, 1100)), power, light.warmth, (0.0, 0.0, 0.0)
    )
    return replace(light, ambient=light.ambient * float(rng.uniform(0.2, 0.7)), lamps=(lamp, *light.lamps[1:]))


def board_truth(scene: Scene, rendered: Any, board: Board) -> dict[str, Any]:
    """The truth of a close-up: fasteners, and apart from them what only looks like one."""
    truth = truth_of(scene, rendered, board.split)
    every = truth["fasteners"]
    truth["decoys"] = [f for f in every if f["kind"] in DECOYS]
    truth["fasteners"] = [f for f in every if f["kind"] not in DECOYS]
    return {**truth, "kind": "closeup", "band": board.band}


def render_board(board: Board, plan: CloseUpPlan, folder: Path) -> None:
    """One picture and its truth; the truth is written last, so that it marks a whole pair."""
    from ._render import render

    scene = board_scene(board, plan)
    rendered = render(scene)
    picture = encode_jpeg(develop(rendered.linear, scene.sensor, scene.exposure), max(88, scene.sensor.jpeg_quality))
    (folder / f"{board.name}.jpg").write_bytes(picture)
    part = folder / f"{board.name}.part"
    part.write_text(json.dumps(board_truth(scene, rendered, board)))
    part.replace(folder / f"{board.name}.json")


def load_close_up_plan(folder: Path) -> CloseUpPlan:
    """The plan that filled a folder; UsageError when there is none."""
    path = folder / PLAN_FILE
    if not path.is_file():
        raise UsageError(f"{folder} holds no {PLAN_FILE}.", hint="Run delid train close-ups first.")
    data = json.loads(path.read_text())
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return CloseUpPlan(**fields)


def is_near(folder: Path) -> bool:
    """Whether a folder of close-ups holds what the camera at the tool sees; False for one without a plan."""
    return (folder / PLAN_FILE).is_file() and load_close_up_plan(folder).near


def produce_close_ups(folder: Path, plan: CloseUpPlan, say: Callable[[str], None], limit: int | None = None) -> int:
    """Render what is missing of the plan, in this process; returns how many pictures there are then."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PLAN_FILE).write_text(json.dumps(asdict(plan), indent=2) + "\n")
    todo = [board for board in boards(plan) if not (folder / f"{board.name}.json").exists()]
    say(f"{len(todo)} close-ups to render, {len(boards(plan)) - len(todo)} are there")
    began_s = time.monotonic()
    for count, board in enumerate(todo[:limit], start=1):
        render_board(board, plan, folder)
        if count % 10 == 0:
            say(f"{count} done, {(time.monotonic() - began_s) / count:.1f} s each, {len(todo) - count} left")
    return sum((folder / f"{board.name}.json").exists() for board in boards(plan))
