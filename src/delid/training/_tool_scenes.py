"""Close-ups for the simulated camera at the tool: one fastener in the middle, seen from straight above."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from delid.vision import FASTENER_KINDS

from ._closeups import sheet
from ._data_plan import DataPlan, family_of
from ._fasteners import Fastener
from ._lid import Wear
from ._noise import stream
from ._render import render
from ._scene import Camera, Detail, Scene, looking_at, random_scene
from ._sensor import auto_exposure, develop, encode_jpeg

SIZE_PX = (320, 240)
FOCAL_PX, AWAY_MM = 800.0, 240.0
"""0.3 mm to a pixel, as `sim.camera` lays the pictures down."""
EACH = 3
SEED = 9_100_000
FAMILY = "vw-meb-82"
QUALITY = 93


def tool_scene(kind: str, number: int, samples: int = 16) -> Scene:
    """One fastener; paint, light and camera are the same for all, so that the pictures fit side by side."""
    width, height = SIZE_PX
    head = "nut_on_stud" if kind == "nut" else "hex_flange"
    own = family_of(FAMILY, DataPlan())
    family = replace(sheet(own, stream(SEED, "sheet"), (400.0, 400.0)), finish=own.finish, rise_mm=0.0, head=head)
    eye = (0.0, 0.0, AWAY_MM)
    camera = Camera(
        *SIZE_PX, FOCAL_PX, (width - 1) / 2, (height - 1) / 2, eye, looking_at(eye, (0.0, 0.0, 0.0), 0.0)
    )  # fmt: skip
    scene = random_scene(f"{kind}-{number}", SEED, family, SIZE_PX, (), camera=camera)
    one = Fastener((0.0, 0.0), kind, head, 10.0, own.bolt_rgb, own.torque_paint, SEED + number)
    return replace(
        scene,
        fasteners=(one,),
        wear=Wear(0.0, 0.0, 0.0, 0, scene.wear.seed),
        clutter=0.0,
        sensor=replace(scene.sensor, exposure_stops=0.0, noise=0.35, blur_px=0.0, vignette=0.0, contrast=0.1),
        detail=Detail(samples, 4, 4.0, 0.35, rakes=False),
    )


def write_tool_scenes(folder: Path) -> list[Path]:
    """Render ``KIND-N.jpg`` for every kind; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files, exposure = [], None
    for kind in FASTENER_KINDS:
        for number in range(1, EACH + 1):
            scene = tool_scene(kind, number)
            linear = render(scene).linear
            exposure = exposure if exposure is not None else auto_exposure(linear, scene.sensor)
            path = folder / f"{kind}-{number}.jpg"
            path.write_bytes(encode_jpeg(develop(linear, scene.sensor, exposure), QUALITY))
            files.append(path)
    return files
