"""What a person adds to a battery's record when it goes into a store for its hazard class, or leaves the site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from delid.accounting import destination, uses_in
from delid.config import load_accounting
from delid.core import HazardClass, UsageError
from delid.exports import Found, find_battery, record_facts
from delid.ledger import HandOver, Intake, Ledger, Stored

from ._asking import By, person
from ._outcome import Exit, errors_end_it

TABLES = Path("cell_configs/accounting")
LedgerAt = Annotated[str, typer.Argument(metavar="LEDGER", help="A ledger (file or URL).")]
Battery = Annotated[str, typer.Argument(metavar="BATTERY", help="Its identity, or that of a module.")]
Kg = Annotated[float | None, typer.Option(min=0, help="Its mass, weighed.")]


def store(
    ledger: LedgerAt,
    battery: Battery,
    place: Annotated[str, typer.Argument(metavar="PLACE", help="The storage place.")],
    serves: Annotated[list[HazardClass], typer.Option(help="A class that the place is for; several are possible.")],
    hazard_class: Annotated[
        HazardClass | None, typer.Option("--class", help="The battery's class, if not the one on record.")
    ] = None,
    kg: Kg = None,
    by: By = "",
) -> None:
    """Note that a battery was put into a store. Ends with 1 and notes nothing where the place is not for its class."""
    with errors_end_it(False), Ledger.open(ledger) as open_ledger:
        found = find_battery(open_ledger, battery)
        _is_here(found, battery)
        judged = hazard_class or _class_of(found, battery)
        if judged not in serves:
            made_for = ", ".join(one.value for one in serves)
            typer.echo(f"refused: {battery} is of class {judged.value}, and {place} is for {made_for}", err=True)
            raise typer.Exit(Exit.NO)
        said = Stored(
            place=place, hazard_class=judged, place_serves=tuple(serves), mass_kg=kg,
            by=open_ledger.person(person(by)),
        )  # fmt: skip
        entry = open_ledger.append(said, found.family.battery)
    typer.echo(f"entry {entry.seq}: stored in {place}, class {judged.value}")


def hand_over(
    ledger: LedgerAt,
    battery: Battery,
    to: Annotated[str, typer.Option(metavar="RECEIVER", help="Who takes it.")],
    route: Annotated[
        str, typer.Option(metavar="DESTINATION", help="reuse:USE:PLACE, recycling:PLACE, treatment:PLACE ...")
    ],
    item: Annotated[
        list[str], typer.Option(help="Kind of part or identity of a module that goes; all if none is named.")
    ] = [],  # noqa: B006  typer makes a list of its own for each call
    document: Annotated[str | None, typer.Option(help="Number of the transfer document.")] = None,
    kg: Kg = None,
    tables: Annotated[Path, typer.Option("--tables", help="Folder of site.yaml and uses.yaml.")] = TABLES,
    by: By = "",
) -> None:
    """Note that a battery, or parts of it, left. Ends with 1 and notes nothing where a rule refuses the use."""
    with errors_end_it(False), Ledger.open(ledger) as open_ledger:
        check_destination(route, tables)
        found = find_battery(open_ledger, battery)
        _is_here(found, battery)
        said = HandOver(
            to=to, route=route, document=document, mass_kg=kg, items=tuple(item), by=open_ledger.person(person(by))
        )
        entry = open_ledger.append(said, found.family.battery)
    typer.echo(f"entry {entry.seq}: handed over to {to}, {route}")


def check_destination(text: str, tables: Path) -> None:
    """UsageError where it does not say what for; ends with 1 where the region's rules refuse the use."""
    goes, use, _ = destination(text)
    if goes is None:
        raise UsageError(
            f"{text!r} does not say what it is for.", hint="Begin with reuse:, recycling:, treatment: or quarantine:."
        )
    files = load_accounting(tables)
    for row in uses_in(files.uses, files.site.region):
        if goes == "reuse" and row.use == use and not row.allowed:
            typer.echo(f"refused: {row.title}: {row.why} ({row.source})", err=True)
            raise typer.Exit(Exit.NO)


def _class_of(found: Found, battery: str) -> HazardClass:
    """The class that its record comes to."""
    judged = record_facts(found).hazard_class
    if judged is None:
        raise UsageError(f"nobody has judged {battery} yet.", hint="Judge it, or give --class.", code="usage.class")
    return HazardClass(judged)


def _is_here(found: Found, battery: str) -> None:
    """What left as a whole and did not come back cannot leave again."""
    own = [entry for entry in found.entries if entry.battery not in found.family.modules]
    left = [e.seq for e in own if e.kind == HandOver.kind and not e.payload.get("items")]
    came = [e.seq for e in own if e.kind == Intake.kind]
    if left and left[-1] > max(came, default=-1):
        raise UsageError(
            f"{battery} left already: entry {left[-1]}.", hint="delid ledger show lists its entries.", code="usage.left"
        )
