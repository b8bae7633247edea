"""Runs a command as the shell would, from the root of the checkout."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from delid.cli._outcome import DEFAULT_CELL
from delid.cli.config import config_app
from delid.cli.packs import packs_app
from delid.cli.plan import plan
from delid.cli.recipe import recipe_app
from delid.cli.times import times_app
from delid.config import Cell, load_cell

ROOT = Path(__file__).resolve().parents[3]


@cache
def _load_once(path: Path) -> Cell:
    return load_cell(path)


def _load(path: Path) -> Cell:
    """The demo cell of the checkout is read once for all tests; every other file, and copies of it, each time."""
    return _load_once(path) if path == DEFAULT_CELL and Path.cwd() == ROOT else load_cell(path)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, repository: Path) -> Callable[..., Result]:
    for command in ("plan", "recipe", "packs", "config"):
        monkeypatch.setattr(sys.modules[f"delid.cli.{command}"], "load_cell", _load)
    app = typer.Typer()
    app.command()(plan)
    app.add_typer(recipe_app, name="recipe")
    app.add_typer(packs_app, name="packs")
    app.add_typer(config_app, name="config")
    app.add_typer(times_app, name="times")
    monkeypatch.chdir(repository)

    def invoke(*arguments: object, stdin: str = "") -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments], input=stdin)

    return invoke
