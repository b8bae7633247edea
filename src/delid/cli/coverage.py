"""``delid coverage``: which branches of the recipes the recordings reach, and what to record next. Wiring only."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from delid.config import load_cell

from ._outcome import DEFAULT_CELL, Exit, errors_end_it, print_json
from ._recipe_impact import recordings_of


def coverage(
    recordings: Annotated[
        list[Path], typer.Argument(metavar="RECORDING...", help="Recordings, or folders of them.", show_default=False)
    ],
    minimum: Annotated[Path | None, typer.Option(help="What has to be reached; see docs/replay.md.")] = None,
    cell: Annotated[Path, typer.Option(help="Cell file whose recipes count.")] = DEFAULT_CELL,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show recipe branches by pack, damage and failure against the recordings that reach them.

    Exit code 0: the minimum is met, or none is given. 1: it is not. 2: used wrongly. 3: a fault.
    """
    from delid.journal import read_recording
    from delid.replay import advice, coverage_of, load_minimum, shortfalls, table_lines

    with errors_end_it(json):
        wanted = load_minimum(minimum) if minimum else None
        paths = recordings_of(recordings)
        found = coverage_of((read_recording(path) for path in paths), load_cell(cell))
        short = shortfalls(found, wanted) if wanted else []
    told = advice(found, short)
    if json:
        rows = [{**dataclasses.asdict(row), "recordings": sorted(names)} for row, names in found.rows.items()]
        beyond = [{"recording": name, **dataclasses.asdict(row)} for name, row in found.beyond]
        plain = [{k: v for k, v in dataclasses.asdict(one).items() if k != "rows"} for one in short]
        nexts = [dataclasses.asdict(one) for one in told]
        print_json({"rows": rows, "share": found.share, "beyond": beyond, "short": plain, "record_next": nexts})
    else:
        for line in table_lines(found):
            typer.echo(line)
        for name, row in found.beyond:
            typer.echo(f"note: {name} did {row.recipe} {row.branch}, which the recipes of today do not do")
        for one in short:
            typer.echo(f"too little: {one}")
        for number, line in enumerate(map(str, told), 1):
            typer.echo(f"record next {number}: {line}")
    raise typer.Exit(Exit.NO if short else Exit.GOOD)
