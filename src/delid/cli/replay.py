"""``delid replay``: recordings against their references, or against another configuration. Wiring only."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import typer

from delid.core import DelidError, UsageError
from delid.replay import Mode, Result, Wanted, configure
from delid.replay.many import MAX_BYTES, Judged, ManyOptions, Setup, Source, Worker, find_sources

from . import _replay_options as options
from ._replay_many import STOPPED, judge_many
from ._replay_print import SHOWN, Files, Out, exit_of, print_error

DEFAULT_CELL = Path("cell_configs/cells/demo.yaml")


def replay(
    files: options.Recordings,
    reference: options.Reference = None,
    json: options.AsJson = False,
    long: options.Long = False,
    diff: options.DiffFile = None,
    junit: options.JUnitFile = None,
    html: options.HtmlFile = None,
    update_refs: options.UpdateRefs = False,
    reason: options.Reason = None,
    models: options.Models = None,
    model: options.OneModel = None,
    recipe: options.Recipes = None,
    setting: options.Settings = None,
    cell: options.CellFile = DEFAULT_CELL,
    recorded_config: options.RecordedConfig = False,
    closed_loop: options.ClosedLoop = False,
    cache: options.Cache = None,
    decisions_only: options.DecisionsOnly = False,
    jobs: options.Jobs = None,
    dask: options.DaskAddress = None,
    results: options.Results = None,
    resume: options.Resume = False,
    max_size_mb: options.MaxSizeMb = MAX_BYTES // 10**6,
) -> None:
    """Replay recordings and compare inspections, decisions and wire bytes with their references.

    Exit code 0: all equal. 1: at least one differs. 2: used wrongly. 3: a fault, for example a recording that is cut,
    a missing reference, or a replay that does not equal itself.
    """
    wanted = Wanted(cell, models, tuple(model or ()), tuple(recipe or ()), tuple(setting or ()))
    many = ManyOptions(jobs or 1, dask, results, resume)
    setup = partial(
        Setup,
        reference=reference,
        recorded_config=recorded_config,
        reason=reason if update_refs else None,
        cache=cache,
        decisions_only=decisions_only,
        max_bytes=max_size_mb * 10**6,
        mode=Mode.CLOSED_LOOP if closed_loop else Mode.PROCESS,
        pictures=html is not None,
    )
    try:
        _check_references(reference, update_refs, reason)
        _check_modes(wanted, reference, closed_loop, dask, cache if decisions_only else Path())
        sources = find_sources(files)
        _check_names(sources, reference)
        with (
            _set_up(setup, wanted) as ready,
            Out(Files(diff, junit, html), json=json, long=long, updating=update_refs) as out,
        ):
            _judge(sources, ready, None if jobs is None and many == ManyOptions() else many, out, quiet=json)
    except DelidError as error:
        print_error(error, json)
        raise typer.Exit(exit_of(error)) from error
    raise typer.Exit(out.worst)


@contextmanager
def _set_up(setup: Callable[..., Setup], wanted: Wanted) -> Iterator[Setup]:
    """The setup with its configuration, and with the plain one where that is what it is compared with.

    Models that were put together for it are there as long as it is used.
    """
    with tempfile.TemporaryDirectory(prefix="delid-replay-") as workspace:
        cell = configure(wanted, Path(workspace))
        ready = setup(cell=cell, recipes=wanted.recipes, settings=wanted.settings)
        if ready.reference is None and wanted.what_if:
            ready = replace(ready, plain=configure(wanted.plain, Path(workspace)))
        yield ready


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
