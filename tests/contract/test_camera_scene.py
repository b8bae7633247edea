"""The simulated camera shows what the simulated PLC has taken apart."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from delid.core import CameraError, ConfigError, ManualClock
from delid.sim import PlcFacts, World
from delid.sim.camera import SceneCamera

SIZE = (96, 128, 3)
FASTENERS = {"lid.01": (30.0, 40.0), "lid.02": (90.0, 40.0)}


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """Bright discs with a shadow to the right are bolts, dark ones are holes; the open pack is blue."""
    folder = tmp_path / "scene"
    folder.mkdir()
    for name, disc, ground in (
        ("bolts", 230, (120, 120, 120)),
        ("none", 10, (120, 120, 120)),
        ("open", 0, (200, 0, 0)),
    ):
        image = np.full(SIZE, ground, np.uint8)
        for x, y in FASTENERS.values():
            if name == "bolts":
                cv2.ellipse(image, (int(x) + 20, int(y)), (9, 4), 0, 0, 360, (60, 60, 60), -1)
            if disc:
                cv2.circle(image, (int(x), int(y)), 6, (disc, disc, disc), -1)
        cv2.imwrite(str(folder / f"{name}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 95])
    lines = [f"  - {{id: {i}, center_px: [{x}, {y}], patch_radius_px: 12}}" for i, (x, y) in FASTENERS.items()]
    (folder / "scene.yaml").write_text("fasteners:\n" + "\n".join(lines) + "\n")
    return folder


def at(image: np.ndarray, fastener: str) -> int:
    x, y = FASTENERS[fastener]
    return int(image[int(y), int(x), 1])


async def test_a_removed_fastener_is_seen_as_a_hole_and_the_others_stay(scene: Path, tmp_path: Path):
    world = World(tmp_path / "world")
    camera = SceneCamera(scene, world, ManualClock(7.0), noise_seed=1)
    (before,) = await camera.grab(1, 5.0)
    assert (at(before.image, "lid.01") > 200, at(before.image, "lid.02") > 200) == (True, True)
    world.write_plc(PlcFacts(removed=["lid.02"]))
    (after,) = await camera.grab(1, 5.0)
    assert (at(after.image, "lid.01") > 200, at(after.image, "lid.02") < 40) == (True, True)
    x, y = (int(v) for v in FASTENERS["lid.02"])
    assert abs(int(after.image[y - 20, x, 1]) - int(before.image[y - 20, x, 1])) < 12, "nothing changes elsewhere"
    world.write_plc(PlcFacts(removed=["lid.01", "lid.02"], lid_on=False))
    (opened,) = await camera.grab(1, 5.0)
    assert opened.image[5, 5, 0] > 180
    assert opened.image[5, 5, 1] < 40
    assert (before.captured_s, before.seq, after.seq) == (7.0, 1, 2)
    await camera.close()


async def test_a_removed_fastener_takes_its_shadow_with_it_and_no_other(scene: Path, tmp_path: Path):
    world = World(tmp_path / "world")
    world.write_plc(PlcFacts(removed=["lid.02"]))
    camera = SceneCamera(scene, world, ManualClock(), noise_seed=1)
    (frame,) = await camera.grab(1, 5.0)
    await camera.close()
    shadows = {i: int(frame.image[int(y), int(x) + 22, 1]) for i, (x, y) in FASTENERS.items()}
    assert shadows["lid.01"] < 75
    assert shadows["lid.02"] > 105


async def test_the_same_seed_gives_the_same_frames_and_each_frame_its_own_noise(scene: Path, tmp_path: Path):
    async def digests(seed: int) -> list[str]:
        camera = SceneCamera(scene, World(tmp_path / "world"), ManualClock(), seed)
        frames = await camera.grab(3, 5.0)
        await camera.close()
        return [frame.sha256 for frame in frames]

    first = await digests(1)
    assert await digests(1) == first
    assert len(set(first)) == 3
    assert not set(await digests(2)) & set(first)


async def test_the_noise_is_small_and_has_no_bias(scene: Path, tmp_path: Path):
    camera = SceneCamera(scene, World(tmp_path / "world"), ManualClock(), 3)
    (frame,) = await camera.grab(1, 5.0)
    await camera.close()
    clean = cv2.imread(str(scene / "bolts.jpg")).astype(float)
    difference = frame.image.astype(float) - clean
    assert abs(difference.mean()) < 0.3
    assert 0.5 < difference.std() < 4.0


async def test_without_a_picture_of_the_open_pack_the_empty_lid_is_shown(scene: Path, tmp_path: Path):
    (scene / "open.jpg").unlink()
    world = World(tmp_path / "world")
    world.write_plc(PlcFacts(lid_on=False))
    camera = SceneCamera(scene, world, ManualClock(), 1)
    (frame,) = await camera.grab(1, 5.0)
    assert at(frame.image, "lid.01") < 40
    await camera.close()


def test_a_scene_that_is_incomplete_stops_the_start(scene: Path, tmp_path: Path):
    world = World(tmp_path / "world")
    cv2.imwrite(str(scene / "open.jpg"), np.zeros((10, 10, 3), np.uint8))
    with pytest.raises(CameraError, match="differ in size"):
        SceneCamera(scene, world, ManualClock(), 1)
    (scene / "none.jpg").unlink()
    with pytest.raises(CameraError, match=r"none\.jpg is missing"):
        SceneCamera(scene, world, ManualClock(), 1)
    (scene / "scene.yaml").write_text("fasteners:\n  - {id: a, center_px: [1, 2], patch_radius: 3}\n")
    with pytest.raises(ConfigError, match="unknown key"):
        SceneCamera(scene, world, ManualClock(), 1)
