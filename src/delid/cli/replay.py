"""``delid replay``: recordings against their references. Wiring only."""

from __future__ import annotations

import dataclasses
import json as jsonlib
import os
from collections import Counter
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from delid.core import ConfigError, DelidError, UsageError
from delid.replay import Difference, Verdict, cell_for_replay
from delid.replay.many import MAX_BYTES, ManyOptions, Setup, Source, Worker, find_sources

from ._replay_many import STOPPED, judge_many

DEFAULT_CELL = Path("cell_configs/cells/demo.yaml")
SHOWN = 5
"""Differences printed for each seam of a recording; ``--diff`` has all of them."""

WIDTH = 110
"""Characters shown of each side of a difference."""


class Exit(IntEnum):
    """The worst of all recordings counts."""

    EQUAL = 0
    DIFFERS = 1
    WRONG_USE = 2
    FAULT = 3


def replay(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Recordings (.mcap), folders of them, or URLs.", show_default=False),
    ],
    reference: Annotated[
        Path | None,
        typer.Option(help="Folder of the references; without it each recording is compared with itself as recorded."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    diff: Annotated[Path | None, typer.Option(help="Write all differences to this file.")] = None,
    update_refs: Annotated[
        bool, typer.Option("--update-refs", help="Write references that differ or are missing.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why the references change; it is kept in them.")] = None,
    models: Annotated[
        Path | None, typer.Option(help="Folder with other models, by the names of their folders.")
    ] = None,
    recipe: Annotated[list[Path] | None, typer.Option(help="A recipe in the place of the one of its name.")] = None,
    cell: Annotated[Path, typer.Option(help="Cell file to replay with.")] = DEFAULT_CELL,
    recorded_config: Annotated[
        bool, typer.Option("--recorded-config", help="Use the configuration in the recording.")
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
    try:
        _check_use(update_refs, reason, reference, cache, decisions_only)
        sources = find_sources(files)
        _check_names(sources, reference)
        setup = Setup(
            cell=cell_for_replay(cell, models=models, recipes=tuple(recipe or ())),
            reference=reference,
            recorded_config=recorded_config,
            recipes=tuple(recipe or ()),
            reason=reason if update_refs else None,
            cache=cache,
            decisions_only=decisions_only,
            max_bytes=max_size_mb * 10**6,
        )
        many = ManyOptions(jobs or 1, dask, results, resume)
        with _Out(json, diff, updating=update_refs) as out:
            if jobs is None and many == ManyOptions():
                _judge_here(sources, setup, out)
            elif judge_many(sources, setup, many, out.show, quiet=json)[1]:
                out.worst = STOPPED
    except DelidError as error:
        _print_error(error, json)
        raise typer.Exit(_exit_of(error)) from error
    raise typer.Exit(out.worst)


def _judge_here(sources: list[Source], setup: Setup, out: _Out) -> None:
    worker = Worker(setup)
    for source in sources:
        judged = worker.judge(source)
        result = judged.verdict or judged.error
        assert result is not None
        out.show(Path(source.url), result)


class _Out:
    """Where results go as they come: the screen or one JSON object, and the file of all differences."""

    def __init__(self, json: bool, diff: Path | None, *, updating: bool) -> None:
        self._json, self._updating = json, updating
        self._diff = _open(diff) if diff is not None else None
        self._first = True
        self.worst: int = Exit.EQUAL

    def __enter__(self) -> _Out:
        return self

    def __exit__(self, *_: object) -> None:
        if self._json and not self._first:
            typer.echo(f'\n ],\n "exit": {int(self.worst)}\n}}')
        if self._diff is not None:
            self._diff.close()

    def show(self, path: Path, result: Verdict | DelidError) -> None:
        self.worst = max(self.worst, _worth(result, updating=self._updating))
        if self._diff is not None:
            self._diff.write(_full_diff(path, result))
        if not self._json:
            _print(path, result)
            return
        head = '{\n "recordings": [\n' if self._first else ",\n"
        typer.echo(head + jsonlib.dumps(_plain(path, result), ensure_ascii=False, indent=2), nl=False)
        self._first = False


def _check_use(
    update_refs: bool, reason: str | None, reference: Path | None, cache: Path | None, decisions_only: bool
) -> None:
    if update_refs and not (reason or "").strip():
        raise UsageError("--update-refs needs --reason TEXT.", hint="Say in one sentence why the decisions change.")
    if update_refs and reference is None:
        raise UsageError("--update-refs needs --reference DIR.")
    if reason and not update_refs:
        raise UsageError("--reason has no meaning without --update-refs.")
    if update_refs and os.environ.get("CI", "").lower() in ("true", "1"):
        raise UsageError("references are never changed in CI.", hint="Update them by hand and commit them.")
    if decisions_only and cache is None:
        raise UsageError("--decisions-only needs --cache DIR.", hint="Name the folder that an earlier replay filled.")


def _check_names(sources: list[Source], reference: Path | None) -> None:
    if reference is None:
        return
    twice = sorted(name for name, count in Counter(source.name for source in sources).items() if count > 1)
    if twice:
        raise UsageError(f"recordings of the same name share a reference: {', '.join(twice[:SHOWN])}")


def _open(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def _worth(result: Verdict | DelidError, *, updating: bool) -> Exit:
    if isinstance(result, DelidError):
        return _exit_of(result)
    return Exit.EQUAL if result.equal or updating else Exit.DIFFERS


def _exit_of(error: DelidError) -> Exit:
    return Exit.WRONG_USE if isinstance(error, (ConfigError, UsageError)) else Exit.FAULT


def _print(path: Path, result: Verdict | DelidError) -> None:
    if isinstance(result, DelidError):
        _print_error(result, json=False, prefix=f"{path.stem}: fault: ")
        return
    typer.echo(f"{result.recording}: {_summary(result)} ({result.frames} frames, {result.steps} steps)")
    seams = Counter(found.seam for found in result.differences)
    for seam, count in seams.items():
        for found in [found for found in result.differences if found.seam == seam][:SHOWN]:
            typer.echo(f"  {_brief(found)}")
        if count > SHOWN:
            typer.echo(f"  {seam}: and {count - SHOWN} more; --diff FILE writes all of them")
    for note in result.notes:
        typer.echo(f"  note: {note}")


def _brief(found: Difference) -> str:
    """The difference on one line; long words are cut, unless just their ends differ."""
    now, before = (words if len(words) <= WIDTH else f"{words[:WIDTH]}..." for words in (found.now, found.before))
    return str(found) if now == before else str(dataclasses.replace(found, now=now, before=before))


def _summary(result: Verdict) -> str:
    count = len(result.differences)
    if result.updated:
        return f"reference updated, {count} differences" if count else "reference written"
    return "equal" if result.equal else f"{count} difference{'s' if count > 1 else ''}"


def _print_error(error: DelidError, json: bool, prefix: str = "") -> None:
    if json:
        typer.echo(jsonlib.dumps({"exit": int(_exit_of(error)), "error": error.as_dict()}, ensure_ascii=False))
    else:
        typer.echo(f"{prefix}{error}", err=True)


def _full_diff(path: Path, result: Verdict | DelidError) -> str:
    if isinstance(result, DelidError):
        return f"{path.stem}: fault: {result}\n"
    return "".join([f"{result.recording}: {_summary(result)}\n", *(f"  {found}\n" for found in result.differences)])


def _plain(path: Path, result: Verdict | DelidError) -> dict[str, Any]:
    if isinstance(result, DelidError):
        return {"recording": path.stem, "error": result.as_dict()}
    return {"equal": result.equal, **dataclasses.asdict(result)}
