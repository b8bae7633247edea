"""Asking a running cell over its socket, for the commands of the command line."""

from __future__ import annotations

import asyncio
import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from delid.config import load_cell
from delid.ipc import CellClient

CellPath = Annotated[Path, typer.Argument(metavar="CELL.yaml", help="The cell's file.")]
By = Annotated[str, typer.Option(metavar="NAME", help="Who does it; the login name if not given.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
Message = dict[str, Any]
DEADLINE_S = 2.0


def ask(cell: Path, request: dict[str, str]) -> Message:
    """The reply to one request; raises IpcError where the cell does not answer."""

    async def talk() -> Message:
        client = CellClient(load_cell(cell).socket_path)
        try:
            return await client.request(request, DEADLINE_S)
        finally:
            client.close()

    return asyncio.run(talk())


def or_refused(reply: Message) -> Message:
    """The reply, or the cell's reasons on stderr and the exit code 1."""
    if not reply.get("ok"):
        typer.echo(reply["error"]["message"], err=True)
        raise typer.Exit(1)
    return reply


def person(by: str) -> str:
    return by or getpass.getuser()
