"""Figures as lines, in model cards, and in the shape of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from answers_kit import answers, manifest, sample, see

from delid.config import read_document
from delid.training._card import BEGIN, END, PARTS, figures_block, write_cards
from delid.training._evaluate import damage_figures
from delid.training._report import table
from delid.training._report_shape import part_of, shaped, write_html

REPOSITORY = Path(__file__).resolve().parents[3]


def test_a_card_gets_its_figures_between_the_marks_and_keeps_its_words(tmp_path: Path) -> None:
    packs, fasteners, kinds = PARTS
    figures = {
        "models": {packs: "sha256:1", fasteners: "sha256:2", kinds: "sha256:3"},
        "split": "test",
        "rendered": {
            "detector_alone": {"right": 0.5},
            "fasteners_at_the_tool": {"right": 0.625},
            "pack": {"accepted": 0.25},
            "damage_full": {"macro_f1": 0.75},
        },
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
    card = (tmp_path / kinds / "MODEL_CARD.md").read_text()
    assert "0.625" in card
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


@pytest.mark.parametrize("model", ["pack-damage", "fastener-detect"])
def test_the_shipped_card_says_what_the_model_learnt_from_and_belongs_to_it(model: str) -> None:
    folder = REPOSITORY / "models" / model
    if not (folder / "manifest.yaml").exists():
        pytest.skip("the models are not built in this checkout")
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert card.startswith("Trained on rendered images.")
    assert f"sha256:{read_document(folder / 'manifest.yaml').data['sha256']}" in card
    assert "What it cannot do" in card
