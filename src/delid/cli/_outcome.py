"""Exit codes and error output of the reading commands."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

import typer

from delid.core import ConfigError, DelidError, UsageError

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
    """Report an error of delid's tree and end the command: 2 for a wrong call or file, 3 for everything else."""
    try:
        yield
    except DelidError as error:
        if json:
            print_json({"error": error.as_dict()})
        else:
            typer.echo(str(error), err=True)
        wrong_use = isinstance(error, ConfigError | UsageError)
        raise typer.Exit(Exit.WRONG_USE if wrong_use else Exit.FAULT) from error


def print_json(plain: Mapping[str, object] | list[object]) -> None:
    """One line of JSON on standard output."""
    typer.echo(jsonlib.dumps(plain, ensure_ascii=False, allow_nan=False))
