"""Exit codes and error output of the reading commands."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

import typer

from delid.core import ConfigError, DelidError, FrameError, UsageError

DEFAULT_CELL = Path("cell_configs/cells/demo.yaml")
"""Taken where no cell is named, relative to the working directory."""


class Exit(IntEnum):
    """What the exit code says."""

    GOOD = 0
    NO = 1
    WRONG_USE = 2
    FAULT = 3


@contextmanager
def errors_end_it(json: bool) -> Iterator[None]:
    """Report an error of delid's tree and end the command.

    2 for a wrong call or a file that is missing or wrong, 1 for an image that cannot be used, 3 for everything else.
    """
    try:
        yield
    except DelidError as error:
        if json:
            print_json({"error": error.as_dict()})
        else:
            typer.echo(str(error), err=True)
        raise typer.Exit(_exit_for(error)) from error


def _exit_for(error: DelidError) -> Exit:
    if isinstance(error, ConfigError | UsageError) or error.code == "frame.missing":
        return Exit.WRONG_USE
    return Exit.NO if isinstance(error, FrameError) else Exit.FAULT


def print_json(plain: Mapping[str, object] | list[object]) -> None:
    """One line of JSON on standard output."""
    typer.echo(jsonlib.dumps(plain, ensure_ascii=False, allow_nan=False))
