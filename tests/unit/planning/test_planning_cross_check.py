"""Camera against PLC: every row of the table, and what becomes of the findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delid.config import Cell, Limits
from delid.core import (
    Assessment,
    CodeOutcome,
    CodeReading,
    CrossVerdict,
    Damage,
    DamageKind,
    Decision,
    HazardClass,
    PackStatus,
    PackVerdict,
    Plan,
    Refusal,
    Scalar,
    from_json,
    to_json,
    to_plain,
)
from delid.planning import EVIDENCE, cross_check, decide

LIMITS = Limits()
CALM: dict[str, Scalar] = {
    "pack_temperature_c": 23.0, "gas_ppm": 0.0, "isolation_ohm_per_v": 1000.0, "smoke": False, "pack_voltage_v": 20.0
}  # fmt: skip
ALARMED: dict[str, Scalar] = {
    "pack_temperature_c": 75.0, "gas_ppm": 80.0, "isolation_ohm_per_v": 40.0, "smoke": True, "pack_voltage_v": 350.0
}  # fmt: skip
NEAR: dict[str, Scalar] = {"pack_temperature_c": 50.0, "gas_ppm": 30.0, "isolation_ohm_per_v": 150.0}
ALONE = ["gas_ppm", "isolation_ohm_per_v", "pack_temperature_c", "smoke"]
EXPLAINED = {
    "pack_temperature_c": {"burn", "leak", "swelling"},
    "gas_ppm": {"burn", "leak", "swelling"},
    "isolation_ohm_per_v": {"burn", "leak", "corrosion"},
    "smoke": {"burn"},
    "pack_voltage_v": {"burn", "leak"},
}


def check(*damage: str, severity: float = 0.3, **readings: Scalar) -> list[tuple[str, str]]:
    found = tuple(Damage(DamageKind(k), 0.9, severity, (0, 0, 1, 1)) for k in damage)
    seen = Assessment(PackVerdict(PackStatus.KNOWN, "x", 0.9), found, HazardClass.A, ())
    findings = cross_check(seen, readings, LIMITS)
    assert all(f.hazard_class is HazardClass.C for f in findings)
    return [(f.verdict.value, f.words) for f in findings]


def test_the_table_names_every_tag_once_with_its_limit() -> None:
    assert {row.tag: {k.value for k in row.explains} for row in EVIDENCE} == EXPLAINED
    assert [row.tag for row in EVIDENCE if not row.alone] == ["pack_voltage_v"]
    assert all(not row.limit or row.limit in Limits.model_fields for row in EVIDENCE)


def test_calm_on_both_sides_says_nothing() -> None:
    assert check(**CALM) == []
    assert check("dent", "corrosion", **CALM) == []
    assert check() == []
    assert check("burn") == [], "where nothing is measured nothing contradicts"


@pytest.mark.parametrize("tag", ALONE)
def test_a_tag_beyond_its_limit_that_nothing_seen_explains(tag: str) -> None:
    ((verdict, words),) = check("dent", **{**CALM, tag: ALARMED[tag]})
    assert verdict == "contradicts"
    assert words.endswith("measured, but the camera sees nothing that explains it")


def test_voltage_alone_is_how_packs_arrive() -> None:
    assert check(**{**CALM, "pack_voltage_v": 350.0}) == []


@pytest.mark.parametrize("kind", ["burn", "leak"])
def test_critical_damage_with_calm_tags(kind: str) -> None:
    ((verdict, words),) = check(kind, **CALM)
    assert verdict == "contradicts"
    assert words.startswith(f"{kind} seen, but nothing measured confirms it (23 C, 0 ppm of gas")
    assert words.endswith("class C stays")


def test_swelling_counts_as_critical_from_its_limit_on() -> None:
    assert check("swelling", severity=0.4, **CALM) == []
    assert len(check("swelling", severity=0.6, **CALM)) == 1


@pytest.mark.parametrize(
    ("tag", "kind"), [(tag, kind.value) for tag in EXPLAINED for kind in DamageKind if tag in ALARMED]
)
def test_damage_and_a_tag_that_goes_with_it_add_up(tag: str, kind: str) -> None:
    verdicts = [v for v, words in check(kind, **{tag: ALARMED[tag]})]
    if kind in EXPLAINED[tag]:
        assert verdicts == ["adds_up"]
    else:
        assert verdicts == (["contradicts"] if tag in ALONE else [])


@pytest.mark.parametrize(
    ("tag", "kind"), [("pack_temperature_c", "swelling"), ("gas_ppm", "swelling"), ("isolation_ohm_per_v", "corrosion")]
)
def test_near_a_limit_is_enough_with_damage_and_nothing_without(tag: str, kind: str) -> None:
    assert [v for v, _ in check(kind, **{tag: NEAR[tag]})] == ["adds_up"]
    assert check(**{tag: NEAR[tag]}) == []


def test_contradictions_stand_first() -> None:
    verdicts = [v for v, _ in check("corrosion", **{**CALM, "isolation_ohm_per_v": 40.0, "gas_ppm": 80.0})]
    assert verdicts == ["contradicts", "adds_up"]


@given(
    st.dictionaries(
        st.sampled_from(list(CALM)),
        st.floats(allow_nan=False) | st.integers() | st.booleans() | st.text("a1 ", max_size=3),
    ),
    st.lists(st.sampled_from(DamageKind), unique=True),
)
def test_any_readings_give_findings_and_no_error(readings: dict[str, Scalar], kinds: list[DamageKind]) -> None:
    check(*[k.value for k in kinds], **readings)


# --- in the decision ----------------------------------------------------------------------------------------------


def plan_class(decision: Decision) -> str:
    return decision.assessment.hazard_class.value


def test_a_calm_decision_is_written_as_before(cell: Cell, assessment: Callable[..., Assessment]) -> None:
    decision = decide(assessment(), cell, CALM)
    assert (decision.cross_check, plan_class(decision)) == ((), "A")
    assert "cross_check" not in to_plain(decision)
    assert decision.assessment.hazard_reasons == ("no damage found",)


@pytest.mark.parametrize(
    ("damage", "readings", "start"),
    [
        ([("corrosion", 0.2)], {"isolation_ohm_per_v": 150.0}, "corrosion seen and isolation of 150 ohm/V measured"),
        ([], {"smoke": True}, "smoke measured, but the camera sees nothing that explains it"),
    ],
)
def test_a_finding_that_makes_the_class_worse_leads_the_reasons(
    cell: Cell,
    assessment: Callable[..., Assessment],
    damage: list[tuple[str, float]],
    readings: Mapping[str, Scalar],
    start: str,
) -> None:
    decision = decide(assessment(damage=damage), cell, {**CALM, **readings})
    assert plan_class(decision) == "C"
    assert decision.assessment.hazard_reasons[0] == start
    assert "no damage found" not in decision.assessment.hazard_reasons
    assert isinstance(decision.outcome, Plan)
    assert decision.outcome.recipe == "vw-meb-82/quarantine"
    assert from_json(Decision, to_json(decision)).cross_check == decision.cross_check


def test_a_contradiction_is_told_and_the_class_stays(cell: Cell, assessment: Callable[..., Assessment]) -> None:
    decision = decide(assessment(damage=[("burn", 0.7)]), cell, CALM)
    assert plan_class(decision) == "C"
    assert [f.verdict for f in decision.cross_check] == [CrossVerdict.CONTRADICTS]
    assert decision.cross_check[0].words in decision.assessment.hazard_reasons


def test_agreement_is_kept_beside_the_reasons(cell: Cell, assessment: Callable[..., Assessment]) -> None:
    decision = decide(assessment(damage=[("burn", 0.7)]), cell, {**CALM, "gas_ppm": 80.0})
    assert [f.verdict for f in decision.cross_check] == [CrossVerdict.ADDS_UP]
    assert not any("seen and" in reason for reason in decision.assessment.hazard_reasons)


def test_codes_that_disagree_leave_the_pack_to_a_person(cell: Cell, assessment: Callable[..., Assessment]) -> None:
    reading = CodeReading(CodeOutcome.CONFLICT, ("battery codes that disagree: A, B",))
    doubtful = replace(assessment(), code_status=reading)
    decision = decide(doubtful, cell, CALM)
    assert isinstance(decision.outcome, Refusal)
    assert decision.outcome.reasons[0] == "battery codes that disagree: A, B"
    named = decide(doubtful, cell, CALM, assume_pack="vw-meb-82")
    assert isinstance(named.outcome, Plan)


@pytest.mark.parametrize("outcome", [o for o in CodeOutcome if o is not CodeOutcome.CONFLICT])
def test_no_other_outcome_of_the_codes_stops_a_plan(
    cell: Cell, assessment: Callable[..., Assessment], outcome: CodeOutcome
) -> None:
    decision = decide(replace(assessment(), code_status=CodeReading(outcome, ("why",))), cell, CALM)
    assert isinstance(decision.outcome, Plan)
