"""An inspection whose fasteners come from a detector: registered, placed, and said to be uncertain."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import registration_kit as synthetic
import vision_kit as kit

from delid.config import Cell
from delid.core import Frame, Inspection, ManualClock
from delid.vision import Inspector, fuse
from delid.vision._locate import Found

GREY = kit.PACK_COLOURS["vw-meb-82"]
POSE = (31.0, -22.0, 1.5)


class WithSpots(Inspector):
    """A detector that finds what it is told."""

    spots: Sequence[Found] = ()

    def _detect(self, frame: Frame) -> Sequence[Found]:
        return self.spots


@pytest.fixture
def inspector(cell: Cell) -> Inspector:
    return WithSpots.load(cell, clock=ManualClock())


def look(inspector: Inspector, spots: Sequence[Found], seq: int = 1) -> Inspection:
    inspector.spots = spots  # type: ignore[attr-defined]
    image = kit.picture(GREY)
    image[0, 0] = seq
    return inspector.inspect(kit.frame_of(image, f"overview#{seq}", seq))


def test_a_pack_that_lies_askew_is_placed_where_it_lies(inspector: Inspector, cell: Cell) -> None:
    pack, view = cell.packs["vw-meb-82"], inspector._views["overview"]
    seen = synthetic.scene(pack, view, np.random.default_rng(1), POSE)
    found = look(inspector, seen.spots)
    assert len(found.fasteners) == 28
    errors = [math.dist(f.center_mm or (0, 0), seen.truth_mm[f.id]) for f in found.fasteners]
    assert np.median(errors) < 1.0
    assert all(f.uncertainty_mm and f.uncertainty_mm < 6 for f in found.fasteners)
    askew = view.robot_to_px(view.pack_to_robot(synthetic.moved(pack.outline_mm, *POSE).tolist(), pack))
    assert np.array(found.pack.outline_px) == pytest.approx(askew, abs=3.0)
    assert not any("pose" in reason for reason in found.quality.reasons)


def test_without_a_pose_the_nominal_places_are_too_uncertain_for_any_tool(inspector: Inspector, cell: Cell) -> None:
    found = look(inspector, ())
    assert found.quality.ok
    assert any("pose of the pack failed: 0 fasteners" in reason for reason in found.quality.reasons)
    assert {f.confidence for f in found.fasteners} == {0.0}
    assert min(f.uncertainty_mm or 0 for f in found.fasteners) >= 60
    assert found.pack.outline_px == inspector._views["overview"].outline_px(cell.packs["vw-meb-82"])


def test_frames_of_one_camera_are_fused_without_becoming_surer_than_its_calibration(
    inspector: Inspector, cell: Cell
) -> None:
    pack, view = cell.packs["vw-meb-82"], inspector._views["overview"]
    rng = np.random.default_rng(1)
    frames = [look(inspector, synthetic.scene(pack, view, rng, POSE).spots, n) for n in range(1, 4)]
    fused = {f.id: f for f in fuse(frames).fasteners}
    for single in frames[0].fasteners:
        both = [f.uncertainty_mm for i in frames for f in i.fasteners if f.id == single.id]
        assert fused[single.id].uncertainty_mm == min(u for u in both if u)
