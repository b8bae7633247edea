"""The shipped models, gallery and scenes together: every rendered scene is what its folder's name says."""

from __future__ import annotations

from pathlib import Path

import pytest
import vision_kit as kit

from delid.config import Cell, load_cell, read_document
from delid.core import FastenerKind, HazardClass, ManualClock, PackStatus
from delid.vision import Inspector, Projection, check_quality, fuse, read_codes, read_frame
from delid.vision._inspector import LABEL_MARGIN

REPOSITORY = Path(__file__).resolve().parents[3]
SCENES = sorted(p.parent for p in (REPOSITORY / "fixtures/scenes").glob("*/scene.yaml"))


@pytest.fixture(scope="module")
def demo() -> Cell:
    return load_cell(REPOSITORY / "cell_configs/cells/demo.yaml")


@pytest.fixture(scope="module")
def shipped(demo: Cell) -> Inspector:
    return Inspector.load(demo, clock=ManualClock())


def pack_of(scene: Path, demo: Cell) -> str | None:
    return next((name for name in demo.packs if scene.name.startswith(name)), None)


def test_every_pack_of_the_cell_is_taught(shipped: Inspector, demo: Cell) -> None:
    assert set(shipped.taught) == set(demo.packs)


@pytest.mark.parametrize("scene", [s for s in SCENES if s.name != "stranger"], ids=lambda s: s.name)
def test_the_calibration_puts_fasteners_where_the_renderer_drew_them(scene: Path, demo: Cell) -> None:
    pack = pack_of(scene, demo)
    assert pack is not None, "only the stranger has no nominal places"
    camera = demo.spec.cameras[0]
    view = Projection(camera.calibration, demo.spec.fixture, camera.size_px)
    ids, _, pixels = kit.nominal_places(demo.packs[pack], view)
    drawn = {f["id"]: f["center_px"] for f in read_document(scene / "scene.yaml").data["fasteners"]}
    assert set(ids) == set(drawn)
    for name, pixel in zip(ids, pixels, strict=True):
        assert tuple(pixel) == pytest.approx(drawn[name], abs=2.0), name


def test_the_gate_passes_every_scene_and_some_label_is_read_at_its_place(demo: Cell) -> None:
    camera = demo.spec.cameras[0]
    view = Projection(camera.calibration, demo.spec.fixture, camera.size_px)
    read = []
    for scene in SCENES:
        frame = read_frame(scene / "bolts.jpg")
        assert check_quality(frame, size_px=camera.size_px).reasons == (), scene.name
        if pack := pack_of(scene, demo):
            read.extend(read_codes(frame.image, view.label_boxes_px(demo.packs[pack], LABEL_MARGIN)))
    assert "GB/T 34014" in [code.standard for code in read], "the rendered labels carry real codes"


@pytest.mark.parametrize("scene", SCENES, ids=lambda s: s.name)
def test_a_scene_is_recognised_for_what_it_is(scene: Path, demo: Cell, shipped: Inspector) -> None:
    looks = {name: read_frame(scene / f"bolts.{name}.jpg", look=name) for name in ("rake_left", "rake_right")}
    found = shipped.inspect(read_frame(scene / "bolts.jpg"), looks=looks)
    assert found.quality.ok, found.quality.reasons
    assert found.looks == ("ambient", "rake_left", "rake_right")
    pack = pack_of(scene, demo)
    assert found.pack.model == pack, found.pack
    assert (found.pack.status is PackStatus.KNOWN) == (pack is not None)
    if scene.name.endswith("-clean"):
        assert found.damage == ()
        assert found.hazard_class is (HazardClass.B if found.unclear else HazardClass.A), "unclear is asked about"
    if scene.name.endswith("-burn"):
        assert found.hazard_class is HazardClass.C


@pytest.mark.parametrize("scene", [s for s in SCENES if s.name.endswith("-clean")], ids=lambda s: s.name)
def test_few_bolts_seem_gone_and_nearly_every_hole_does(scene: Path, demo: Cell, shipped: Inspector) -> None:
    """From above a nut on a stud and a bare stud look much alike; what seems gone is looked at closely."""
    pack = pack_of(scene, demo)
    for file, least, most in (("bolts.jpg", 0.0, 0.15), ("none.jpg", 0.7, 1.0)):
        found = fuse([shipped.inspect(read_frame(scene / file), pack=pack)])
        sure = [
            f.kind is FastenerKind.EMPTY and f.confidence >= shipped.min_fastener_confidence for f in found.fasteners
        ]
        assert found.fasteners
        assert least <= sum(sure) / len(sure) <= most, [(f.id, f.kind.value, f.confidence) for f in found.fasteners]


def test_close_up_no_head_seems_gone_and_every_hole_does(shipped: Inspector, demo: Cell) -> None:
    """What the engine acts on: after a fine look a fastener counts as out only where it is."""
    camera = demo.spec.tool_camera
    assert camera is not None
    assert camera.calibration.tool_from_camera is not None
    (right, *_), height = (row[3] for row in camera.calibration.tool_from_camera[:1]), 240.0 + 30.0
    flange = (-right, 0.0, height)
    pictures = sorted((REPOSITORY / "fixtures/closeups").glob("*.jpg"))
    assert len(pictures) == 12
    for picture in pictures:
        found, why = shipped.locate(read_frame(picture, source="close#1"), (0.0, 0.0, 0.0), flange)
        assert found is not None, (picture.name, why)
        assert found.center_mm == pytest.approx((0.0, 0.0), abs=1.0), picture.name
        gone = found.kind is FastenerKind.EMPTY and found.confidence >= shipped.min_fastener_confidence
        assert gone == picture.name.startswith("empty"), (picture.name, found)
