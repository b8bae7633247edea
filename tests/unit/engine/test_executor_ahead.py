"""While the disk hangs: what makes the cell safe goes ahead of the journal, and nothing that waited comes after it."""

from __future__ import annotations

import pytest
from harness import GOOD_TAGS
from test_executor import Cell

from delid.core import Command, RunCommand, State, TagsRead
from delid.engine._ahead import Ahead, Due


@pytest.fixture
async def cell(repository, monkeypatch):
    made = Cell(repository, monkeypatch)
    await made.settle()
    yield made
    made.log.gate.set()
    await made.end()


async def at_work(cell: Cell) -> None:
    """In Execute, with the first move of the first step under way."""
    await cell.connect()
    await cell.command(Command.RESET)
    cell.motion.block.clear()
    await cell.command(Command.START)
    cell.motion.block.set()
    while cell.packml is State.STARTING:
        await cell.settle()
    cell.trail.clear()


async def held_up(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    """At work, with a move under way that does not end."""
    begun = []
    move = cell.motion.move

    async def stays(id, to_mm, feed_mm_s, deadline_s):
        if "lid.01" in id and not begun:
            begun.append(id)
            cell.motion.block.clear()
        return await move(id, to_mm, feed_mm_s, deadline_s)

    monkeypatch.setattr(cell.motion, "move", stays)
    await at_work(cell)
    assert cell.packml is State.EXECUTE
    assert begun


def smoke(cell: Cell) -> TagsRead:
    return TagsRead(cell.clock.now_s(), GOOD_TAGS | {"smoke": True})


async def hang(cell: Cell) -> None:
    """The disk hangs within the entry of a turn: a command that is refused."""
    cell.log.gate.clear()
    await cell.command(Command.START)


async def test_the_quench_does_not_wait_for_a_disk_that_hangs(cell, monkeypatch):
    await held_up(cell, monkeypatch)
    await hang(cell)
    cell.trail.clear()
    await cell.post(smoke(cell))
    assert cell.trail[:4] == ["motion stop", "plc cancel", "plc quench", "plc extraction_full"]
    assert not [word for word in cell.trail if word.startswith("journal")]
    assert cell.plc.states[-1] == 8, "the PLC is told Aborting at once"


async def test_a_hold_does_not_wait_for_a_disk_that_hangs(cell, monkeypatch):
    await held_up(cell, monkeypatch)
    await hang(cell)
    cell.trail.clear()
    await cell.command(Command.HOLD)
    assert cell.trail == ["motion hold"]
    assert cell.packml is State.HELD


async def test_what_waits_for_the_disk_is_not_sent_after_a_stop(cell):
    await cell.connect()
    await cell.command(Command.RESET)
    cell.trail.clear()
    cell.log.gate.clear()
    await cell.command(Command.START)
    assert cell.trail == [], "the clamp waits for the journal"
    await cell.command(Command.STOP)
    assert cell.trail == ["motion stop", "plc cancel"]
    cell.log.gate.set()
    await cell.settle()
    assert cell.packml is State.STOPPED
    assert "plc close_clamp" not in cell.trail
    assert [word for word in cell.trail if word.startswith("journal")], "written, though it never acted"


async def test_a_move_that_a_hold_overtook_is_made_once_when_the_run_goes_on(cell, monkeypatch):
    await held_up(cell, monkeypatch)
    cell.log.gate.clear()
    cell.motion.block.set()  # the first move ends; the next effect waits for the disk
    await cell.settle()
    cell.trail.clear()
    waiting = [k for k, p in cell.executor.state.pending.items() if "lid.01" in k]
    assert len(waiting) == 1
    await cell.command(Command.HOLD)
    cell.log.gate.set()
    await cell.settle()
    assert cell.packml is State.HELD
    assert not [word for word in cell.trail if word.startswith(("move", "plc"))], "nothing moves in Held"
    await cell.command(Command.UNHOLD)
    assert cell.packml is State.COMPLETE
    assert not [word for word in cell.trail if waiting[0] in word], "done anew, under an id of its own"


async def test_going_on_that_a_hold_overtook_is_never_sent(cell, monkeypatch):
    await held_up(cell, monkeypatch)
    await cell.command(Command.HOLD)
    assert cell.packml is State.HELD
    cell.log.gate.clear()
    cell.trail.clear()
    await cell.command(Command.UNHOLD)
    assert cell.packml is State.UNHOLDING
    await cell.command(Command.HOLD)
    cell.log.gate.set()
    await cell.settle()
    assert cell.packml is State.HELD
    assert "motion resume" not in cell.trail
    cell.motion.block.set()
    await cell.command(Command.UNHOLD)
    assert cell.packml is State.COMPLETE


async def test_a_reset_waits_until_the_run_before_is_written(cell):
    await cell.connect()
    cell.log.gate.clear()
    await cell.command(Command.START)
    await cell.command(Command.RESET)
    assert cell.log.rolls == 0
    cell.log.gate.set()
    await cell.settle()
    assert cell.log.rolls == 1
    assert cell.packml is State.IDLE


async def test_what_is_still_to_be_written_at_the_end_is_written_and_not_performed(cell):
    written, performed = [], []

    class Turns:
        async def make_durable(self, event, effects, before, state):
            written.append(effects)
            return True

    ahead = Ahead(Turns(), cell.clock, performed.append, performed.append, performed.append)
    open_clamp = RunCommand("c", "open_clamp", {}, 1.0)
    due = Due(smoke(cell), (open_clamp,), State.IDLE, cell.executor.state, [open_clamp])
    ahead.add(due)
    await ahead.keep_rest()
    assert written == [(open_clamp,)]
    assert performed == []
