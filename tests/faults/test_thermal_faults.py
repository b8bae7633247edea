"""A pack that smokes in the middle of a run: the real engine, journal and drivers with the simulated PLC and gantry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from kill_kit import Shop
from test_kill_everywhere import _quiet_and_quick, fresh_shop, run_process

from delid.core import ALL_ALARMS, AlarmAcknowledged, Command, Move, State
from delid.engine import Executor
from delid.engine.executor import STALL_S
from delid.journal import read_journal
from delid.sim.plc import Inputs

if TYPE_CHECKING:
    from kill_person import Person

    from conftest import FaultRow

__all__ = ["_quiet_and_quick"]
SAFE_Z_MM = -20.0
LOOK_S = 0.02
OUT_S = 0.5
"""Tags are read every 50 ms, a stop takes one exchange with each device, and the valve a scan."""
Moment = Callable[[Shop, Executor], bool]


def down(shop: Shop) -> bool:
    at_mm = shop.robot.flange_mm()
    return at_mm is not None and at_mm[2] < SAFE_Z_MM - 50.0


def loosening(shop: Shop, executor: Executor) -> bool:
    return shop.plc.working and shop.taken[-1].name == "unfasten" and len(shop.plc.machine.removed) == 1


def descending(shop: Shop, executor: Executor) -> bool:
    moves = [p.effect for p in executor.state.pending.values() if isinstance(p.effect, Move)]
    return down(shop) and shop.robot.moving and any(m.to_mm[2] < SAFE_Z_MM - 50.0 for m in moves)


def carrying(shop: Shop, executor: Executor) -> bool:
    return down(shop) and shop.plc.machine.carried_kg > 0


async def smokes(shop: Shop, executor: Executor, person: Person, moment: Moment) -> dict[str, Any]:
    """A run, smoke at the moment, and a time in which nobody does anything."""
    await person.until_up()
    working = asyncio.create_task(person.work())
    while not moment(shop, executor):
        assert not working.done(), "the moment never came"
        await asyncio.sleep(LOOK_S)
    began_s, held = shop.now_s, shop.plc.machine.held
    shop.plc.apply(Inputs(smoke=True))
    while not (shop.plc.machine.quench_open and shop.plc.machine.extraction_full):
        assert shop.now_s < began_s + 5.0
        await asyncio.sleep(LOOK_S)
    out_s = shop.now_s - began_s
    assert await working is State.ABORTED
    await asyncio.sleep(3.0)
    stood_s, sent = shop.moved_s, len(shop.sent)
    await asyncio.sleep(20.0)
    for command in (Command.CLEAR, Command.RESET, Command.START):
        person.ask_for(command)
    await asyncio.sleep(1.0)
    assert (shop.moved_s, len(shop.sent)) == (stood_s, sent), "something was done after it"
    return {"out_s": out_s, "safe_s": stood_s - began_s, "held": (held, shop.plc.machine.held)}


async def is_over(shop: Shop, executor: Executor, person: Person) -> None:
    """The smoke is gone; a person closes the quench by hand, acknowledges, clears and resets."""
    shop.plc.apply(Inputs(smoke=False))
    await asyncio.sleep(1.0)
    person.ask_for(Command.CLEAR)
    await asyncio.sleep(0.2)
    assert executor.state.packml is State.ABORTED, "the quench is open"
    shop.plc.apply(Inputs(reset_button=True))
    executor.post(AlarmAcknowledged(shop.now_s, ALL_ALARMS, "kim"))
    await asyncio.sleep(1.0)
    await person.press(Command.CLEAR, State.STOPPED)
    person.take_part_away()
    await person.reconcile()
    await asyncio.sleep(0.5)
    await person.press(Command.RESET, State.IDLE)


@pytest.mark.parametrize("moment", [loosening, descending, carrying])
def test_smoke_in_the_middle_of_a_run(moment: Moment, tmp_path, monkeypatch, fault_row: FaultRow) -> None:
    shop = fresh_shop(tmp_path / "run", monkeypatch)
    seen: dict[str, Any] = {}

    async def life(shop: Shop, executor: Executor, person: Person) -> None:
        seen.update(await smokes(shop, executor, person, moment))
        machine = shop.plc.machine
        assert shop.robot.flange_mm()[2] == pytest.approx(SAFE_Z_MM, abs=0.3), "the tool is up"
        assert (machine.clamp_closed, machine.quench_open, machine.extraction_full) == (True, True, True)
        assert seen["held"][0] is seen["held"][1], "nothing was released"
        await is_over(shop, executor, person)

    run_process(shop, 0.0, life)
    assert seen["out_s"] <= OUT_S
    journals = [read_journal(path) for path in (tmp_path / "run/runs").glob("*/journal.jsonl")]
    turns = [entry.data for journal in journals for entry in journal.entries if entry.kind == "turn"]
    effects = [effect for turn in turns for effect in turn["effects"]]
    kinds = [e.get("kind") for e in effects]
    assert kinds.count("thermal_event") == 1
    told = [(e["data"]["what"], e["data"]["ok"]) for e in effects if e.get("kind") == "thermal"]
    assert sorted(told) == [("extraction_full", True), ("quench", True), ("retract", True)]
    fault_row(
        f"smoke while {moment.__name__}, whole cell", "smoke detector",
        f"stopped, tool up, quench after {seen['out_s']:.2f} s, nothing released; latched", seen["safe_s"],
    )  # fmt: skip


def test_smoke_while_the_disk_hangs(tmp_path, monkeypatch, fault_row: FaultRow) -> None:
    """The entry of a turn never comes back from the disk; stop, quench and extraction do not wait for it."""
    shop = fresh_shop(tmp_path / "run", monkeypatch)
    seen: dict[str, float] = {}

    async def hangs(kind: str, data: dict[str, object]) -> None:
        seen.setdefault("hung_s", shop.now_s)
        await asyncio.Event().wait()

    async def life(shop: Shop, executor: Executor, person: Person) -> None:
        await person.until_up()
        working = asyncio.create_task(person.work())
        for _ in iter(lambda: descending(shop, executor), True):
            await asyncio.sleep(LOOK_S)
        executor.ports.log.write = hangs
        person.ask_for(Command.START)  # refused, which is written
        await asyncio.sleep(0.3)
        assert "hung_s" in seen
        began_s = shop.now_s
        shop.plc.apply(Inputs(smoke=True))
        while not (shop.plc.machine.quench_open and shop.plc.machine.extraction_full):
            assert shop.now_s < began_s + 5.0
            await asyncio.sleep(LOOK_S)
        seen["out_s"] = shop.now_s - began_s
        working.cancel()
        await asyncio.sleep(10.0)

    assert run_process(shop, 0.0, life) is None, "the process ended by itself"
    assert seen["out_s"] <= OUT_S
    assert shop.now_s - seen["hung_s"] < STALL_S + 1.0
    stood_s = shop.moved_s - seen["hung_s"]
    fault_row(
        "smoke while the disk hangs, whole cell", "write that never returns",
        f"stopped, quench after {seen['out_s']:.2f} s; the process ends after {STALL_S:g} s", stood_s - 0.3,
    )  # fmt: skip
