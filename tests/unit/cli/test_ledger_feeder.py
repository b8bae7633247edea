"""The cell's line to its ledger: behind the journal, and a ledger that refuses holds the run with a clear alarm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from harness import World, bolt_step, plan_of

from delid.cli._ledger_feed import LedgerFeeder
from delid.config import LedgerSettings
from delid.core import Effect, Event, LinkChanged, ManualClock, Move, State
from delid.engine import RunLog
from delid.ledger import Ledger, SigningKey, Terms, verify_ledger
from ledger_kit import new_ledger

SETTINGS = LedgerSettings(site="yard", checkpoint_entries=5)
KEY = SigningKey.new()


def on_the_way_down(effect: Effect, _world: World) -> str | None:
    """A run whose tool is on its way to the first bolt."""
    return "withhold" if isinstance(effect, Move) and "lid.01#1.1" in effect.id else None


def act(number: int) -> dict[str, Any]:
    said = {"command": f"Hold {number}", "by": "A. Operator", "accepted": True, "reasons": []}
    return {"event": {"type": "Ticked"}, "effects": [{"type": "Record", "kind": "command", "data": said}]}


class Rig:
    """A run's log with a ledger behind it."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.told = ManualClock(), list[Event]()
        self.place = folder / "ledger.db"
        self.ledger = new_ledger(self.place, KEY) if not self.place.exists() else Ledger.open(self.place)
        self.feeder = LedgerFeeder(self.ledger, KEY, SETTINGS, self.clock, self.told.append)
        self.log = RunLog(folder / "runs", "demo", self.clock, lambda folder: None)
        self.log.reader = self.feeder

    def acts(self) -> list[str]:
        return [str(e.payload["what"]) for e in reversed(self.ledger.search(kind="operator_act", limit=1000))]

    def pages(self, more: int) -> None:
        """Let the database grow by so many pages and no more: SQLite then says that the disk is full."""
        with self.ledger.engine.connect() as connection:
            count = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection = self.ledger._writer._connect().connection
        connection.exec_driver_sql(f"PRAGMA max_page_count={(count or 0) + more}")
        connection.rollback()


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Rig]:
    rig = Rig(folder)
    task = asyncio.create_task(rig.feeder.run())
    try:
        yield rig
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        rig.log.close()


async def until(is_so: Callable[[], bool], rig: Rig | None = None) -> None:
    for _ in range(500):
        if is_so():
            return
        await asyncio.sleep(0.01)
        if rig is not None:
            await rig.clock.advance(0.1)
    raise AssertionError("it does not come")


async def test_what_the_journal_has_comes_into_the_ledger(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        for number in range(7):
            await rig.log.write("turn", act(number))
        await until(lambda: len(rig.acts()) == 7)
        assert rig.acts() == [f"Hold {n}" for n in range(7)]
        await until(lambda: rig.ledger.checkpoints()[-1].size >= 6 if rig.ledger.checkpoints() else False)
    verdict = verify_ledger(rig.place, Terms(KEY.public))
    assert verdict.ok
    assert verdict.signed == 8  # signed at the end


async def test_a_full_disk_holds_the_run_and_nothing_is_lost(tmp_path: Path) -> None:
    world = World(plan_of(bolt_step(1)), answer=on_the_way_down)
    world.start()
    assert world.packml is State.EXECUTE
    async with running(tmp_path) as rig:
        rig.pages(more=1)
        for number in range(40):
            await rig.log.write("turn", act(number))
        await until(lambda: bool(rig.told), rig)
        lost = rig.told[0]
        assert isinstance(lost, LinkChanged)
        assert (lost.device, lost.up) == ("ledger", False)
        assert "full" in lost.detail
        world.feed(LinkChanged(world.now, lost.device, lost.up, lost.detail))
        world.answer = lambda effect, w: None
        world.wait(1.0)
        assert world.packml in (State.HOLDING, State.HELD)
        alarm = next(a for a in world.state.alarms if a.code == "ledger.write")
        assert alarm.text.startswith("the batteries' record cannot be written: the ledger")
        assert "full" in alarm.text
        assert len(rig.told) == 1  # told once, however often it is tried
        written = len(rig.acts())
        assert written < 40
        rig.pages(more=10_000)
        await until(lambda: len(rig.told) == 2, rig)
        assert rig.told[1] == LinkChanged(rig.told[1].at_s, "ledger", True, "")
        await until(lambda: len(rig.acts()) == 40, rig)
        assert rig.acts() == [f"Hold {n}" for n in range(40)]
    assert verify_ledger(rig.place, Terms(KEY.public)).ok


async def test_what_was_lost_with_the_process_is_taken_from_the_journals(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for number in range(6):
        await rig.log.write("turn", act(number))  # nobody takes it over: the process dies
    rig.log.reader = None
    rig.log.close()
    rig.feeder._waiting.clear()
    rig.feeder.closed()
    ledger = Ledger.open(rig.place)
    feeder = LedgerFeeder(ledger, KEY, SETTINGS, rig.clock, rig.told.append)
    assert feeder.catch_up(tmp_path / "runs") == 6
    assert feeder.catch_up(tmp_path / "runs") == 0
    assert ledger.checkpoints()[-1].size == 7
    feeder.closed()


async def test_a_ledger_that_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event as Flag

    free = Flag()
    async with running(tmp_path) as rig:
        real = rig.ledger.append_all

        def slow(*given: Any) -> Any:
            assert free.wait(10)
            return real(*given)

        monkeypatch.setattr(rig.ledger, "append_all", slow)
        await rig.log.write("turn", act(0))
        await until(lambda: bool(rig.told), rig)
        assert "has not answered for 5 s" in rig.told[0].detail  # type: ignore[union-attr]
        free.set()
        await until(lambda: len(rig.told) == 2, rig)
        assert rig.acts() == ["Hold 0"]
