"""``delid recipe``: check and show recipes, and explain the rules. Wiring only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from delid.config import Cell, PackFile, Recipe, load_cell, load_recipe
from delid.core import ConfigError, UsageError, to_plain
from delid.planning import ALL_RULES, Rule, reference_text

from ._outcome import DEFAULT_CELL, Exit, errors_end_it, print_json
from ._recipe_files import check_files
from ._recipe_impact import impact
from ._recipe_release import note_check, release, state_facts, state_lines
from ._recipe_simulate import simulate

recipe_app = typer.Typer(no_args_is_help=True, help="Check, simulate and show dismantling recipes.")
recipe_app.command()(simulate)
recipe_app.command()(release)
recipe_app.command()(impact)

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
        loaded, packs, lines = _surroundings(cell)
    findings = check_files(files, loaded, packs)
    if loaded and not findings:
        for file in files:
            note_check(load_recipe(file), loaded)
    if json:
        print_json({"findings": [to_plain(f) | {"path": str(f.path)} for f in findings], "config": lines})
    else:
        for line in [*lines, *map(str, findings)]:
            typer.echo(line)
        if not lines and not findings:
            typer.echo(f"{len(files)} recipes, no findings" if len(files) != 1 else "no findings")
    raise typer.Exit(Exit.NO if lines or findings else Exit.GOOD)


@recipe_app.command()
def rules(
    code: Annotated[str | None, typer.Argument(help="One rule; without it all of them.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The rules as one JSON list.")] = False,
) -> None:
    """List what 'recipe check' looks for; with a code, explain that rule."""
    with errors_end_it(json):
        known = {r.code: r for r in ALL_RULES}
        if code is not None and code not in known:
            raise UsageError(f"There is no rule {code!r}.", hint="'delid recipe rules' lists them.")
    table = ALL_RULES if code is None else (known[code],)
    if json:
        print_json([_plain_rule(r) for r in table])
    elif code is not None:
        for line in _explained(known[code]):
            typer.echo(line)
    else:
        for rule in table:
            typer.echo(f"{rule.code:<22} {rule.severity.value:<8} {rule.about}")


@recipe_app.command()
def reference(
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("docs/recipe-reference.md"),
) -> None:
    """Write the reference page of the recipe language: files, operations, failures, rules."""
    with errors_end_it(False):
        if not out.parent.is_dir():
            raise UsageError(f"{out.parent}: no such folder.")
    out.write_text(reference_text(), encoding="utf-8")
    typer.echo(f"written: {out}")


@recipe_app.command()
def show(
    file: Annotated[Path, typer.Argument(help="Recipe file.")],
    cell: CellOption = None,
    json: Annotated[bool, typer.Option("--json", help="The recipe as one JSON object.")] = False,
) -> None:
    """Show a recipe with fragments filled in, its state, and what changed since its release."""
    with errors_end_it(json):
        recipe = load_recipe(file)
        loaded, _, _ = _surroundings(cell)
        facts = state_facts(recipe, loaded) if loaded else {}
        states = state_lines(recipe, loaded) if loaded else []
    if json:
        print_json(recipe.spec.model_dump(mode="json", by_alias=True) | {"sha256": recipe.sha256} | facts)
        return
    for line in [*_lines(recipe), *states]:
        typer.echo(line)


def _surroundings(cell: Path | None) -> tuple[Cell | None, Mapping[str, PackFile], list[str]]:
    """The cell to check against, and its own faults."""
    if cell is None and not DEFAULT_CELL.is_file():
        return None, {}, []
    try:
        loaded = load_cell(cell or DEFAULT_CELL)
    except ConfigError as error:
        return None, {}, list(dict.fromkeys(error.findings))
    return loaded, loaded.packs, []


def _plain_rule(rule: Rule) -> dict[str, object]:
    return {"code": rule.code, "severity": rule.severity.value, "about": rule.about, "why": rule.why, "hint": rule.hint}


def _explained(rule: Rule) -> list[str]:
    return [f"{rule.code}  ({rule.severity.value})", f"  {rule.about}", f"  Why: {rule.why}", f"  Do: {rule.hint}."]


def _lines(recipe: Recipe) -> list[str]:
    spec, serves = recipe.spec, recipe.spec.serves
    damage = ", ".join(f"{kind.value} up to {limit.max_severity:g}" for kind, limit in serves.damage.items())
    lines = [
        f"{spec.recipe}  {spec.title}".rstrip(),
        f"  packs       {', '.join(serves.packs)}",
        f"  hazard      {', '.join(h.value for h in serves.hazard)}",
        f"  damage      {damage or 'none'}",
    ]
    if serves.route:
        lines.append(f"  route       {', '.join(r.value for r in serves.route)}")
    if serves.state_of_health:
        lines.append(f"  health      {serves.state_of_health.min:g} to {serves.state_of_health.max:g}")
    for name, p in spec.parameters.items():
        span = f", {p.min:g} to {p.max:g}" if p.min is not None and p.max is not None else ""
        by = f", approved by {p.approved_by}" if p.approved_by else ", fixed"
        lines.append(f"  parameter   {name} = {p.value}{span}{by}")
    lines += [f"  variant     {v.name}" for v in spec.variants]
    lines += [f"  sha256      {recipe.sha256}", "  operations"]
    for o in spec.operations:
        after = f" after {', '.join(o.after)}" if o.after else ""
        lines.append(f"    {o.id:<20} {o.do}{after}")
    return lines
