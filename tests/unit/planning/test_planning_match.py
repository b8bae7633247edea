"""Matching: what would have to be different, which recipe comes first and why, and what it costs."""

import time
from dataclasses import replace

import pytest

from delid.config import load_health
from delid.core import (
    CommandAct,
    Decide,
    HazardClass,
    HealthReport,
    PackReport,
    Plan,
    Refusal,
    Route,
    UsageError,
    from_json,
    to_json,
)
from delid.planning import decide, decide_as_asked, estimate_health
from delid.planning._match import Facts, Identity, rank, weigh

MEASURE = "  - {id: m, do: measure, check: {tag: pack_voltage_v, below: 60}}\n"


def serving(recipe_of, name, serves):
    return recipe_of(MEASURE, serves=serves, name=name)


@pytest.fixture
def rules(cell):
    return load_health(cell.path.parents[1] / "health/working-values.yaml")


@pytest.fixture
def meb(cell):
    return cell.packs["vw-meb-82"].model_copy(update={"cells_in_series": 108, "impedance_mohm": 80.0})


def test_a_refusal_names_the_nearest_miss_in_words(cell, cell_with, assessment):
    only = [r for r in cell.recipes if r.spec.recipe == "vw-meb-82/standard"]
    refused = decide(assessment(damage=[("dent", 0.42)]), cell_with(*only), {}).outcome
    assert isinstance(refused, Refusal)
    words = "nearest recipe: vw-meb-82/standard would fit if dent severity were <= 0.3 (it is 0.42)"
    assert words in refused.reasons


def test_every_candidate_says_what_it_misses(cell, assessment):
    decision = decide(assessment(damage=[("dent", 0.42), ("swelling", 0.1)]), cell, {})
    found = {c.recipe: c for c in decision.candidates}
    assert found["vw-meb-82/standard"].if_only == ("dent severity were <= 0.3 (it is 0.42)", "there were no swelling")
    assert found["byd-blade/damaged"].if_only == ("the pack were byd-blade",)
    assert all(len(c.if_only) == len(c.reasons) for c in decision.candidates if not c.accepted and not c.behind)


def test_of_two_that_fit_it_is_said_what_decides(cell, assessment):
    found = {c.recipe: c for c in decide(assessment(damage=[("dent", 0.2)]), cell, {}).candidates}
    assert found["vw-meb-82/damaged"].behind == "serves less damage"


def test_the_nearest_is_the_one_that_is_missed_least(cell_with, recipe_of, assessment):
    far = serving(recipe_of, "vw-meb-82/a", "{packs: [vw-meb-82], hazard: [B], damage: {dent: {max_severity: 0.1}}}")
    near = serving(recipe_of, "vw-meb-82/b", "{packs: [vw-meb-82], hazard: [B], damage: {dent: {max_severity: 0.4}}}")
    refused = decide(assessment(damage=[("dent", 0.5)]), cell_with(far, near), {}).outcome
    assert "vw-meb-82/b would fit if dent severity were <= 0.4 (it is 0.50)" in refused.reasons[-1]


def test_ranks_are_a_total_order(cell, assessment):
    identity = Identity(cell.packs["vw-meb-82"], "")
    ranks = [rank(recipe, identity) for recipe in cell.recipes]
    assert len(set(ranks)) == len(ranks)


def test_what_a_running_cell_asks_with_gives_what_the_command_line_gives(cell, assessment):
    """The shipped cell and recipes: the PLC's isolation and a person's capacity lead to the variant for reuse."""
    told = PackReport(HealthReport(capacity_ah=185.0, by="Ann"))
    asked = Decide("decide.4", assessment(), {"isolation_ohm_per_v": 800, "tool_number": 1}, told=told)
    found = decide_as_asked(from_json(Decide, to_json(asked)), cell)
    assert found == decide(assessment(), cell, asked.readings, health=told.measured)
    assert (found.health.route, found.outcome.variant) == (Route.REUSE, "reuse")
    assert set(found.health.values) == {"reuse", "recycling"}
    acts = [act for step in found.outcome.steps for act in step.acts if isinstance(act, CommandAct)]
    assert {act.params["torque_nm"] for act in acts if act.name == "unfasten"} == {10}
    elsewhere = replace(asked, told=PackReport(told.measured, Route.RECYCLING))
    assert decide_as_asked(elsewhere, cell).outcome.variant is None, "the customer's word goes before the proposal"
    old = from_json(Decide, to_json(replace(asked, told=None)))
    assert old.told is None
    assert decide_as_asked(old, cell).health.state_of_health is None, "what was not said is not known"


def test_a_pack_of_unknown_chemistry_is_planned_and_only_its_measurements_are_refused(cell, assessment, meb):
    cell = replace(cell, packs={**cell.packs, "vw-meb-82": meb.model_copy(update={"chemistry": "unknown"})})
    found = decide(assessment(), cell, {"isolation_ohm_per_v": 800})
    assert (found.health, found.outcome.recipe) == (None, "vw-meb-82/standard")
    with pytest.raises(UsageError, match="know no chemistry 'unknown'"):
        decide(assessment(), cell, {}, health=HealthReport(capacity_ah=185))


def test_route_and_state_of_health_are_conditions(cell_with, recipe_of, assessment, rules, meb):
    serves = "{{packs: [vw-meb-82], hazard: [A], {}}}"
    reuse = serving(recipe_of, "vw-meb-82/reuse", serves.format("route: reuse, state_of_health: {min: 0.75}"))
    plain = serving(recipe_of, "vw-meb-82/plain", serves.format("damage: {}"))
    cell = replace(cell_with(reuse, plain), health=rules)
    cell = replace(cell, packs={**cell.packs, "vw-meb-82": meb})
    good = decide(assessment(), cell, {"isolation_ohm_per_v": 800}, health=HealthReport(capacity_ah=185))
    assert isinstance(good.outcome, Plan)
    assert (good.outcome.recipe, good.health.route) == ("vw-meb-82/reuse", Route.REUSE)
    worn = decide(assessment(), cell, {"isolation_ohm_per_v": 800}, health=HealthReport(capacity_ah=120))
    assert (worn.outcome.recipe, worn.health.route) == ("vw-meb-82/plain", Route.RECYCLING)
    refused = next(c for c in worn.candidates if c.recipe == "vw-meb-82/reuse")
    assert refused.if_only == (
        "the state of health were >= 0.75 (it is 0.60)", "the route were reuse (it is recycling)",
    )  # fmt: skip
    wanted = decide(assessment(), cell, {}, health=HealthReport(capacity_ah=185), route=Route.RECYCLING)
    assert wanted.outcome.recipe == "vw-meb-82/plain", "the customer's word goes before the proposal"


def test_no_customer_talks_a_pack_out_of_quarantine(cell, assessment, rules):
    found = decide(assessment(hazard="C"), replace(cell, health=rules), {}, route=Route.REUSE)
    assert found.health.route is Route.QUARANTINE
    assert found.outcome.recipe == "vw-meb-82/quarantine"


@pytest.mark.parametrize("asked", [None, Route.REUSE])
def test_a_pack_whose_health_sends_it_to_quarantine_is_not_taken_apart(cell, assessment, rules, meb, asked):
    cell = replace(cell, health=rules, packs={**cell.packs, "vw-meb-82": meb})
    good = decide(assessment(), cell, {}, health=HealthReport(isolation_ohm_per_v=800), route=asked)
    assert isinstance(good.outcome, Plan), "sound, and well isolated"
    poor = decide(assessment(), cell, {}, health=HealthReport(isolation_ohm_per_v=80), route=asked)
    assert poor.health.route is Route.QUARANTINE
    assert isinstance(poor.outcome, Refusal)
    assert "touches the pack, which has to go to quarantine" in poor.candidates[0].reasons


def test_capacity_and_impedance_are_weighted_by_how_sure_they_are(rules, meb):
    both = estimate_health(HealthReport(capacity_ah=164, impedance_mohm=110), meb, rules, HazardClass.A)
    alone = estimate_health(HealthReport(capacity_ah=164), meb, rules, HazardClass.A)
    rough = estimate_health(HealthReport(impedance_mohm=110), meb, rules, HazardClass.A)
    assert alone.state_of_health < both.state_of_health < rough.state_of_health
    assert both.state_of_health - alone.state_of_health < rough.state_of_health - both.state_of_health
    assert both.sigma < alone.sigma < rough.sigma
    assert alone.state_of_health == pytest.approx(164 / 201, abs=0.002)
    value, sigma = alone.values["reuse"]
    assert value == pytest.approx(82 * 164 / 201 * 50, rel=0.01)
    assert 0 < sigma < value


@pytest.mark.parametrize(
    ("report", "hazard", "route", "words"),
    [
        (HealthReport(capacity_ah=190, isolation_ohm_per_v=800), "A", "reuse", "healthy enough"),
        (HealthReport(capacity_ah=190, isolation_ohm_per_v=800), "B", "recycling", "not shown"),
        (HealthReport(capacity_ah=190), "A", "recycling", "not shown"),
        (HealthReport(capacity_ah=190, isolation_ohm_per_v=80), "A", "quarantine", "isolation is too low"),
        (HealthReport(capacity_ah=190, isolation_ohm_per_v=800, voltage_v=200), "A", "recycling", "discharged"),
        (HealthReport(capacity_ah=195, isolation_ohm_per_v=800, impedance_mohm=260), "A", "recycling", "contradict"),
        (HealthReport(), "A", "recycling", "not shown"),
        (HealthReport(capacity_ah=200, isolation_ohm_per_v=800), "C", "quarantine", "class C"),
    ],
)
def test_the_table_of_routes(rules, meb, report, hazard, route, words):
    found = estimate_health(report, meb, rules, HazardClass(hazard))
    assert found.route.value == route
    assert words in found.reasons[0]


def test_what_the_rules_do_not_know_is_told(rules, meb):
    with pytest.raises(UsageError, match="know no chemistry 'LTO'"):
        estimate_health(HealthReport(), meb.model_copy(update={"chemistry": "LTO"}), rules, HazardClass.A)
    bare = meb.model_copy(update={"impedance_mohm": None})
    found = estimate_health(HealthReport(impedance_mohm=90), bare, rules, HazardClass.A)
    assert found.state_of_health is None
    assert "reuse" not in found.values
    assert any("the impedance is not compared" in r for r in found.reasons)


def test_one_assessment_is_matched_in_five_milliseconds_among_a_thousand_recipes(cell, assessment):
    base = [r for r in cell.recipes if r.spec.recipe.startswith("vw-meb-82/")]
    many = list(cell.recipes)
    for n in range(1000 - len(many)):
        one = base[n % len(base)]
        serves = one.spec.serves.model_copy(update={"packs": [f"pack-{n // 2}"]})
        spec = one.spec.model_copy(update={"recipe": f"pack-{n // 2}/v{n}", "serves": serves})
        many.append(replace(one, spec=spec))
    for seen in (assessment(damage=[("dent", 0.2)]), assessment(None)):
        pack = cell.packs.get(seen.pack.model or "")
        facts = Facts(Identity(pack, "the pack is known" if pack else "", "" if pack else "the pack is unknown"), seen)
        took = []
        for _ in range(5):
            begin = time.process_time()
            weighed = weigh(many, facts)
            took.append(time.process_time() - begin)
        assert min(took) < 0.005
        assert 1 <= len(weighed) < 20
