"""``delid times``: how long acts take in a cell, learnt from its recordings. Wiring only."""

from __future__ import annotations

import hashlib
import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from delid.config import LearntFrom, Measured, load_times
from delid.core import UsageError
from delid.journal import read_recording
from delid.planning import Samples, collect, learn

from ._outcome import errors_end_it

times_app = typer.Typer(no_args_is_help=True, add_completion=False)


@times_app.command("learn")
def learn_times(
    recordings: Annotated[list[Path], typer.Argument(metavar="RECORDING...", help="Recordings of one cell.")],
    out: Annotated[Path, typer.Option(help="File to write; name it in the cell file as 'times'.")],
    name: Annotated[str, typer.Option(help="Name of the file's contents.")] = "learnt",
) -> None:
    """Learn how long commands, moves, looks and answers take; what failed is left out."""
    with errors_end_it(False):
        samples, sources = Samples(), []
        for path in recordings:
            recording = read_recording(path)
            collect(recording.facts, samples)
            sources.append(
                LearntFrom(run=recording.header.run_id, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
            )
        if not (samples.commands or samples.moves):
            raise UsageError("The recordings hold no act that ended well.", hint="Give recordings of whole runs.")
        found = learn(name, samples, sources).model_dump(exclude_none=True)
        head = (
            "# yaml-language-server: $schema=../schema/times.json\n# Learnt from recordings by 'delid times learn'.\n"
        )
        lines = [f"{key}: {jsonlib.dumps(value)}" for key, value in found.items()]
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
        load_times(out)
    typer.echo(f"{out}: {len(samples.moves)} moves, {sum(map(len, samples.commands.values()))} commands, "
               f"{sum(map(len, samples.looks.values()))} looks of {len(sources)} recordings")  # fmt: skip


@times_app.command("show")
def show_times(file: Annotated[Path, typer.Argument(help="File of times.")]) -> None:
    """Print what was learnt: mean, spread and count."""
    with errors_end_it(False):
        found = load_times(file)
    rows: dict[str, Measured | None] = {
        **{f"command {k}": v for k, v in found.commands.items()},
        **{f"look {k}": v for k, v in found.looks.items()},
        "fine look": found.locate,
        "answer of a person": found.answers,
    }
    for words, one in rows.items():
        if one is not None:
            typer.echo(f"{words:<28} {one.mean_s:>8.2f} s +- {one.sd_s:.2f} s, {one.count} times")
    if found.move is not None:
        m = found.move
        typer.echo(
            f"{'move':<28} {m.settle_s:>8.2f} s and its way at {m.feed_share:.0%} of the feed, +- {m.sd_s:.2f} s, "
            f"{m.count} times"
        )
