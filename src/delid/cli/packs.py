"""``delid packs``: list, show, describe, teach and remove the packs that a cell can recognise. Wiring only."""

from __future__ import annotations

import getpass
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from delid.config import PackFile, load_cell, load_pack
from delid.core import SystemClock, UsageError
from delid.vision import (
    ACCEPTABLE,
    Lesson,
    PackFileNote,
    Teaching,
    check_pack_name,
    load_model,
    read_photos,
    ready_gallery,
    remove_pack,
    store_pack,
    teach_pack,
)

from ._outcome import DEFAULT_CELL, Exit, errors_end_it, print_json
from ._pack_new import new
from ._teaching import (
    Place,
    place_of,
    taught_at,
    taught_lines,
    taught_plain,
    taught_words,
    teaching_lines,
    teaching_plain,
)

packs_app = typer.Typer(no_args_is_help=True, help="The pack models of a cell.")
packs_app.command()(new)

NameArgument = Annotated[str, typer.Argument(help="Pack model, for example vw-meb-82.")]
CellOption = Annotated[Path, typer.Option(help="Cell file.")]
OwnCellOption = Annotated[
    Path | None, typer.Option(help=f"Cell file: model and gallery come from it; without it {DEFAULT_CELL}.")
]
ModelsOption = Annotated[Path | None, typer.Option(help="Instead of a cell: folder with pack-damage.")]
GalleryOption = Annotated[Path | None, typer.Option(help="Instead of a cell: folder of the taught packs.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@packs_app.command("list")
def list_packs(cell: CellOption = DEFAULT_CELL, json: JsonOption = False) -> None:
    """List the packs of a cell with the recipes that serve each, and those that are taught without a pack file."""
    with errors_end_it(json):
        loaded = load_cell(cell)
        taught, trouble = taught_at(place_of(cell, None, None))
    rows: list[dict[str, object]] = [
        {
            "pack": pack.pack,
            "name": pack.name,
            "design": pack.design,
            "geometry": pack.geometry,
            "fasteners": {group: len(spec.positions_mm) for group, spec in pack.groups.items()},
            "recipes": [r.spec.recipe for r in loaded.recipes if {"*", pack.pack} & set(r.spec.serves.packs)],
            "taught": taught_plain(taught.get(pack.pack)),
        }
        for pack in loaded.packs.values()
    ]
    rows += [{"pack": n, "name": None, "taught": taught_plain(t)} for n, t in taught.items() if n not in loaded.packs]
    if json:
        print_json(list[object](rows))
        return
    for pack in loaded.packs.values():
        recipes = ", ".join(r.spec.recipe for r in loaded.recipes if {"*", pack.pack} & set(r.spec.serves.packs))
        state = trouble or taught_words(taught.get(pack.pack))
        typer.echo(f"{pack.pack:<18} {pack.name}, {pack.geometry} geometry, recipes: {recipes}; {state}")
    for name in (n for n in taught if n not in loaded.packs):
        typer.echo(f"{name:<18} no pack file in this cell; {taught_words(taught[name])}")


@packs_app.command()
def show(name: NameArgument, cell: CellOption = DEFAULT_CELL, json: JsonOption = False) -> None:
    """Show what is known of a pack, each fact with its source, and how it was taught."""
    with errors_end_it(json):
        place = place_of(cell, None, None)
        taught, trouble = taught_at(place)
        if name not in place.packs and name not in taught:
            raise UsageError(f"No pack {name!r} in this cell; it has {', '.join(sorted({*place.packs, *taught}))}.")
    pack = place.packs.get(name)
    if json:
        facts = pack.model_dump(mode="json") if pack else {"pack": name}
        print_json(facts | {"taught": taught_plain(taught.get(name))})
        return
    for line in _lines(pack) if pack else [f"{name}  no pack file in this cell"]:
        typer.echo(line)
    lesson = [f"  taught      {trouble or 'no'}"] if name not in taught else taught_lines(taught[name])
    for line in lesson:
        typer.echo(line)


@packs_app.command()
def teach(
    name: NameArgument,
    photos: Annotated[
        Path, typer.Option(help="Folder of 5 to 20 photographs (JPEG, PNG); lid.left.jpg is lid.jpg under a lamp.")
    ],
    pack_file: Annotated[Path | None, typer.Option(help="The pack file that belongs to it, for the record.")] = None,
    cell: OwnCellOption = None,
    models: ModelsOption = None,
    gallery: GalleryOption = None,
    by: Annotated[str | None, typer.Option(help="Who teaches it; without it the user's login name.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Teach anew a pack that is taught already.")] = False,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Teach without photographs that are not fit, if enough are left.")
    ] = False,
    accept: Annotated[
        list[str] | None, typer.Option(help=f"Overrule an objection: {', '.join(sorted(ACCEPTABLE))}.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and report, write nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Teach the cell to recognise a pack from photographs. Nothing is trained.

    Exit code 0: taught. 1: the photographs are not fit; nothing was written. 2: used wrongly. 3: a fault.
    """
    with errors_end_it(json):
        check_pack_name(name)
        unknown = sorted(set(accept or ()) - ACCEPTABLE)
        if unknown:
            raise UsageError(f"--accept {unknown[0]} is not possible; {', '.join(sorted(ACCEPTABLE))} are.")
        if not photos.is_dir():
            raise UsageError(f"{photos}: no such folder.")
        place = place_of(cell, models, gallery)
        lesson = Lesson(
            pack=name,
            by=by or getpass.getuser(),
            at_s=SystemClock().wall_s(),
            pack_file=_pack_file_note(name, pack_file),
            leave_out=leave_out,
            accept=frozenset(accept or ()),
        )
        teaching, notes = _learn(place, lesson, photos, replace)
        written = teaching.file if teaching.ok and not dry_run else None
        kept = store_pack(place.gallery, written, lesson.at_s) if written else None
    target = place.gallery / f"{name}.json" if written else None
    if json:
        print_json(teaching_plain(teaching, target, kept, notes))
    else:
        for line in _said(teaching, target, kept, notes, dry_run):
            typer.echo(line)
    raise typer.Exit(Exit.GOOD if teaching.ok else Exit.NO)


@packs_app.command()
def remove(
    name: NameArgument,
    cell: OwnCellOption = None,
    gallery: GalleryOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: JsonOption = False,
) -> None:
    """Take a pack out of the gallery: it will be unknown. Its file is moved to the gallery's folder ``removed``."""
    with errors_end_it(json):
        if cell is not None and gallery is not None:
            raise UsageError("give either --cell or --gallery.")
        folder = gallery or place_of(cell, None, None).gallery
        if json and not yes:
            raise UsageError("--json cannot ask; add --yes.")
        if not yes and not typer.confirm(f"Take {name} out of {folder}? It will be unknown to the cell."):
            raise typer.Exit(Exit.NO)
        kept = remove_pack(folder, name, SystemClock().wall_s())
    if json:
        print_json({"pack": name, "removed": True, "kept": str(kept)})
    else:
        typer.echo(f"{name} is not taught any more; its file is now {kept}")


def _learn(place: Place, lesson: Lesson, photos: Path, replace: bool) -> tuple[Teaching, list[str]]:
    """The lesson, and notes on what could not be weighed."""
    model = load_model(place.model, "pack_damage")
    taught, _ = taught_at(place)
    if lesson.pack in taught and not replace:
        raise UsageError(f"{lesson.pack} is taught already.", hint="Add --replace to teach it anew; the old is kept.")
    notes = [f"not compared with {t.pack}: {t.problem}" for n, t in taught.items() if t.problem and n != lesson.pack]
    if place.packs and lesson.pack not in place.packs:
        notes.append("the cell has no pack file for it: it will be recognised, but no recipe can be planned")
    return teach_pack(read_photos(photos), lesson, model, ready_gallery(tuple(taught.values()))), notes


def _pack_file_note(name: str, path: Path | None) -> PackFileNote | None:
    if path is None:
        return None
    pack = load_pack(path)
    if pack.pack != name:
        raise UsageError(f"{path} describes {pack.pack}, not {name}.")
    return PackFileNote(file=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def _said(teaching: Teaching, target: Path | None, kept: Path | None, notes: list[str], dry_run: bool) -> Iterator[str]:
    yield from teaching_lines(teaching)
    yield from (f"note: {note}" for note in notes)
    if kept:
        yield f"the former lesson is kept as {kept}"
    if target:
        yield f"taught: {target}"
    else:
        yield "nothing was written" + ("" if not teaching.ok else " (dry run)" if dry_run else "")


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
