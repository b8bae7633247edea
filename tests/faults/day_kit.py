"""A day of a cell in virtual time: one process, pack after pack, with the troubles of a shop floor, and what it keeps.

Real: assembly, executor, reducer, planner, journal and recording files, both drivers, the programs of the simulated PLC
and robot. Stand-ins: the wires, the picture and time (see ``kill_kit``). Polls are as slow as the drivers allow, so
that a day takes minutes.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import kill_kit
import kill_person
import pytest
from kill_kit import CutLog, Shop, connect
from kill_person import Person
from kill_site import build_cell

import delid.cli._assembly as assembly
import delid.devices.motion._serial as serial_module
from delid.core import Command, JournalError, State
from delid.engine import Executor

POLL_S, SCAN_S, SERIAL_TICK_S, LOOK_S = 0.2, 0.1, 0.2, 0.5
SWAP_S = 20.0
"""From one pack to the next."""
RECORD_EVERY = 10
"""Recorded is every tenth run: a recording is written by a thread of its own, in real time."""
KEPT_RUNS = 3
MOST_OBJECTS = 20.0
"""With each pack; what is kept of a run by mistake is thousands."""
MOST_RSS_KB = 16_000
"""In all: the allocator's own."""
CUT_FOR_S = 3.0
AT_WORK_S = 90.0
"""Of the machines' time: so far into a run the trouble comes."""


@dataclass(frozen=True)
class Sample:
    """What the process held after a pack. ``connections`` are those to PLC and robot."""

    hours: float
    packs: int
    tasks: int
    files: int
    connections: int
    objects: int
    rss_kb: int

    @classmethod
    def of(cls, shop: Shop, packs: int) -> Sample:
        gc.collect()
        with Path("/proc/self/statm").open() as file:
            pages = int(file.read().split()[1])
        return cls(
            shop.now_s / 3600, packs, len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd")), shop.connections,
            len(gc.get_objects()), pages * os.sysconf("SC_PAGE_SIZE") // 1024,
        )  # fmt: skip


@dataclass
class Day:
    """Pack after pack, until ``seconds`` of the cell's time have passed, or so many packs are done."""

    shop: Shop
    seconds: float
    packs: int = 1_000_000
    samples: list[Sample] = field(default_factory=list)
    say: Callable[[str], None] = lambda words: None

    async def live(self, shop: Shop, executor: Executor, person: Person) -> State:
        """The life of the process; to be given to ``run_process``."""
        await person.until_up()
        while shop.now_s < self.seconds and len(self.samples) < self.packs:
            number = len(self.samples)
            await self._pack(executor, TROUBLES[number % len(TROUBLES)])
            self._clear_up()
            self.samples.append(Sample.of(shop, number + 1))
            self.say(str(self.samples[-1]))
            await asyncio.sleep(SWAP_S)
        return executor.state.packml

    async def _pack(self, executor: Executor, trouble: Trouble | None) -> None:
        """A new pack comes, and is dismantled, whatever happens meanwhile."""
        shop = self.shop
        shop.plc.machine = type(shop.plc.machine)(shop.plc.machine.site)
        made = asyncio.create_task(trouble(shop, executor)) if trouble is not None else None
        for _ in range(3):
            person = Person(shop, executor)
            end = await person.work()
            if made is not None:
                await made
                made = None
            if end is State.COMPLETE:
                return
            person.take_part_away()
            if end is State.ABORTED:
                await until(shop, executor, Command.CLEAR, State.STOPPED)
            await person.reconcile()
            await until(shop, executor, Command.RESET, State.IDLE)
        raise AssertionError(f"the pack is not done: {executor.state.packml} {executor.state.alarms}")

    def _clear_up(self) -> None:
        """The kit's own notes, and old runs, which a site keeps elsewhere."""
        shop = self.shop
        for notes in (shop.sent, shop.taken, shop.performed, shop.positions):
            notes.clear()
        for old in sorted(shop.runs.iterdir())[:-KEPT_RUNS]:
            shutil.rmtree(old)


Trouble = Callable[[Shop, Executor], Awaitable[None]]


async def until(shop: Shop, executor: Executor, command: Command, wanted: State) -> None:
    """Press until the cell gets there: what is refused now may be allowed in a moment."""
    person, end_s = Person(shop, executor), shop.now_s + 60
    while executor.state.packml is not wanted:
        assert shop.now_s < end_s, (command, executor.state.packml, executor.state.alarms)
        person.ask_for(command)
        await asyncio.sleep(1.0)


async def _at_work(executor: Executor) -> None:
    """Some way into the run."""
    await _while(lambda: executor.state.packml is not State.EXECUTE or executor.state.plan is None)
    await asyncio.sleep(AT_WORK_S / kill_kit.SPEED)


async def _while(is_so: Callable[[], bool], every: Callable[[], None] = lambda: None) -> None:
    while is_so():
        every()
        await asyncio.sleep(LOOK_S)


async def held_by_a_person(shop: Shop, executor: Executor) -> None:
    await _at_work(executor)
    await until(shop, executor, Command.HOLD, State.HELD)
    await asyncio.sleep(10)
    person = Person(shop, executor)
    await _while(lambda: executor.state.packml is State.HELD, lambda: person.ask_for(Command.UNHOLD))


async def stopped_by_a_person(shop: Shop, executor: Executor) -> None:
    await _at_work(executor)
    Person(shop, executor).ask_for(Command.STOP)


async def plc_gone(shop: Shop, executor: Executor) -> None:
    await _at_work(executor)
    shop.plc_cut = True
    await asyncio.sleep(CUT_FOR_S)
    shop.plc_cut = False


async def robot_unplugged(shop: Shop, executor: Executor) -> None:
    await _at_work(executor)
    shop.serial_cut = True
    assert shop.port is not None
    shop.port.lost("pulled")
    await asyncio.sleep(CUT_FOR_S)
    shop.serial_cut = False


async def guard_opened(shop: Shop, executor: Executor) -> None:
    await _at_work(executor)
    _set(shop, guard_closed=False)
    await asyncio.sleep(CUT_FOR_S)
    _set(shop, guard_closed=True, reset_button=True)
    await asyncio.sleep(1.0)
    _set(shop, reset_button=False)


def _set(shop: Shop, **inputs: bool) -> None:
    machine = shop.plc.machine
    machine.inputs = machine.inputs.model_copy(update=inputs)


async def disk_full(shop: Shop, executor: Executor) -> None:
    await _at_work(executor)
    log = executor.ports.log
    assert isinstance(log, DayLog)
    log.full = True
    await _while(lambda: executor.state.packml is State.EXECUTE)
    log.full = False
    person, held = Person(shop, executor), (State.HOLDING, State.HELD)
    await _while(lambda: executor.state.packml in held, lambda: person.ask_for(Command.UNHOLD))


TROUBLES: tuple[Trouble | None, ...] = (
    None, held_by_a_person, stopped_by_a_person, plc_gone, robot_unplugged, guard_opened, disk_full,
)  # fmt: skip


class DayLog(CutLog):
    """The run's log on a disk that can be full."""

    full = False

    async def write(self, kind: str, data: dict[str, object]) -> None:
        if self.full:
            raise JournalError("No space left on device")
        await super().write(kind, data)


def open_day(folder: Path, hours: float, speed: float, monkeypatch: pytest.MonkeyPatch) -> Day:
    """A cell whose machines work ``speed`` times as fast as real ones, for so many hours of its own clock."""
    monkeypatch.setattr(kill_kit, "SPEED", speed)
    monkeypatch.setattr(kill_kit, "SCAN_S", SCAN_S)
    monkeypatch.setattr(serial_module, "TICK_S", SERIAL_TICK_S)
    monkeypatch.setattr(kill_person, "LOOK_S", LOOK_S)
    monkeypatch.setattr(kill_person, "PATIENCE_S", 3600.0)
    shop = Shop(*build_cell(folder))
    spec = shop.cell.spec
    plc = spec.plc.model_copy(update={"poll_s": POLL_S})
    shop.cell = replace(shop.cell, spec=spec.model_copy(update={"plc": plc, "record": True}))
    connect(shop, monkeypatch)
    monkeypatch.setattr(assembly, "RunLog", type("Log", (DayLog,), {"shop": shop}))
    make, made = assembly._recorder, [0]

    def recorder(*given: Any) -> Any:
        made[0] += 1
        return make(*given) if made[0] % RECORD_EVERY == 1 else None

    monkeypatch.setattr(assembly, "_recorder", recorder)
    return Day(shop, hours * 3600)


@dataclass(frozen=True)
class Growth:
    """From an early round of troubles to the last one; counts are the least of each."""

    first: Sample
    last: Sample
    tasks: int
    files: int
    connections: int
    objects_per_pack: float
    rss_kb: int

    def show(self) -> str:
        words = f"{self.last.packs} packs in {self.last.hours:.1f} h of the cell's own time"
        pairs = [
            (name, getattr(self.first, name), getattr(self.last, name))
            for name in ("tasks", "files", "connections", "objects", "rss_kb")
        ]
        lines = [f"{name:<12} {before:>8} -> {after:>8}" for name, before, after in pairs]
        return "\n".join([words, *lines, f"{self.objects_per_pack:.2f} objects more with each pack"])


def growth_of(samples: list[Sample]) -> Growth:
    """The least of an early round of troubles against the least of the last: what stays, not what comes and goes.

    Early is the second round, because the first fills what is filled once; of only two rounds it is the first.
    """
    count = len(TROUBLES)
    first = count if len(samples) >= 3 * count else 0
    early, late = _least(samples[first : first + count]), _least(samples[-count:])
    packs = late.packs - early.packs
    return Growth(
        early, late, late.tasks - early.tasks, late.files - early.files, late.connections - early.connections,
        (late.objects - early.objects) / packs, late.rss_kb - early.rss_kb,
    )  # fmt: skip


def _least(samples: list[Sample]) -> Sample:
    least = {
        name: min(getattr(s, name) for s in samples) for name in ("tasks", "files", "connections", "objects", "rss_kb")
    }
    return replace(samples[-1], **least)
