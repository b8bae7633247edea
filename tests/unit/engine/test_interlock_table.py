"""Every row of the interlock table: as a pre-condition, while running, and in the documentation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import World, bolt_step, look_step, plan_of

from delid.core import (
    CancelCommand,
    Command,
    DoMotion,
    LinkChanged,
    Look,
    MotionReported,
    MotionState,
    MotionVerb,
    Move,
    Record,
    RunCommand,
    RunTrace,
    Started,
    State,
    StepTrace,
    Ticked,
    Verb,
)
from delid.engine import INTERLOCKS, Before, Interlock, Response, Watched
from delid.engine._snapshot import _interlocks

PLAN = plan_of(bolt_step(1), bolt_step(2), look_step(2))
DOWN_MM = (100.0, 50.0, -300.0)


def tags(**changes: object) -> Callable[[World], None]:
    return lambda world: world.set_tags(**changes)


def link(device: str) -> Callable[[World], None]:
    return lambda world: world.feed(LinkChanged(world.now, device, False, "gone"))


def stale(world: World) -> None:
    world.feed(Ticked(world.now + 1.2))


def faulty(world: World) -> None:
    world.feed(world.report(MotionState.FAULT))


def lost(world: World) -> None:
    world.trusted = False
    world.feed(world.report())


def broke_off(world: World) -> None:
    key = "p/standard/lid_bolts/lid.01"
    step = StepTrace(key, "Loosen lid.01", Verb.UNFASTEN, ("lid.01",), True, "begun", sent="unfasten")
    world.feed(Started(world.now, left=RunTrace("r0", "p", "p/standard", {step.key: step})))


def heats_up(world: World) -> None:
    world.wait(3.0)
    world.set_tags(pack_temperature_c=40.0)
    world.wait(4.0)


BREAK: dict[str, Callable[[World], None]] = {
    "plc.estop": tags(estop_ok=False),
    "plc.guard": tags(guard_closed=False),
    "plc.smoke": tags(smoke=True),
    "plc.heat": tags(pack_temperature_c=61.0),
    "plc.heat_rise": heats_up,
    "plc.quench": tags(quench_on=True),
    "plc.gas": tags(gas_ppm=51),
    "plc.link": link("plc"),
    "plc.stale": stale,
    "plc.watchdog": tags(watchdog_ok=False),
    "motion.link": link("motion"),
    "motion.fault": faulty,
    "motion.position": lost,
    "pack.isolation": tags(isolation_ohm_per_v=99.0),
    "pack.voltage": tags(pack_voltage_v=61.0),
    "plc.extraction": tags(extraction_on=False),
    "plc.clamp": tags(clamp_closed=False),
    "plc.permission": tags(motion_permitted=False),
    "camera.frames": link("camera"),
    "journal.write": link("journal"),
    "ledger.write": link("ledger"),
    "tool.part": tags(vacuum_ok=True),
    "run.left": broke_off,
}
"""How each condition is violated, one at a time."""


def row_id(row: Interlock) -> str:
    return row.code


def at_first_descent(effect, world):
    return "withhold" if isinstance(effect, Move) and "lid.01#1.1" in effect.id else None


def acts(world: World) -> list:
    return [e for e in world.effects if not isinstance(e, Record)]


def running() -> World:
    """A run whose tool is on its way down to the first bolt."""
    world = World(PLAN, answer=at_first_descent)
    world.start()
    assert world.packml is State.EXECUTE
    world.feed(MotionReported(world.now, MotionState.MOVING, DOWN_MM, True))
    world.effects.clear()
    world.answer = lambda effect, w: None
    return world


def test_every_row_can_be_broken_and_has_a_code_of_its_own():
    assert list(BREAK) == [row.code for row in INTERLOCKS]


AT_COMMAND = [r for r in INTERLOCKS if r.before is not Before.CONTACT and r.watched is not Watched.ALWAYS]


@pytest.mark.parametrize("row", AT_COMMAND, ids=row_id)
def test_the_command_is_refused_while_the_precondition_is_not_met(row: Interlock):
    world = World(PLAN, answer=at_first_descent)
    world.connect()
    command = Command.RESET
    if row.before is Before.START:
        world.command(Command.RESET)
        assert world.packml is State.IDLE
        command = Command.START
    world.effects.clear()
    BREAK[row.code](world)
    before = world.packml
    world.command(command)
    refused = world.records("command")[-1]
    assert refused["accepted"] is False
    assert [r for r in refused["reasons"] if r.startswith(f"{row.condition}: ")], refused
    assert world.packml is before
    assert acts(world) == []


@pytest.mark.parametrize("row", [r for r in INTERLOCKS if r.watched is Watched.ALWAYS], ids=row_id)
def test_what_is_always_watched_reacts_in_a_stopped_cell_and_is_not_cleared_while_it_is_there(row: Interlock):
    world = World(PLAN)
    world.connect()
    BREAK[row.code](world)
    assert world.packml is State.ABORTED
    assert world.state.alarms[0].code == row.code
    world.effects.clear()
    for command in (Command.CLEAR, Command.RESET, Command.START):
        world.command(command)
    assert [r["accepted"] for r in world.records("command")] == [False, False, False]
    assert f"{row.condition}: " in str(world.records("command")[0]["reasons"])
    assert acts(world) == []


@pytest.mark.parametrize("row", [r for r in INTERLOCKS if r.before is Before.CONTACT], ids=row_id)
def test_no_contact_step_begins_while_the_precondition_is_not_met(row: Interlock):
    world = World(PLAN)
    world.connect()
    BREAK[row.code](world)
    world.command(Command.RESET)
    world.command(Command.START)
    assert world.packml is (State.HELD if row.reaction is Response.HOLD else State.STOPPED)
    assert [e for e in world.of(Move) if "lid." in e.id] == []
    assert [e for e in world.of(RunCommand) if e.name == "unfasten"] == []
    assert world.state.alarms[0].code == row.code
    assert world.state.alarms[0].text.startswith("Loosen lid.01: ")


@pytest.mark.parametrize("row", [r for r in INTERLOCKS if r.watched is not Watched.NEVER], ids=row_id)
def test_while_running_the_reaction_follows_and_stays(row: Interlock):
    world = running()
    BREAK[row.code](world)
    assert world.state.alarms[0].code == row.code
    verbs = [e.verb for e in world.of(DoMotion)]
    if row.reaction is Response.HOLD:
        assert (world.packml, verbs) == (State.HELD, [MotionVerb.HOLD])
        assert world.of(Move, RunCommand, CancelCommand) == []
    elif row.reaction is Response.QUARANTINE:
        assert world.packml is State.STOPPED
        assert world.state.outcome == "quarantined"
    elif row.reaction is Response.THERMAL:
        assert world.packml is State.ABORTED
        assert [type(e) for e in acts(world)][:2] == [DoMotion, CancelCommand]
        assert [e.name for e in world.of(RunCommand)] == ["quench", "extraction_full"]
    else:
        assert world.packml is State.ABORTED
        assert [type(e) for e in acts(world)] == [DoMotion, CancelCommand]
    world.effects.clear()
    world.wait(2.0)
    world.command(Command.UNHOLD)
    world.command(Command.START)
    if row.code != "plc.stale":  # fresh values put that right
        assert [e for e in world.effects if isinstance(e, (Move, RunCommand))] == []
    assert world.packml not in (State.EXECUTE, State.COMPLETE)


def test_a_pack_for_quarantine_is_left_with_the_tool_up_and_marked():
    world = running()
    world.set_tags(isolation_ohm_per_v=35.0)
    assert [type(e).__name__ for e in acts(world)] == ["DoMotion", "CancelCommand", "Move", "RunCommand"]
    assert world.of(Move)[0].to_mm == (100.0, 50.0, -20.0)
    assert [e.name for e in world.of(RunCommand)] == ["signal_quarantine"]
    assert world.state.outcome == "quarantined"
    world.set_tags(isolation_ohm_per_v=1000.0)
    world.wait(5.0)
    assert world.packml is State.STOPPED


def test_a_quarantine_that_finds_no_way_up_leaves_the_tool_down_and_says_so():
    world = running()
    world.tags["motion_permitted"] = False
    world.set_tags(isolation_ohm_per_v=35.0)
    assert world.of(Move) == []
    assert [a.text for a in world.state.alarms if a.code == "quarantine.retract"] == [
        "The tool stays down: reset the PLC's faults."
    ]
    assert [e.name for e in world.of(RunCommand)] == ["signal_quarantine"]


def test_a_robot_that_does_not_confirm_its_stop_is_not_asked_to_retract():
    world = running()
    world.answer = lambda e, w: w.fail(e, "timeout") if isinstance(e, DoMotion) else None
    world.set_tags(isolation_ohm_per_v=35.0)
    assert world.packml is State.ABORTED
    assert world.of(Move) == []


def test_the_most_severe_of_several_reactions_is_taken_and_all_are_told():
    world = running()
    world.set_tags(extraction_on=False, guard_closed=False, isolation_ohm_per_v=35.0)
    assert world.packml is State.ABORTED
    assert [a.code for a in world.state.alarms] == ["plc.guard", "pack.isolation", "plc.extraction"]


def test_going_on_into_a_contact_step_is_refused_until_it_may_touch():
    world = running()
    world.set_tags(extraction_on=False)
    world.command(Command.UNHOLD)
    assert "Extraction runs: " in str(world.records("command")[-1]["reasons"])
    assert [e.verb for e in world.of(DoMotion)] == [MotionVerb.HOLD], "the held move did not go on for a moment"
    world.set_tags(extraction_on=True)
    world.command(Command.UNHOLD)
    assert world.packml is State.EXECUTE


@pytest.mark.parametrize(("per_s", "seconds"), [(1.0, 7), (0.1, None), (0.3, 15)])
def test_the_rate_of_rise_is_measured_over_twenty_seconds(per_s: float, seconds: int | None):
    world = running()
    for second in range(1, 31):
        world.tags["pack_temperature_c"] = 22.0 + per_s * second
        world.wait(1.0)
        if world.packml is not State.EXECUTE:
            break
    found = second if world.packml is State.ABORTED else None
    assert found == seconds
    if found:
        assert world.state.alarms[0].code == "plc.heat_rise"


@pytest.mark.parametrize("wrong_c", [0.0, 55.0])
def test_one_wrong_reading_is_no_rise(wrong_c: float):
    world = running()
    world.wait(5.0)
    world.set_tags(pack_temperature_c=wrong_c)
    world.set_tags(pack_temperature_c=22.0)
    world.wait(25.0)
    assert world.packml is State.EXECUTE


def test_a_plc_that_was_started_anew_begins_with_zeros():
    world = World(PLAN)
    world.connect()
    world.tags["pack_temperature_c"] = 0.0
    world.wait(5.0)
    world.feed(LinkChanged(world.now, "plc", False, "the PLC was restarted"))
    world.feed(LinkChanged(world.now, "plc", True))
    world.tags["pack_temperature_c"] = 22.0
    world.wait(5.0)
    world.command(Command.RESET)
    assert world.packml is State.IDLE


def test_a_pack_that_was_changed_for_a_warmer_one_does_not_rise():
    world = World(PLAN)
    world.connect()
    world.set_tags(pack_temperature_c=40.0)
    world.wait(21.0)
    world.command(Command.RESET)
    assert world.packml is State.IDLE


def test_frames_from_before_the_look_are_not_judged_and_the_look_is_taken_again():
    old = iter([True])

    def answer(effect, world):
        if isinstance(effect, Look) and next(old, False):
            return dataclasses.replace(world.looked(effect), frame_age_s=1.5)
        return None

    world = World(PLAN, answer=answer)
    world.start()
    assert world.packml is State.HELD
    assert world.state.assessment is None
    assert "1.5 s before the look" in world.state.alarms[0].text
    world.command(Command.UNHOLD)
    assert world.packml is State.COMPLETE
    assert len({e.id for e in world.of(Look)}) == 3


def test_old_frames_of_a_step_confirm_nothing():
    old = iter([True])

    def answer(effect, world):
        if isinstance(effect, Look) and effect.purpose == "seen_empty" and next(old, False):
            return dataclasses.replace(world.looked(effect), frame_age_s=1.5)
        return None

    world = World(PLAN, answer=answer)
    world.start()
    assert world.packml is State.HELD
    assert world.records("seen") == []
    world.command(Command.UNHOLD)
    assert world.packml is State.COMPLETE
    assert len(world.records("seen")) == 1


def test_a_late_look_with_old_frames_of_a_run_that_is_over_changes_nothing():
    world = World(PLAN, answer=lambda e, w: "withhold" if isinstance(e, Look) else None)
    world.start()
    look = world.withheld[0]
    world.command(Command.STOP)
    world.feed(dataclasses.replace(world.looked(look), frame_age_s=9.0))
    assert world.packml is State.STOPPED
    assert world.state.frame_age_s == 0.0


def documented() -> list[str]:
    def limit(row: Interlock) -> str:
        return f"`{row.limit}`" if "." in row.limit else row.limit

    return [
        f"| `{r.code}` | {r.condition} | {limit(r)} | {r.before.value} | {r.watched.value} | {r.reaction.value} |"
        for r in INTERLOCKS
    ]


def test_the_documentation_has_the_table(repository: Path):
    text = (repository / "docs/interlocks.md").read_text(encoding="utf-8")
    lines = text.splitlines()
    head = lines.index("| code | what has to be so | limit | before | watched | reaction |")
    found = lines[head + 2 : lines.index("", head)]
    assert found == documented()


def test_the_snapshot_shows_the_table():
    world = running()
    world.set_tags(gas_ppm=80)
    shown = {row["code"]: row for row in _interlocks(world.state)}
    assert shown["plc.gas"] == {
        "code": "plc.gas", "condition": "No gas", "why": "gas_ppm is 80 ppm, over 50 ppm", "watched": False,
        "reaction": "abort",
    }  # fmt: skip
