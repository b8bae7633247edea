"""``delid demo``: a recorded pack is recognised, planned and dismantled against simulated devices on real wires."""

from __future__ import annotations

import asyncio
import json as jsonlib
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from delid.config import load_cell
from delid.core import Effect, Event, Record, SystemClock, UsageError
from delid.engine import EngineState, Executor

from ._assembly import assemble
from ._demo_operator import DemoOperator, damage_of
from ._serving import CellService
from ._sims import simulated_cell, simulated_devices
from ._summary import print_summary, record_of, summary

GOOD = ("dismantled", "quarantined", "set aside")
LONGEST_S = 1800.0


def demo(
    scene: Annotated[str, typer.Option(help="Scene under fixtures/scenes.")] = "nissan-leaf-24-damaged",
    headless: Annotated[bool, typer.Option("--headless", help="Without the panel.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end and nothing else.")] = False,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="How many times faster than real.")] = 10.0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the panel's page.")] = 8480,
    cell: Annotated[Path, typer.Option(help="Cell file.")] = Path("cell_configs/cells/demo.yaml"),
    fixtures: Annotated[Path, typer.Option(help="Folder with scenes and scenarios.")] = Path("fixtures"),
    runs: Annotated[Path, typer.Option(help="Folder for journal and recording.")] = Path("runs"),
) -> None:
    """Watch a recorded pack being dismantled. PLC and robot are separate processes on Modbus TCP and a serial port.

    A scripted operator resets, starts and answers questions. Exit 0 when the pack was dismantled, quarantined or set
    aside as it should be; 1 when the run ended otherwise.
    """
    folder, scenario = fixtures / "scenes" / scene, fixtures / "scenarios" / f"{scene}.yaml"
    if not folder.is_dir() or not scenario.is_file():
        names = ", ".join(sorted(p.name for p in (fixtures / "scenes").glob("*") if p.is_dir())) or "none"
        raise UsageError(f"there is no scene {scene!r} under {fixtures}", hint=f"Scenes: {names}.")
    result = asyncio.run(_demo(cell, folder, scenario, runs, speed, None if headless or json else port, json))
    if json:
        print(jsonlib.dumps(result))
    else:
        print_summary(result)
    raise typer.Exit(0 if result["outcome"] in GOOD else 1)


async def _demo(
    cell_file: Path, scene: Path, scenario: Path, runs: Path, speed: float, port: int | None, quiet: bool
) -> dict[str, Any]:
    began_s = time.monotonic()

    def say(words: str) -> None:
        if not quiet:
            print(f"{time.monotonic() - began_s:7.1f} s  {words}", flush=True)

    with tempfile.TemporaryDirectory(prefix="delid-") as name:
        say("starting the simulated PLC and robot")
        async with simulated_devices(cell_file, scenario, Path(name), speed) as sims:
            simulated = simulated_cell(load_cell(cell_file), sims, scene, runs)
            executor = assemble(simulated, SystemClock())
            executor.observers.append(lambda state, event, effects: _tell(say, state, event, effects))
            operator = DemoOperator(executor, sims.world, damage_of(scene), say)
            panel = await _panel(executor, cell_file, port, say)
            try:
                await _until(operator.done, executor)
            finally:
                if panel is not None:
                    panel.terminate()
                    await panel.wait()
    facts = summary(executor, scene.name, time.monotonic() - began_s)
    return facts | {"record": record_of(simulated, executor.ports.log.folder.name)}


async def _until(done: asyncio.Event, executor: Executor) -> None:
    """Run the cell until the operator is done; a cell that ends before is a fault."""
    service = CellService(executor)
    parts = [asyncio.create_task(p) for p in (executor.run(), service.run())]
    waiting = asyncio.create_task(done.wait())
    try:
        async with asyncio.timeout(LONGEST_S):
            await asyncio.wait([*parts, waiting], return_when=asyncio.FIRST_COMPLETED)
            if not done.is_set():
                await asyncio.gather(*parts)
    finally:
        for task in (*parts, waiting):
            task.cancel()
        ended = await asyncio.gather(*parts, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error


async def _panel(executor: Executor, cell_file: Path, port: int | None, say: Any) -> asyncio.subprocess.Process | None:
    if port is None:
        return None
    where = ("--socket", str(executor.cell.socket_path), "--cell", str(cell_file), "--port", str(port))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "delid", "panel", "--open", *where, stdout=sys.stdout
    )
    say(f"panel: http://127.0.0.1:{port}/ (while the demo runs)")
    return process


def _tell(say: Any, state: EngineState, event: Event, effects: tuple[Effect, ...]) -> None:
    for effect in effects:
        if isinstance(effect, Record) and (words := _words(effect.kind, dict(effect.data), state)):
            say(words)


def _words(kind: str, data: dict[str, Any], state: EngineState) -> str:
    if kind == "transition":
        return f"{data['to']:<11} {data['cause']}"
    if kind == "alarm":
        return f"ALARM {data['code']}: {data['text']}"
    if kind == "step":
        return f"  {data['key'].split('/', 2)[-1]}: {data['status']} ({data['detail']})"
    if kind == "failure":
        return f"  {data['key'].split('/', 2)[-1]}: {data['kind']} -> {data['reaction']}"
    if kind == "decision" and state.assessment:
        seen = state.assessment
        pack = f"{seen.pack.model or seen.pack.status.value} ({seen.pack.confidence:.2f})"
        return (
            f"sees {pack}, hazard {seen.hazard_class.value}: {'; '.join(seen.hazard_reasons)}; recipe {data['recipe']}"
        )
    return ""
