"""From the lights of a scene to the frames of a light program, and on to the planes of the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import training_kit as kit
from numpy.typing import NDArray

from delid.training._looks import Mixture, developed, random_mixture
from delid.training._noise import stream
from delid.training._predict import turned_views
from delid.training._samples import Sample, read_samples
from delid.training._specs import PACK_INPUT
from delid.vision import prepare

LOOKS = ("rake_left", "rake_right")
SIZE = (240, 320)
PLAIN = Mixture(stray=0.0)


def lights_of(left: float, right: float, hall: float = 0.3) -> NDArray[np.float32]:
    """An even lid under an even hall and lamps of these strengths."""
    rng = np.random.default_rng(3)
    lights = np.empty((*SIZE, 6), np.float32)
    lights[...] = np.array([hall, hall, hall, left, right, 0.1], np.float32)
    return np.asarray(lights * (1 + 0.05 * rng.standard_normal((*SIZE, 1))), np.float32)


def test_raking_frames_share_one_exposure() -> None:
    """Which lamp is the stronger stays visible; how strong both are is the camera's business."""
    frames = developed(lights_of(0.6, 0.2), kit.SENSOR, PLAIN, LOOKS)
    assert set(frames) == {"ambient", *LOOKS}
    assert frames["rake_left"].mean() > 1.4 * frames["rake_right"].mean()
    stronger = developed(lights_of(0.6 / 4, 0.2 / 4), kit.SENSOR, PLAIN, LOOKS)
    for name in LOOKS:
        assert float(stronger[name].mean()) == pytest.approx(float(frames[name].mean()), abs=3)


def test_one_raking_frame_alone_is_exposed_as_it_would_be_with_the_other() -> None:
    both = developed(lights_of(0.6, 0.2), kit.SENSOR, PLAIN, LOOKS)
    alone = developed(lights_of(0.6, 0.2), kit.SENSOR, PLAIN, LOOKS[1:])
    assert set(alone) == {"ambient", "rake_right"}
    assert np.array_equal(alone["rake_right"], both["rake_right"])


def test_raking_frames_are_grey_and_the_hall_strays_into_them() -> None:
    lights = lights_of(0.4, 0.4)
    lights[:, :160, :3] *= 3.0
    dark, stray = (developed(lights, kit.SENSOR, Mixture(stray=s), LOOKS)["rake_left"] for s in (0.0, 0.5))
    assert np.array_equal(dark[..., 0], dark[..., 2])
    assert float(dark[:, :160].mean()) == pytest.approx(float(dark[:, 160:].mean()), abs=3)
    assert stray[:, :160].mean() > stray[:, 160:].mean() + 10


def test_light_from_one_side_is_in_the_ambient_frame_where_the_lamp_shines() -> None:
    lights = lights_of(0.4, 0.4)
    lights[:, :160, 3] *= 4.0
    soft, side = (
        developed(lights, kit.SENSOR, Mixture(side=(0, share)), ())["ambient"].astype(float) for share in (0.0, 1.0)
    )
    assert soft[:, :160].mean() == pytest.approx(soft[:, 160:].mean(), abs=3)
    assert side[:, :160].mean() > side[:, 160:].mean() + 10


def test_about_one_ambient_frame_in_three_has_light_from_one_side() -> None:
    mixtures = [random_mixture(stream(k, "mixtures")) for k in range(300)]
    assert 0.25 < np.mean([m.side[1] > 0 for m in mixtures]) < 0.45
    assert {m.side[0] for m in mixtures} == {0, 1, 2}


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    kit.write(tmp_path, "test-a-00", split="test")
    return read_samples(tmp_path)[0]


def test_a_scene_is_seen_by_the_same_camera_every_time(sample: Sample) -> None:
    first, second = sample.frames(LOOKS), sample.frames(LOOKS)
    assert set(first) == {"ambient", *LOOKS}
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert np.array_equal(sample.picture(), first["ambient"])
    assert first["rake_left"].shape == (kit.HEIGHT, kit.WIDTH, 3)
    assert first["rake_left"][50:250, 40:100].mean() > first["rake_left"][50:250, 300:360].mean() + 10


def test_turning_a_view_turns_its_lamps_with_it(sample: Sample) -> None:
    """In every view the left lamp's frame is brighter on the left."""
    views = turned_views(sample.frames(LOOKS))
    assert len(views) == 4
    for view in views:
        assert view["rake_left"][50:250, 40:100].mean() > view["rake_left"][50:250, 300:360].mean() + 10
    ambient = [view["ambient"] for view in views]
    assert np.array_equal(ambient[1], ambient[0][::-1, ::-1])
    assert np.array_equal(ambient[2], ambient[0][:, ::-1])
    assert np.array_equal(ambient[3], ambient[0][::-1])


def test_planes_of_missing_looks_are_zero(sample: Sample) -> None:
    frames = sample.frames(LOOKS)
    bare = prepare(frames["ambient"], PACK_INPUT)
    assert bare.shape == (1, 6, 320, 416)
    assert not bare[0, 3:].any()
    half = prepare(frames["ambient"], PACK_INPUT, {"rake_right": frames["rake_right"]})
    assert [bool(plane.any()) for plane in half[0]] == [True, True, True, False, True, False]
    full = prepare(frames["ambient"], PACK_INPUT, frames)
    assert all(plane.any() for plane in full[0])
    assert np.array_equal(full[0, :3], bare[0, :3])
    assert not full[0, 3:, :4].any(), "the padding above stays empty"


def surface(albedo: NDArray[np.float32], depth: float) -> dict[str, NDArray[np.uint8]]:
    """Frames of a lid with a bump in its middle, painted so: each lamp lights the slope that faces it."""
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]].astype(np.float32)
    dx, dy = (x - 160) / 12, (y - 120) / 12
    slope = depth * dx * np.exp(-(dx * dx + dy * dy) / 2)
    linear = {"ambient": 0.4 + 0 * slope, "rake_left": 0.4 - slope, "rake_right": 0.4 + slope}
    return {
        name: np.repeat(np.round(255 * (light * albedo) ** (1 / 2.2))[..., None], 3, axis=2).astype(np.uint8)
        for name, light in linear.items()
    }


def ratio_of(frames: dict[str, NDArray[np.uint8]]) -> NDArray[np.float32]:
    return prepare(frames["ambient"], PACK_INPUT, frames)[0, 5, 4:316]


def test_the_ratio_of_the_lamps_shows_slopes_and_no_paint() -> None:
    white = np.full(SIZE, 0.9, np.float32)
    chequered = np.where((np.indices(SIZE) // 40).sum(axis=0) % 2 == 0, 0.9, 0.35).astype(np.float32)
    bump, painted, flat = (ratio_of(surface(*which)) for which in ((white, 0.3), (chequered, 0.3), (chequered, 0.0)))
    assert np.abs(bump).max() > 0.25
    assert np.abs(bump - painted).max() < 0.03
    assert np.abs(flat).max() < 0.02
    left, right = bump[156, :208], bump[156, 208:]
    assert left.max() > 0.2 > -0.2 > right.min(), "the slope that faces the left lamp is positive"
