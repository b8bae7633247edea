"""A check that the recipe lets wait beside the robot's work: who waits for it, and the time that it saves."""

from __future__ import annotations

import dataclasses

import pytest

from delid.core import Plan, Verb
from delid.planning import decide
from delid.rehearsal import Case, default_assumptions, make_case, run_once
from delid.sim.plc import Inputs, TimedInputs

COOL_AT_S = 150.0

CHECK = "  - {{id: cooled, do: measure, check: {{tag: pack_temperature_c, below: 35}}, within_s: 600{beside}}}\n"
OTHERS = (
    "  - {id: plug, do: unfasten, targets: {group: hv_disconnect}, tool: socket_10, torque_nm: 9}\n"
    "  - {id: lid, do: unfasten, after: [cooled], targets: {group: lid}, tool: impact_10, torque_nm: 9}\n"
)
GM = "{packs: [gm-bev-50], hazard: [A, B]}"


def recipe_text(beside):
    return CHECK.format(beside=", beside: true" if beside else "") + OTHERS


@pytest.fixture
def plan(cell_with, recipe_of, assessment):
    def make(beside):
        found = decide(assessment("gm-bev-50"), cell_with(recipe_of(recipe_text(beside), serves=GM)), {}).outcome
        assert isinstance(found, Plan), found
        return found

    return make


def test_what_comes_after_the_check_waits_for_it_and_nothing_else_does(plan):
    found = plan(beside=True)
    check = next(s for s in found.steps if s.do is Verb.MEASURE)
    assert check.beside
    waiting = {s.operation for s in found.steps if s.waits_for == (check.key,)}
    assert waiting == {"lid"}
    fetch = next(s for s in found.steps if s.operation == "lid" and s.key.endswith("/fit_tool"))
    assert fetch.waits_for == (), "the tool for it is fetched meanwhile"


def test_without_the_flag_nothing_begins_before_the_check_is_done(plan):
    found = plan(beside=False)
    assert not any(s.beside or s.waits_for for s in found.steps)


def test_what_goes_on_at_the_same_time_is_counted_once(plan):
    one, other = plan(beside=True), plan(beside=False)
    check = next(s for s in one.steps if s.do is Verb.MEASURE)
    assert other.estimate_s - one.estimate_s == pytest.approx(check.estimate_s, abs=0.02)


class Cooling(Case):
    """A pack that has cooled down a while after the start."""

    def site(self, seed):
        found = super().site(seed)
        cool = TimedInputs(at_s=COOL_AT_S, set=Inputs(pack_temperature_c=20.0))
        changed = {"pack_temperature_c": 40.0, "inputs": [cool]}
        return dataclasses.replace(found, scenario=found.scenario.model_copy(update=changed))


def test_the_simulated_run_is_shorter_by_the_time_that_both_work(cell_with, recipe_of):
    """The same pack takes a while to cool down, with the check in line and beside the robot's work."""
    runs = {}
    for beside in (True, False):
        recipe = recipe_of(recipe_text(beside), serves=GM)
        case = make_case(recipe, cell_with(recipe), default_assumptions().without_failures())
        kept = {f.name: getattr(case, f.name) for f in dataclasses.fields(case) if f.name != "decided"}
        runs[beside] = run_once(Cooling(**kept), 1)
    assert {run.outcome for run in runs.values()} == {"dismantled"}
    steps = {name: {s.key.split("/", 2)[2]: s for s in run.steps} for name, run in runs.items()}
    worked_s = steps[True]["plug/fit_tool"].end_s - steps[True]["plug/fit_tool"].begin_s
    assert worked_s > 5
    assert runs[False].duration_s - runs[True].duration_s > worked_s
    check, lid = steps[True]["cooled"], next(s for name, s in steps[True].items() if name.startswith("lid/lid."))
    plug = next(s for name, s in steps[True].items() if name.startswith("plug/hv"))
    assert check.begin_s < plug.begin_s < plug.end_s < check.end_s <= lid.begin_s
    wait = next(s for s in runs[True].segments if s.label == "wait")
    assert (wait.lane, wait.begin_s, wait.end_s) == ("plc", check.begin_s, check.end_s)
