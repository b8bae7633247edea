"""``delid sim proxy``: stand between delid and a device and disturb the wire."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from delid.core import ConfigError, SystemClock
from delid.sim.proxy import TcpProxy, TimedFault, parse_fault, play

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
