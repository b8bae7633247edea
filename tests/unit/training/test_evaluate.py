"""Figures of an evaluation from answers that are written down by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from delid.config import read_document
from delid.core import Damage, DamageKind, HazardLimits, PackStatus, hazard_class
from delid.training._card import BEGIN, END, PARTS, figures_block, write_cards
from delid.training._evaluate import (
    box_overlaps,
    damage_figures,
    hazard_figures,
    newly_taught,
    overlap,
    true_damage,
    verdicts_of,
)
from delid.training._predict import Answers
from delid.training._report import table
from delid.training._report_shape import part_of, shaped, write_html
from delid.training._samples import Sample
from delid.training._specs import HEAT_GRID, PACK_INPUT, STRIDE
from delid.vision import DAMAGE_KINDS, Manifest

REPOSITORY = Path(__file__).resolve().parents[3]
TOP = (256 - 240) // 2 // STRIDE  # rows of the heat map above a picture of 320 x 240


def limits(region: float | None = None, least: float = 0.5) -> dict[str, Any]:
    rule = {"min_confidence": least, "from": "validation", "chosen": "by hand"}
    return {kind: rule if region is None else {**rule, "region": region} for kind in DAMAGE_KINDS}


def manifest(region: float | None = None, single: float | None = None) -> Manifest:
    pack = {"min_score": 0.8, "margin": 0.1, "neighbours": 2, "from": "validation", "chosen": "by hand"}
    thresholds = {"pack": pack, "damage": limits(region)}
    if single is not None:
        thresholds["damage_single"] = limits(region, single)
    spec: dict[str, Any] = {
        "model": "pack-damage",
        "version": "0",
        "task": "pack_damage",
        "file": "model.onnx",
        "sha256": "0" * 64,
        "trained_on": "rendered",
        "data": {"images": 0, "families": 0, "seeds": [1], "recipe_sha256": "0" * 64, "note": ""},
        "made_by": {"command": "none", "seed": 1},
        "input": PACK_INPUT.model_dump(mode="json"),
        "outputs": [
            {"name": "embedding", "shape": [1, 3]},
            {"name": "damage_heat", "shape": [1, 5, *HEAT_GRID], "labels": list(DAMAGE_KINDS)},
            {"name": "damage_presence", "shape": [1, 5], "labels": list(DAMAGE_KINDS)},
            {"name": "severity", "shape": [1, 5]},
        ],
        "thresholds": thresholds,
    }
    return Manifest.model_validate(spec)


def sample(family: str, *damages: tuple[str, list[int]], severity: float = 0.6) -> Sample:
    truth = {
        "size_px": [320, 240],
        "damages": [{"kind": kind, "severity": severity, "box_px": box} for kind, box in damages],
    }
    return Sample(Path("none.jpg"), "test", "family" if family.startswith("family") else "pack", family, truth)


def answers(*vectors: list[float], raking: bool = True) -> Answers:
    """Nothing found in frames of 320 x 240; severities of 0.5."""
    count, kinds = len(vectors), len(DAMAGE_KINDS)
    return Answers(
        np.array(vectors, np.float32),
        np.zeros((count, kinds, *HEAT_GRID), np.float32),
        np.zeros((count, kinds), np.float32),
        np.full((count, kinds), 0.5, np.float32),
        ((320, 240),) * count,
        raking,
        PACK_INPUT,
    )


def see(said: Answers, view: int, kind: str, box: tuple[int, int, int, int], presence: float = 0.9) -> None:
    """The model finds a kind in the cells of a box (of multiples of 8 px)."""
    index, (x0, y0, x1, y1) = DAMAGE_KINDS.index(kind), box
    said.heat[view, index, TOP + y0 // STRIDE : TOP + y1 // STRIDE, x0 // STRIDE : x1 // STRIDE] = 0.9
    said.presence[view, index] = presence


def test_a_family_taught_from_its_other_pictures() -> None:
    samples = [sample("family-1"), sample("family-1"), sample("family-2"), sample("family-2")]
    said = answers([1, 0, 0], [0.9, 0.1, 0], [0, 1, 0], [1, 0.1, 0])
    assert newly_taught(samples, said) == {"families": 2, "pictures": 4, "nearest_is_right": 0.75}


def test_damage_found_missed_and_imagined() -> None:
    samples = [sample("a", ("burn", [160, 64, 191, 95])), sample("a", ("burn", [0, 0, 20, 20])), sample("a")]
    said = answers([1, 0, 0], [1, 0, 0], [1, 0, 0])
    see(said, 0, "burn", (160, 72, 192, 96))
    see(said, 2, "dent", (40, 40, 48, 48), 0.7)
    figures = damage_figures(samples, said, manifest())
    assert figures["by_kind"]["burn"] == {"present": 2, "precision": 1.0, "recall": 0.5, "f1": 0.6667}
    assert figures["by_kind"]["dent"]["precision"] == 0.0
    assert figures["macro_f1"] == 0.6667
    assert (figures["sound_pictures"], figures["sound_called_damaged"]) == (1, 1.0)
    assert figures["damaged_called_sound"] == 0.5
    assert (figures["boxes"], figures["box_iou_of_0.5"]) == (1, 1.0)
    assert figures["box_iou_median"] == pytest.approx(0.75, abs=0.05)
    assert figures["severity_mean_error"] == pytest.approx(0.1)
    assert figures["calibration"]["count"] == 15


def test_the_worst_error_is_to_call_a_hazardous_pack_a_sound_one() -> None:
    limits = HazardLimits()
    burn, dent = ("burn", [160, 64, 191, 95]), ("dent", [160, 64, 191, 95])
    samples = [sample("a", burn, severity=0.9), sample("a", burn, severity=0.9), sample("a"), sample("a", dent)]
    found = [
        (),
        (Damage(DamageKind.BURN, 0.9, 0.9, (0, 0, 9, 9)),),
        (Damage(DamageKind.BURN, 0.9, 0.9, (0, 0, 9, 9)),),
        true_damage(samples[3]),
    ]
    figures = hazard_figures(samples, found, limits)
    dented = figures_of_class(true_damage(samples[3]))
    assert (figures["hazard_c_pictures"], figures["hazard_c_called_a"]) == (2, 0.5)
    assert (figures["C_called_A"], figures["C_called_C"], figures["A_called_C"]) == (1, 1, 1)
    assert figures[f"{dented}_called_{dented}"] == 1
    assert "B_called_A" not in figures, "what never happened is not in the table"


def figures_of_class(damages: tuple[Damage, ...]) -> str:
    return hazard_class(damages, PackStatus.KNOWN, HazardLimits())[0].value


def test_without_a_hazardous_pack_there_is_no_share_of_them() -> None:
    figures = hazard_figures([sample("a")], [()], HazardLimits())
    assert (figures["hazard_c_pictures"], figures["hazard_c_called_a"]) == (0, None)


def test_every_true_box_whose_kind_was_found_is_measured_by_the_best_box_of_that_kind() -> None:
    samples = [
        sample("a", ("burn", [0, 0, 10, 10]), ("burn", [100, 100, 110, 110]), ("dent", [50, 50, 60, 60])),
        sample("a", ("leak", [0, 0, 10, 10])),
    ]
    near, far = (0.0, 0.0, 10.0, 5.0), (200.0, 200.0, 210.0, 210.0)
    found = [
        tuple(Damage(DamageKind.BURN, 0.9, 0.5, box) for box in (far, near)),
        (Damage(DamageKind.BURN, 0.9, 0.5, (0.0, 0.0, 10.0, 10.0)),),
    ]
    assert box_overlaps(samples, found) == [0.5, 0.0]
    unseen = Sample(
        Path("none.jpg"), "test", "pack", "a", {"damages": [{"kind": "burn", "severity": 1.0, "box_px": None}]}
    )
    assert box_overlaps([unseen], found[1:]) == []


def test_a_kind_is_there_by_its_presence_and_lies_where_its_heat_reaches_the_region() -> None:
    said = answers([1, 0, 0], [1, 0, 0])
    for view, presence in ((0, 0.8), (1, 0.4)):
        see(said, view, "leak", (80, 80, 120, 120), presence)
        said.heat[view, DAMAGE_KINDS.index("leak"), TOP + 8 : TOP + 17, 8:17] += 0.3
        np.minimum(said.heat, 0.95, out=said.heat)
    wide, narrow = (verdicts_of(said, manifest(region)) for region in (0.25, 0.6))
    assert wide[1] == narrow[1] == (), "hot, and yet not there"
    assert [d.confidence for d in wide[0]] == [pytest.approx(0.8)]
    assert wide[0][0].box_px == pytest.approx((63.5, 63.5, 135.5, 135.5))
    assert narrow[0][0].box_px == pytest.approx((79.5, 79.5, 119.5, 119.5))
    leak = DAMAGE_KINDS.index("leak")
    assert said.boxes(1, leak, 0.6) == [narrow[0][0].box_px], "whatever its presence"


def test_a_single_frame_has_thresholds_of_its_own() -> None:
    for raking, count in ((True, 1), (False, 0)):
        said = answers([1, 0, 0], raking=raking)
        see(said, 0, "swelling", (80, 80, 160, 160), 0.6)
        assert len(verdicts_of(said, manifest(single=0.7))[0]) == count
        assert len(verdicts_of(said, manifest())[0]) == 1, "where none are given, those of the full program count"


def test_some_of_the_answers_are_those_of_their_views() -> None:
    said = answers([1, 0, 0], [0, 1, 0], [0, 0, 1])
    see(said, 2, "dent", (40, 40, 48, 48))
    part = said.part([2, 0])
    assert part.embedding.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert len(part.sizes) == 2
    assert [len(found) for found in verdicts_of(part, manifest())] == [1, 0]


def test_the_region_with_most_boxes_right_is_chosen() -> None:
    pytest.importorskip("torch", reason="exporting needs delid[train]")
    from delid.training._export_pack import REGIONS, _region

    owners = [sample("a", ("leak", [80, 80, 119, 119]))] * 4
    said = answers(*[[1.0, 0.0, 0.0]] * 4)
    see(said, 0, "leak", (80, 80, 120, 120))
    said.heat[0, DAMAGE_KINDS.index("leak"), TOP + 4 : TOP + 22, 4:22] = np.maximum(
        said.heat[0, DAMAGE_KINDS.index("leak"), TOP + 4 : TOP + 22, 4:22], 0.42
    )
    right = [region for region in REGIONS if 0.42 < region <= 0.9]
    assert _region(said, owners, "leak") == right[len(right) // 2]


def test_boxes_overlap() -> None:
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1.0
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0.0


def test_a_card_gets_its_figures_between_the_marks_and_keeps_its_words(tmp_path: Path) -> None:
    packs, fasteners = PARTS
    figures = {
        "models": {packs: "sha256:1", fasteners: "sha256:2"},
        "split": "test",
        "rendered": {"fasteners": {"right": 0.5}, "pack": {"accepted": 0.25}, "damage_full": {"macro_f1": 0.75}},
        "photographs": {"real_packs_not_taught": {"called_damaged": 0.125}},
    }
    for model in PARTS:
        (tmp_path / model).mkdir()
        (tmp_path / model / "MODEL_CARD.md").write_text(f"Words.\n{BEGIN}\nold\n{END}\nMore words.\n")
    write_cards(tmp_path, figures)
    card = (tmp_path / fasteners / "MODEL_CARD.md").read_text()
    assert card.startswith("Words.\n")
    assert card.endswith("More words.\n")
    assert "old" not in card
    assert "0.500" in card
    assert not any(figure in card for figure in ("0.250", "0.750", "0.125"))
    card = (tmp_path / packs / "MODEL_CARD.md").read_text()
    assert figures_block(packs, figures) in card
    assert all(figure in card for figure in ("0.250", "0.750", "0.125"))
    assert "0.500" not in card


def test_the_table_shows_nothing_as_a_dash() -> None:
    assert [line.split() for line in table({"a": {"b_c": None, "d": 0.5}})] == [["a"], ["b", "c", "-"], ["d", "0.500"]]


def test_a_row_of_figures_takes_one_line_with_its_counts() -> None:
    row = {"pictures": 3, "right": 1.0, "called": {"b": 1, "a": 2}}
    lines = table({"pack": {"by_pack": {"a": row}, "by_kind": {"dent": {"f1": 0.5}}, "worst": [1], "calibration": {}}})
    assert [line.split() for line in lines] == [
        ["pack"],
        ["by", "pack"],
        ["a", "pictures", "3,", "right", "1.000,", "called", "(b", "1,", "a", "2)"],
        ["by", "kind"],
        ["dent", "f1", "0.500"],
    ]


def evaluated() -> dict[str, Any]:
    """Figures of one burnt pack that was found, as an evaluation gives them."""
    samples = [sample("a", ("burn", [160, 64, 191, 95]))]
    said = answers([1, 0, 0])
    see(said, 0, "burn", (160, 64, 192, 96))
    row = {"pictures": 1, "right": 1.0, "called": {"a": 1}}
    return {
        "models": {"pack-damage": "sha256:0"},
        "split": "test",
        "rendered": {
            "pack": {
                "taught_from": {"a": 10},
                "full": {"all": {"pictures": 1, "right": 1.0}, "by_pack": {"a": row}, "strangers_accepted": 0.0375},
            },
            "damage_full": damage_figures(samples, said, manifest()),
            "worst": [{"image": None, "name": "scene-7", "truth": "burn 0.60", "said": "no damage"}],
        },
        "photographs": {"real_packs_not_taught": {"pictures": 2, "by_kind": {"dent": 1, "burn": 0}}},
    }


def test_figures_are_shaped_for_the_report_without_losing_any() -> None:
    report = shaped(evaluated(), {"pack-damage": manifest(0.3, 0.7)})
    assert report["provenance"]["pack-damage"] == "sha256:0"
    assert report["thresholds"]["pack-damage pack"]["value"] == 0.8
    assert report["thresholds"]["pack-damage damage.burn"] == {"value": 0.5, "chosen": "by hand"}
    assert report["thresholds"]["pack-damage damage_single.burn"]["value"] == 0.7
    pack, damage = report["rendered"]["pack"], report["rendered"]["damage full"]
    assert pack["tables"]["taught from"] == {"": {"a": 10}}
    assert pack["tables"]["full"] == {"all": {"pictures": 1, "right": 1.0}}
    assert pack["tables"]["full, by pack"] == {"a": {"pictures": 1, "right": 1.0, "called": "a 1"}}
    assert pack["summary"] == {"full, strangers accepted": 0.0375}
    assert damage["by_class"]["burn"]["recall"] == 1.0
    assert damage["summary"]["box iou of 0.5"] == 1.0
    assert list(damage["reliability"]) == ["presence of damage"]
    assert report["photographs"]["real packs not taught"]["tables"] == {"by kind": {"": {"dent": 1, "burn": 0}}}
    assert [worst["name"] for worst in report["worst"]] == ["scene-7"]


def test_counts_of_counts_become_a_table_of_their_own() -> None:
    part = part_of({"confusion_true_by_said": {"bolt": {"bolt": 5, "empty": 1}, "empty": {"bolt": 0, "empty": 4}}})
    assert part["tables"] == {
        "confusion true by said": {"bolt": {"bolt": 5, "empty": 1}, "empty": {"bolt": 0, "empty": 4}}
    }


def test_the_report_is_written_with_the_thresholds_of_the_models(tmp_path: Path) -> None:
    (tmp_path / "pack-damage").mkdir()
    described = manifest(0.3, 0.7).model_dump_json(by_alias=True, exclude_none=True)
    (tmp_path / "pack-damage/manifest.yaml").write_text(described, encoding="utf-8")
    out = tmp_path / "report.html"
    write_html(evaluated(), tmp_path, out)
    page = out.read_text(encoding="utf-8")
    for words in ("sha256:0", "damage_single.burn", "full, by pack", "0.037", "scene-7", "real packs not taught"):
        assert words in page, words
    assert page.count("<svg") == 1


@pytest.mark.parametrize("model", ["pack-damage", "fastener-kind"])
def test_the_shipped_card_says_what_the_model_learnt_from_and_belongs_to_it(model: str) -> None:
    folder = REPOSITORY / "models" / model
    if not (folder / "manifest.yaml").exists():
        pytest.skip("the models are not built in this checkout")
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert card.startswith("Trained on rendered images.")
    assert f"sha256:{read_document(folder / 'manifest.yaml').data['sha256']}" in card
    assert "What it cannot do" in card
