"""The executor with scripted devices: what is durable before what, and what goes ahead of everything."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from harness import GOOD_TAGS, RULES, World, bolt_step, plan_of

import delid.engine._eyes as eyes_module
import delid.engine.executor as executor_module
from delid.config import load_cell
from delid.core import (
    Candidate,
    Command,
    Decision,
    Finished,
    JournalError,
    LinkChanged,
    LinkError,
    ManualClock,
    MotionReported,
    MotionState,
    OperatorCommanded,
    Started,
    State,
    TagsRead,
)
from delid.engine import EngineState, Executor, Ports

PLAN = plan_of(bolt_step(1))


class Trail(list):
    """What happened, in order."""


class FakePlc:
    def __init__(self, clock, trail):
        self.clock, self.trail, self.states, self.modes = clock, trail, [], []
        self.crash = asyncio.Event()

    async def run(self):
        await self.crash.wait()
        raise LinkError("the driver broke", device="plc")

    def set_packml_state(self, number, mode):
        self.states.append(number)
        self.modes.append(mode)

    async def command(self, id, name, params, deadline_s):
        self.trail.append(f"plc {name}")
        return Finished(self.clock.now_s(), id, True)

    async def cancel(self, id, deadline_s):
        self.trail.append("plc cancel")
        return Finished(self.clock.now_s(), id, True)


class FakeMotion:
    def __init__(self, clock, trail):
        self.clock, self.trail = clock, trail
        self.block = asyncio.Event()
        self.block.set()

    async def run(self):
        await asyncio.Event().wait()

    async def move(self, id, to_mm, feed_mm_s, deadline_s):
        self.trail.append(f"move {id}")
        await self.block.wait()
        return Finished(self.clock.now_s(), id, True)

    async def do(self, id, verb, deadline_s):
        self.trail.append(f"motion {verb.value}")
        return Finished(self.clock.now_s(), id, True)


class FakeCamera:
    closed = False

    async def grab(self, count, deadline_s):
        return ()

    async def close(self):
        self.closed = True


class FakeInspector:
    min_fastener_confidence = 0.6

    def inspect(self, frame, pack=None):
        raise AssertionError("no frames here")


class FakeLog:
    run_id, folder, recorder = "r", Path(), None

    def __init__(self, trail):
        self.trail, self.broken, self.rolls, self.gate = trail, False, 0, asyncio.Event()
        self.gate.set()

    async def write(self, kind, data):
        await self.gate.wait()
        if self.broken:
            raise JournalError("No space left on device", hint="Free some space.")
        names = [e["type"] for e in data.get("effects", [])]
        self.trail.append(f"journal {kind} {' '.join(n for n in names if n != 'Record')}".strip())

    def roll(self):
        self.rolls += 1

    def close(self):
        pass


class Cell:
    """An executor on scripted devices, with the reducer's real rules."""

    def __init__(self, repository, monkeypatch, unfinished=None):
        self.trail = Trail()
        self.clock = ManualClock()
        world = World(PLAN)
        monkeypatch.setattr(eyes_module, "fuse", lambda inspections, limits: world.assessment())
        monkeypatch.setattr(
            executor_module,
            "decide_as_asked",
            lambda asked, cell: Decision(asked.assessment, PLAN, (Candidate("p/standard", True, ()),)),
        )
        monkeypatch.setattr(executor_module, "initial", lambda cell, at_s, sure: EngineState(rules=RULES, now_s=at_s))
        self.plc, self.motion = FakePlc(self.clock, self.trail), FakeMotion(self.clock, self.trail)
        self.camera, self.log = FakeCamera(), FakeLog(self.trail)
        ports = Ports(self.plc, self.motion, self.camera, FakeInspector(), self.log)
        cell = load_cell(repository / "cell_configs/cells/demo.yaml")
        self.executor = Executor(cell, ports, self.clock, lambda at_s: Started(at_s, unfinished))
        self.task = asyncio.create_task(self.executor.run())

    async def settle(self):
        for _ in range(200):
            await asyncio.sleep(0)
        await asyncio.sleep(0.02)  # work handed to the vision thread
        for _ in range(200):
            await asyncio.sleep(0)

    async def post(self, *events):
        for event in events:
            self.executor.post(event)
        await self.settle()

    async def connect(self):
        now_s = self.clock.now_s()
        await self.post(
            LinkChanged(now_s, "plc", True, ack_seq=0),
            LinkChanged(now_s, "motion", True),
            TagsRead(now_s, GOOD_TAGS),
            MotionReported(now_s, MotionState.IDLE, (0, 0, 0), True),
        )

    async def command(self, command):
        await self.post(OperatorCommanded(self.clock.now_s(), command, "test"))

    @property
    def packml(self):
        return self.executor.state.packml

    async def end(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
async def cell(repository, monkeypatch):
    made = Cell(repository, monkeypatch)
    await made.settle()
    yield made
    await made.end()


async def test_a_run_completes_and_every_effect_is_durable_before_it_acts(cell):
    await cell.connect()
    await cell.command(Command.RESET)
    await cell.command(Command.START)
    assert cell.packml is State.COMPLETE
    moved = cell.trail.index("move p/standard/lid_bolts/lid.01#1.0")
    assert cell.trail[moved - 1] == "journal turn Move"
    assert cell.trail.index("journal run_started") < cell.trail.index("plc close_clamp")
    assert cell.trail[-1] == "journal run_ended"
    assert cell.plc.states[-1] == 17
    assert cell.log.rolls == 1


async def test_stop_does_not_wait_for_the_journal(cell):
    await cell.connect()
    await cell.command(Command.RESET)
    cell.motion.block.clear()
    await cell.command(Command.START)
    cell.log.gate.clear()  # the disk hangs
    cell.trail.clear()
    await cell.command(Command.STOP)
    assert cell.trail[:2] == ["motion stop", "plc cancel"]
    cell.log.gate.set()
    await cell.settle()
    assert cell.packml is State.STOPPED


async def test_nothing_but_a_stop_acts_when_the_journal_cannot_be_written(cell):
    await cell.connect()
    await cell.command(Command.RESET)
    cell.log.broken = True
    cell.trail.clear()
    await cell.command(Command.START)
    assert cell.trail == ["motion stop", "plc cancel"]
    assert cell.packml is State.STOPPED
    assert "journal" in cell.executor.state.alarms[0].text


async def test_a_run_holds_while_the_journal_cannot_be_written_and_goes_on_by_a_person(cell):
    await cell.connect()
    await cell.command(Command.RESET)
    cell.motion.block.clear()
    await cell.command(Command.START)  # the robot is on its way to park
    cell.log.broken = True
    await cell.post(TagsRead(cell.clock.now_s(), GOOD_TAGS))
    cell.motion.block.set()
    await cell.settle()
    assert cell.packml is State.HELD
    assert not [t for t in cell.trail if "lid.01" in t]
    cell.log.broken = False
    await cell.command(Command.UNHOLD)
    assert cell.packml is State.HELD, "the refusal itself found that the journal is back"
    await cell.command(Command.UNHOLD)
    assert cell.packml is State.COMPLETE


async def test_a_driver_that_breaks_stops_the_robot_before_the_process_ends(cell):
    await cell.connect()
    await cell.command(Command.RESET)
    cell.motion.block.clear()
    await cell.command(Command.START)
    cell.trail.clear()
    cell.plc.crash.set()
    with pytest.raises(LinkError):
        await cell.task
    assert cell.trail[0] == "motion stop"
    assert cell.camera.closed


async def test_a_journal_that_hangs_ends_the_process_so_that_the_heartbeat_stops(cell):
    await cell.connect()
    await cell.command(Command.RESET)
    cell.motion.block.clear()
    await cell.command(Command.START)
    cell.trail.clear()
    cell.log.gate.clear()
    await cell.command(Command.STOP)
    while not cell.task.done():
        await cell.clock.advance(0.1)
        assert cell.clock.now_s() < 6, "the stall was not noticed"
    with pytest.raises(JournalError, match="stalled"):
        await cell.task
    assert cell.trail[0] == "motion stop"


async def test_an_unfinished_run_starts_aborted(repository, monkeypatch):
    made = Cell(repository, monkeypatch, unfinished="r0")
    await made.settle()
    await made.connect()
    assert made.packml is State.ABORTED
    assert [t for t in made.trail if not t.startswith("journal")] == []
    await made.end()


async def test_a_look_that_ends_after_its_run_is_not_taken_for_the_next_runs_look(cell):
    """Ids begin anew with each run, so that both runs look under the same id."""
    gate, judged = asyncio.Event(), []
    grab = cell.camera.grab

    async def slow(count, deadline_s):
        judged.append("asked")
        if len(judged) == 1:
            await gate.wait()
        else:
            await asyncio.Event().wait()
        return await grab(count, deadline_s)

    cell.camera.grab = slow
    await cell.connect()
    await cell.command(Command.RESET)
    await cell.command(Command.START)
    first = set(cell.executor.state.pending)
    await cell.command(Command.STOP)
    await cell.command(Command.RESET)
    await cell.command(Command.START)
    assert set(cell.executor.state.pending) == first
    gate.set()
    await cell.settle()
    assert set(cell.executor.state.pending) == first, "the frames of the earlier run were judged for this one"
    assert cell.packml is State.EXECUTE
