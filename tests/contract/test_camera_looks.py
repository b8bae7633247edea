"""The simulated cameras under lamps and at the tool: what the wire did decides what is seen."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from delid.config import Camera
from delid.core import CameraError, ManualClock
from delid.sim import PackFacts, PlcFacts, RobotFacts, World
from delid.sim.camera import CloseupCamera, SceneCamera
from delid.sim.plc import PlcLogic, load_site
from looks_kit import TOOL_CAMERA, closeups, discs

LAMPS = {1: "rake_left", 2: "rake_right"}
BOLT = (500.0, 400.0, -460.0)
OVER = (440.0, 400.0, -190.0)
"""Where the flange stands so that the camera looks straight at BOLT."""


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """Grey with one bright bolt; under the left lamp the right side is dark. Nobody drew the right lamp."""
    folder = tmp_path / "scene"
    folder.mkdir()
    ramp = np.tile(np.linspace(220, 60, 128), (96, 1))
    for name, disc in (("bolts", 250), ("none", 5)):
        plain = np.full((96, 128, 3), 120, np.uint8)
        left = np.dstack([ramp] * 3).astype(np.uint8)
        for image, file in ((plain, f"{name}.jpg"), (left, f"{name}.rake_left.jpg")):
            cv2.circle(image, (30, 40), 6, (disc,) * 3, -1)
            cv2.imwrite(str(folder / file), image, [cv2.IMWRITE_JPEG_QUALITY, 95])
    (folder / "scene.yaml").write_text("fasteners:\n  - {id: lid.01, center_px: [30, 40], patch_radius_px: 12}\n")
    return folder


async def shot(camera: SceneCamera) -> np.ndarray:
    (frame,) = await camera.grab(1, 5.0)
    return frame.image.astype(int)


async def test_the_lamps_that_burn_decide_the_light(scene: Path, tmp_path: Path) -> None:
    world = World(tmp_path / "world")
    camera = SceneCamera(scene, world, ManualClock(), 1, lamps=LAMPS)
    ambient = await shot(camera)
    world.write_plc(PlcFacts(lamps=1))
    left = await shot(camera)
    world.write_plc(PlcFacts(lamps=2))
    right = await shot(camera)
    world.write_plc(PlcFacts(lamps=1, removed=["lid.01"]))
    hole = await shot(camera)
    world.write_plc(PlcFacts(lamps=0))
    again = await shot(camera)
    await camera.close()
    sides = [(i[80:, :20].mean(), i[80:, -20:].mean()) for i in (ambient, left, right, again)]
    assert abs(sides[0][0] - sides[0][1]) < 3
    assert sides[1][0] - sides[1][1] > 100, "its own picture"
    assert sides[2][1] - sides[2][0] > 30, "the ambient picture, darkened from one side"
    assert abs(again - ambient).mean() < 4
    assert left[40, 30, 1] > 200
    assert hole[40, 30, 1] < 60


async def test_a_scene_of_a_cell_without_lamps_takes_no_notice_of_them(scene: Path, tmp_path: Path) -> None:
    world = World(tmp_path / "world")
    camera = SceneCamera(scene, world, ManualClock(), 1)
    before = await shot(camera)
    world.write_plc(PlcFacts(lamps=3))
    assert abs(await shot(camera) - before).mean() < 4
    await camera.close()


async def test_a_picture_of_another_size_is_refused_when_it_is_needed(scene: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(scene / "bolts.rake_left.jpg"), np.zeros((10, 10, 3), np.uint8))
    world = World(tmp_path / "world")
    world.write_plc(PlcFacts(lamps=1))
    camera = SceneCamera(scene, world, ManualClock(), 1, lamps=LAMPS)
    with pytest.raises(CameraError, match="differ in size"):
        await camera.grab(1, 5.0)
    await camera.close()


# --- lamps of the simulated PLC ------------------------------------------------------------------------------------


def scenario(tmp_path: Path, repository: Path, more: str) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text(f"cell: {repository / 'cell_configs/cells/demo.yaml'}\npack: vw-meb-82\n{more}\n")
    return path


def switched(logic: PlcLogic, mask: int, seq: int) -> int:
    """Send set_light as the bus does, and scan until it is done; the lamps that burn then."""
    logic.write(110, [0, 0, 0, mask, 25, seq])
    for n in range(20):
        logic.scan(seq + n * 0.01)
    assert logic.status[5:7] == [seq, 2], "done"
    return logic.facts().lamps


def test_the_simulated_plc_switches_lamps_and_a_dead_one_stays_dark(tmp_path: Path, repository: Path) -> None:
    logic = PlcLogic(load_site(scenario(tmp_path, repository, "dead_lamps: [2]")))
    logic.scan(0.0)
    assert logic.facts().lamps == 0
    assert [switched(logic, mask, seq) for seq, mask in enumerate((1, 2, 3, 0), start=1)] == [1, 0, 1, 0]


def test_the_pack_stands_where_the_scenario_says_and_is_known_to_the_world(tmp_path: Path, repository: Path) -> None:
    path = scenario(tmp_path, repository, "shift_mm: [2.4, -1.8]\nstripped: [lid.02]")
    facts = PlcLogic(load_site(path)).pack()
    assert facts.fasteners["lid.01"] == pytest.approx((268.5, 145.2, -460.0))
    assert (facts.kinds["lid.01"], facts.kinds["lid.02"]) == ("bolt", "stripped")
    world = World(tmp_path / "world")
    assert world.read_pack() is None
    world.write_pack(facts)
    assert world.read_pack() == facts


# --- the camera at the tool ----------------------------------------------------------------------------------------


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A bolt, and a stripped one 30 mm beside it; the camera looks at the bolt."""
    world = World(tmp_path / "world")
    world.write_robot(RobotFacts(OVER))
    places = {"lid.01": BOLT, "lid.02": (530.0, 400.0, -460.0), "lid.03": (900.0, 400.0, -460.0)}
    world.write_pack(PackFacts(places, {"lid.01": "bolt", "lid.02": "stripped", "lid.03": "bolt"}))
    return world


async def seen(world: World, tmp_path: Path) -> dict[str, tuple[float, float]]:
    """Kind to its centre in the picture."""
    spec = Camera.model_validate(TOOL_CAMERA)
    camera = CloseupCamera(closeups(tmp_path / "closeups"), world, spec, ManualClock(3.0), 1)
    (frame,) = await camera.grab(1, 5.0)
    await camera.close()
    assert (frame.source, frame.captured_s, frame.image.shape) == ("close#1", 3.0, (240, 320, 3))
    return {kind: center for center, kind in discs(frame.image)}


async def test_a_fastener_is_seen_where_it_really_is(world: World, tmp_path: Path) -> None:
    found = await seen(world, tmp_path)
    assert found["bolt"] == pytest.approx((159.5, 119.5), abs=0.3)
    assert found["stripped"] == pytest.approx((259.5, 119.5), abs=0.3), "30 mm are 100 pixels"
    world.write_robot(RobotFacts((OVER[0] - 3.0, OVER[1] + 1.5, OVER[2])))
    moved = await seen(world, tmp_path)
    assert moved["bolt"] == pytest.approx((169.5, 124.5), abs=0.3), "to the right and down where the flange went away"


async def test_from_higher_up_it_looks_smaller(world: World, tmp_path: Path) -> None:
    near = await seen(world, tmp_path)
    world.write_robot(RobotFacts((OVER[0], OVER[1], OVER[2] + 24.0)))
    far = await seen(world, tmp_path)
    apart = [math.dist(found["bolt"], found["stripped"]) for found in (near, far)]
    assert apart[0] / apart[1] == pytest.approx(1.1, abs=0.01)


async def test_what_was_taken_out_is_a_hole_and_an_open_pack_shows_nothing(world: World, tmp_path: Path) -> None:
    world.write_plc(PlcFacts(removed=["lid.01"]))
    assert set(await seen(world, tmp_path)) == {"empty", "stripped"}
    world.write_plc(PlcFacts(removed=["lid.01"], lid_on=False))
    assert await seen(world, tmp_path) == {}


async def test_a_folder_without_close_ups_stops_the_start(world: World, tmp_path: Path) -> None:
    spec = Camera.model_validate(TOOL_CAMERA)
    with pytest.raises(CameraError, match="no close-ups"):
        CloseupCamera(tmp_path, world, spec, ManualClock(), 1)
    folder = closeups(tmp_path / "closeups")
    (folder / "stripped-1.jpg").unlink()
    camera = CloseupCamera(folder, world, spec, ManualClock(), 1)
    with pytest.raises(CameraError, match="of the kind stripped"):
        await camera.grab(1, 5.0)
    await camera.close()
