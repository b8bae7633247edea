"""kill -9 of the cell process at every place of a run: before, within and after each entry of the journal, after each
command that reached a device, and while the device is still at it.

A new process on the same journal comes up Aborted, moves nothing until a person confirms, looks again and finishes the
pack. All places take ten minutes on one core: they run with ``DELID_KILL_ALL=1``, or a part of them with
``DELID_KILL_PART=2/4`` besides. Otherwise a sample runs, evenly spread over the run, that begins elsewhere every day;
``DELID_KILL_OFFSET`` repeats one, and ``DELID_KILL_PLACES=686,1056`` tries those alone.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from kill_fork import Forks
from kill_kit import Shop, connect
from kill_loop import LoopClock, VirtualLoop
from kill_person import Person
from kill_site import build_cell

import delid.cli._assembly as assembly
import delid.journal._journal as journal_module
from delid.core import Command, ItemStatus, State
from delid.engine import Executor, snapshot
from delid.journal import find_unfinished, read_journal

SAMPLE = 10
"""Places that are tried where not all are; each is a run up to there and a run to its end."""
LEAST_STEPS = 30
MOST_PLACES = 1_000_000
DOWN_S = 1.5
"""From the kill until somebody, or a supervisor, has started the process again."""
QUIET_S = 1.0
SAFE_WITHIN_S = 0.6
"""The PLC's watchdog, and braking."""

if TYPE_CHECKING:
    from conftest import FaultRow


@pytest.fixture(autouse=True)
def _quiet_and_quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logs off; no waiting for the disk, because a process that is killed takes nothing from the page cache along."""
    monkeypatch.setattr(journal_module.os, "fsync", lambda file: None)
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


def run_process(shop: Shop, start_s: float, life: Any) -> Any:
    """One life of the cell process, until ``life`` ends or it is killed; then nothing of it is left."""
    loop = VirtualLoop(start_s, shop.advance)
    shop.loop, shop.alive, shop.process, shop.port = loop, True, shop.process + 1, None
    try:
        task = loop.create_task(_live(shop, loop, life))
        task.add_done_callback(_stop)
        loop.run_forever()
        task.remove_done_callback(_stop)
        killed = not shop.alive
        shop.alive, loop.on_time = False, lambda _: None  # from here on it reaches no device and no file
        task.cancel()
        loop.run_until_complete(asyncio.wait([task]))
        return None if killed else task.result()
    finally:
        loop.close()


def _stop(task: asyncio.Task[Any]) -> None:
    task.get_loop().stop()


async def _live(shop: Shop, loop: VirtualLoop, life: Any) -> Any:
    executor = assembly.assemble(shop.cell, LoopClock(loop))
    shop.trace(executor)
    running = asyncio.create_task(executor.run())
    living = asyncio.create_task(life(shop, executor, Person(shop, executor)))
    try:
        await asyncio.wait((running, living), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        return living.result()
    finally:
        shop.alive = shop.alive and living.done()
        running.cancel()
        living.cancel()
        await asyncio.gather(running, living, return_exceptions=True)


async def first_life(shop: Shop, executor: Executor, person: Person) -> State:
    await person.until_up()
    end = await person.work()
    shop.steps = len(executor.state.progress)
    return end


async def second_life(shop: Shop, executor: Executor, person: Person) -> tuple[State, tuple[str, ...]]:
    """Come up, stay still until a person has cleared, reset and started, then finish the pack."""
    started, ended = ("run_started written" in shop.positions), end_is_written(shop)
    gone = set(shop.plc.machine.removed)
    await person.until_up()
    first = executor.state.packml
    assert first is (State.ABORTED if started and not ended else State.STOPPED)
    await stays_still(shop, executor, person)
    if first is State.ABORTED:
        check_what_is_told(shop, executor)
        await person.press(Command.CLEAR, State.STOPPED)
        assert shop.moved_s < shop.restarted_s, "clearing moves nothing"
    if ended:
        return first, ()
    check_list(executor, person)
    person.take_part_away()
    await reconciles(shop, executor, person)
    machine = shop.plc.machine
    inside = {"lift_lid"} if machine.lid_on else set()
    inside |= {f"module.{n + 1:02d}" for n in range(3) if n not in machine.modules_out}
    assert await person.work() is State.COMPLETE, executor.state.alarms
    plan = executor.state.plan
    assert plan is not None
    names = {step.key.rsplit("/", 1)[-1] for step in plan.steps}
    assert {name for name in names if name == "lift_lid" or name.startswith("module.")} == inside
    loosening = [step for step in plan.steps if step.do == "unfasten" and not step.key.endswith("/seen_empty")]
    planned = {target for step in loosening for target in step.targets}
    left = set(shop.plc.machine.site.fasteners) - gone
    assert planned == left, f"planned, though out: {planned - left}; not planned, though there: {left - planned}"
    return first, tuple(person.told)


def end_is_written(shop: Shop) -> bool:
    """The end of the run is on the disk, at least as what the last turn says."""
    turns = [
        e.data for path in shop.runs.glob("*/journal.jsonl") for e in read_journal(path).entries if e.kind == "turn"
    ]
    return any(effect.get("kind") == "end" for turn in turns for effect in turn["effects"])


async def stays_still(shop: Shop, executor: Executor, person: Person) -> None:
    """Waiting, and commands that are not yet allowed, send nothing to any device."""
    before = executor.state.packml
    await asyncio.sleep(QUIET_S)
    person.ask_for(Command.START)
    if before is State.ABORTED:
        person.ask_for(Command.RESET)
    await asyncio.sleep(0.2)
    assert executor.state.packml is before
    assert [sent for sent in shop.sent if sent.process == 2] == []
    assert shop.moved_s < shop.restarted_s
    assert not shop.moving


def check_list(executor: Executor, person: Person) -> None:
    """What the list calls done is done, and what it calls to do is untouched, before a person puts down what hangs."""
    left = executor.state.leftover.reconciliation
    for item in left.items if left is not None else ():
        really = person.is_done(item.key)
        assert (item.status, really) not in ((ItemStatus.DONE, False), (ItemStatus.TODO, True)), item


async def reconciles(shop: Shop, executor: Executor, person: Person) -> None:
    """A person is asked about the pack and the part in hand, and about nothing else."""
    left = executor.state.leftover.reconciliation
    if left is None:
        return
    unknown = {item.part for item in left.items if item.status is ItemStatus.UNKNOWN}
    assert len(unknown) <= 1, "only the part in hand"
    if left.matters:
        refused = executor.state.packml
        person.ask_for(Command.RESET)
        await asyncio.sleep(0.2)
        assert executor.state.packml is refused
    await person.reconcile()
    assert person.told == (["the pack", *unknown] if left.matters else [])


def check_what_is_told(shop: Shop, executor: Executor) -> None:
    """The operator reads which run broke off, and at which step."""
    told = snapshot(executor.state, shop.cell, "now", 0.0)["alarms"][0]["text"]
    assert executor.state.unfinished_run is not None
    assert f"Run {executor.state.unfinished_run} broke off" in told
    assert shop.last_step is None or f" at {shop.last_step}." in told


def after_kill(shop: Shop) -> dict[str, Any]:
    """What a process that was killed leaves, and the life of the next one."""
    killed_s = shop.now_s
    shop.advance(killed_s + DOWN_S)
    assert not shop.moving
    check_journal(shop)
    shop.restarted_s = shop.now_s
    safe_s = max(0.0, shop.moved_s - killed_s)
    _, asked = run_process(shop, shop.now_s, second_life)
    check_pack(shop)
    return {"place": shop.positions[-1], "safe_s": safe_s, "asked": asked}


def fresh_shop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    folder.mkdir()
    shop = Shop(*build_cell(folder))
    connect(shop, monkeypatch)
    return shop


def check_journal(shop: Shop) -> None:
    """What PLC and robot were told was on the disk before; what the journal has as done is so, and little else is."""
    journals = [read_journal(path) for path in sorted(shop.runs.glob("*/journal.jsonl"))]
    turns = [entry.data for journal in journals for entry in journal.entries if entry.kind == "turn"]
    effects = [effect for turn in turns for effect in turn["effects"]]
    announced = {effect.get("id") for effect in effects}
    assert {*shop.performed, *(taken.effect for taken in shop.taken)} <= announced
    ended = [effect["data"] for effect in effects if effect.get("kind") == "step"]
    done = {str(step["key"]).rsplit("/", 1)[-1] for step in ended if step["status"] == "done"}
    machine = shop.plc.machine
    out = set(machine.removed)
    assert done & set(machine.site.fasteners) <= out, "noted as done, and still in"
    assert len(out - done) <= 1, "only the step in hand may be unknown"
    assert {f"module.{n + 1:02d}" for n in machine.modules_out} >= {name for name in done if name.startswith("module.")}
    unfinished = find_unfinished(shop.runs)
    shop.last_step = unfinished.step if unfinished else None


def check_pack(shop: Shop) -> None:
    """Everything was done, and nothing twice."""
    machine = shop.plc.machine
    assert sorted(machine.removed) == sorted(machine.site.fasteners)
    assert not machine.lid_on
    assert sorted(machine.modules_out) == [0, 1, 2]
    assert machine.held is None
    repeated = [key for key, count in Counter((t.process, t.effect) for t in shop.taken).items() if count > 1]
    assert repeated == [], "an effect was performed twice"
    at_nothing = [t for t in shop.taken if t.name == "unfasten" and t.under_socket is None]
    assert at_nothing == [], "the nutrunner was sent to a bolt that was out"


def count_places(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many places a whole run has at which it can be killed."""
    shop = fresh_shop(folder, monkeypatch)
    assert run_process(shop, 0.0, first_life) is State.COMPLETE
    return len(shop.positions)


def kill_and_tell(folder: Path, monkeypatch: pytest.MonkeyPatch, chosen: Collection[int], row: FaultRow) -> None:
    """Kill at each of the chosen places that the run has, and note one row for them."""
    shop = fresh_shop(folder / "whole", monkeypatch)
    forks = Forks(shop, folder, chosen)
    shop.at_place = forks.here
    end = run_process(shop, 0.0, first_life)
    if forks.place is not None:
        forks.end_child(lambda: after_kill(shop))
    told, names = forks.finish(), shop.positions
    assert end is State.COMPLETE
    check_pack(shop)
    check_journal(shop)
    assert shop.steps >= LEAST_STEPS
    failed = [f"place {n} of {len(names)}, {names[n]}: {t['error']}" for n, t in sorted(told.items()) if "error" in t]
    assert not failed, f"{len(failed)} of {len(told)} places failed\n" + "\n".join(failed)
    assert all(told[n]["place"] == names[n] for n in told)
    assert set(told) == {n for n in range(len(names)) if n in chosen}
    worst_s = max(t["safe_s"] for t in told.values())
    asked = sum(len(t["asked"]) > 1 for t in told.values())
    print(f"killed at {len(told)} of {len(names)} places, worst {worst_s:.2f} s; {asked} asked a person about a part")
    assert worst_s <= SAFE_WITHIN_S
    row(
        f"cell process killed at {len(told)} of {len(names)} places of a run", "kill -9, started again",
        "Aborted until a person clears, resets and starts; looks again, finishes the pack, nothing done twice", worst_s,
    )  # fmt: skip


def sample_of(count: int) -> list[int]:
    """Evenly spread; the first one depends on the day."""
    if named := os.environ.get("DELID_KILL_PLACES"):
        return [int(number) for number in named.split(",")]
    stride = count // SAMPLE
    offset = int(os.environ.get("DELID_KILL_OFFSET", time.time() // 86_400 * 37)) % stride
    print(f"DELID_KILL_OFFSET={offset}")
    return list(range(offset, count, stride))[:SAMPLE]


@pytest.mark.timeout(600)
def test_killed_at_a_sample_of_the_places_of_a_run(tmp_path, monkeypatch, fault_row):
    chosen = sample_of(count_places(tmp_path / "first", monkeypatch))
    kill_and_tell(tmp_path, monkeypatch, chosen, fault_row)


if os.environ.get("DELID_KILL_ALL") == "1":

    @pytest.mark.slow
    @pytest.mark.timeout(14_400)
    def test_killed_at_every_place_of_a_run(tmp_path, monkeypatch, fault_row):
        part, parts = (int(number) for number in os.environ.get("DELID_KILL_PART", "1/1").split("/"))
        kill_and_tell(tmp_path, monkeypatch, range(part - 1, MOST_PLACES, parts), fault_row)
