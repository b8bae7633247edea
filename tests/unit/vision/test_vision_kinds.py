"""What stands at a place: the model of kinds has the last word on kind, and may say that there is nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from delid.core import FastenerKind
from delid.vision import FASTENER_KINDS, Detection, FastenerThreshold, KindJudge, Manifest, detect_fasteners

MODELS = Path(__file__).resolve().parents[3] / "models"
IMAGE = np.full((120, 160, 3), 128, np.uint8)
BASE: dict[str, Any] = {
    "model": "kinds",
    "version": "1",
    "task": "fastener_kind",
    "file": "model.onnx",
    "sha256": "0" * 64,
    "trained_on": "rendered",
    "data": {"images": 1, "families": 1, "seeds": [1], "recipe_sha256": "0" * 64, "note": "none"},
    "made_by": {"command": "none", "seed": 1},
    "input": {
        "name": "crops", "shape": ["batch", 3, 16, 16], "layout": "NCHW", "color": "RGB", "resize": "stretch",
        "pad": 114, "mean": [0, 0, 0], "scale": [1, 1, 1], "dtype": "float32",
    },
    "crop": {"size_px": 16, "cover_mm": 28.0},
}  # fmt: skip


def manifest(labels: tuple[str, ...], nothing: float | None = None) -> Manifest:
    threshold = {"min_confidence": 0.8, "from": "validation", "chosen": "for a test"}
    if nothing is not None:
        threshold["nothing"] = nothing
    outputs = [{"name": "kind", "shape": ["batch", len(labels)], "labels": labels}]
    return Manifest.model_validate({**BASE, "outputs": outputs, "thresholds": {"fasteners": threshold}})


class Told:
    """A model that answers with the rows it was given."""

    digest = "sha256:0"

    def __init__(self, manifest: Manifest, *rows: tuple[float, ...]) -> None:
        self.manifest, self._rows = manifest, np.array(rows, np.float32)

    def run(self, crops: np.ndarray) -> dict[str, np.ndarray]:
        assert crops.shape == (len(self._rows), 3, 16, 16)
        return {"kind": self._rows}


def seen(kind: str = "bolt", empty: float = 0.0) -> Detection:
    scores = dict.fromkeys(FastenerKind, 0.1)
    scores[FastenerKind(kind)] = 0.6
    scores[FastenerKind.EMPTY] = empty
    return Detection((50.0, 40.0), FastenerKind(kind), 0.6, scores)


def judge(model: Told) -> KindJudge:
    return KindJudge(model)  # type: ignore[arg-type]


WITH_NOTHING = (*FASTENER_KINDS, "nothing")


def test_the_kind_is_the_likeliest_and_its_confidence_is_the_models() -> None:
    told = Told(manifest(FASTENER_KINDS), (0.1, 0.8, 0.05, 0.05))
    (found,) = judge(told).detected(IMAGE, [seen()], 0.4)
    assert (found.kind, found.confidence) == (FastenerKind.NUT, 0.8)


def test_what_is_nothing_at_a_second_look_is_left_out() -> None:
    told = Told(manifest(WITH_NOTHING, nothing=0.7), (0.1, 0.1, 0.0, 0.0, 0.8), (0.3, 0.1, 0.0, 0.0, 0.6))
    found = judge(told).detected(IMAGE, [seen(), seen()], 0.4)
    assert [(d.kind, d.confidence) for d in found] == [(FastenerKind.BOLT, 0.3)]


class Dot:
    """A model that takes everything for a bolt, and says where the light in a crop lies."""

    digest = "sha256:1"

    def __init__(self) -> None:
        outputs = [{"name": "kind", "shape": ["batch", 4], "labels": FASTENER_KINDS},
                   {"name": "where", "shape": ["batch", 2]}]  # fmt: skip
        threshold = {"min_confidence": 0.8, "ask_from": 0.1, "from": "validation", "chosen": "for a test"}
        self.manifest = Manifest.model_validate({**BASE, "outputs": outputs, "thresholds": {"fasteners": threshold}})

    def run(self, crops: np.ndarray) -> dict[str, np.ndarray]:
        light = crops.mean(axis=1)
        y, x = np.mgrid[0:16, 0:16] - 7.5
        where = [((x * c).sum() / c.sum(), (y * c).sum() / c.sum()) for c in light]
        return {"kind": np.tile([0.9, 0.1, 0.0, 0.0], (len(crops), 1)), "where": np.array(where)}


def dark_with_a_dot(x: int, y: int) -> np.ndarray:
    image = np.zeros((120, 160, 3), np.uint8)
    image[y - 4 : y + 5, x - 4 : x + 5] = 200
    return image


def test_the_second_look_says_where_the_centre_is() -> None:
    off = Detection((70.0, 52.0), FastenerKind.NUT, 0.6, dict.fromkeys(FastenerKind, 0.1))
    (found,) = KindJudge(Dot()).detected(dark_with_a_dot(60, 60), [off], 0.4)  # type: ignore[arg-type]
    assert found.center_px == pytest.approx((60.0, 60.0), abs=0.5)
    assert found.kind is FastenerKind.BOLT


def test_two_finds_of_one_fastener_are_one() -> None:
    finds = [
        Detection(at, FastenerKind.BOLT, 0.6, dict.fromkeys(FastenerKind, 0.1)) for at in ((70.0, 52.0), (52.0, 66.0))
    ]
    assert len(KindJudge(Dot()).detected(dark_with_a_dot(60, 60), finds, 0.4)) == 1  # type: ignore[arg-type]


class Unsure:
    """A detector that sees one fastener with little certainty."""

    def __init__(self) -> None:
        from delid.vision import load_model

        self.manifest = load_model(MODELS / "fastener-detect", "fastener_detect").manifest

    def run(self, tensor: np.ndarray) -> dict[str, np.ndarray]:
        height, width = tensor.shape[2] // 4, tensor.shape[3] // 4
        heat, offset = np.zeros((1, 4, height, width), np.float32), np.zeros((1, 2, height, width), np.float32)
        heat[0, 0, 15, 15] = 0.11
        return {"heat": heat, "offset": offset}


def test_an_unsure_detector_is_asked_about_all_the_same() -> None:
    image, judge = dark_with_a_dot(60, 60), KindJudge(Dot())  # type: ignore[arg-type]
    assert detect_fasteners(image, Unsure()) == []
    (found,) = judge.find(image, Unsure(), 0.4)
    assert found.center_px == pytest.approx((60.0, 60.0), abs=0.5)


def test_a_place_in_the_crop_has_two_numbers() -> None:
    outputs = [{"name": "kind", "shape": ["batch", 4], "labels": FASTENER_KINDS}, {"name": "where", "shape": [2]}]
    threshold = {"min_confidence": 0.8, "from": "validation", "chosen": "for a test"}
    with pytest.raises(ValidationError, match=r"where\.shape"):
        Manifest.model_validate({**BASE, "outputs": outputs, "thresholds": {"fasteners": threshold}})


def test_without_a_threshold_nothing_is_left_out() -> None:
    told = Told(manifest(WITH_NOTHING), (0.0, 0.0, 0.0, 0.0, 1.0))
    assert len(judge(told).detected(IMAGE, [seen()], 0.4)) == 1


def test_a_place_of_the_pack_is_never_left_out_and_never_sure_where_nothing_seems_to_be() -> None:
    from delid.core import Fastener

    told = Told(manifest(WITH_NOTHING, nothing=0.7), (0.06, 0.03, 0.0, 0.01, 0.9))
    place = Fastener("lid.01", FastenerKind.BOLT, (50.0, 40.0), None, 0.9)
    (found,) = judge(told).placed(IMAGE, [place], [], 0.4)
    assert (found.id, found.confidence) == ("lid.01", 0.06)


@pytest.mark.parametrize(("empty", "confidence"), [(0.05, 0.0667), (0.9, 0.97)])
def test_a_hole_is_sure_only_where_the_detector_sees_one_too(empty: float, confidence: float) -> None:
    told = Told(manifest(FASTENER_KINDS), (0.01, 0.01, 0.97, 0.01))
    (found,) = judge(told).detected(IMAGE, [seen("bolt", empty)], 0.4)
    assert found.kind is FastenerKind.EMPTY
    assert found.confidence == pytest.approx(confidence, abs=0.01)


@pytest.mark.parametrize("labels", [("bolt", "nut"), (*FASTENER_KINDS, "washer"), FASTENER_KINDS[::-1]])
def test_other_labels_are_refused(labels: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match=r"kind\.labels must be"):
        manifest(labels)


def test_a_threshold_of_zero_for_nothing_would_leave_out_everything_and_is_refused() -> None:
    with pytest.raises(ValidationError):
        FastenerThreshold.model_validate({"min_confidence": 0.5, "nothing": 0.0, "from": "validation", "chosen": "x"})
