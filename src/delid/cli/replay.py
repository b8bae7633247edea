"""``delid replay``: recordings against their references. Wiring only."""

from __future__ import annotations

import dataclasses
import json as jsonlib
import os
from collections import Counter
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from delid.core import ConfigError, DelidError, UsageError
from delid.journal import read_recording
from delid.replay import Difference, Verdict, cell_for_replay, judge_file, recorded_cell, update_file, with_recipes
from delid.vision import Inspector

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


@dataclasses.dataclass(frozen=True, slots=True)
class _Options:
    reference: Path
    cell: Path
    recorded_config: bool
    models: Path | None
    recipes: tuple[Path, ...]
    reason: str | None
    """Set where references are to be updated."""


def replay(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Recordings (.mcap).", show_default=False)],
    reference: Annotated[Path, typer.Option(help="Folder of the references, one JSON file for each recording.")],
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
) -> None:
    """Replay recordings and compare inspections, decisions and wire bytes with their references.

    Exit code 0: all equal. 1: at least one differs. 2: used wrongly. 3: a fault, for example a recording that is cut,
    a missing reference, or a replay that does not equal itself.
    """
    try:
        _check_use(files, update_refs, reason)
        options = _Options(
            reference, cell, recorded_config, models, tuple(recipe or ()), reason if update_refs else None
        )
        bench = _Bench(options)
    except DelidError as error:
        _print_error(error, json)
        raise typer.Exit(_exit_of(error)) from error
    results = [bench.judge(path, quiet=json) for path in files]
    worst = max(_worth(result, updating=update_refs) for _, result in results)
    if diff is not None:
        _write(diff, "".join(_full_diff(path, result) for path, result in results))
    if json:
        found = [_plain(path, result) for path, result in results]
        typer.echo(jsonlib.dumps({"exit": int(worst), "recordings": found}, ensure_ascii=False, indent=2))
    raise typer.Exit(worst)


def _check_use(files: list[Path], update_refs: bool, reason: str | None) -> None:
    if update_refs and not (reason or "").strip():
        raise UsageError("--update-refs needs --reason TEXT.", hint="Say in one sentence why the decisions change.")
    if reason and not update_refs:
        raise UsageError("--reason has no meaning without --update-refs.")
    if update_refs and os.environ.get("CI", "").lower() in ("true", "1"):
        raise UsageError("references are never changed in CI.", hint="Update them by hand and commit them.")
    if missing := [str(path) for path in files if not path.is_file()]:
        raise UsageError(f"no such file: {', '.join(missing)}")
    stems = [path.stem for path in files]
    if twice := sorted({stem for stem in stems if stems.count(stem) > 1}):
        raise UsageError(f"recordings of the same name share a reference: {', '.join(twice)}")


class _Bench:
    """Cell and models, loaded once for all recordings."""

    def __init__(self, options: _Options) -> None:
        self._options = options
        self._cell = cell_for_replay(options.cell, models=options.models, recipes=options.recipes)
        self._inspector = Inspector.load(self._cell, threads=1)

    def judge(self, path: Path, *, quiet: bool) -> tuple[Path, Verdict | DelidError]:
        result: Verdict | DelidError
        try:
            result = self._judge(path)
        except DelidError as error:
            result = error
        if not quiet:
            _print(path, result)
        return path, result

    def _judge(self, path: Path) -> Verdict:
        options, cell, inspector = self._options, self._cell, self._inspector
        if options.recorded_config:
            cell = with_recipes(recorded_cell(read_recording(path), cell), options.recipes)
            inspector = Inspector.load(cell, threads=1)
        if options.reason is not None:
            return update_file(path, options.reference, cell, inspector, options.reason)
        return judge_file(path, options.reference, cell, inspector)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
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
