"""One frame to one inspection, with tiny models: colour is identity, red is corrosion, blue is a leak."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import vision_kit as kit

from delid.config import Calibration, Cell
from delid.core import (
    ConfigError,
    DamageKind,
    FastenerKind,
    HazardClass,
    Inspection,
    ManualClock,
    ModelError,
    PackStatus,
    from_json,
    to_json,
)
from delid.vision import Inspector

GREY = kit.PACK_COLOURS["vw-meb-82"]


def test_a_taught_pack_is_known_with_outline_and_fasteners(inspector: Inspector, cell: Cell) -> None:
    found = inspector.inspect(kit.frame_of(kit.picture(GREY, seed=5)))
    assert found.quality.ok
    assert (found.pack.status, found.pack.model) == (PackStatus.KNOWN, "vw-meb-82")
    assert found.pack.candidates[0].model == "vw-meb-82"
    assert len(found.pack.candidates) == 3
    assert found.pack.confidence == found.pack.candidates[0].score > 0.97
    assert len(found.pack.outline_px) == len(cell.packs["vw-meb-82"].outline_mm)
    assert [f.id for f in found.fasteners] == list(cell.packs["vw-meb-82"].fastener_places())
    assert {f.kind for f in found.fasteners} == {FastenerKind.BOLT}
    assert (found.damage, found.hazard_class) == ((), HazardClass.A)
    assert set(found.models) == {"pack", "damage", "fasteners"}
    assert all(digest.startswith("sha256:") for digest in found.models.values())


def test_fasteners_are_found_one_by_one_and_placed(inspector: Inspector, cell: Cell) -> None:
    image = kit.picture(GREY)
    view = inspector._views["overview"]
    ids, _, pixels = kit.nominal_places(cell.packs["vw-meb-82"], view)
    kit.put_fasteners(image, pixels, {3: "empty", 7: "nut", 11: "stripped"})
    found = inspector.inspect(kit.frame_of(image), pack="vw-meb-82")
    kinds = {f.id: f.kind.value for f in found.fasteners if f.kind is not FastenerKind.BOLT}
    assert kinds == {ids[3]: "empty", ids[7]: "nut", ids[11]: "stripped"}
    fourth = found.fasteners[3]
    assert fourth.center_px == pytest.approx(tuple(pixels[3]), abs=2.0), "a dot lies on whole cells of 4 px"
    # robot frame: fixture origin 1100, 850 plus the pack file's nominal place
    assert fourth.center_mm == pytest.approx((1100 - 119.1, 850 - 703), abs=3.0)
    assert fourth.uncertainty_mm is not None
    assert 0 < fourth.uncertainty_mm < 8


def test_a_kind_in_doubt_is_kept_with_its_low_confidence(inspector: Inspector) -> None:
    found = inspector.inspect(kit.frame_of(kit.picture((128, 128, 128))), pack="vw-meb-82")
    assert all(f.confidence < inspector.min_fastener_confidence for f in found.fasteners)
    assert inspector.min_fastener_confidence == 0.7


def test_a_stranger_is_unknown_and_its_fasteners_belong_nowhere(inspector: Inspector) -> None:
    found = inspector.inspect(kit.frame_of(kit.picture((200, 60, 200))))
    assert (found.pack.status, found.pack.model) == (PackStatus.UNKNOWN, None)
    assert found.pack.outline_px == ()
    assert all((f.id.split(".")[0], f.center_mm) == ("seen", None) for f in found.fasteners)
    assert found.hazard_reasons == ("no damage found (pack is unknown)",)


def test_between_two_taught_packs_is_ambiguous(models: Path, tmp_path: Path) -> None:
    twins: dict[str, kit.Colour] = {"twin-one": (150, 150, 150), "twin-two": (148, 152, 150)}
    gallery = kit.build_gallery(tmp_path / "gallery", models, twins)
    inspector = Inspector.open(models / "pack-damage", models / "fastener-detect", gallery, clock=ManualClock())
    found = inspector.inspect(kit.frame_of(kit.picture((149, 151, 150))))
    assert (found.pack.status, found.pack.model) == (PackStatus.AMBIGUOUS, None)
    assert {c.model for c in found.pack.candidates} == set(twins)


def test_a_given_pack_names_the_fasteners_but_not_the_verdict(inspector: Inspector, cell: Cell) -> None:
    found = inspector.inspect(kit.frame_of(kit.picture((200, 60, 200))), pack="byd-blade")
    assert (found.pack.status, found.pack.model) == (PackStatus.UNKNOWN, None)
    assert [f.id for f in found.fasteners] == list(cell.packs["byd-blade"].fastener_places())


def test_damage_has_its_place_and_decides_the_hazard_class(inspector: Inspector) -> None:
    image = kit.picture(GREY)
    image[0:400, 400:800] = kit.picture((230, 30, 30), (400, 400))
    found = inspector.inspect(kit.frame_of(image))
    (leak,) = found.damage
    assert leak.kind is DamageKind.LEAK
    assert leak.severity == pytest.approx(leak.confidence / 2, abs=1e-3)
    assert leak.box_px == pytest.approx((399.5, 0.0, 799.5, 399.5), abs=0.1)
    assert found.hazard_class is HazardClass.C
    assert found.hazard_reasons == ("leaking liquid: electrolyte must be assumed",)


@pytest.mark.parametrize(
    ("image", "word"),
    [(np.zeros((1200, 1600, 3), np.uint8), "dark"), (kit.picture(GREY, (800, 600)), "wrong size")],
)
def test_a_frame_that_fails_the_gate_claims_nothing(inspector: Inspector, image: np.ndarray, word: str) -> None:  # type: ignore[type-arg]
    found = inspector.inspect(kit.frame_of(image))
    assert not found.quality.ok
    assert found.quality.reasons[0].startswith(word)
    assert (found.pack.status, found.pack.model, found.pack.candidates) == (PackStatus.UNKNOWN, None, ())
    assert (found.damage, found.fasteners, found.codes) == ((), (), ())
    assert found.hazard_class is HazardClass.C
    assert "cannot be diagnosed" in found.hazard_reasons[0]


def test_a_camera_that_stands_still_is_frozen(inspector: Inspector) -> None:
    image = kit.picture(GREY)
    assert inspector.inspect(kit.frame_of(image, "overview#1", 1)).quality.ok
    second = inspector.inspect(kit.frame_of(image, "overview#2", 2))
    assert second.quality.reasons[0].startswith("frozen")
    inspector.forget_frames()
    assert inspector.inspect(kit.frame_of(image, "overview#3", 3)).quality.ok


def test_without_a_cell_there_are_no_places(bare_inspector: Inspector) -> None:
    found = bare_inspector.inspect(kit.frame_of(kit.picture(GREY, (640, 480)), "photo.jpg"))
    assert found.pack.model == "vw-meb-82"
    assert (found.fasteners, found.pack.outline_px) == ((), ())
    assert bare_inspector.taught == tuple(sorted(kit.PACK_COLOURS))


def test_the_same_frame_gives_the_same_inspection(cell: Cell) -> None:
    frame = kit.frame_of(kit.picture(GREY, seed=9))
    first, second = (Inspector.load(cell, clock=ManualClock()).inspect(frame) for _ in range(2))
    assert to_json(first) == to_json(second)
    assert from_json(Inspection, to_json(first)) == first


class _SteppingClock(ManualClock):
    """Every look at it takes a millisecond."""

    def now_s(self) -> float:
        self.set(super().now_s() + 0.001)
        return super().now_s()


def test_timing_has_its_stages_and_a_total_with_the_decoding(cell: Cell) -> None:
    inspector = Inspector.load(cell, clock=_SteppingClock())
    found = inspector.inspect(kit.frame_of(kit.picture(GREY)), decode_ms=12.5)
    timing = found.timing_ms
    assert list(timing) == ["decode", "preprocess", "infer", "postprocess", "total"]
    assert timing["decode"] == 12.5
    assert timing["total"] > sum(timing[k] for k in ("decode", "preprocess", "infer", "postprocess"))
    assert timing["infer"] == pytest.approx(2.0), "the pack model and the fasteners, one batch each"


def test_the_json_has_exactly_the_keys_of_the_contract(inspector: Inspector) -> None:
    image = kit.picture(GREY)
    image[0:400, 400:800] = kit.picture((230, 30, 30), (400, 400))
    plain = json.loads(to_json(inspector.inspect(kit.frame_of(image), pack="vw-meb-82")))
    assert set(plain) == {
        "source", "frame", "quality", "pack", "damage", "hazard_class", "hazard_reasons", "fasteners", "codes",
        "models", "timing_ms",
    }  # fmt: skip
    assert set(plain["frame"]) == {"width", "height", "sha256"}
    assert plain["pack"]["status"] == "unknown", "which is why there are reasons"
    assert set(plain["pack"]) == {"status", "model", "confidence", "candidates", "outline_px", "reasons"}
    assert set(plain["damage"][0]) == {"kind", "confidence", "severity", "box_px"}
    assert set(plain["fasteners"][0]) == {"id", "kind", "center_px", "center_mm", "confidence", "uncertainty_mm"}


def test_a_gallery_of_another_model_stops_the_start(models: Path, gallery: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(gallery, tmp_path / "gallery"))
    path = other / "vw-meb-82.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model_sha256": "0" * 64}), encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        Inspector.open(models / "pack-damage", models / "fastener-detect", other)
    assert caught.value.code == "model.gallery_foreign"


def test_a_calibration_that_cannot_be_names_the_cell_file(cell: Cell) -> None:
    camera = cell.spec.cameras[0]
    bent = Calibration(matrix=camera.calibration.matrix, robot_from_camera=((0, 0, 0, 0),) * 4)
    spec = cell.spec.model_copy(update={"cameras": [camera.calibrated(bent)]})
    with pytest.raises(ConfigError) as caught:
        Inspector.load(Cell(cell.path, spec, cell.packs, (), cell.plc_map, {}))
    assert "demo.yaml:1: cameras.0.calibration.robot_from_camera" in caught.value.findings[0]
