"""The list of a safety judgement, and what its answers mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from delid.config import Answer, JudgementList, load_judgement
from delid.core import ConfigError, HazardClass

SOURCE = "ADR 2025, 3.3.1, special provision 376"


def listed() -> JudgementList:
    item = {"en": "x", "zh": "某", "source": SOURCE, "status": "read"}
    items = [{"item": "leak", "hazard": "C", **item}, {"item": "dent", "hazard": "B", **item}]
    return JudgementList.model_validate({"judgement": "a", "version": 1, "title": "A", "rule": SOURCE, "items": items})


@pytest.mark.parametrize(
    ("answers", "passed", "hazard", "reasons"),
    [
        ({"leak": "no", "dent": "no"}, True, HazardClass.A, ()),
        ({"leak": "no", "dent": "yes"}, False, HazardClass.B, ("dent",)),
        ({"leak": "yes", "dent": "yes"}, False, HazardClass.C, ("leak", "dent")),
        ({"leak": "no", "dent": "not_judged"}, False, HazardClass.C, ("dent: not judged",)),
        ({"leak": "no"}, False, HazardClass.C, ("dent: not judged",)),
    ],
)
def test_any_yes_and_anything_open_fails(
    answers: dict[str, Answer], passed: bool, hazard: HazardClass, reasons: tuple[str, ...]
) -> None:
    found = listed().verdict(answers)
    assert (found.passed, found.hazard, found.reasons) == (passed, hazard, reasons)


def test_an_item_that_the_list_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no item 'rust'"):
        listed().verdict({"rust": "no"})


def test_the_shipped_list_is_right_and_says_everything_in_both_languages(repository: Path) -> None:
    found = load_judgement(repository / "cell_configs/record/judgement.yaml")
    assert {item.item for item in found.items} >= {"gas_or_fire", "leak", "deformed", "misuse", "protection", "voltage"}
    assert all(item.en.isascii() and not item.zh.isascii() for item in found.items)


def test_a_danger_of_class_a_or_a_name_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "judgement.yaml"
    line = f"  - {{item: leak, en: x, zh: y, hazard: A, source: '{SOURCE}', status: read}}\n"
    file.write_text(f"judgement: a\nversion: 1\ntitle: A\nrule: '{SOURCE}'\nitems:\n{line}", encoding="utf-8")
    with pytest.raises(ConfigError, match="class B or C"):
        load_judgement(file)
