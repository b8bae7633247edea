"""The engine's rows of the fault table: the real reducer in a scripted cell, in engine time.

Safe is: the engine has asked robot and PLC to stop, or nothing is under way and nothing more is asked for. Where the
links themselves fail, the drivers' rows say how long that takes to be noticed: heartbeats in test_plc_fault_table.py.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from delid.core import (
    CancelCommand,
    Command,
    DoMotion,
    Effect,
    Finished,
    FrameFacts,
    HazardClass,
    Inspection,
    LinkChanged,
    Look,
    Looked,
    MotionVerb,
    Move,
    OperatorCommanded,
    PackStatus,
    PackVerdict,
    Quality,
    Record,
    Refusal,
    RunCommand,
    State,
    SystemClock,
    TagsRead,
    Ticked,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "engine"))
from harness import GOOD_TAGS, World, bolt_step, look_step, plan_of
from test_executor import Cell as ExecutorCell

if TYPE_CHECKING:
    from conftest import FaultRow

PLAN = plan_of(bolt_step(1), bolt_step(2), look_step(2))
HALTED = (State.ABORTING, State.ABORTED)
THERMAL = ("quench", "extraction_full")
TAG_DELAY_S = 0.05
"""The PLC's values are read twenty times a second; ``World.set_tags`` brings them that much later."""


@dataclass
class Cell:
    """A scripted cell that answers everything but what ``wait_at`` names."""

    wait_at: Callable[[Effect], bool] = lambda effect: False
    plan: Any = PLAN
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.plan, answer=lambda e, w: "withhold" if self.wait_at(e) else None)

    def command(self, *commands: Command) -> None:
        for command in commands:
            self.world.command(command)

    def asked(self) -> list[Effect]:
        """What was asked for since ``forget``, records left out."""
        return [e for e in self.world.effects if not isinstance(e, Record)]

    def forget(self) -> None:
        self.world.effects.clear()


def at_move(effect: Effect) -> bool:
    return isinstance(effect, Move) and "lid.01#1.1" in effect.id


def engaged(effect: Effect) -> bool:
    return isinstance(effect, RunCommand) and effect.name == "unfasten"


def named(part: str) -> Callable[[Effect], bool]:
    """Effects of an acting state, by the beginning of their id; ``never`` fits none."""
    return lambda effect: getattr(effect, "id", "").startswith(part)


def _either(*tests: Callable[[Effect], bool]) -> Callable[[Effect], bool]:
    return lambda effect: any(test(effect) for test in tests)


REACH: dict[State, tuple[Callable[[Effect], bool], tuple[Command, ...]]] = {
    State.STOPPED: (named("never"), ()),
    State.RESETTING: (named("resetting."), (Command.RESET,)),
    State.IDLE: (named("never"), (Command.RESET,)),
    State.STARTING: (named("starting."), (Command.RESET, Command.START)),
    State.EXECUTE: (at_move, (Command.RESET, Command.START)),
    State.COMPLETING: (named("completing."), (Command.RESET, Command.START)),
    State.COMPLETE: (named("never"), (Command.RESET, Command.START)),
    State.HOLDING: (_either(at_move, named("holding.")), (Command.RESET, Command.START, Command.HOLD)),
    State.HELD: (at_move, (Command.RESET, Command.START, Command.HOLD)),
    State.UNHOLDING: (_either(at_move, named("unholding.")),
                      (Command.RESET, Command.START, Command.HOLD, Command.UNHOLD)),
    State.SUSPENDING: (_either(at_move, named("suspending.")), (Command.RESET, Command.START, Command.SUSPEND)),
    State.SUSPENDED: (at_move, (Command.RESET, Command.START, Command.SUSPEND)),
    State.UNSUSPENDING: (_either(at_move, named("unsuspending.")),
                         (Command.RESET, Command.START, Command.SUSPEND, Command.UNSUSPEND)),
    State.STOPPING: (_either(at_move, named("stopping.")), (Command.RESET, Command.START, Command.STOP)),
    State.ABORTING: (_either(at_move, named("aborting.")), (Command.RESET, Command.START, Command.ABORT)),
    State.ABORTED: (at_move, (Command.RESET, Command.START, Command.ABORT)),
    State.CLEARING: (_either(at_move, named("clearing.")),
                     (Command.RESET, Command.START, Command.ABORT, Command.CLEAR)),
}  # fmt: skip
"""How each state is reached through the real tables, and what is not answered there."""

RESTING = {State.STOPPED, State.ABORTED, State.STOPPING, State.ABORTING, State.CLEARING}
"""States that are safe or on the way to it; a fault there adds nothing, and the next reset is refused."""


def cell_in(state: State) -> Cell:
    wait_at, commands = REACH[state]
    cell = Cell(wait_at)
    cell.world.connect()
    cell.command(*commands)
    assert cell.world.packml is state
    cell.forget()
    return cell


def stops_only(cell: Cell) -> bool:
    """Nothing but stop and cancel was asked for."""
    return all(
        isinstance(e, CancelCommand) or (isinstance(e, DoMotion) and e.verb is MotionVerb.STOP) for e in cell.asked()
    )


@pytest.mark.parametrize("state", list(State), ids=lambda s: s.value)
@pytest.mark.parametrize(
    ("row", "tags", "code"),
    [("e-stop", {"estop_ok": False}, "plc.estop"), ("guard opened", {"guard_closed": False}, "plc.guard")],
    ids=["e-stop", "guard"],
)
def test_estop_and_guard_in_every_state(
    state: State, row: str, tags: dict[str, bool], code: str, fault_row: FaultRow
) -> None:
    cell = cell_in(state)
    at_rest = state in RESTING or (code == "plc.guard" and state in (State.IDLE, State.COMPLETE))
    began_s = cell.world.now
    cell.world.set_tags(**tags)
    safe_s = cell.world.now - began_s
    assert stops_only(cell)
    if at_rest:
        assert cell.world.packml is state
        assert cell.asked() == []
        reaction = "nothing moves and nothing is asked for; reset or start is refused until it is put right"
    else:
        assert cell.world.packml in HALTED
        assert [type(e) for e in cell.asked()] == [DoMotion, CancelCommand]
        assert cell.world.state.alarms[0].code == code
        reaction = "Aborting: robot stopped, PLC command cancelled at once; latched"
    assert safe_s <= TAG_DELAY_S + 1e-6
    _nothing_more_until_put_right(cell)
    fault_row(f"{row} in {state.value}", next(iter(tags)) + " false", reaction, safe_s)


def _nothing_more_until_put_right(cell: Cell) -> None:
    """Late answers and time bring no motion, and neither does a person, while the cause is there."""
    cell.wait_at = named("never")
    for effect in cell.world.withheld:
        cell.world.feed(Finished(cell.world.now, effect.id, True))
    cell.forget()
    cell.world.wait(1.0)
    cell.command(Command.RESET, Command.START, Command.UNHOLD, Command.UNSUSPEND)
    assert stops_only(cell)
    assert [row for row in cell.world.records("command") if row["accepted"]] == []


@pytest.mark.parametrize(
    ("row", "tags", "code", "told"),
    [
        ("heat", {"pack_temperature_c": 75.0}, "plc.heat", THERMAL),
        ("fast rise of temperature", {"pack_temperature_c": 40.0}, "plc.heat_rise", THERMAL),
        ("smoke", {"smoke": True}, "plc.smoke", THERMAL),
        ("quench opened by hand", {"quench_on": True}, "plc.quench", THERMAL),
        ("gas", {"gas_ppm": 200}, "plc.gas", ()),
    ],
)
def test_thermal_danger_while_the_tool_is_engaged(
    row: str, tags: dict[str, Any], code: str, told: tuple[str, ...], fault_row: FaultRow
) -> None:
    cell = Cell(engaged)
    cell.world.start()
    cell.world.wait(3.0)
    assert cell.world.packml is State.EXECUTE
    cell.forget()
    began_s = cell.world.now
    cell.world.set_tags(**tags)
    if code == "plc.heat_rise":
        cell.world.wait(3.0)  # one reading is no rise
    assert [type(e) for e in cell.asked()][:2] == [DoMotion, CancelCommand]
    assert [e.name for e in cell.asked() if isinstance(e, RunCommand)] == list(told)
    assert [e for e in cell.asked() if isinstance(e, Move)] == [], "the tool is up already"
    assert cell.world.packml is State.ABORTED
    assert cell.world.state.alarms[0].code == code
    safe_s = cell.world.now - began_s
    _nothing_more_until_put_right(cell)
    reaction = "robot stopped and nutrunner cancelled at once; latched"
    fault_row(f"{row} while engaged", str(tags), reaction + "; quench, full extraction" * bool(told), safe_s)


@pytest.mark.parametrize(
    ("row", "words"),
    [("disk full", "No space left on device"), ("read-only journal", "Read-only file system")],
)
def test_a_journal_that_cannot_be_written_holds_the_run(row: str, words: str, fault_row: FaultRow) -> None:
    """As the executor does it: the journal's link is lost, and what was asked for in that turn is not performed."""
    cell = Cell(at_move)
    cell.world.start()
    move = cell.world.withheld[0]
    cell.forget()
    began_s = cell.world.now
    cell.world.feed(LinkChanged(cell.world.now, "journal", False, words))
    cell.world.feed(Finished(cell.world.now, move.id, False, "journal", "not written"))
    assert cell.world.packml is State.HELD
    assert {e.verb for e in cell.asked() if isinstance(e, DoMotion)} == {MotionVerb.HOLD}
    safe_s = cell.world.now - began_s
    cell.forget()
    cell.world.wait(5.0)
    cell.command(Command.UNHOLD)
    assert cell.asked() == [], "nothing more is sent"
    assert words in str(cell.world.records("command")[-1]["reasons"])
    cell.wait_at = named("never")
    cell.world.feed(LinkChanged(cell.world.now, "journal", True))
    assert cell.asked() == [], "going on is a person's act"
    cell.command(Command.UNHOLD)
    assert cell.world.packml is State.COMPLETE
    assert len({e.id for e in cell.asked()}) == len(cell.asked())
    fault_row(row, words, "held; nothing more is sent until it can be written and a person goes on", safe_s)


@pytest.mark.parametrize(("row", "jump_s"), [("clock jumps forwards", 3600.0), ("clock jumps backwards", -3600.0)])
async def test_a_wall_clock_that_jumps_changes_nothing(
    repository: Path, monkeypatch: pytest.MonkeyPatch, row: str, jump_s: float, fault_row: FaultRow
) -> None:
    """Ages and deadlines are monotonic, and the executor reads the wall clock for records only."""
    cell = ExecutorCell(repository, monkeypatch)
    await cell.settle()
    await cell.connect()
    await cell.command(Command.RESET)
    cell.motion.block.clear()
    await cell.command(Command.START)
    cell.trail.clear()
    before = cell.executor.state.pending
    wall_s = cell.clock.wall_s
    monkeypatch.setattr(cell.clock, "wall_s", lambda: wall_s() + jump_s)
    for _ in range(5):
        await cell.clock.advance(0.2)
        await cell.post(TagsRead(cell.clock.now_s(), GOOD_TAGS))
    assert cell.executor.state.pending == before
    assert [t for t in cell.trail if not t.startswith("journal")] == []
    cell.motion.block.set()
    await cell.settle()
    assert cell.packml is State.COMPLETE
    await cell.end()
    fault_row(row, f"wall clock {jump_s:+.0f} s", "nothing: deadlines and ages are monotonic; the run goes on", 0.0)


def test_the_machines_own_clock_is_monotonic(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, wall_s = SystemClock(), time.time()
    before_s = clock.now_s()
    monkeypatch.setattr(time, "time", lambda: wall_s - 86_400.0)
    assert 0.0 <= clock.now_s() - before_s < 5.0
    assert clock.wall_s() == wall_s - 86_400.0


def test_events_whose_time_goes_back_do_not_turn_the_engine_back(fault_row: FaultRow) -> None:
    cell = Cell(at_move)
    cell.world.start()
    cell.world.wait(1.0)
    cell.forget()
    began_s = cell.world.now
    cell.world.feed(Ticked(began_s - 3600.0))
    assert cell.world.now == began_s
    assert cell.world.packml is State.EXECUTE
    assert cell.asked() == []
    fault_row("an event with an older time", "-3600 s", "engine time does not go back; nothing changes", 0.0)


def test_a_process_that_stood_still_aborts_before_anything_else(fault_row: FaultRow) -> None:
    cell = Cell(at_move)
    cell.world.start()
    cell.forget()
    cell.world.feed(Ticked(cell.world.now + 30.0))
    assert cell.world.packml is State.ABORTED
    assert cell.world.state.alarms[0].code == "plc.stale"
    assert stops_only(cell)
    fault_row("the process stood still", "no event for 30 s", "old values: aborted with its first turn", 0.0)


CAMERA = [
    ("gone", "cannot be opened [camera.gone]"),
    ("frozen", "no fresh frame [camera.stale]"),
    ("late", ""),
]


@pytest.mark.parametrize("when", ["first look", "verification look"])
@pytest.mark.parametrize(("what", "words"), CAMERA, ids=[c[0] for c in CAMERA])
def test_a_camera_that_fails(what: str, words: str, when: str, fault_row: FaultRow) -> None:
    """A camera moves nothing: a person is asked, whichever look it was."""
    first = when == "first look"
    cell = Cell(lambda e: isinstance(e, Look) and (first or e.purpose == "seen_empty"))
    cell.world.start()
    look = cell.world.withheld[0]
    assert isinstance(look, Look)
    cell.forget()
    began_s = cell.world.now
    if what == "late":
        cell.world.wait(look.deadline_s + 2.5)
    else:
        cell.world.feed(Finished(cell.world.now, look.id, False, "fault", words))
    safe_s = cell.world.now - began_s
    assert cell.world.packml is State.HELD
    assert not [e for e in cell.asked() if isinstance(e, Move) and e.to_mm[2] < -20.0], "the tool stays up"
    assert words in str(cell.world.state.question)
    assert cell.world.state.question is not None
    cell.forget()
    cell.world.wait(30.0)
    assert cell.asked() == [], "nothing moves before a person answers"
    fault_row(f"camera {what} in the {when}", words or f"{what} frames", "held with a question", safe_s)


def test_black_frames_in_the_first_look_are_not_planned(fault_row: FaultRow) -> None:
    """Frames that vision refuses end as an assessment without a pack, which planning refuses."""
    cell = Cell(plan=Refusal(("the frames are too dark to judge",)))
    cell.world.start()
    assert cell.world.packml is State.HELD
    assert cell.world.state.question is not None
    assert cell.world.state.question.answers == ("look again", "set aside")
    moved = [e for e in cell.asked() if isinstance(e, Move)]
    assert [e.id.rsplit(".", 1)[-1] for e in moved] == ["park"]
    fault_row("camera black in the first look", "black frames", "no plan; held with a question", 0.0)


def test_black_frames_in_a_verification_look_confirm_nothing(fault_row: FaultRow) -> None:
    """They show no hole and no bolt: nothing counts as out, nothing is done again, a person is asked."""
    cell = Cell()
    nothing = PackVerdict(PackStatus.UNKNOWN, None, 0.0)
    black = Inspection(
        "overview", FrameFacts(16, 12, "0" * 64), Quality(False, ("too dark",)), nothing, (), HazardClass.C, ()
    )

    def unseen(effect: Effect, world: World) -> Looked | None:
        if not (isinstance(effect, Look) and effect.purpose == "seen_empty"):
            return None
        return Looked(world.now, effect.id, (black,), dataclasses.replace(world.assessment(), pack=nothing))

    cell.world.answer = unseen
    cell.world.start()
    assert cell.world.packml is State.HELD
    assert "could not be verified" in str(cell.world.state.question)
    assert cell.world.records("seen") == []
    assert len([e for e in cell.asked() if engaged(e)]) == 2, "each bolt once"
    cell.forget()
    cell.world.wait(30.0)
    assert cell.asked() == []
    fault_row("camera black in the verification look", "black frames", "nothing counts as out: a question", 0.0)


@pytest.mark.parametrize("second", [Command.START, Command.RESET, Command.UNHOLD, Command.CLEAR])
def test_a_second_command_while_one_is_pending(second: Command, fault_row: FaultRow) -> None:
    cell = cell_in(State.STARTING)
    pending = dict(cell.world.state.pending)
    cell.world.feed(OperatorCommanded(cell.world.now, second, "second panel"))
    assert cell.world.records("command")[-1]["accepted"] is False
    assert cell.asked() == []
    assert dict(cell.world.state.pending) == pending
    fault_row(f"second command {second.value} while one is pending", "Start under way", "refused, nothing changes", 0.0)


def test_a_second_stop_while_one_is_pending(fault_row: FaultRow) -> None:
    """An abort is taken at any time, and stops again; a second stop changes nothing."""
    cell = cell_in(State.STOPPING)
    cell.command(Command.STOP)
    assert cell.asked() == []
    cell.command(Command.ABORT)
    assert [type(e) for e in cell.asked()] == [DoMotion, CancelCommand]
    assert cell.world.packml is State.ABORTED
    fault_row("abort while a stop is pending", "Abort in Stopping", "stopped again, aborted, latched", 0.0)
