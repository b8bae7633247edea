"""``delid replay-report``: what the log of a mass replay says. Wiring only."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from delid.core import UsageError
from delid.replay.many import Report, make_report, pictures_of, report_data, report_html

SHOWN = 10


def replay_report(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="What `delid replay --results` wrote.")],
    html: Annotated[Path | None, typer.Option(help="Write one HTML file that needs nothing else.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json-file", help="Write the same as JSON.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    worst: Annotated[int, typer.Option(min=0, help="How many frames to name for labelling.")] = 24,
    pictures: Annotated[bool, typer.Option(help="Show those frames; their recordings are read for it.")] = True,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if a score has drifted.")] = False,
) -> None:
    """Report on thousands of replayed recordings: drift of scores for each camera and model, what to label next."""
    if not results.is_file():
        raise UsageError(f"no such file: {results}", hint="Name a file that `delid replay --results` has written.")
    report = make_report(results, worst)
    if html is not None:
        _write(html, report_html(report, pictures_of(report.worst) if pictures else {}))
    data = jsonlib.dumps(report_data(report), ensure_ascii=False, indent=2)
    if json_file is not None:
        _write(json_file, data + "\n")
    if json:
        typer.echo(data)
    else:
        _print(report)
    raise typer.Exit(1 if check and report.drifted else 0)


def _print(report: Report) -> None:
    aside = sum(report.aside_codes.values())
    typer.echo(
        f"{report.recordings} recordings, {report.frames} frames: {report.equal} equal, {report.differ} differ, "
        f"{aside} set aside"
    )
    for series in report.sorted_series():
        drift = series.verdict()
        if drift.word in ("watch", "drifted"):
            typer.echo(
                f"{drift.word}: {series.key.score} of {series.key.camera}: {drift.before.mean:.3f} before, "
                f"{drift.now.mean:.3f} now (index {drift.index:.2f})"
            )
    for case in report.worst[:SHOWN]:
        typer.echo(f"label: {case.source} {case.frame}: {case.difference or case.why}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
