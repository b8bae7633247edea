"""Figures of an evaluation from answers that are written down by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from delid.config import read_document
from delid.training._card import BEGIN, END, figures_block, write_cards
from delid.training._evaluate import damage_figures, fastener_figures, newly_taught, overlap, pack_figures
from delid.training._predict import Answers
from delid.training._report import table
from delid.training._samples import Sample
from delid.training._specs import HEAT_GRID
from delid.vision import DAMAGE_KINDS, Gallery, Manifest

REPOSITORY = Path(__file__).resolve().parents[3]
DAMAGE = {kind: {"min_confidence": 0.5, "from": "validation", "chosen": "by hand"} for kind in DAMAGE_KINDS}


def manifest() -> Manifest:
    spec: dict[str, Any] = {
        "model": "pack-damage",
        "version": "0",
        "task": "pack_damage",
        "file": "model.onnx",
        "sha256": "0" * 64,
        "trained_on": "rendered",
        "data": {"images": 0, "families": 0, "seeds": [1], "recipe_sha256": "0" * 64, "note": ""},
        "made_by": {"command": "none", "seed": 1},
        "input": {
            "name": "image",
            "shape": [1, 3, 256, 320],
            "layout": "NCHW",
            "color": "RGB",
            "resize": "letterbox",
            "pad": 114,
            "mean": [127, 127, 127],
            "scale": [128, 128, 128],
            "dtype": "float32",
        },
        "outputs": [
            {"name": "embedding", "shape": [1, 3]},
            {"name": "damage_heat", "shape": [1, 5, *HEAT_GRID], "labels": list(DAMAGE_KINDS)},
            {"name": "severity", "shape": [1, 5]},
        ],
        "thresholds": {
            "pack": {"min_score": 0.8, "margin": 0.1, "neighbours": 2, "from": "validation", "chosen": "by hand"},
            "damage": DAMAGE,
        },
    }
    return Manifest.model_validate(spec)


def sample(family: str, *damages: tuple[str, list[int]]) -> Sample:
    truth = {
        "size_px": [320, 240],
        "damages": [{"kind": kind, "severity": 0.6, "box_px": box} for kind, box in damages],
    }
    return Sample(Path("none.jpg"), "test", "family" if family.startswith("family") else "pack", family, truth)


def answers(*vectors: list[float]) -> Answers:
    count = len(vectors)
    heat = np.zeros((count, len(DAMAGE_KINDS), *HEAT_GRID), np.float32)
    return Answers(np.array(vectors, np.float32), heat, np.full((count, len(DAMAGE_KINDS)), 0.5, np.float32))


def test_taught_packs_strangers_and_packs_whose_own_teaching_is_left_out() -> None:
    gallery = Gallery({"a": np.array([[1, 0, 0]], np.float32), "b": np.array([[0, 1, 0]], np.float32)})
    samples = [sample("a"), sample("b"), sample("a"), sample("family-1")]
    said = answers([1, 0, 0], [0.9, 0.1, 0], [0.6, 0, 0.8], [0, 0.1, 1])
    figures = pack_figures(samples, said, gallery, manifest())
    assert figures["known_pictures"] == 3
    assert figures["accepted"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["right_of_accepted"] == 0.5
    assert figures["rejected"] == pytest.approx(1 / 3, abs=1e-4)
    assert figures["strangers_accepted"] == 0.0
    assert figures["own_pack_not_taught_accepted"] == pytest.approx(1 / 3, abs=1e-4)
    assert figures["open_set_auroc"] == 1.0
    assert figures["by_pack"] == {"a": 0.5, "b": 0.0}


def test_a_family_taught_from_its_other_pictures() -> None:
    samples = [sample("family-1"), sample("family-1"), sample("family-2"), sample("family-2")]
    said = answers([1, 0, 0], [0.9, 0.1, 0], [0, 1, 0], [1, 0.1, 0])
    assert newly_taught(samples, said) == {"families": 2, "pictures": 4, "nearest_is_right": 0.75}


def test_damage_found_missed_and_imagined() -> None:
    burn, dent = DAMAGE_KINDS.index("burn"), DAMAGE_KINDS.index("dent")
    samples = [sample("a", ("burn", [160, 64, 191, 95])), sample("a", ("burn", [0, 0, 20, 20])), sample("a")]
    said = answers([1, 0, 0], [1, 0, 0], [1, 0, 0])
    said.heat[0, burn, 4 + 1 : 6 + 1, 10:12] = 0.9  # the letterbox adds half a cell above; one cell down is near enough
    said.heat[2, dent, 5, 5] = 0.7
    figures = damage_figures(samples, said, manifest())
    assert figures["by_kind"]["burn"] == {"present": 2, "precision": 1.0, "recall": 0.5, "f1": 0.6667}
    assert figures["by_kind"]["dent"]["precision"] == 0.0
    assert figures["macro_f1"] == 0.6667
    assert (figures["sound_pictures"], figures["sound_called_damaged"]) == (1, 1.0)
    assert (figures["hazard_critical"], figures["hazard_critical_missed"]) == (2, 0.5)
    assert figures["box_iou_median"] > 0.5
    assert figures["severity_mean_error"] == pytest.approx(0.1)


def test_boxes_overlap() -> None:
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1.0
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0.0


def test_fasteners_are_counted_by_kind_and_by_presence() -> None:
    said = np.array([[0.9, 0, 0.1, 0], [0.4, 0, 0.6, 0], [0, 0.2, 0.8, 0], [0, 0.9, 0.1, 0]], np.float32)
    figures = fastener_figures(said, np.array([0, 0, 2, 0]), 0.7)
    assert figures["right"] == 0.5
    assert figures["confusion_true_by_said"]["bolt"] == {"bolt": 1, "nut": 1, "empty": 1, "stripped": 0}
    assert figures["present_called_empty"] == pytest.approx(1 / 3, abs=1e-4)
    assert figures["present_surely_called_empty"] == 0.0
    assert figures["empty_surely_seen_empty"] == 1.0


def test_a_card_gets_its_figures_between_the_marks_and_keeps_its_words(tmp_path: Path) -> None:
    figures = {
        "models": {"pack-damage": "sha256:1", "fastener-kind": "sha256:2"},
        "split": "test",
        "rendered": {"fasteners": {"right": 0.5}, "pack": {"accepted": 0.25}},
        "photographs": None,
    }
    for model in ("pack-damage", "fastener-kind"):
        (tmp_path / model).mkdir()
        (tmp_path / model / "MODEL_CARD.md").write_text(f"Words.\n{BEGIN}\nold\n{END}\nMore words.\n")
    write_cards(tmp_path, figures)
    card = (tmp_path / "fastener-kind/MODEL_CARD.md").read_text()
    assert card.startswith("Words.\n")
    assert card.endswith("More words.\n")
    assert "old" not in card
    assert "0.500" in card
    assert "0.250" not in card
    assert figures_block("pack-damage", figures) in (tmp_path / "pack-damage/MODEL_CARD.md").read_text()


def test_the_table_shows_nothing_as_a_dash() -> None:
    assert [line.split() for line in table({"a": {"b_c": None, "d": 0.5}})] == [["a"], ["b", "c", "-"], ["d", "0.500"]]


@pytest.mark.parametrize("model", ["pack-damage", "fastener-kind"])
def test_the_shipped_card_says_what_the_model_learnt_from_and_belongs_to_it(model: str) -> None:
    folder = REPOSITORY / "models" / model
    if not (folder / "manifest.yaml").exists():
        pytest.skip("the models are not built in this checkout")
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert card.startswith("Trained on rendered images.")
    assert f"sha256:{read_document(folder / 'manifest.yaml').data['sha256']}" in card
    assert "What it cannot do" in card
