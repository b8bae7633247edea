"""``delid recipe check`` and ``delid recipe show``. Wiring only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from delid.config import Cell, PackFile, Recipe, load_cell, load_recipe
from delid.core import ConfigError, UsageError, to_plain
from delid.planning import PLANNABLE, RULES, check_recipe

from ._outcome import DEFAULT_CELL, Exit, errors_end_it, print_json
from ._recipe_simulate import simulate

recipe_app = typer.Typer(no_args_is_help=True, help="Check, simulate and show dismantling recipes.")
recipe_app.command()(simulate)

CellOption = Annotated[
    Path | None,
    typer.Option(help=f"Cell file; without it {DEFAULT_CELL}, if there is one.", show_default=False),
]


@recipe_app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Recipe files.")],
    cell: CellOption = None,
    json: Annotated[bool, typer.Option("--json", help="All findings as one JSON object.")] = False,
) -> None:
    """Report every fault of recipes as 'file:line: code: message (hint)'.

    Exit code 0: no findings. 1: findings. 2: used wrongly.
    """
    with errors_end_it(json):
        for file in files:
            if not file.is_file():
                raise UsageError(f"{file}: no such file.")
        recipes, lines = _load_all(files)
        loaded, packs = _surroundings(cell, lines)
    findings = [f for r in recipes for f in check_recipe(r, loaded, packs)]
    if json:
        print_json({"findings": [to_plain(f) | {"path": str(f.path)} for f in findings], "config": lines})
    else:
        for line in [*lines, *map(str, findings)]:
            typer.echo(line)
        if not lines and not findings:
            typer.echo(f"{len(recipes)} recipes, no findings" if len(recipes) != 1 else "no findings")
    raise typer.Exit(Exit.NO if lines or findings else Exit.GOOD)


@recipe_app.command()
def rules(json: Annotated[bool, typer.Option("--json", help="The rules as one JSON list.")] = False) -> None:
    """List what 'recipe check' looks for."""
    table = (*RULES, PLANNABLE)
    if json:
        print_json([{"code": r.code, "about": r.about, "hint": r.hint} for r in table])
        return
    for rule in table:
        typer.echo(f"{rule.code:<22} {rule.about} Otherwise: {rule.hint}.")


@recipe_app.command()
def show(
    file: Annotated[Path, typer.Argument(help="Recipe file.")],
    json: Annotated[bool, typer.Option("--json", help="The recipe as one JSON object.")] = False,
) -> None:
    """Show a recipe: what it serves, what must hold, and its operations."""
    with errors_end_it(json):
        recipe = load_recipe(file)
    if json:
        print_json(recipe.spec.model_dump(mode="json") | {"sha256": recipe.sha256})
        return
    for line in _lines(recipe):
        typer.echo(line)


def _load_all(files: list[Path]) -> tuple[list[Recipe], list[str]]:
    """The recipes that are well formed, and the faults of those that are not."""
    recipes, lines = [], []
    for file in files:
        try:
            recipes.append(load_recipe(file))
        except ConfigError as error:
            lines.extend(error.findings)
    return recipes, lines


def _surroundings(cell: Path | None, lines: list[str]) -> tuple[Cell | None, Mapping[str, PackFile]]:
    """The cell to check against; its own faults are added to ``lines``, once each."""
    if cell is None and not DEFAULT_CELL.is_file():
        return None, {}
    try:
        loaded = load_cell(cell or DEFAULT_CELL)
    except ConfigError as error:
        lines.extend(f for f in error.findings if f not in lines)
        return None, {}
    return loaded, loaded.packs


def _lines(recipe: Recipe) -> list[str]:
    spec = recipe.spec
    damage = ", ".join(f"{kind.value} up to {limit.max_severity:g}" for kind, limit in spec.serves.damage.items())
    lines = [
        f"{spec.recipe}  {spec.title}".rstrip(),
        f"  packs       {', '.join(spec.serves.packs)}",
        f"  hazard      {', '.join(h.value for h in spec.serves.hazard)}",
        f"  damage      {damage or 'none'}",
        f"  sha256      {recipe.sha256}",
        "  operations",
    ]
    for o in spec.operations:
        after = f" after {', '.join(o.after)}" if o.after else ""
        lines.append(f"    {o.id:<20} {o.do}{after}")
    return lines
