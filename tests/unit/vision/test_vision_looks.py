"""One view under several lamps: what is used, what is left out and said, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import vision_kit as kit

import delid.vision._lamps as lamps_module
from delid.config import Camera, Fixture
from delid.core import FastenerKind, Frame, ManualClock, PointPx, UsageError
from delid.vision import Inspector, ToolView, fuse, locate_fastener, read_frame
from delid.vision._locate import picture_fault

PLANES = ("rake_left", "rake_right", "rake_ratio")
SIZE = (320, 240)


@pytest.fixture(scope="module")
def raked(tmp_path_factory: pytest.TempPathFactory) -> Inspector:
    """Its model sees a swelling where the left lamp's picture is bright, and nothing of it in ambient light."""
    folder = tmp_path_factory.mktemp("raked")
    models = kit.build_models(folder / "models", PLANES)
    gallery = kit.build_gallery(folder / "gallery", models)
    return Inspector.open(models / "pack-damage", models / "fastener-detect", gallery, clock=ManualClock())


def frame(level: int, look: str = "ambient", size: tuple[int, int] = SIZE, seed: int = 1) -> Frame:
    found = kit.frame_of(kit.picture((level, level, level), size, seed), f"overview#{seed}", seed)
    return replace(found, look=look)


def again(level: int) -> Frame:
    """The same picture once more, with the noise of a sensor."""
    image = kit.picture((level, level, level), SIZE).astype(float)
    noise = np.random.default_rng(5).normal(0.0, 2.0, image.shape)
    return kit.frame_of(np.clip(image + noise, 0, 255).astype(np.uint8), "overview#7", 7)


def test_a_model_with_planes_sees_under_a_lamp_what_ambient_light_hides(raked: Inspector) -> None:
    left, right = frame(200, "rake_left"), frame(90, "rake_right")
    alone = raked.inspect(frame(150))
    lit = raked.inspect(frame(150), looks={"rake_left": left, "rake_right": right})
    assert [d.kind.value for d in alone.damage] == []
    assert [d.kind.value for d in lit.damage] == ["swelling"]
    assert (alone.looks, lit.looks) == (("ambient",), ("ambient", "rake_left", "rake_right"))
    assert lit.pack == alone.pack
    assert lit.quality.reasons == ()


def test_a_model_without_planes_takes_no_notice(bare_inspector: Inspector) -> None:
    found = bare_inspector.inspect(frame(150), looks={"rake_left": frame(200, "rake_left")})
    assert found.looks == ("ambient",)
    assert found.quality.reasons == ()


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (again(150), "its lamp changes nothing"),
        (frame(2), "dark"),
        (frame(200, size=(160, 120)), "wrong size"),
        (frame(254), "over-exposed"),
    ],
)
def test_a_look_that_cannot_be_used_is_left_out_and_named(raked: Inspector, other: Frame, words: str) -> None:
    found = raked.inspect(frame(150), looks={"rake_left": other, "rake_right": frame(90, "rake_right")})
    assert found.quality.ok
    assert found.looks == ("ambient", "rake_right")
    assert len(found.quality.reasons) == 1
    assert found.quality.reasons[0].startswith("look rake_left left out: ")
    assert words in found.quality.reasons[0]


def test_several_frames_were_judged_under_the_looks_that_all_of_them_had(raked: Inspector) -> None:
    looks = {"rake_left": frame(200, "rake_left"), "rake_right": frame(90, "rake_right")}
    both = raked.inspect(frame(150, seed=2), looks=looks)
    one = raked.inspect(frame(150, seed=3), looks={"rake_left": looks["rake_left"]})
    unusable = raked.inspect(frame(2, seed=4), looks=looks)
    assert fuse([both, both]).looks == ("ambient", "rake_left", "rake_right")
    assert fuse([both, one]).looks == ("ambient", "rake_left")
    assert fuse([both, one, unusable]).looks == ("ambient", "rake_left")
    assert fuse([unusable]).looks == ("ambient",)


def test_the_frames_of_the_lamps_are_made_ready_once_for_all_frames_of_a_look(
    raked: Inspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And anew for the next look, though its frames have the same names and digests."""
    made: list[int] = []
    real = lamps_module.look_planes
    monkeypatch.setattr(lamps_module, "look_planes", lambda *given: made.append(1) or real(*given))
    bright = {"rake_left": frame(200, "rake_left"), "rake_right": frame(90, "rake_right")}
    dim = {name: replace(bright["rake_right"], look=name, sha256=bright[name].sha256) for name in bright}
    lit = [raked.inspect(frame(150, seed=seed), looks=bright) for seed in (2, 3, 4)]
    assert len(made) == 1
    assert [[d.kind.value for d in found.damage] for found in lit] == [["swelling"]] * 3
    assert raked.inspect(frame(150, seed=5), looks=dim).damage == ()
    assert raked.inspect(frame(150, seed=6), looks={"rake_left": bright["rake_left"]}).damage == lit[0].damage
    assert len(made) == 3
    fresh = raked.inspect(frame(150, seed=2), looks={name: replace(look) for name, look in bright.items()})
    assert replace(fresh, timing_ms={}) == replace(lit[0], timing_ms={})


# --- the fine look ------------------------------------------------------------------------------------------------


class Found:
    def __init__(self, center_px: PointPx, kind: str = "bolt", confidence: float = 0.9) -> None:
        self.center_px, self.kind, self.confidence = center_px, FastenerKind(kind), confidence


FIXTURE = Fixture(origin_mm=(1000.0, 800.0, -600.0))
AT, FLANGE = (500.0, 400.0, -460.0), (440.0, 400.0, -190.0)


def tool_camera() -> Camera:
    """60 mm beside the flange and 30 below it, looking down: 0.3 mm to a pixel at 240 mm."""
    return Camera.model_validate({
        "id": "close", "mount": "tool", "source": {"kind": "closeup", "path": "x"}, "size_px": SIZE,
        "fine_look": {"standoff_mm": 240},
        "calibration": {
            "matrix": [[800, 0, 159.5], [0, 800, 119.5], [0, 0, 1]],
            "tool_from_camera": [[1, 0, 0, 60], [0, -1, 0, 0], [0, 0, -1, -30], [0, 0, 0, 1]],
        },
    })  # fmt: skip


def test_a_pixel_of_the_tool_camera_becomes_a_place_of_the_robot() -> None:
    view = ToolView(tool_camera(), FIXTURE).at(FLANGE)
    found = locate_fastener(view, AT, [Found((169.5, 114.5))])
    assert found is not None
    assert found.center_mm == pytest.approx((503.0, 401.5), abs=1e-6)
    moved = ToolView(tool_camera(), FIXTURE).at((FLANGE[0] + 7, FLANGE[1] - 2, FLANGE[2]))
    found = locate_fastener(moved, AT, [Found((169.5, 114.5))])
    assert found is not None
    assert found.center_mm == pytest.approx((510.0, 399.5), abs=1e-6)


def test_the_nearest_sure_detection_is_taken_and_a_doubtful_one_only_without_another() -> None:
    view = ToolView(tool_camera(), FIXTURE).at(FLANGE)
    near, doubtful, far = Found((165, 120)), Found((160, 120), "empty", 0.3), Found((220, 150))
    found = locate_fastener(view, AT, [far, doubtful, near], min_confidence=0.6)
    assert found is not None
    assert found.center_px == (165, 120)
    alone = locate_fastener(view, AT, [doubtful], min_confidence=0.6)
    assert alone is not None
    assert (alone.kind, alone.confidence) == (FastenerKind.EMPTY, 0.3)
    assert locate_fastener(view, AT, []) is None


def test_a_picture_that_shows_nothing_at_all_is_told_but_a_plain_lid_is_none() -> None:
    view = ToolView(tool_camera(), FIXTURE)
    plain = np.full((240, 320, 3), 128, np.uint8)
    assert picture_fault(kit.frame_of(plain), view) == ""
    assert "dark" in picture_fault(kit.frame_of(plain // 64), view)
    assert "wrong size" in picture_fault(kit.frame_of(plain[:200]), view)


def test_without_a_tool_camera_a_fine_look_is_refused(bare_inspector: Inspector) -> None:
    picture = kit.frame_of(kit.picture(size=SIZE), "close#1")
    with pytest.raises(UsageError, match="camera at the tool"):
        bare_inspector.locate(picture, AT, FLANGE)


def test_the_look_of_a_frame_is_kept_by_the_decoder(tmp_path: Path) -> None:
    path = tmp_path / "left.jpg"
    path.write_bytes(kit.jpeg(kit.picture(size=SIZE)))
    assert read_frame(path, look="rake_left").look == "rake_left"
