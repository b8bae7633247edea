"""One simulated run: what happens in it, how long it takes, and that chance is the seed's alone."""

from __future__ import annotations

import dataclasses

import pytest
from rehearsal_kit import RECIPES, demo_cell

from delid.config import load_recipe
from delid.core import DamageKind, Plan, UsageError
from delid.rehearsal import default_assumptions, make_case, run_once

BLADE = "byd-blade-standard"


def lid_steps(run):
    """One for each fastener of the lid."""
    return [s for s in run.steps if "/lid." in s.key]


def test_a_run_in_which_nothing_fails_does_every_step_once_and_takes_as_long_as_planned(case_of):
    run = run_once(case_of(BLADE), 0)
    assert run.outcome == "dismantled"
    assert run.failures == {}
    assert {(s.status, s.tries) for s in run.steps} == {("done", 1)}
    planned = case_of(BLADE).flawless.outcome
    assert isinstance(planned, Plan)
    assert [s.key for s in run.steps] == [s.key for s in planned.steps]
    worked_s = sum(s.end_s - s.begin_s for s in run.steps)
    assert worked_s == pytest.approx(planned.estimate_s, rel=0.15)


def test_the_same_seed_gives_the_same_run_and_another_seed_another(case_of):
    assumed = default_assumptions()
    case, again = (dataclasses.replace(case_of(BLADE), assumptions=assumed, decided={}) for _ in range(2))
    assert run_once(case, 7) == run_once(again, 7)
    assert run_once(case, 7) != dataclasses.replace(run_once(case, 8), seed=7)


def test_seized_bolts_are_tried_again_and_then_with_the_impact_tool(case_of):
    run = run_once(case_of(BLADE, {"unfasten.seized": 1.0}), 1)
    assert run.outcome == "dismantled"
    assert {s.tries for s in lid_steps(run)} == {3}, "once, once again, then with the impact tool"
    assert run.failures == {"unfasten.seized": 2 * 30}
    assert run.questions == run_once(case_of(BLADE), 1).questions


def test_what_no_tool_turns_a_person_takes_out(case_of):
    flawless, run = run_once(case_of(BLADE), 1), run_once(case_of(BLADE, {"unfasten.seized_for_good": 1.0}), 1)
    assert run.outcome == "dismantled"
    assert run.questions == flawless.questions + len(lid_steps(run)) == flawless.questions + 30
    assert run.person_s > flawless.person_s


def test_stripped_heads_that_are_seen_are_one_question_for_a_person(case_of):
    run = run_once(case_of(BLADE, {"unfasten.stripped": 1.0}), 1)
    assert run.outcome == "dismantled"
    assert lid_steps(run) == []
    assert [s.status for s in run.steps if s.key.endswith("/by_hand")] == ["done"]


@pytest.mark.parametrize(
    ("failure", "name", "expected"),
    [
        ("unfasten.slipped", BLADE, "unfasten.slipped"),
        ("unfasten.not_found", BLADE, "unfasten.not_found"),
        ("unfasten.misaligned", BLADE, "unfasten.misaligned"),
        ("unfasten.still_seen", BLADE, "unfasten.still_seen"),
        ("unfasten.tool_missing", BLADE, "unfasten.tool_missing"),
        ("lift.not_verified", BLADE, "lift.not_verified"),
        ("lift.dropped", BLADE, "lift.dropped"),
        ("place.not_verified", BLADE, "place.not_verified"),
        ("measure.not_verified", BLADE, "measure.not_verified"),
        ("pick.not_verified", "vw-meb-82-standard", "pick.not_verified"),
        ("pick.dropped", "vw-meb-82-standard", "pick.dropped"),
    ],
)
def test_each_failure_comes_up_as_its_own_kind_and_a_person_ends_the_run_well(case_of, failure, name, expected):
    run = run_once(case_of(name, {failure: 1.0}), 1)
    assert run.failures.get(expected, 0) > 0, run.failures
    assert run.outcome == "dismantled", run
    assert run.duration_s > run_once(case_of(name), 1).duration_s


def test_a_person_who_says_no_stops_the_run(case_of):
    run = run_once(case_of("byd-blade-damaged", {"ask.refused": 1.0}), 1)
    assert run.outcome == "stopped"


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_recipe_ends_as_it_says_when_nothing_fails(path, case_of):
    run = run_once(case_of(path.stem), 1)
    assert run.outcome == ("quarantined" if path.stem.endswith("quarantine") else "dismantled")


def test_energy_is_power_times_time_and_adds_up_by_device_and_by_operation(case_of):
    run = run_once(case_of(BLADE), 1)
    assert run.total_wh == pytest.approx(sum(run.spent_wh.values()), abs=0.1)
    watts = default_assumptions().power
    standing_wh = (run.duration_s + 60) * watts["controls"].watts / 3600
    assert 0.8 * standing_wh < run.energy_wh["controls"] < standing_wh
    assert run.energy_wh["nutrunner"] == pytest.approx(
        sum(s.end_s - s.begin_s for s in run.segments if s.label == "unfasten") * watts["nutrunner"].watts / 3600,
        rel=0.1,
    )


def test_the_way_of_the_tool_passes_over_every_fastener(case_of):
    case = case_of(BLADE)
    run, site = run_once(case, 1), case.site(1)
    reached = {(round(x, 1), round(y, 1)) for (x, y, _), _ in run.path_mm}
    assert {(round(x, 1), round(y, 1)) for x, y, _ in site.fasteners.values()} <= reached


def test_a_case_takes_the_least_damage_that_the_recipe_is_made_for(case_of):
    assert case_of("vw-meb-82-standard").damage == ()
    assert [d.kind for d in case_of("vw-meb-82-damaged").damage] != []
    assert case_of("vw-meb-82-quarantine").flawless.assessment.hazard_class == "C"


def test_a_pack_that_the_recipe_refuses_is_told_with_the_reason():
    recipe = load_recipe(RECIPES / "vw-meb-82-standard.yaml")
    with pytest.raises(UsageError, match=r"dent severity 0\.70 is over the recipe's limit"):
        make_case(recipe, demo_cell(), default_assumptions(), damage={DamageKind.DENT: 0.7})
    with pytest.raises(UsageError, match="no pack 'nobody'"):
        make_case(recipe, demo_cell(), default_assumptions(), pack="nobody")
