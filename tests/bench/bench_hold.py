"""Time from Hold pressed, on the line between panel and cell, to the hold byte on the simulated controller's wire.

    python tests/bench/bench_hold.py

Real: the line (ZeroMQ over a Unix socket), executor, reducer, the journal with its fsync before the byte, and both
drivers, against the simulated PLC and gantry; vision is told what is there. The reference, in turn with each press, is
the least that any program would need: a byte over a Unix socket, then one over a pseudo-terminal. All of it shares one
process. On a machine that stands still for a second the cell rightly aborts; a new one goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import os
import random
import socket
import statistics
import tempfile
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from quick_cell import running_cell

from delid.core import MotionState, Move, State
from delid.engine import Executor
from delid.ipc import CellClient
from delid.sim.robot import GrblLogic, Machine

PATIENCE_S = 60.0
DEADLINE_S = 10.0
HOLD = b"!"
LIVES = 20


@dataclass
class Figures:
    """Milliseconds, one for each press and one for each turn of the reference."""

    hold_ms: list[float] = field(default_factory=list)
    bare_ms: list[float] = field(default_factory=list)

    def show(self) -> str:
        ratio = statistics.median(self.hold_ms) / statistics.median(self.bare_ms)
        return "\n".join(
            [
                f"hold pressed to hold byte, {len(self.hold_ms)} times: {_spread(self.hold_ms)}",
                f"bare Unix socket and pseudo-terminal:    {_spread(self.bare_ms)}",
                f"ratio of the medians {ratio:.1f}",
            ]
        )


def _spread(values_ms: list[float]) -> str:
    ordered = sorted(values_ms)
    at_99 = ordered[math.ceil(0.99 * len(ordered)) - 1]
    return f"p50 {statistics.median(ordered):.2f} ms, p99 {at_99:.2f} ms, worst {ordered[-1]:.2f} ms"


class HeardLogic(GrblLogic):
    """Notes when the hold byte came in."""

    held_at_s = 0.0

    def feed(self, data: bytes) -> None:
        if HOLD in data:
            self.held_at_s = time.perf_counter()
        super().feed(data)


class CellAborted(Exception):
    """The machine was too busy for the cell."""


class Presser:
    """The person: brings the cell into a move, presses Hold, goes on."""

    def __init__(self, executor: Executor, client: CellClient, logic: HeardLogic) -> None:
        self._executor, self._client, self._logic = executor, client, logic
        self._chance = random.Random(7)
        self._begun = False

    async def command(self, name: str) -> None:
        reply = await self._client.request({"op": "command", "command": name, "by": "bench"}, DEADLINE_S)
        if not reply["ok"] and name != "Hold":
            raise CellAborted(f"{name} was refused: {reply['error']['message']}")

    async def until(self, good: Callable[[], bool]) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not good():
            if self.packml in (State.ABORTED, State.STOPPED) and self._begun:
                raise CellAborted(", ".join(alarm.text for alarm in self._executor.state.alarms))
            if time.monotonic() > end_s:
                raise RuntimeError(f"stuck in {self.packml}: {self._executor.state.alarms}")
            await self._answer()
            await asyncio.sleep(0.005)

    async def _answer(self) -> None:
        question = self._executor.state.question
        if question is not None and self.packml is State.HELD:
            message = {"op": "answer", "question_id": question.id, "answer": question.answers[0], "by": "bench"}
            await self._client.request(message, DEADLINE_S)

    @property
    def packml(self) -> State:
        return self._executor.state.packml

    def moves(self) -> bool:
        """A move is under way, and the robot has said so."""
        state = self._executor.state
        under_way = any(isinstance(p.effect, Move) for p in state.pending.values())
        told = state.motion is not None and state.motion.state is MotionState.MOVING
        return state.packml is State.EXECUTE and under_way and told

    async def begin(self) -> None:
        await self.until(lambda: bool(self._executor.state.tags.get("watchdog_ok")))
        await self.command("Reset")
        await self.until(lambda: self.packml is State.IDLE)
        self._begun = True
        await self.command("Start")

    async def press(self) -> float | None:
        """Milliseconds from the press to the byte; None where the move ended meanwhile."""
        await self.until(self.moves)
        await asyncio.sleep(self._chance.uniform(0.02, 0.12))
        if not self.moves():
            return None
        pressed_s = time.perf_counter()
        await self.command("Hold")
        await self.until(lambda: self.packml is not State.HOLDING)
        if self.packml is State.HELD and self._executor.state.question is None:
            await self.command("Unhold")
        return (self._logic.held_at_s - pressed_s) * 1000 if self._logic.held_at_s > pressed_s else None


class Bare:
    """A byte over a Unix socket to an asyncio reader, which puts one on a pseudo-terminal that another reads."""

    def __init__(self) -> None:
        self._here, self._there = socket.socketpair()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        for end in (self._here, self._there):
            end.setblocking(False)
        os.set_blocking(self._master, False)
        self._loop = asyncio.get_running_loop()
        self._arrived: asyncio.Future[float] | None = None
        self._loop.add_reader(self._there, self._forward)
        self._loop.add_reader(self._master, self._note)

    def _forward(self) -> None:
        os.write(self._slave, self._there.recv(1))

    def _note(self) -> None:
        os.read(self._master, 1)
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(time.perf_counter())

    async def press(self) -> float:
        """Milliseconds."""
        self._arrived = self._loop.create_future()
        pressed_s = time.perf_counter()
        self._here.send(HOLD)
        return (await self._arrived - pressed_s) * 1000

    def close(self) -> None:
        self._loop.remove_reader(self._there)
        self._loop.remove_reader(self._master)
        for end in (self._here, self._there):
            end.close()
        os.close(self._master)
        os.close(self._slave)


async def measure(presses: int, folder: Path) -> Figures:
    """Press Hold ``presses`` times while the robot moves, each followed by one turn of the reference."""
    figures, bare = Figures(), Bare()
    try:
        for life in range(LIVES):
            home = folder / str(life)
            home.mkdir()
            try:
                await _one_life(presses, home, figures, bare)
            except CellAborted as error:
                print(f"the cell aborted after {len(figures.hold_ms)} presses: {error}")
                continue
            return figures
    finally:
        bare.close()
    raise RuntimeError(f"the machine is too busy: the cell aborted {LIVES} times")


async def _one_life(presses: int, folder: Path, figures: Figures, bare: Bare) -> None:
    logic = HeardLogic(Machine(homing_speed_mm_s=2000.0))
    async with running_cell(folder, logic) as (executor, client):
        presser = Presser(executor, client, logic)
        await presser.begin()
        while len(figures.hold_ms) < presses:
            took_ms = await presser.press()
            if took_ms is not None:
                figures.hold_ms.append(took_ms)
                figures.bare_ms.append(await bare.press())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=200)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        print(asyncio.run(measure(parser.parse_args().presses, Path(folder))).show())


if __name__ == "__main__":
    main()
