"""``delid config check`` and ``delid config schema``. Wiring only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from delid.config import SCHEMAS, load_cell, write_schemas
from delid.core import ConfigError, SystemClock, UsageError, to_plain
from delid.planning import check_cell

from ._outcome import DEFAULT_CELL, Exit, errors_end_it, print_json

config_app = typer.Typer(no_args_is_help=True, help="Check configuration files and write their schemas.")

SCHEMA_FOLDER = Path("cell_configs/schema")


@config_app.command()
def check(
    cell: Annotated[Path, typer.Argument(help="Cell file; all files that it names are checked too.")] = DEFAULT_CELL,
    json: Annotated[bool, typer.Option("--json", help="All findings as one JSON object.")] = False,
) -> None:
    """Report every fault of a cell file and of its packs, recipes and register map.

    Exit code 0: no findings. 1: findings. 2: used wrongly.
    """
    with errors_end_it(json):
        if not cell.is_file():
            raise UsageError(f"{cell}: no such file.")
    try:
        loaded = load_cell(cell)
    except ConfigError as error:
        _report([], error.findings, json)
        raise typer.Exit(Exit.NO) from error
    findings = check_cell(loaded)
    for warning in loaded.old_calibrations(SystemClock().wall_s()):
        typer.echo(f"warning: {warning}", err=True)
    _report([to_plain(f) | {"path": str(f.path)} for f in findings], [], json, [str(f) for f in findings])
    if not findings and not json:
        typer.echo(f"{loaded.spec.cell}: {len(loaded.packs)} packs, {len(loaded.recipes)} recipes, no findings")
    raise typer.Exit(Exit.NO if findings else Exit.GOOD)


@config_app.command()
def schema(
    out: Annotated[Path, typer.Option(help="Folder to write the JSON Schemas into.")] = SCHEMA_FOLDER,
    json: Annotated[bool, typer.Option("--json", help="The files written as one JSON list.")] = False,
) -> None:
    """Write the JSON Schema of each kind of configuration file, for completion in the editor."""
    with errors_end_it(json):
        if out.exists() and not out.is_dir():
            raise UsageError(f"{out}: not a folder.")
    written = write_schemas(out)
    if json:
        print_json([str(path) for path in written])
        return
    typer.echo(f"{len(SCHEMAS)} schemas written to {out}")


def _report(findings: list[dict[str, object]], config: list[str], json: bool, lines: list[str] | None = None) -> None:
    if json:
        print_json({"findings": findings, "config": config})
        return
    for line in [*config, *(lines or [])]:
        typer.echo(line)
