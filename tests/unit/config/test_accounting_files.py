"""No number without a source: the tables of accounts and rules refuse it, and the shipped ones have them all."""

import copy

import pytest
from pydantic import ValidationError

from delid.config import (
    FactorFile,
    RegionRules,
    SiteAccount,
    UsesFile,
    factor_for,
    load_accounting,
    load_rules,
    read_document,
)
from delid.core import ConfigError

TABLES = {
    "accounting/factors.yaml": FactorFile,
    "accounting/site.yaml": SiteAccount,
    "accounting/uses.yaml": UsesFile,
    "compliance/cn.yaml": RegionRules,
    "compliance/eu.yaml": RegionRules,
}


def places(data, found=()):
    """Every place of a key that holds a source or the reason of an uncertainty."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "source" or key.endswith("_source") or (key == "why" and "source" not in data):
                yield (*found, key)
            yield from places(value, (*found, key))
    elif isinstance(data, list):
        for n, value in enumerate(data):
            yield from places(value, (*found, n))


def numbers(data):
    """Every mapping that holds a number by one of the keys that carry one."""
    if isinstance(data, dict):
        if any(key in data for key in ("value", "within", "accuracy", "tolerance")):
            yield data
        for value in data.values():
            yield from numbers(value)
    elif isinstance(data, list):
        for value in data:
            yield from numbers(value)


def changed(data, place, value):
    other = copy.deepcopy(data)
    node = other
    for part in place[:-1]:
        node = node[part]
    if value is None:
        del node[place[-1]]
    else:
        node[place[-1]] = value
    return other


@pytest.mark.parametrize("name", TABLES)
def test_every_shipped_number_has_a_source_and_none_can_lose_it(repository, name):
    data = read_document(repository / "cell_configs" / name).data
    TABLES[name].model_validate(data)
    held = list(numbers(data))
    assert held or name == "accounting/uses.yaml", "uses are rules without numbers"
    assert all(any(key == "source" or key.endswith("_source") for key in holder) for holder in held)
    found = list(places(data))
    assert len(found) >= len(held)
    for place in found:
        for bad in (None, "", "TBD", "unknown", "own estimate", "default"):
            with pytest.raises(ValidationError):
                TABLES[name].model_validate(changed(data, place, bad))


FACTOR = {
    "of": "electricity", "region": "CN", "year": 2023, "value": 0.5, "unit": "kgCO2/kWh", "status": "read",
    "source": "announcement of a ministry, 2026",
    "uncertainty": {"relative_95": 0.1, "why": "stated in the announcement"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"uncertainty": {"why": "stated in the announcement"}}, "exactly one"),
        ({"uncertainty": {"standard": 0.1, "relative_95": 0.1, "why": "stated in the announcement"}}, "exactly one"),
        ({"uncertainty": {"bounds": [0.6, 0.7], "why": "stated in the announcement"}}, "outside of uncertainty.bounds"),
        ({"uncertainty": {"relative_95": 0, "why": "stated in the announcement"}}, "greater than 0"),
        ({"value": -1}, "not below zero"),
        ({"unit": "kg"}, "pattern"),
        ({"unit": "kWh/m3"}, "does not belong into emission"),
        ({"region": "China"}, "pattern"),
    ],
)
def test_a_factor_that_does_not_hold_together_is_refused(change, words):
    with pytest.raises(ValidationError, match=words):
        FactorFile.model_validate({"factors": "x", "version": 1, "emission": [FACTOR | change]})


def test_the_same_factor_twice_is_refused():
    with pytest.raises(ValidationError, match="electricity/CN/2023 twice"):
        FactorFile.model_validate({"factors": "x", "version": 1, "emission": [FACTOR, FACTOR]})


@pytest.mark.parametrize(
    ("region", "year", "key"),
    [
        ("CN", 2026, "electricity/CN/2023"),
        ("CN", 2022, "electricity/CN/2022"),
        ("CN", 2019, "electricity/CN/2022"),
        ("CN-EAST-SH", 2026, "electricity/CN-EAST/2023"),
        ("EU", 2020, "electricity/EU/2018"),
        ("US", 2026, None),
    ],
)
def test_the_nearest_factor_is_taken(repository, region, year, key):
    table = load_accounting(repository / "cell_configs/accounting").factors.emission
    found = factor_for(table, "electricity", region, year)
    assert (found.key if found else None) == key


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"within": None}, "exactly one of within and before"),
        ({"before": "handed_over"}, "exactly one of within and before"),
        ({"per": "year"}, "end of the year"),
        ({"within": {"days": 3, "months": 1}}, "exactly one of working_days"),
        ({"ends": "uploaded"}, "Input should be"),
    ],
)
def test_a_duty_that_nobody_could_watch_is_refused(change, words):
    duty = {
        "duty": "x", "what": "upload", "starts": "intake", "ends": "reported", "within": {"days": 3},
        "source": "Article 3 of the provisions of 2018", "status": "read",
    }  # fmt: skip
    rules = {"rules": "x", "region": "CN", "version": 1, "title": "x", "utc_offset_h": 8}
    RegionRules.model_validate(rules | {"duties": [duty]})
    with pytest.raises(ValidationError, match=words):
        RegionRules.model_validate(rules | {"duties": [duty | change]})


def test_meters_nest_once_and_in_their_own_kind(repository):
    data = read_document(repository / "cell_configs/accounting/site.yaml").data
    for within in ("air_nl", "nothing", "extraction_wh"):
        with pytest.raises(ValidationError, match=r"lies? within"):
            SiteAccount.model_validate(changed(data, ("meters", "extraction_wh", "within"), within))


def test_a_table_of_routes_answers_for_every_kind(repository):
    data = read_document(repository / "cell_configs/accounting/uses.yaml").data
    data = data | {"outlets": data["outlets"][:-1]}
    with pytest.raises(ValidationError, match="no last row for 'coolant'"):
        UsesFile.model_validate(data)


def test_a_fault_names_file_and_line(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("rules: x\nregion: CN\nversion: 1\ntitle: x\nutc_offset_h: 8\nduties:\n  - {duty: a}\n")
    with pytest.raises(ConfigError, match=r"rules\.yaml:7: duties\.0\.source: missing key"):
        load_rules(path)
