"""A run with the real drivers, executor and recorder against the simulated PLC and robot, and a painted camera."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import replay_kit as kit

import delid.cli._assembly as assembly
from delid.config import MotionLimits, load_cell
from delid.core import (
    Answered,
    Command,
    Effect,
    Event,
    Frame,
    OperatorCommanded,
    State,
    SystemClock,
)
from delid.engine import EngineState, Executor
from delid.sim import World
from delid.sim.plc import run_plc
from delid.sim.robot import run_robot

SPEED = 30.0
OUT = ", ".join(f"lid.{n:02d}" for n in range(2, 17))
SCENARIO = f"""\
cell: cell_configs/cells/demo.yaml
pack: nissan-leaf-24
removed_already: [{OUT}]
seized: [lid.17]
"""


class PaintedCamera:
    """Bolts where the simulated PLC still has them."""

    def __init__(self, world: World, places: dict[str, tuple[float, float]], clock: SystemClock) -> None:
        self._world, self._places, self._clock, self._count = world, places, clock, 0
        self._plain = kit.kit.picture(kit.COLOURS[kit.PACK])

    async def grab(self, count: int, deadline_s: float) -> tuple[Frame, ...]:
        return tuple(self._paint() for _ in range(count))

    async def close(self) -> None: ...

    def _paint(self) -> Frame:
        self._count += 1
        # Painting holds up the drivers, so it is little: a camera that stands still is told by one changing corner.
        image = self._plain.copy()
        image[:16, :16] = 16 * (self._count % 16)
        facts = self._world.read_plc()
        gone = set(facts.removed) if facts else set()
        kinds = {number: "empty" for number, name in enumerate(self._places) if name in gone}
        kit.kit.put_fasteners(image, self._places.values(), kinds)
        encoded = kit.kit.jpeg(image)
        decoded = np.asarray(kit.kit.cv2.imdecode(np.frombuffer(encoded, np.uint8), 1))
        now_s = self._clock.now_s()
        digest = hashlib.sha256(encoded).hexdigest()
        return Frame(decoded, f"overview#{self._count}", digest, now_s, self._count, "ambient", encoded)


class Person:
    """Resets, starts and answers every question with its first answer; may press something else at a certain effect.

    With ``reset_again`` the cell is reset once more when the run is over, which begins another recording.
    """

    def __init__(
        self, executor: Executor, press: Callable[[Effect], Command | None], reset_again: bool = False
    ) -> None:
        self._executor, self._press, self._reset_again = executor, press, reset_again
        self._over = self._reset = False
        self._asked: set[str] = set()
        self._told: set[State] = set()
        self.done = asyncio.Event()

    def watch(self, state: EngineState, event: Event, effects: tuple[Effect, ...]) -> None:
        at_s = self._executor.clock.now_s()
        ready = state.tags and state.motion is not None and {"plc", "motion"} <= set(state.links)
        first = {State.STOPPED: Command.RESET, State.IDLE: Command.START}.get(state.packml)
        if first is not None and ready and not self._over and state.packml not in self._told:
            self._told.add(state.packml)
            self._executor.post(OperatorCommanded(at_s, first, "kim"))
        for command in filter(None, map(self._press, effects)):
            self._executor.post(OperatorCommanded(at_s, command, "kim"))
        question = state.question
        if question is not None and state.packml in (State.HELD, State.STOPPED) and question.id not in self._asked:
            self._asked.add(question.id)
            self._executor.post(Answered(at_s, question.id, question.answers[0], "kim"))
        if state.packml in (State.COMPLETE, State.ABORTED) or (state.packml is State.STOPPED and state.outcome):
            self._over = True
            if not self._reset_again:
                self.done.set()
            elif question is None and not self._reset:  # what the run left is asked about first
                self._reset = True
                self._executor.post(OperatorCommanded(at_s, Command.RESET, "kim"))
        if self._over and state.packml is State.IDLE:
            self.done.set()


async def record_with_drivers(
    folder: Path,
    monkeypatch,
    press: Callable[[Effect], Command | None] = lambda effect: None,
    reset_again: bool = False,
    scenario: str = SCENARIO,
    painted: bool = True,
) -> tuple[list[Path], EngineState]:
    """Run the cell of ``folder`` to its end; its recordings, oldest first, and the last state.

    ``painted`` puts one camera in the place of those that the cell file names.
    """
    (folder / "scenario.yaml").write_text(scenario, encoding="utf-8")
    cell_file = folder / "cell_configs/cells/demo.yaml"
    limits = load_cell(cell_file).spec.motion.limits
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    tty: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    parts = [
        asyncio.create_task(
            run_plc(folder / "scenario.yaml", port=0, world_dir=folder / "world", speed=SPEED, on_ready=port.set_result)
        ),
        asyncio.create_task(_robot(folder, limits, tty)),
    ]
    try:
        text = cell_file.read_text(encoding="utf-8")
        text = text.replace("port: 15020", f"port: {await port}").replace("/dev/ttyUSB0", str(await tty))
        cell_file.write_text(text, encoding="utf-8")
        if painted:
            _paint(cell_file, folder, monkeypatch)
        state = await _run(cell_file, press, reset_again)
    finally:
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)
    return sorted((folder / "runs").glob("*/recording.mcap")), state


async def _robot(folder: Path, limits: MotionLimits, tty: asyncio.Future[str]) -> None:
    await run_robot(limits=limits, world_dir=folder / "world", speed=SPEED, on_ready=tty.set_result)


def _paint(cell_file: Path, folder: Path, monkeypatch) -> None:
    inspector = assembly.Inspector.load(load_cell(cell_file), threads=1)
    bare = kit.kit.frame_of(kit.kit.picture(kit.COLOURS[kit.PACK], seed=999))
    places = {f.id: f.center_px for f in inspector.inspect(bare, kit.PACK).fasteners}
    camera = PaintedCamera(World(folder / "world"), places, SystemClock())
    monkeypatch.setattr(assembly, "open_one", lambda cell, spec, clock: camera)


async def _run(cell_file: Path, press: Callable[[Effect], Command | None], reset_again: bool) -> EngineState:
    clock, cell = SystemClock(), load_cell(cell_file)
    executor = assembly.assemble(cell, clock)
    person = Person(executor, press, reset_again)
    executor.observers.append(person.watch)
    running = asyncio.create_task(executor.run())
    try:
        async with asyncio.timeout(40):
            await person.done.wait()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    return executor.state
