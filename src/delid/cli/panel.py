"""``delid panel``: the operator's page, in its own process. Wiring only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from delid.config import load_cell
from delid.core import DelidError
from delid.panel import bind, create_app, hosts_for, serve_panel

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8480
USED_WRONGLY = 2

Port = Annotated[int, typer.Option(min=0, max=65535, help="TCP port of the page; 0 takes any free one.")]
Host = Annotated[str, typer.Option(help="Address to listen on. Anyone who reaches it can command the cell.")]


def panel(
    socket: Annotated[Path | None, typer.Option(help="Socket of the cell process.", show_default=False)] = None,
    cell: Annotated[Path | None, typer.Option(help="Cell file that names the socket.", show_default=False)] = None,
    port: Port = DEFAULT_PORT,
    host: Host = DEFAULT_HOST,
) -> None:
    """Serve the operator's page for a cell process. It opens no device; ending it leaves a run going.

    Exit code 0: ended by a person. 2: used wrongly.
    """
    if (socket is None) == (cell is None):
        typer.echo("Give either --socket or --cell.", err=True)
        raise typer.Exit(USED_WRONGLY)
    try:
        path = socket or load_cell(cell).socket_path  # type: ignore[arg-type]
        app = create_app(path, hosts_for(host))
        bound = bind(host, port)
    except DelidError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(USED_WRONGLY) from error
    typer.echo(f"The panel is at {address_of(host, bound.getsockname()[1])}")
    if host not in (DEFAULT_HOST, "localhost", "::1"):
        typer.echo("Anyone who can reach this address can command the cell: there is no login yet.", err=True)
    serve_panel(app, bound)


def address_of(host: str, port: int) -> str:
    """The address for a person's browser."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
