"""``delid panel``: the operator's page, in its own process. Wiring only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from delid.config import load_cell
from delid.core import DelidError, UsageError
from delid.panel import PanelSettings, Role, bind, create_app, hosts_for, is_loopback, serve_panel

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8480
USED_WRONGLY = 2

Port = Annotated[int, typer.Option(min=0, max=65535, help="TCP port of the page; 0 takes any free one.")]
Host = Annotated[str, typer.Option(help="Address to listen on; any but this machine's own is served over HTTPS.")]
Open = Annotated[
    bool, typer.Option("--open", help="No login: whoever reaches the page on this machine is an engineer. For trials.")
]


def panel(
    socket: Annotated[Path | None, typer.Option(help="Socket of the cell process.", show_default=False)] = None,
    cell: Annotated[Path | None, typer.Option(help="Cell file; it names the socket.", show_default=False)] = None,
    port: Port = DEFAULT_PORT,
    host: Host = DEFAULT_HOST,
    data: Annotated[
        Path | None, typer.Option(help="Folder for users, drafts and logs; beside the socket if not given.")
    ] = None,
    open_mode: Open = False,
) -> None:
    """Serve the operator's page for a cell process. It opens no device; ending it leaves a run going.

    Exit code 0: ended by a person. 2: used wrongly.
    """
    if socket is None and cell is None:
        typer.echo("Give --cell, or --socket.", err=True)
        raise typer.Exit(USED_WRONGLY)
    try:
        if open_mode and not is_loopback(host):
            raise UsageError("--open is for this machine only.", hint="Leave --host away, or --open.")
        path = socket or load_cell(cell).socket_path  # type: ignore[arg-type]
        settings = PanelSettings(
            socket=path, data=data or path.parent / "panel", cell=cell, hosts=hosts_for(host),
            open_as=Role.ENGINEER if open_mode else None,
        )  # fmt: skip
        app = create_app(settings)
        bound = bind(host, port)
    except DelidError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(USED_WRONGLY) from error
    typer.echo(f"The panel is at {address_of(host, bound.getsockname()[1])}")
    serve_panel(app, bound)


def address_of(host: str, port: int) -> str:
    """The address for a person's browser."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
