"""What a replay came to: on the screen, as JSON, as files. Wiring only."""

from __future__ import annotations

import dataclasses
import json as jsonlib
from collections import Counter
from enum import IntEnum
from pathlib import Path
from typing import Any, TextIO

import typer

from delid.core import ConfigError, DelidError, UsageError
from delid.replay import Difference, Result, Verdict, html_report, junit

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
class Files:
    """Where reports are written, None where not."""

    diff: Path | None = None
    junit: Path | None = None
    html: Path | None = None


class Out:
    """Where results go as they come: the screen or one JSON object, and the files.

    Only JUnit XML and the HTML page need all of them together.
    """

    def __init__(self, files: Files, *, json: bool, long: bool, updating: bool) -> None:
        self._files, self._json, self._long, self._updating = files, json, long, updating
        self._diff = _open(files.diff) if files.diff is not None else None
        self._kept: list[Result] = []
        self._first = True
        self.worst: int = Exit.EQUAL

    def __enter__(self) -> Out:
        return self

    def __exit__(self, *_: object) -> None:
        if self._json and not self._first:
            typer.echo(f'\n ],\n "exit": {int(self.worst)}\n}}')
        if self._diff is not None:
            self._diff.close()
        if self._files.junit is not None:
            write(self._files.junit, junit(self._kept))
        if self._files.html is not None:
            write(self._files.html, html_report(self._kept))

    def show(self, one: Result) -> None:
        """One recording is judged."""
        self.worst = max(self.worst, worth(one.result, updating=self._updating))
        if self._files.junit is not None or self._files.html is not None:
            self._kept.append(one)
        if self._diff is not None:
            self._diff.write(full_diff(one))
        if not self._json:
            print_result(one, long=self._long)
            return
        head = '{\n "recordings": [\n' if self._first else ",\n"
        typer.echo(head + jsonlib.dumps(plain(one), ensure_ascii=False, indent=2), nl=False)
        self._first = False


def worth(result: Verdict | DelidError, *, updating: bool) -> Exit:
    if isinstance(result, DelidError):
        return exit_of(result)
    return Exit.EQUAL if result.equal or updating else Exit.DIFFERS


def exit_of(error: DelidError) -> Exit:
    return Exit.WRONG_USE if isinstance(error, (ConfigError, UsageError)) else Exit.FAULT


def print_result(one: Result, *, long: bool = False) -> None:
    """The verdict in a few lines: why, what in plain words, then the differences themselves where they are wanted."""
    result = one.result
    if isinstance(result, DelidError):
        print_error(result, json=False, prefix=f"{one.recording}: fault: ")
        return
    typer.echo(f"{result.recording}: {_headline(result)} ({result.frames} frames, {result.steps} steps)")
    for cause in result.causes:
        typer.echo(f"  cause: {cause}")
    for line in result.summary:
        typer.echo(f"  {line}")
    if long or result.updated:
        _print_differences(result)
    for note in result.notes:
        typer.echo(f"  note: {note}")


def _print_differences(result: Verdict) -> None:
    seams = Counter(found.seam for found in result.differences)
    for seam, count in seams.items():
        for found in [found for found in result.differences if found.seam == seam][:SHOWN]:
            typer.echo(f"  {_brief(found)}")
        if count > SHOWN:
            typer.echo(f"  {seam}: and {count - SHOWN} more; --diff FILE writes all of them")


def _brief(found: Difference) -> str:
    """The difference on one line; long words are cut, unless just their ends differ."""
    now, before = (words if len(words) <= WIDTH else f"{words[:WIDTH]}..." for words in (found.now, found.before))
    return str(found) if now == before else str(dataclasses.replace(found, now=now, before=before))


def _headline(result: Verdict) -> str:
    count = len(result.differences)
    if result.updated:
        return f"reference updated, {count} differences" if count else "reference written"
    return "equal" if result.equal else f"{count} difference{'s' if count > 1 else ''}"


def print_error(error: DelidError, json: bool, prefix: str = "") -> None:
    if json:
        typer.echo(jsonlib.dumps({"exit": int(exit_of(error)), "error": error.as_dict()}, ensure_ascii=False))
    else:
        typer.echo(f"{prefix}{error}", err=True)


def full_diff(one: Result) -> str:
    if isinstance(one.result, DelidError):
        return f"{one.recording}: fault: {one.result}\n"
    result = one.result
    lines = [f"{result.recording}: {_headline(result)}\n"]
    lines += [f"  cause: {cause}\n" for cause in result.causes]
    return "".join([*lines, *(f"  {found}\n" for found in result.differences)])


def plain(one: Result) -> dict[str, Any]:
    """For JSON; pictures are in the HTML report alone."""
    if isinstance(one.result, DelidError):
        return {"recording": one.recording, "error": one.result.as_dict()}
    facts = dataclasses.asdict(dataclasses.replace(one.result, pictures=()))
    del facts["pictures"]
    return {"equal": one.result.equal, **facts}


def _open(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
