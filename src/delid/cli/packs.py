"""``delid packs list`` and ``delid packs show``. Wiring only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from delid.config import PackFile, load_cell
from delid.core import UsageError

from ._outcome import DEFAULT_CELL, errors_end_it, print_json

packs_app = typer.Typer(no_args_is_help=True, help="The pack models of a cell.")

CellOption = Annotated[Path, typer.Option(help="Cell file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@packs_app.command("list")
def list_packs(cell: CellOption = DEFAULT_CELL, json: JsonOption = False) -> None:
    """List the packs of a cell with the recipes that serve each."""
    with errors_end_it(json):
        loaded = load_cell(cell)
    rows = [
        {
            "pack": pack.pack,
            "name": pack.name,
            "design": pack.design,
            "geometry": pack.geometry,
            "fasteners": {group: len(spec.positions_mm) for group, spec in pack.groups.items()},
            "recipes": [r.spec.recipe for r in loaded.recipes if {"*", pack.pack} & set(r.spec.serves.packs)],
        }
        for pack in loaded.packs.values()
    ]
    if json:
        print_json(list[object](rows))
        return
    for row in rows:
        typer.echo(f"{row['pack']:<18} {row['name']}, {row['geometry']} geometry, recipes: {', '.join(row['recipes'])}")


@packs_app.command()
def show(
    name: Annotated[str, typer.Argument(help="Pack model, for example vw-meb-82.")],
    cell: CellOption = DEFAULT_CELL,
    json: JsonOption = False,
) -> None:
    """Show what is known of a pack, each fact with its source."""
    with errors_end_it(json):
        packs = load_cell(cell).packs
        if name not in packs:
            raise UsageError(f"No pack {name!r} in this cell; it has {', '.join(sorted(packs))}.")
    if json:
        print_json(packs[name].model_dump(mode="json"))
        return
    for line in _lines(packs[name]):
        typer.echo(line)


def _lines(pack: PackFile) -> list[str]:
    xs, ys = zip(*pack.outline_mm, strict=True)
    lines = [
        f"{pack.pack}  {pack.name}",
        f"  size        {max(xs) - min(xs):g} x {max(ys) - min(ys):g} x {pack.height_mm:g} mm",
        f"  geometry    {pack.geometry}",
        f"  mass        {pack.mass_kg:g} kg, lid {pack.lid.mass_kg:g} kg",
        f"  energy      {pack.energy_kwh:g} kWh, {pack.nominal_voltage_v:g} V nominal, {pack.chemistry}",
        f"  design      {pack.design}" + (f", {len(pack.modules.positions_mm)} lifts" if pack.modules else ""),
    ]
    for name, group in pack.groups.items():
        about = f"{len(group.positions_mm)} x {group.kind.value} {group.thread}, {group.socket_mm:g} mm socket"
        lines.append(f"  fasteners   {name}: {about}, {group.torque_nm:g} N m")
    for c in pack.connectors:
        lines.append(f"  connector   {c.id}: {c.kind.replace('_', ' ')} at {c.at_mm[0]:g}, {c.at_mm[1]:g} mm")
    lines += [f"  source      {s.fact}: {s.source} ({s.status})" for s in pack.sources]
    return lines
