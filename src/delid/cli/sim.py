"""``delid sim``: the simulated PLC and robot, each alone, for a bench without hardware."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from delid.config import MotionLimits, load_cell
from delid.sim.plc import run_plc
from delid.sim.robot import run_robot

from ._signals import run_until_signal
from .sim_proxy import proxy_app

sim_app = typer.Typer(no_args_is_help=True, add_completion=False, help="Run the simulated PLC or robot alone.")
sim_app.add_typer(proxy_app, name="proxy")

Scenario = Annotated[Path, typer.Option(help="Scenario file: the pack, its bolts, faults and what happens when.")]
World = Annotated[Path | None, typer.Option(help="Folder that the simulated devices of one cell share.")]
Speed = Annotated[float, typer.Option(min=0.01, help="How many times faster than real the mechanics run.")]


def _ready(**facts: object) -> None:
    typer.echo(json.dumps({"ready": True, **facts}))


@sim_app.command()
def plc(
    scenario: Scenario,
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port on 127.0.0.1; 0 takes any free one.")] = 15020,
    device: Annotated[str | None, typer.Option(help="Serial port: speak Modbus RTU there instead of TCP.")] = None,
    baud: Annotated[int, typer.Option(min=1, help="Speed of the serial port.")] = 19200,
    world: World = None,
    speed: Speed = 1.0,
) -> None:
    """Simulate the cell's PLC on Modbus TCP or RTU. Prints one JSON line when it listens."""
    asyncio.run(_plc(scenario, port, device, baud, world, speed))


async def _plc(scenario: Path, port: int, device: str | None, baud: int, world: Path | None, speed: float) -> None:
    running = run_plc(
        scenario,
        host="127.0.0.1",
        port=port,
        device=device,
        baud=baud,
        world_dir=world or Path("runs/world"),
        speed=speed,
        on_ready=lambda bound: _ready(port=bound or device),
    )
    await run_until_signal(running)


@sim_app.command()
def robot(
    link: Annotated[Path | None, typer.Option(help="Make a symbolic link to the port here.")] = None,
    scenario: Annotated[Path | None, typer.Option(help="Scenario file with faults.")] = None,
    cell: Annotated[Path | None, typer.Option(help="Cell file to take the limits from.")] = None,
    world: World = None,
    speed: Speed = 1.0,
) -> None:
    """Simulate a grbl robot on a pseudo-terminal. Prints one JSON line with the port's name when it is there."""
    limits = load_cell(cell).spec.motion.limits if cell else None
    asyncio.run(_robot(link, scenario, limits, world, speed))


async def _robot(
    link: Path | None, scenario: Path | None, limits: MotionLimits | None, world: Path | None, speed: float
) -> None:
    running = run_robot(
        link_path=link,
        world_dir=world,
        speed=speed,
        scenario=scenario,
        limits=limits,
        on_ready=lambda name: _ready(port=name),
    )
    await run_until_signal(running)
