"""Alarms after ISA-18.2: how each comes and goes, who has seen it, what came first, and what each of them advises."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from harness import World, bolt_step, look_step, plan_of

from delid.core import (
    AlarmAcknowledged,
    AlarmShelved,
    Command,
    LinkChanged,
    Move,
    Record,
    Started,
    State,
    TagsRead,
)
from delid.engine import ALARMS, INTERLOCKS, AlarmState, Priority, Watched, advice_of, state_of
from delid.engine._alarm_list import alarm_counts, alarm_list
from delid.engine._alarm_texts import OTHER

PLAN = plan_of(bolt_step(1), bolt_step(2), look_step(2))
ENGINE = Path(__file__).resolve().parents[3] / "src/delid/engine"


def running() -> World:
    world = World(PLAN, answer=lambda e, w: "withhold" if isinstance(e, Move) and "lid.01#1.1" in e.id else None)
    world.start()
    assert world.packml is State.EXECUTE
    world.effects.clear()
    return world


def states(world: World) -> dict[str, AlarmState]:
    return {a.code: state_of(a, world.state.shelved) for a in world.state.alarms}


def acknowledge(world: World, code: str = "*", by: str = "anna") -> dict:
    world.feed(AlarmAcknowledged(world.now, code, by))
    return world.records("acknowledge")[-1]


def shelve(world: World, code: str, reason: str = "loose plug", duration_s: float = 600.0) -> dict:
    world.feed(AlarmShelved(world.now, code, "anna", reason, duration_s))
    return world.records("shelve")[-1]


# --- its life -----------------------------------------------------------------------------------------------------


def test_seen_first_and_gone_later():
    world = running()
    world.set_tags(guard_closed=False)
    assert states(world) == {"plc.guard": AlarmState.UNACKNOWLEDGED}
    acknowledge(world)
    assert states(world) == {"plc.guard": AlarmState.ACKNOWLEDGED}
    world.set_tags(guard_closed=True)
    world.wait(3.0)
    assert states(world) == {"plc.guard": AlarmState.LATCHED}
    assert world.records("alarm_returned") == [{"code": "plc.guard"}]
    world.command(Command.CLEAR)
    assert world.state.alarms == ()
    assert world.records("alarms_cleared") == [{"codes": ["plc.guard"], "by": "test"}]


def test_gone_first_and_seen_later():
    world = running()
    world.set_tags(guard_closed=False)
    world.set_tags(guard_closed=True)
    world.wait(3.0)
    assert states(world) == {"plc.guard": AlarmState.RETURNED}
    acknowledge(world)
    assert states(world) == {"plc.guard": AlarmState.LATCHED}


def test_acknowledging_changes_nothing_but_the_alarm():
    world = running()
    world.set_tags(extraction_on=False)
    assert world.packml is State.HELD
    world.effects.clear()
    acknowledge(world)
    assert world.packml is State.HELD
    assert [e for e in world.effects if not isinstance(e, Record)] == []


def test_a_cause_that_is_still_there_when_a_person_clears_stays_in_the_list_until_it_is_gone():
    world = running()
    world.set_tags(estop_ok=False)
    world.command(Command.CLEAR)
    assert states(world)["plc.estop"] is AlarmState.ACKNOWLEDGED
    world.set_tags(estop_ok=True)
    world.wait(3.0)
    assert "plc.estop" not in states(world)


def test_an_alarm_that_comes_again_is_unacknowledged_again_and_counted():
    world = running()
    world.set_tags(guard_closed=False)
    acknowledge(world)
    world.set_tags(guard_closed=True)
    world.wait(3.0)
    world.set_tags(guard_closed=False)
    assert states(world) == {"plc.guard": AlarmState.UNACKNOWLEDGED}
    assert world.state.alarms[0].count == 2
    assert len(world.records("alarm")) == 2


def test_chatter_is_one_alarm():
    world = running()
    for _ in range(20):
        world.set_tags(gas_ppm=60)
        world.set_tags(gas_ppm=0)
        world.wait(1.0)
    assert world.state.alarms[0].count == 1
    assert len(world.records("alarm")) == 1
    assert world.records("alarm_returned") == []


def test_what_only_informs_leaves_with_the_acknowledgement():
    world = running()
    world.state = _with(world, "light.rake_left")
    acknowledge(world)
    assert world.state.alarms == ()


def _with(world: World, code: str):
    from delid.engine._turn import Turn

    turn = Turn(world.state, world.now)
    turn.alarm(code, "test")
    return turn.state


def test_who_acknowledges_what_is_in_the_journal():
    world = running()
    world.set_tags(guard_closed=False)
    assert acknowledge(world, "plc.guard") == {
        "code": "plc.guard", "by": "anna", "seen": ["plc.guard"], "accepted": True, "reasons": [],
    }  # fmt: skip
    again = acknowledge(world, "plc.guard", "ben")
    assert (again["seen"], again["accepted"]) == ([], True)
    assert world.state.alarms[0].acknowledged_by == "anna"
    assert acknowledge(world, "plc.foo")["reasons"] == ["there is no alarm plc.foo"]


def test_a_thermal_event_is_cleared_only_by_somebody_who_has_seen_it():
    world = running()
    world.set_tags(smoke=True)
    world.set_tags(smoke=False)
    world.wait(3.0)
    world.command(Command.CLEAR)
    assert world.records("command")[-1]["reasons"] == ["acknowledge plc.smoke first"]
    acknowledge(world)
    world.command(Command.CLEAR)
    assert world.packml is State.STOPPED


# --- first out, floods --------------------------------------------------------------------------------------------


def test_the_first_out_is_marked_and_what_follows_names_it():
    world = running()
    world.set_tags(estop_ok=False, motion_permitted=False, watchdog_ok=False)
    assert [(a.code, a.follows) for a in world.state.alarms] == [
        ("plc.estop", ""), ("plc.watchdog", "plc.estop"), ("plc.permission", "plc.estop"),
    ]  # fmt: skip
    assert [r["first_out"] for r in world.records("alarm")] == [True, False, False]


def test_an_alarm_long_after_another_one_is_a_first_out_itself():
    world = running()
    world.set_tags(extraction_on=False)
    world.wait(60.0)
    world.set_tags(clamp_closed=False)
    assert [a.first_out for a in world.state.alarms] == [True, True]


def test_the_list_is_in_the_order_in_which_a_person_reads_it():
    world = running()
    world.set_tags(extraction_on=False)
    world.wait(60.0)
    world.set_tags(guard_closed=False, gas_ppm=80)
    shelve(world, "plc.extraction")
    lines = alarm_list(world.state, 1000.0)
    assert [(line["code"], line["state"]) for line in lines] == [
        ("plc.guard", "unacknowledged"), ("plc.gas", "unacknowledged"), ("plc.extraction", "shelved"),
    ]  # fmt: skip
    assert [line["consequences"] for line in lines] == [1, 0, 0]
    assert lines[0]["text"] == "a guard is open"
    assert lines[0]["todo"] == "See that nobody is inside, close the guard, then Clear and Reset."
    assert lines[2]["shelved"] == {"by": "anna", "reason": "loose plug", "until": 1600.0}
    assert alarm_counts(world.state) == {"unacknowledged": 2, "total": 3, "flood": False}


def test_more_than_ten_alarms_in_ten_minutes_are_a_flood():
    world = running()
    for n in range(11):
        assert not alarm_counts(world.state)["flood"]
        world.state = _with(world, f"light.{n}")
    assert alarm_counts(world.state)["flood"]
    world.feed(TagsRead(world.now + 601.0, dict(world.tags)))
    assert not alarm_counts(world.state)["flood"]


# --- shelving -----------------------------------------------------------------------------------------------------


def test_a_shelved_alarm_comes_back_when_its_time_is_over_and_its_interlock_never_sleeps():
    world = running()
    assert shelve(world, "plc.extraction", duration_s=30.0)["accepted"]
    world.set_tags(extraction_on=False)
    assert world.packml is State.HELD, "the interlock works"
    assert states(world) == {"plc.extraction": AlarmState.SHELVED}
    assert alarm_counts(world.state)["unacknowledged"] == 0
    world.wait(31.0)
    assert states(world) == {"plc.extraction": AlarmState.UNACKNOWLEDGED}


def test_a_shelf_can_be_taken_back():
    world = running()
    shelve(world, "plc.extraction")
    assert shelve(world, "plc.extraction", "", 0.0)["accepted"]
    assert world.state.shelved == {}


@pytest.mark.parametrize(
    "code", ["plc.smoke", "plc.heat", "plc.heat_rise", "plc.quench", "thermal.quench", "abort.stop"]
)
def test_fire_and_heat_are_never_shelved(code: str):
    world = running()
    assert shelve(world, code)["reasons"] == ["what is critical is never shelved"]
    assert world.state.shelved == {}


def test_a_shelf_needs_a_reason_and_an_end():
    world = running()
    assert shelve(world, "plc.gas", " ")["reasons"] == ["say why"]
    assert shelve(world, "plc.gas", "why", 8 * 3600 + 1)["reasons"] == ["8 hours is the longest"]


# --- the table ----------------------------------------------------------------------------------------------------


def test_every_interlock_has_an_advice_of_its_own():
    watched = {row.code for row in INTERLOCKS if row.watched is not Watched.NEVER}
    assert watched <= set(ALARMS)
    thermal = {row.code for row in INTERLOCKS if row.reaction.value == "thermal event"}
    assert all(advice_of(code).priority is Priority.CRITICAL for code in thermal)


def codes_of(path: Path) -> set[str]:
    """The codes that a module gives to ``alarm`` and ``abort``; what is put in is written as x."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = getattr(getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", ""))
        if not isinstance(node, ast.Call) or name not in ("alarm", "abort"):
            continue
        for argument in node.args[: 2 if name == "abort" else 1]:
            if isinstance(argument, ast.Constant):
                found.add(str(argument.value))
            elif isinstance(argument, ast.JoinedStr):
                found.add("".join(str(p.value) if isinstance(p, ast.Constant) else "x" for p in argument.values))
    return found


def test_whatever_the_engine_alarms_has_an_advice():
    found = set().union(*(codes_of(path) for path in ENGINE.glob("*.py")))
    assert {"run.unfinished", "permissive", "act.x", "x.failed", "abort.x", "light.x"} <= found, "the search works"
    after_halt = {"x.x", "x.retract", "thermal.x"}  # see test_what_follows_a_halt_has_an_advice
    assert {code for code in found - after_halt if advice_of(code) is OTHER} == set()


@pytest.mark.parametrize("name", ["thermal", "quarantine"])
def test_what_follows_a_halt_has_an_advice(name: str):
    commands = {"thermal": ("quench", "extraction_full"), "quarantine": ("signal_quarantine",)}[name]
    for what in ("retract", "stop", *commands):
        assert advice_of(f"{name}.{what}") is not OTHER


def test_advice_is_a_sentence_that_says_what_to_do():
    for code, advice in ALARMS.items():
        assert re.fullmatch(r"[A-Z][^.].*[^.]", advice.todo), code
        assert len(advice.todo) < 200, code


def test_the_documentation_has_the_table(repository: Path):
    lines = (repository / "docs/alarms.md").read_text(encoding="utf-8").splitlines()
    head = lines.index("| code | priority | what to do |")
    found = lines[head + 2 : lines.index("", head)]
    assert found == [f"| `{code}` | {a.priority.value} | {a.todo} |" for code, a in ALARMS.items()]


def test_an_unfinished_run_is_an_alarm_like_every_other():
    world = World(PLAN)
    world.feed(Started(0.0, "r1", "p/standard/lid_bolts/lid.02"))
    world.feed(LinkChanged(0.0, "plc", True, ack_seq=0))
    assert states(world) == {"run.unfinished": AlarmState.UNACKNOWLEDGED}
