"""``delid sim proxy``: stand between delid and a device and disturb the wire."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from delid.core import ConfigError, SystemClock
from delid.sim.proxy import SerialProxy, TcpProxy, TimedFault, parse_fault, play

from ._signals import run_until_signal

proxy_app = typer.Typer(no_args_is_help=True, add_completion=False, help="Disturb the wire to a device.")

Faults = Annotated[
    list[str] | None,
    typer.Option("--fault", help="[SECONDS=]FAULT[:DIRECTION[:DELAY_S]], several times; without it all passes."),
]


@proxy_app.callback()
def proxies() -> None:
    """Disturb the wire to a device."""


@proxy_app.command()
def tcp(
    to: Annotated[str, typer.Option(help="HOST:PORT of the server, for example 127.0.0.1:15020.")],
    listen: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes any free one.")] = 0,
    fault: Faults = None,
) -> None:
    """A TCP proxy with faults: pass, blackhole, reset, delay, chop, duplicate, corrupt. Prints one JSON line."""
    host, _, port = to.rpartition(":")
    if not host or not port.isdigit():
        raise ConfigError(
            [f"--to {to!r} is not HOST:PORT."], hint="For example 127.0.0.1:15020.", code="config.invalid"
        )
    asyncio.run(_tcp(host, int(port), listen, [parse_fault(text) for text in fault or []]))


async def _tcp(host: str, port: int, listen: int, faults: list[TimedFault]) -> None:
    async with TcpProxy(host, port, listen=listen) as proxy:
        typer.echo(json.dumps({"ready": True, "port": proxy.port}))
        await run_until_signal(play(proxy, faults, SystemClock()))


@proxy_app.command()
def serial(
    to: Annotated[str, typer.Option(help="Serial port of the device, for example /dev/ttyUSB0.")],
    link: Annotated[Path | None, typer.Option(help="Make a symbolic link to the proxy's own port here.")] = None,
    baud: Annotated[int, typer.Option(min=1, help="Speed of the device's port.")] = 115200,
    fault: Faults = None,
) -> None:
    """A serial proxy with faults, as tcp; reset pulls the cable. To the server means to the device."""
    asyncio.run(_serial(to, link, baud, [parse_fault(text) for text in fault or []]))


async def _serial(to: str, link: Path | None, baud: int, faults: list[TimedFault]) -> None:
    async with SerialProxy(to, link=link, baud=baud) as proxy:
        typer.echo(json.dumps({"ready": True, "port": proxy.path}))
        await run_until_signal(play(proxy, faults, SystemClock()))
