"""``delid panel``: the operator's page, in its own process. Wiring only."""

from __future__ import annotations

import datetime
import socket
from pathlib import Path
from typing import Annotated

import typer

from delid.config import load_cell
from delid.core import DelidError, UsageError
from delid.panel import (
    PanelSettings,
    Role,
    Tls,
    bind,
    create_app,
    hosts_for,
    is_loopback,
    make_tls,
    names_of,
    serve_panel,
)

from ._logs import log_to

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8480
USED_WRONGLY = 2

Port = Annotated[int, typer.Option(min=0, max=65535, help="TCP port of the page; 0 takes any free one.")]
Host = Annotated[str, typer.Option(help="Address to listen on; any but this machine's own is served over HTTPS.")]
Open = Annotated[
    bool, typer.Option("--open", help="No login: whoever reaches the page on this machine is an engineer. For trials.")
]


Names = Annotated[
    list[str] | None, typer.Option("--name", help="Another name or address by which others reach this machine.")
]


def panel(
    socket_path: Annotated[
        Path | None, typer.Option("--socket", help="Of the cell process.", show_default=False)
    ] = None,
    cell: Annotated[Path | None, typer.Option(help="Cell file; it names the socket.", show_default=False)] = None,
    port: Port = DEFAULT_PORT,
    host: Host = DEFAULT_HOST,
    name: Names = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder for users, drafts and logs; beside the socket if not given.")
    ] = None,
    open_mode: Open = False,
) -> None:
    """Serve the operator's page for a cell process. It opens no device; ending it leaves a run going.

    Exit code 0: ended by a person. 2: used wrongly.
    """
    if socket_path is None and cell is None:
        typer.echo("Give --cell, or --socket.", err=True)
        raise typer.Exit(USED_WRONGLY)
    try:
        path = socket_path or load_cell(cell).socket_path  # type: ignore[arg-type]
        folder = data or data_folder(path)
        check_open(open_mode, host)
        names = [*names_of(host), *(name or [])]
        tls = None if is_loopback(host) else make_tls(folder / "tls", names, datetime.datetime.now(datetime.UTC))
        bound = bind(host, port)
        address = address_of(host, bound.getsockname()[1], tls=tls is not None)
        settings = PanelSettings(
            socket=path, data=folder, cell=cell, hosts=(*hosts_for(host), *(n.lower() for n in names)),
            open_as=Role.ENGINEER if open_mode else None, tls=tls is not None,
            on_set_up=lambda code: typer.echo(set_up_words(address, code)),
        )  # fmt: skip
        app = create_app(settings)
    except DelidError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(USED_WRONGLY) from error
    log_to(folder / "log" / "panel.log")
    for line in first_words(address, open_mode, tls):
        typer.echo(line)
    serve_panel(app, bound, tls)


def first_words(address: str, open_mode: bool, tls: Tls | None) -> list[str]:
    """What is printed at the start."""
    lines = [f"The panel is at {address}"]
    if open_mode:
        lines.append("Open mode: nobody logs in; whoever reaches it on this machine may do what an engineer may.")
    return [*lines, *(tls_words(tls) if tls else [])]


def check_open(open_mode: bool, host: str) -> None:
    """Raises UsageError for an open panel that others could reach."""
    if open_mode and not is_loopback(host):
        raise UsageError("--open is for this machine only.", hint="Leave --host away, or --open.", code="usage.open")


def data_folder(socket_path: Path) -> Path:
    """Where the panel of a cell keeps its data, unless it is told otherwise."""
    return socket_path.parent / "panel"


def set_up_words(address: str, code: str) -> str:
    """What is printed while there is no user yet. What stands behind # is never sent or logged by a browser."""
    return f"Nobody can log in yet. Make the first admin here, once: {address}#setup={code}"


def tls_words(tls: Tls) -> list[str]:
    """What people compare before they trust the panel's own authority."""
    return [
        f"Let browsers trust this authority: {tls.authority}",
        f"  its SHA-256 fingerprint:         {tls.authority_sha256}",
        f"  fingerprint of the certificate:  {tls.certificate_sha256}",
    ]


def address_of(host: str, port: int, tls: bool = False) -> str:
    """The address for a person's browser."""
    scheme = "https" if tls else "http"
    host = socket.gethostname() if host in ("0.0.0.0", "::", "") else host
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"
