"""``delid sim``: the simulated PLC and robot, each alone, for a bench without hardware."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from delid.config import load_cell
from delid.core import UsageError
from delid.sim.plc import run_plc
from delid.sim.robot import run_arm, run_robot

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


Dialect = Literal["grblhal", "grbl", "klipper", "program"]


@sim_app.command()
def robot(
    link: Annotated[Path | None, typer.Option(help="Make a symbolic link to the serial port here.")] = None,
    scenario: Annotated[Path | None, typer.Option(help="Scenario file with faults.")] = None,
    cell: Annotated[Path | None, typer.Option(help="Cell file to take limits, driver and robot map from.")] = None,
    dialect: Annotated[
        Dialect | None, typer.Option(help="What it speaks; that of the cell's driver if not given, else grblhal.")
    ] = None,
    robot_map: Annotated[Path | None, typer.Option("--map", help="Map of a program robot.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of a program robot; 0 takes any free one.")] = 0,
    world: World = None,
    speed: Speed = 1.0,
) -> None:
    """Simulate a robot: grbl or Klipper on a pseudo-terminal, a program robot on Modbus TCP.

    Prints one JSON line with the port's name when it is there.
    """
    loaded = load_cell(cell) if cell else None
    limits = loaded.spec.motion.limits if loaded else None
    driver = loaded.spec.motion.driver if loaded else "grbl"
    dialect = dialect or ("grblhal" if driver == "grbl" else driver)
    if dialect != "program":
        running = run_robot(
            link_path=link, world_dir=world, speed=speed, scenario=scenario, limits=limits, dialect=dialect,
            on_ready=lambda name: _ready(port=name),
        )  # fmt: skip
    else:
        arm_map = robot_map or (loaded.robot_map if loaded else None)
        if arm_map is None:
            raise UsageError("A program robot needs its map.", hint="Give --map, or --cell of a cell that has one.")
        running = run_arm(
            arm_map, port=port, world_dir=world, speed=speed, scenario=scenario, limits=limits,
            on_ready=lambda name: _ready(port=name),
        )  # fmt: skip
    asyncio.run(run_until_signal(running))
