"""A thermal event: stop, tool up, quench and extract, release nothing, and nothing else moves until a person clears."""

from __future__ import annotations

import dataclasses

import pytest
from harness import GOOD_TAGS, World, bolt_step, look_step, plan_of
from test_executor import Cell as ExecutorCell

from delid.core import (
    AlarmAcknowledged,
    CancelCommand,
    Command,
    CommandAct,
    DoMotion,
    Finished,
    LinkChanged,
    Mode,
    MotionReported,
    MotionState,
    MotionVerb,
    Move,
    MoveAct,
    Record,
    RunCommand,
    State,
    Step,
    TagsRead,
    Verb,
)

PLAN = plan_of(bolt_step(1), bolt_step(2), look_step(2))
HOLDING_PART = plan_of(
    Step("p/standard/lift", Verb.LIFT, "lift", "Lift the lid",
         (MoveAct((100.0, 50.0, -300.0), 60), CommandAct("hold_part"), MoveAct((100.0, 50.0, -20.0), 60))),
)  # fmt: skip
RELEASES = {"release_part", "open_clamp", "fit_tool", "stop_extraction"}


def acts(world: World) -> list:
    return [e for e in world.effects if not isinstance(e, Record)]


def names(world: World) -> list[str]:
    return [e.name for e in world.of(RunCommand)]


def engaged(plan=PLAN, command="unfasten", z_mm=-300.0) -> World:
    """The tool is down and the PLC works."""
    world = World(plan, answer=lambda e, w: "withhold" if isinstance(e, RunCommand) and e.name == command else None)
    world.start()
    assert world.packml is State.EXECUTE
    world.feed(MotionReported(world.now, MotionState.IDLE, (100.0, 50.0, z_mm), True))
    world.effects.clear()
    return world


def test_stop_first_then_up_and_quench_and_nothing_is_released():
    world = engaged()
    world.set_tags(smoke=True)
    kinds = [type(e) for e in acts(world)]
    assert kinds == [DoMotion, CancelCommand, Move, RunCommand, RunCommand]
    assert acts(world)[0].verb is MotionVerb.STOP
    assert world.of(Move)[0].to_mm == (100.0, 50.0, -20.0)
    assert names(world) == ["quench", "extraction_full"]
    assert world.packml is State.ABORTED
    told = world.records("thermal_event")[0]
    assert (told["cause"], told["state"], told["step"]) == ("plc.smoke", "Execute", "p/standard/lid_bolts/lid.01")
    assert told["readings"]["smoke"] is True
    assert [(r["what"], r["ok"]) for r in world.records("thermal")] == [
        ("retract", True), ("quench", True), ("extraction_full", True),
    ]  # fmt: skip


def test_a_part_that_is_held_stays_held():
    world = engaged(HOLDING_PART, "hold_part")
    world.set_tags(vacuum_ok=True, pack_temperature_c=75.0)
    world.wait(60.0)
    assert names(world) == ["quench", "extraction_full"]
    assert RELEASES.isdisjoint(names(world))


def test_nothing_moves_and_the_plc_is_not_told_before_both_have_confirmed_the_stop():
    world = engaged()
    world.answer = lambda e, w: "withhold"
    world.withheld.clear()
    world.set_tags(smoke=True)
    stop, cancel = world.withheld
    assert (type(stop), type(cancel)) == (DoMotion, CancelCommand)
    world.feed(Finished(world.now, cancel.id, True))
    assert names(world) == ["quench"], "the PLC does not wait for the robot"
    assert world.of(Move) == []
    world.feed(Finished(world.now, stop.id, True))
    assert len(world.of(Move)) == 1


@pytest.mark.parametrize(
    ("tags", "report", "why"),
    [
        ({"guard_closed": False}, None, "close the guard"),
        ({"motion_permitted": False}, None, "reset the PLC's faults"),
        ({}, MotionReported(0.0, MotionState.IDLE, (100.0, 50.0, -300.0), False), "position is not trusted"),
        ({}, MotionReported(0.0, MotionState.FAULT, (100.0, 50.0, -300.0), True, "ALARM:1"), "ALARM:1"),
    ],
)
def test_where_motion_is_not_safe_the_tool_stays_down_and_that_is_told(tags, report, why):
    world = engaged()

    def answer(effect, w):
        if isinstance(effect, DoMotion) and report is not None:
            w.feed(dataclasses.replace(report, at_s=w.now))

    world.answer = answer
    world.set_tags(smoke=True, **tags)
    assert world.of(Move) == []
    assert names(world) == ["quench", "extraction_full"]
    assert [a.text for a in world.state.alarms if a.code == "thermal.retract" and why in a.text]


def test_a_guard_that_is_opened_while_the_tool_goes_up_stops_it():
    world = engaged()
    world.answer = lambda e, w: "withhold" if isinstance(e, Move) else None
    world.set_tags(smoke=True)
    retract = world.of(Move)[0]
    world.effects.clear()
    world.set_tags(guard_closed=False)
    assert [e.verb for e in world.of(DoMotion)] == [MotionVerb.STOP]
    assert world.of(Move) == []
    world.feed(Finished(world.now, retract.id, True))
    world.wait(10.0)
    assert world.packml is State.ABORTED
    assert world.of(Move) == []


@pytest.mark.parametrize("failure", ["timeout", "refused", "link", "journal"])
def test_a_quench_that_is_not_confirmed_is_alarmed_and_given_again_until_it_is(failure):
    tries = iter([True, True])

    def answer(effect, world):
        if isinstance(effect, RunCommand) and effect.name == "quench" and next(tries, False):
            return world.fail(effect, failure, "no flow")
        return None

    world = engaged()
    world.answer = answer
    world.set_tags(smoke=True)
    assert names(world) == ["quench", "extraction_full"], "the other command does not wait for it"
    assert [a.code for a in world.state.alarms if "quench was not confirmed: no flow" in a.text] == ["thermal.quench"]
    world.wait(4.0)
    assert names(world).count("quench") == 1
    world.wait(20.0)
    assert names(world) == ["quench", "extraction_full", "quench", "quench"]
    ids = [e.id for e in acts(world)]
    assert len(ids) == len(set(ids))


def test_the_quench_is_given_when_the_link_is_back():
    world = engaged()
    world.set_tags(smoke=False)
    world.feed(LinkChanged(world.now, "plc", False, "no answer"))
    assert world.packml is State.ABORTED
    world.effects.clear()
    world.feed(TagsRead(world.now, {**world.tags, "smoke": True}))
    assert acts(world) == [], "nothing can be said to a PLC that is not there"
    world.feed(LinkChanged(world.now, "plc", True))
    assert names(world) == ["quench", "extraction_full"]
    assert world.of(Move) == [], "the robot does not move out of Aborted"


@pytest.mark.parametrize("command", [None, Command.RESET])
def test_in_a_cell_that_stands_nothing_moves_but_the_fire_is_fought(command):
    world = World(PLAN)
    world.connect()
    if command:
        world.command(command)
    world.feed(MotionReported(world.now, MotionState.IDLE, (100.0, 50.0, -300.0), True))
    world.effects.clear()
    world.set_tags(smoke=True)
    assert world.packml is State.ABORTED
    assert world.of(Move) == []
    assert names(world) == ["quench", "extraction_full"]


def test_in_another_mode_nobody_expects_the_robot_to_move():
    world = engaged()
    world.state = dataclasses.replace(world.state, mode=Mode.MAINTENANCE)
    world.set_tags(smoke=True)
    assert world.of(Move) == []
    assert names(world) == ["quench", "extraction_full"]


def test_it_is_latched_until_all_is_over_and_a_person_clears():
    world = engaged()
    world.set_tags(smoke=True)
    world.set_tags(smoke=False, quench_on=True)
    world.effects.clear()
    world.command(Command.CLEAR)
    assert "Quench closed: close it with the PLC's reset button" in world.records("command")[0]["reasons"]
    world.set_tags(quench_on=False)
    world.wait(30.0)
    assert (world.packml, acts(world)) == (State.ABORTED, [])
    assert [a.code for a in world.state.alarms] == ["plc.smoke"], "the quench that delid asked for is no news"
    world.feed(AlarmAcknowledged(world.now, "plc.smoke", "anna"))
    world.command(Command.CLEAR)
    assert world.packml is State.STOPPED
    assert world.state.thermal is None
    world.reconcile()
    world.command(Command.RESET)
    assert world.packml is State.IDLE


def test_a_second_cause_does_not_begin_it_again():
    world = engaged()
    world.set_tags(smoke=True)
    world.effects.clear()
    world.set_tags(pack_temperature_c=90.0)
    assert acts(world) == []
    assert world.records("thermal_event") == []


def test_a_cell_without_a_quench_says_so():
    world = engaged()
    world.state = dataclasses.replace(
        world.state, rules=dataclasses.replace(world.state.rules, thermal_commands=("extraction_full",))
    )
    world.set_tags(smoke=True)
    assert names(world) == ["extraction_full"]
    assert "This cell's PLC has no quench." in [a.text for a in world.state.alarms]


def test_a_tool_that_is_up_is_not_moved():
    world = engaged(z_mm=-20.2)
    world.set_tags(smoke=True)
    assert world.of(Move) == []
    assert [a.code for a in world.state.alarms if a.code == "thermal.retract"] == []


async def test_the_quench_does_not_wait_for_a_journal_that_cannot_be_written(repository, monkeypatch):
    cell = ExecutorCell(repository, monkeypatch)
    await cell.settle()
    await cell.connect()
    await cell.command(Command.RESET)
    cell.motion.block.clear()
    await cell.command(Command.START)
    cell.log.broken = True
    cell.trail.clear()
    await cell.post(MotionReported(cell.clock.now_s(), MotionState.IDLE, (0, 0, -300), True))
    await cell.post(TagsRead(cell.clock.now_s(), {**GOOD_TAGS, "smoke": True}))
    assert cell.packml is State.ABORTED
    assert cell.trail == ["motion stop", "plc cancel", "plc quench", "plc extraction_full"]
    await cell.end()
