"""What a person adds to the ledger for a region's rules: a signed daily list, a report made, a record of the site."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Annotated, Literal

import typer

from delid.accounting import NOTED, Tables, battery_account, note_of
from delid.config import MATERIAL_KINDS as KINDS
from delid.config import RegionRules, StrictModel, load_accounting, load_pack, load_rules, load_yaml_model
from delid.core import UsageError
from delid.ledger import (
    OF_THE_SITE,
    JudgementItem,
    Ledger,
    MaterialOut,
    Measurement,
    Photo,
    Quantity,
    ReportMade,
    SelfInspection,
)

from ._account_moves import check_destination
from ._asking import By, person
from ._outcome import errors_end_it

RULES, TABLES, PACKS = (Path("cell_configs") / name for name in ("compliance", "accounting", "packs"))
LedgerAt = Annotated[str, typer.Argument(metavar="LEDGER", help="A ledger (file or URL).")]
RulesFile = Annotated[Path, typer.Option("--rules", help="File of rules.")]


class AnswerFile(StrictModel):
    """The answers to the daily list, as a person writes them down."""

    day: dt.date
    answers: dict[str, Literal["yes", "no"]]
    """Item to answer; yes means that the fault is there."""
    notes: dict[str, str] = {}
    photos: dict[str, list[Path]] = {}
    """Item to pictures, relative to this file."""


def sign(
    ledger: LedgerAt,
    answers: Annotated[Path, typer.Argument(help="YAML: day, answers, notes, photos.")],
    rules: RulesFile = RULES / "cn.yaml",
    by: By = "",
) -> None:
    """Sign the daily self-inspection: every item answered, and its photos by their digests."""
    with errors_end_it(False):
        table, given = load_rules(rules), load_yaml_model(answers, AnswerFile)
        items = tuple(_items(table, given, answers.parent))
        with Ledger.open(ledger) as open_ledger:
            who = open_ledger.person(person(by))
            payload = SelfInspection(
                site=open_ledger.site, day=given.day.isoformat(), items=items, rule=_named(table), by=who
            )
            entry = open_ledger.append(payload, OF_THE_SITE)
    typer.echo(f"entry {entry.seq}: self-inspection of {given.day}, {len(items)} items")


def report(
    ledger: LedgerAt,
    duty: Annotated[str, typer.Argument(metavar="DUTY", help="The duty, as `delid account due --json` names it.")],
    battery: Annotated[
        str, typer.Option(help="The battery it is about; without it the site's own, for a period.")
    ] = "",
    period: Annotated[str | None, typer.Option(help="For what is due per year: the year.")] = None,
    reference: Annotated[str | None, typer.Option(help="The authority's receipt.")] = None,
    rules: RulesFile = RULES / "cn.yaml",
    by: By = "",
) -> None:
    """Note that a report was made."""
    with errors_end_it(False):
        table = load_rules(rules)
        found = next((one for one in table.duties if one.duty == duty), None)
        if found is None or found.ends != "reported":
            known = ", ".join(one.duty for one in table.duties if one.ends == "reported")
            raise UsageError(f"{duty!r} is no report that {rules} asks for.", hint=f"Such are: {known}.")
        fits = bool(period and not battery) if found.per == "year" else bool(battery and not period)
        if not fits:
            wanted = "--period YEAR and no --battery" if found.per == "year" else "--battery, and no --period"
            raise UsageError(f"{duty} is due per {found.per}.", hint=f"Give {wanted}.")
        with Ledger.open(ledger) as open_ledger:
            who = open_ledger.person(person(by))
            payload = ReportMade(report=duty, rule=found.source, period=period, reference=reference, by=who)
            entry = open_ledger.append(payload, battery or OF_THE_SITE)
    typer.echo(f"entry {entry.seq}: {duty} reported")


def out(
    ledger: LedgerAt,
    battery: Annotated[str, typer.Argument(metavar="BATTERY", help="Its identity.")],
    material: Annotated[str, typer.Argument(metavar="MATERIAL", help=f"One of {', '.join(KINDS)}.")],
    to: Annotated[
        str, typer.Option(metavar="DESTINATION", help="reuse:USE:PLACE, recycling:PLACE, treatment:PLACE ...")
    ],
    kg: Annotated[float | None, typer.Option(min=0, help="Its mass, weighed.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 1,
    step: Annotated[str | None, typer.Option(help="The step that took it out, if the cell did.")] = None,
    tables: Annotated[Path, typer.Option("--tables", help="Folder of site.yaml and uses.yaml.")] = TABLES,
    by: By = "",
) -> None:
    """Note what came out of a battery and where it goes. Ends with 1 and notes nothing where a rule refuses the use."""
    with errors_end_it(False):
        if material not in KINDS:
            raise UsageError(f"{material!r} is no kind of part.", hint=f"Kinds are: {', '.join(KINDS)}.")
        check_destination(to, tables)
        with Ledger.open(ledger) as open_ledger:
            if not open_ledger.entries_of(battery):
                raise UsageError(f"there is no entry about {battery!r}.", hint="delid ledger find lists batteries.")
            who = open_ledger.person(person(by))
            source: Literal["weighed"] | None = None if kg is None else "weighed"
            payload = MaterialOut(
                material=material, count=count, mass_kg=kg, mass_source=source, destination=to, step=step, by=who
            )
            entry = open_ledger.append(payload, battery)
    typer.echo(f"entry {entry.seq}: {material} to {to}")


def note(
    ledger: LedgerAt,
    battery: Annotated[str, typer.Argument(metavar="BATTERY", help="Its identity.")],
    tables: Annotated[Path, typer.Option("--tables", help="Folder of the tables.")] = TABLES,
    packs: Annotated[Path, typer.Option("--packs", help="Folder of pack files.")] = PACKS,
    by: By = "",
) -> None:
    """Note a battery's account in its record, with the tables it was made with: then the record alone is enough."""
    with errors_end_it(False):
        files = [load_pack(path) for path in sorted(packs.glob("*.yaml"))]
        rules = Tables.of(load_accounting(tables), files)
        with Ledger.open(ledger) as open_ledger:
            account = battery_account(open_ledger.entries_of(battery), battery, rules)
            values = tuple(Quantity.model_validate(value) for value in note_of(account))
            who = open_ledger.person(person(by))
            entry = open_ledger.append(Measurement(what=NOTED, values=values, by=who), account.battery)
    typer.echo(f"entry {entry.seq}: account of {account.battery}, {account.footprint.kgco2e.value:.3g} kg CO2e")


def site_record(
    ledger: LedgerAt,
    what: Annotated[str, typer.Argument(metavar="WHAT", help="For example temperature_humidity, smoke, brine_tank.")],
    values: Annotated[
        list[str], typer.Argument(metavar="NAME=VALUE[UNIT]...", help="For example temperature=21.5degC")
    ],
    instrument: Annotated[str | None, typer.Option(help="What it was measured with.")] = None,
    by: By = "",
) -> None:
    """Keep a record of the site, such as the temperature of the store or the test of an alarm."""
    with errors_end_it(False):
        found = tuple(_quantity(text) for text in values)
        with Ledger.open(ledger) as open_ledger:
            who = open_ledger.person(person(by))
            entry = open_ledger.append(Measurement(what=what, values=found, instrument=instrument, by=who), OF_THE_SITE)
    typer.echo(f"entry {entry.seq}: {what}")


def _items(rules: RegionRules, given: AnswerFile, folder: Path) -> list[JudgementItem]:
    known = {item.item for item in rules.daily}
    if strange := sorted((given.answers.keys() | given.notes.keys() | given.photos.keys()) - known):
        raise UsageError(f"{strange[0]!r} is no item of the list.", hint=f"Its items are: {', '.join(sorted(known))}.")
    items = []
    for item in rules.daily:
        if item.item not in given.answers:
            raise UsageError(f"{item.item} is not answered: {item.fault}?", hint="Answer every item with yes or no.")
        photos = tuple(_photo(folder / path) for path in given.photos.get(item.item, []))
        if item.photo and not photos:
            raise UsageError(f"{item.item} has no photo.", hint="Add its file under photos.")
        items.append(
            JudgementItem(
                id=item.item, text=item.fault, answer=given.answers[item.item], note=given.notes.get(item.item),
                photos=photos,
            )
        )  # fmt: skip
    return items


def _photo(path: Path) -> Photo:
    kinds = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"}
    if path.suffix.lower() not in kinds:
        raise UsageError(f"{path} is no JPEG or PNG.", hint="Name the photo's file.")
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", hint="Name the photo's file.") from error
    return Photo(sha256=digest, name=path.name, media_type=kinds[path.suffix.lower()])


def _quantity(text: str) -> Quantity:
    name, equals, rest = text.partition("=")
    number = rest.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ%/°")
    if not name or not equals or not rest:
        raise UsageError(f"{text!r} is no value.", hint="Write NAME=VALUE, for example temperature=21.5degC.")
    try:
        return Quantity(name=name, value=float(number), unit=rest[len(number) :])
    except ValueError:
        return Quantity(name=name, value=rest)


def _named(rules: RegionRules) -> str:
    return f"{rules.rules} version {rules.version}: daily self-inspection"
