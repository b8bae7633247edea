"""``delid replay``: recordings against their references, or against another configuration. Wiring only."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from delid.core import DelidError, UsageError
from delid.replay import Mode, Result, Wanted, configure
from delid.replay.many import MAX_BYTES, Judged, ManyOptions, Setup, Source, Worker, find_sources

from ._replay_many import STOPPED, judge_many
from ._replay_print import SHOWN, Files, Out, exit_of, print_error

DEFAULT_CELL = Path("cell_configs/cells/demo.yaml")


def replay(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Recordings (.mcap), folders of them, or URLs.", show_default=False),
    ],
    reference: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the references; without it what --model, --recipe and --set change is compared with the "
            "cell file as it is, and a recording with itself as recorded."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    long: Annotated[bool, typer.Option("--long", help="Print the first differences of each seam too.")] = False,
    diff: Annotated[Path | None, typer.Option(help="Write all differences to this file.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write one HTML page with the frames that changed.")] = None,
    update_refs: Annotated[
        bool, typer.Option("--update-refs", help="Write references that differ or are missing.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why the references change; it is kept in them.")] = None,
    models: Annotated[
        Path | None, typer.Option(help="Folder with other models, by the names of their folders.")
    ] = None,
    model: Annotated[
        list[Path] | None, typer.Option(help="Folder of one model, in the place of the one with its task; repeat it.")
    ] = None,
    recipe: Annotated[
        list[Path] | None, typer.Option(help="A recipe in the place of the one of its name; repeat it.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FILE:WAY=VALUE", help="Another value for one setting; repeat it."),
    ] = None,
    cell: Annotated[Path, typer.Option(help="Cell file to replay with.")] = DEFAULT_CELL,
    recorded_config: Annotated[
        bool, typer.Option("--recorded-config", help="Use the configuration in the recording.")
    ] = False,
    closed_loop: Annotated[
        bool, typer.Option("--closed-loop", help="Show the recorded frames to the simulated cell and let it go on.")
    ] = False,
    cache: Annotated[
        Path | None, typer.Option(envvar="DELID_REPLAY_CACHE", help="Folder that keeps inspections, by their content.")
    ] = None,
    decisions_only: Annotated[
        bool, typer.Option("--decisions-only", help="Take every inspection from the cache; load no model.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Replay with this many processes.")] = None,
    dask: Annotated[str | None, typer.Option(help="Replay on this Dask cluster, for example tcp://HOST:8786.")] = None,
    results: Annotated[Path | None, typer.Option(help="Add a line of JSON to this file for each recording.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Leave out what stands in --results already.")] = False,
    max_size_mb: Annotated[int, typer.Option(min=1, help="Set larger recordings aside.")] = MAX_BYTES // 10**6,
) -> None:
    """Replay recordings and compare inspections, decisions and wire bytes with their references.

    Exit code 0: all equal. 1: at least one differs. 2: used wrongly. 3: a fault, for example a recording that is cut,
    a missing reference, or a replay that does not equal itself.
    """
    wanted = Wanted(cell, models, tuple(model or ()), tuple(recipe or ()), tuple(setting or ()))
    many = ManyOptions(jobs or 1, dask, results, resume)
    files_out = Files(diff, junit, html)
    try:
        _check_references(reference, update_refs, reason)
        _check_modes(wanted, reference, closed_loop, dask, cache if decisions_only else Path())
        sources = find_sources(files)
        _check_names(sources, reference)
        with tempfile.TemporaryDirectory(prefix="delid-replay-") as workspace:
            against_plain = reference is None and wanted.what_if
            setup = Setup(
                cell=configure(wanted, Path(workspace)),
                reference=reference,
                recorded_config=recorded_config,
                recipes=wanted.recipes,
                reason=reason if update_refs else None,
                cache=cache,
                decisions_only=decisions_only,
                max_bytes=max_size_mb * 10**6,
                settings=wanted.settings,
                plain=configure(wanted.plain, Path(workspace)) if against_plain else None,
                mode=Mode.CLOSED_LOOP if closed_loop else Mode.PROCESS,
                pictures=html is not None,
            )
            with Out(files_out, json=json, long=long, updating=update_refs) as out:
                _judge(sources, setup, None if jobs is None and many == ManyOptions() else many, out, quiet=json)
    except DelidError as error:
        print_error(error, json)
        raise typer.Exit(exit_of(error)) from error
    raise typer.Exit(out.worst)


def _judge(sources: list[Source], setup: Setup, many: ManyOptions | None, out: Out, *, quiet: bool) -> None:
    """Here one after the other, or by ``many``."""

    def show(judged: Judged) -> None:
        result = judged.verdict or judged.error
        assert result is not None
        out.show(Result(judged.source.name, result, judged.took_s))

    if many is None:
        worker = Worker(setup)
        for source in sources:
            show(worker.judge(source))
    elif judge_many(sources, setup, many, show, quiet=quiet)[1]:
        out.worst = STOPPED


def _check_references(reference: Path | None, update_refs: bool, reason: str | None) -> None:
    if update_refs and not (reason or "").strip():
        raise UsageError("--update-refs needs --reason TEXT.", hint="Say in one sentence why the decisions change.")
    if update_refs and reference is None:
        raise UsageError("--update-refs needs --reference DIR.")
    if reason and not update_refs:
        raise UsageError("--reason has no meaning without --update-refs.")
    if update_refs and os.environ.get("CI", "").lower() in ("true", "1"):
        raise UsageError("references are never changed in CI.", hint="Update them by hand and commit them.")


def _check_modes(
    wanted: Wanted, reference: Path | None, closed_loop: bool, dask: str | None, cache: Path | None
) -> None:
    if cache is None:
        raise UsageError("--decisions-only needs --cache DIR.", hint="Name the folder that an earlier replay filled.")
    if closed_loop and reference is None and not wanted.what_if:
        raise UsageError(
            "--closed-loop has nothing to compare with.",
            hint="Give --reference DIR, or something else with --model, --recipe or --set.",
        )
    if dask and any(words.startswith("model/") for words in wanted.settings):
        raise UsageError(
            "a model changed with --set lies on this machine, where the workers of a Dask cluster do not find it.",
            hint="Put the changed model into a shared folder and name it with --model.",
        )


def _check_names(sources: list[Source], reference: Path | None) -> None:
    if reference is None:
        return
    twice = sorted(name for name, count in Counter(source.name for source in sources).items() if count > 1)
    if twice:
        raise UsageError(f"recordings of the same name share a reference: {', '.join(twice[:SHOWN])}")
