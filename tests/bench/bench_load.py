"""From a tag change at the PLC (guard, emergency stop circuit, heat) to the hold byte on the robot's wire.

Alone and under load; and how steady the control loop ticks in both.

    python tests/bench/bench_load.py

Three programs: the cell process (drivers, engine, journal; what is seen is told to it), the panel process, and this one
with the simulated PLC and gantry. Under load the cell process also judges pictures at full rate with the shipped
models, and five pages stream them over WebSocket. The time begins with the scan in which the PLC's image changes, so
that the wait for the next poll is in it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import logging
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from bench_hold import HOLD
from quick_cell import SCENARIO, build_cell
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from delid.core import DelidError, SystemClock
from delid.ipc import CellClient
from delid.panel import bind
from delid.sim.plc import PlcLogic, load_site, serve
from delid.sim.robot import GrblLogic, Machine, RobotServer

PAGES = 5
SCAN_S = 0.01
DEADLINE_S = 10.0
PATIENCE_S = 120.0
FEED_MM_S = 60.0
TICK_S = 0.1
GOOD = {"guard_closed": True, "estop_ok": True, "pack_temperature_c": 21.0}
CHANGES: tuple[dict[str, Any], ...] = ({"guard_closed": False}, {"estop_ok": False}, {"pack_temperature_c": 95.0})


@dataclass(frozen=True)
class Figures:
    """Milliseconds from each change to its hold byte, and between the control ticks of the same time."""

    hold_ms: list[float]
    tick_ms: list[float]
    inspections_per_s: float

    def show(self, words: str) -> str:
        return (
            f"{words} ({self.inspections_per_s:.1f} inspections a second)\n"
            f"  tag change to hold byte, {len(self.hold_ms)} times: {_spread(self.hold_ms)}\n"
            f"  control tick to tick, {len(self.tick_ms)} times: {_spread(self.tick_ms)}"
        )


def at_99(values: list[float]) -> float:
    return sorted(values)[math.ceil(0.99 * len(values)) - 1]


def _spread(values: list[float]) -> str:
    return f"p50 {statistics.median(values):.1f} ms, p99 {at_99(values):.1f} ms, worst {max(values):.1f} ms"


class HeardLogic(GrblLogic):
    """Notes the first hold byte after it was armed."""

    heard_s: float | None = None

    def feed(self, data: bytes) -> None:
        if HOLD in data and self.heard_s is None:
            self.heard_s = time.monotonic()
        super().feed(data)


class Floor:
    """PLC, gantry and the person, who brings the cell into a move, changes a tag, and puts everything right again."""

    def __init__(self, plc: PlcLogic, robot: HeardLogic, client: CellClient) -> None:
        self._plc, self._robot, self._client = plc, robot, client
        self._chance = random.Random(11)

    async def change(self, inputs: dict[str, Any]) -> float | None:
        """Milliseconds to the hold byte; None where the robot did not move any more."""
        await self._until(lambda state: state["packml"] == "Execute" and self._robot.moving)
        await asyncio.sleep(self._chance.uniform(0.02, 0.12))
        if not self._robot.moving:
            return None
        self._robot.heard_s = None
        self._set(**inputs)
        self._plc.scan(changed_s := time.monotonic())
        await _while(lambda: self._robot.heard_s is None and time.monotonic() - changed_s < DEADLINE_S)
        if self._robot.heard_s is None:
            raise RuntimeError(f"no hold byte after {inputs}")
        took_ms = (self._robot.heard_s - changed_s) * 1000
        await self._until(lambda state: state["packml"] == "Aborted")
        self._set(**GOOD)
        return took_ms

    def _set(self, **inputs: Any) -> None:
        machine = self._plc.machine
        machine.inputs = machine.inputs.model_copy(update=inputs)

    async def _until(self, good: Callable[[dict[str, Any]], bool]) -> None:
        """Go on as the person who wants the cell to work, until it is as wanted."""
        end_s = time.monotonic() + PATIENCE_S
        while not good(state := await self._state()):
            if time.monotonic() > end_s:
                raise RuntimeError(f"stuck in {state['packml']}: {state['alarms'][:2]}")
            await self._go_on(state)
            await asyncio.sleep(0.05)

    async def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = (await self._client.request({"op": "state"}, DEADLINE_S))["state"]
        return state

    async def _go_on(self, state: dict[str, Any]) -> None:
        question, packml = state["question"], state["packml"]
        if not self._plc.motion_permitted and packml in ("Aborted", "Held", "Stopped"):
            await self._press_button()
        if question is not None:
            answer = "another pack" if "another pack" in question["answers"] else question["answers"][0]
            await self._ask(op="answer", question_id=question["id"], answer=answer)
        elif packml == "Aborted" and all(self._plc.machine.inputs.model_dump()[k] == v for k, v in GOOD.items()):
            await self._press_button()  # it closes the quench as well
            for alarm in state["alarms"]:
                await self._ask(op="acknowledge", code=alarm["code"])
            await self._ask(op="command", command="Clear")
        elif command := {"Stopped": "Reset", "Complete": "Reset", "Idle": "Start", "Held": "Unhold"}.get(packml):
            self._renew_pack()
            await self._ask(op="command", command=command)

    async def _press_button(self) -> None:
        self._set(reset_button=True)
        await asyncio.sleep(3 * SCAN_S)
        self._set(reset_button=False)

    def _renew_pack(self) -> None:
        self._plc.machine.removed.clear()
        self._plc.machine.held = None

    async def _ask(self, **message: str) -> None:
        await self._client.request({**message, "by": "bench"}, DEADLINE_S)


async def _while(is_so: Callable[[], bool]) -> None:
    for _ in iter(is_so, False):
        await asyncio.sleep(0.005)


async def measure(folder: Path, changes: int, *, load: bool) -> Figures:
    """So many changes, one kind after the other."""
    robot, site = HeardLogic(Machine(homing_speed_mm_s=2000.0)), load_site(SCENARIO)
    plc = PlcLogic(site, speed=20.0, start_count=int(time.time()) & 0xFFFF)
    took_ms: list[float] = []
    async with AsyncExitStack() as stack:
        server = RobotServer(robot, SystemClock())
        stack.callback(server.close)
        port = await stack.enter_async_context(serve(plc, site.register_map, "127.0.0.1", 0))
        await stack.enter_async_context(_running(_scan(plc, robot)))
        cell = build_cell(folder, port, server.open(), FEED_MM_S)
        notes = folder / "notes.json"
        program = str(Path(__file__).with_name("loaded_cell.py"))
        command = [program, str(cell.path), str(notes), *(["--vision"] if load else [])]
        await stack.enter_async_context(_program(command))
        client = CellClient(cell.socket_path)
        stack.callback(client.close)
        await _up(client)
        if load:
            await stack.enter_async_context(_pages(cell.path, folder))
        floor, began_s = Floor(plc, robot, client), time.monotonic()
        while len(took_ms) < changes:
            took = await floor.change(CHANGES[len(took_ms) % len(CHANGES)])
            took_ms += [took] if took is not None else []
        ended_s = time.monotonic()
    told = json.loads(notes.read_text(encoding="utf-8"))
    ticks = [at_s for at_s in told["ticks_s"] if began_s <= at_s <= ended_s]
    gaps_ms = [(late - early) * 1000 for early, late in itertools.pairwise(ticks)]
    return Figures(took_ms, gaps_ms, told["inspections"] / (ended_s - began_s))


async def _scan(plc: PlcLogic, robot: HeardLogic) -> None:
    while True:
        plc.flange_mm = robot.flange_mm()
        plc.scan(time.monotonic())
        robot.set_permitted(plc.motion_permitted)
        await asyncio.sleep(SCAN_S)


@asynccontextmanager
async def _running(work: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def _program(arguments: list[str]) -> AsyncIterator[None]:
    """Another Python process, ended by SIGTERM."""
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE_S)


async def _up(client: CellClient) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        with contextlib.suppress(DelidError):
            await client.request({"op": "state"}, 1.0)
            return
        await asyncio.sleep(0.2)
    raise RuntimeError("the cell process did not come up")


@asynccontextmanager
async def _pages(cell_file: Path, folder: Path) -> AsyncIterator[None]:
    """The panel process, and pages that draw every frame they get; all have had one when the context is open."""
    with bind("127.0.0.1", 0) as probe:
        port = probe.getsockname()[1]
    command = ["-m", "delid", "panel", "--cell", str(cell_file), "--port", str(port), "--open",
               "--data", str(folder / "panel")]  # fmt: skip
    seen = [0] * PAGES
    async with _program(command), AsyncExitStack() as stack:
        for number in range(PAGES):
            await stack.enter_async_context(_running(_page(port, seen, number)))
        end_s = time.monotonic() + PATIENCE_S
        while min(seen) == 0:
            if time.monotonic() > end_s:
                raise RuntimeError(f"frames on the pages: {seen}")
            await asyncio.sleep(0.2)
        yield


async def _page(port: int, seen: list[int], number: int) -> None:
    """As the browser's page does: take everything, and say of each frame that it is drawn."""
    while True:
        with contextlib.suppress(OSError, WebSocketException):
            async with connect(f"ws://127.0.0.1:{port}/api/v1/live", origin=f"http://127.0.0.1:{port}") as page:  # type: ignore[arg-type]
                async for message in page:
                    if isinstance(message, bytes):
                        seen[number] += 1
                        await page.send("drawn")
        await asyncio.sleep(0.5)  # the panel is not up yet


async def compare(folder: Path, changes: int) -> tuple[Figures, Figures]:
    """Without load, then with it."""
    found = []
    for name, load in (("alone", False), ("load", True)):
        (folder / name).mkdir()
        found.append(await measure(folder / name, changes, load=load))
    return found[0], found[1]


def show(alone: Figures, loaded: Figures, poll_ms: float) -> str:
    ratio = at_99(loaded.tick_ms) / at_99(alone.tick_ms)
    late = [at_99([max(0.0, gap - TICK_S * 1000) for gap in f.tick_ms]) for f in (alone, loaded)]
    return "\n".join(
        [
            alone.show("alone"),
            loaded.show(f"vision at full rate, {PAGES} pages"),
            f"p99 under load {at_99(loaded.hold_ms):.1f} ms; poll period + 15 ms is {poll_ms + 15:.0f} ms",
            f"control tick, p99 of its period: ratio {ratio:.2f}",
            f"control tick, p99 of how late it is: {late[0]:.1f} ms alone, {late[1]:.1f} ms under load",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=120)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        alone, loaded = asyncio.run(compare(Path(folder), parser.parse_args().changes))
    print(show(alone, loaded, 50.0))


if __name__ == "__main__":
    main()
