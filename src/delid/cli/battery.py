"""``delid battery``: one battery's record for others, legal hold, retention, and a passport read. Wiring only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from delid.config import Cell, load_cell, load_retention
from delid.core import SystemClock, UsageError
from delid.exports import (
    FORMATS,
    LANGUAGES,
    Books,
    Names,
    SchemaReport,
    Wishes,
    books_of,
    check_epcis,
    check_passport,
    epcis_of,
    exported,
    find_battery,
    open_pseudonyms,
    pack_draft,
    passport_facts,
    passport_of,
    prove,
    read_aasx,
    read_environment,
    read_record,
    save_documents,
)
from delid.exports import BatteryRecord as Record
from delid.keeping import PhotoStore, apply_plan, make_plan
from delid.ledger import Ledger, LegalHold, PublicKey

from ._asking import By, person
from ._outcome import Exit, errors_end_it, print_json

battery_app = typer.Typer(no_args_is_help=True, help="One battery's record: exports, hold, retention; a passport read.")

Place = Annotated[str, typer.Argument(metavar="FILE|URL", help="SQLite file or URL of a ledger.", show_default=False)]
Battery = Annotated[str, typer.Argument(help="Identity of the battery.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
CellFile = Annotated[
    Path | None, typer.Option(metavar="CELL.yaml", help="Cell file: its section 'ledger' names tables, rules and keys.")
]
Key = Annotated[Path | None, typer.Option("--key", help="Public key that must have signed (PEM).")]


@battery_app.command()
def export(
    place: Place,
    battery: Battery,
    out: Annotated[Path, typer.Argument(help="A new file.", show_default=False)],
    format: Annotated[str, typer.Option(help=", ".join(FORMATS))] = "pdf",
    cell: CellFile = None,
    key: Key = None,
    language: Annotated[str, typer.Option(help="Of a certificate: en or zh.")] = "en",
    pseudonyms: Annotated[Path | None, typer.Option(help="Key file that makes the words for people.")] = None,
    id_base: Annotated[str, typer.Option(help="URI of your own under which batteries are named to others.")] = "",
    link: Annotated[str, typer.Option(help="Server where records are found by their hash, for the QR code.")] = "",
    font: Annotated[Path | None, typer.Option(help="TrueType font for Chinese text in a PDF.")] = None,
    schema_dir: Annotated[Path | None, typer.Option(help="Folder with the published schemas to check against.")] = None,
    json: Json = False,
) -> None:
    """Write the record for others. Exit code 0: written and proven. 1: written, but not proven, or against a schema."""
    with errors_end_it(json):
        if format not in FORMATS or language not in LANGUAGES:
            raise UsageError(f"--format is one of {', '.join(FORMATS)}, --language one of {', '.join(LANGUAGES)}.")
        found = load_cell(cell) if cell else None
        settings = found.spec.ledger if found else None
        now_s = SystemClock().wall_s()
        wishes = Wishes(
            now_s, "zh" if language == "zh" else "en", Names(id_base or (settings.id_base if settings else "")),
            link or (settings.link if settings else ""), font,
        )  # fmt: skip
        with Ledger.open(place) as ledger:
            people = open_pseudonyms(pseudonyms or _pseudonyms(place, found))
            record = read_record(_books(ledger, found, key), battery, people, now_s)
        report = _report(record, format, wishes, schema_dir) if schema_dir else None
        _write(out, exported(record, format, wishes))
    good = record.proof.ok and (report is None or report.ok)
    if json:
        print_json(_facts(out, format, record, report))
    else:
        _tell(out, format, record, report)
    raise typer.Exit(Exit.GOOD if good else Exit.NO)


@battery_app.command()
def proof(place: Place, battery: Battery, cell: CellFile = None, key: Key = None, json: Json = False) -> None:
    """Say whether every entry of the record is proven. Exit code 0: it is. 1: it is not."""
    with errors_end_it(json), Ledger.open(place) as ledger:
        found = find_battery(ledger, battery)
        books = _books(ledger, load_cell(cell) if cell else None, key)
        shown = prove(ledger, found.family.battery, found.entries, books.key)
    if json:
        print_json({"ok": shown.ok, "record_sha256": shown.record_sha256, "entries": len(found.entries),
                    "checkpoint": shown.checkpoint, "key": shown.key_id, "words": shown.words})  # fmt: skip
    else:
        typer.echo(f"{'proven' if shown.ok else 'NOT proven'}: {len(found.entries)} entries, {shown.record_sha256}")
        if shown.words:
            typer.echo(shown.words)
    raise typer.Exit(Exit.GOOD if shown.ok else Exit.NO)


@battery_app.command()
def hold(
    place: Place,
    battery: Battery,
    reason: Annotated[str, typer.Option(help="Why; it stands in the ledger.", show_default=False)],
    off: Annotated[bool, typer.Option("--off", help="Lift the hold.")] = False,
    by: By = "",
    json: Json = False,
) -> None:
    """Put a battery on legal hold: no picture and no name of its record is deleted while it is on."""
    with errors_end_it(json), Ledger.open(place) as ledger:
        main = find_battery(ledger, battery).family.battery
        entry = ledger.append(LegalHold(on=not off, reason=reason, by=ledger.person(person(by))), main)
    if json:
        print_json({"battery": main, "on": not off, "entry": entry.seq})
    else:
        typer.echo(f"{main}: legal hold {'lifted' if off else 'on'} by entry {entry.seq}")


@battery_app.command()
def retention(
    place: Place,
    rules: Annotated[Path, typer.Option(help="Rules of retention (YAML).", show_default=False)],
    photos: Annotated[Path, typer.Option(help="Folder of the pictures.", show_default=False)],
    apply: Annotated[bool, typer.Option("--apply", help="Delete it, and write that into the ledger.")] = False,
    by: By = "",
    json: Json = False,
) -> None:
    """Say which pictures and names the rules let go now; entries are never deleted."""
    with errors_end_it(json), Ledger.open(place) as ledger:
        store = PhotoStore(photos)
        plan = make_plan(ledger, store, load_retention(rules), ledger.clock.wall_s())
        entry = apply_plan(ledger, store, plan, person(by)) if apply else None
    if json:
        print_json({"photos": list(plan.photos), "people": list(plan.people), "held": list(plan.held),
                    "rule": plan.rule, "entry": entry.seq if entry else None})  # fmt: skip
        return
    typer.echo(f"{plan.rule}: {len(plan.photos)} pictures and {len(plan.people)} names may go")
    for battery in plan.held:
        typer.echo(f"kept, on legal hold: {battery}")
    if entry:
        typer.echo(f"deleted, and written down in entry {entry.seq}")


@battery_app.command("import-passport")
def import_passport(
    file: Annotated[Path, typer.Argument(help="AASX package, or AAS environment as JSON.", show_default=False)],
    name: Annotated[str, typer.Option(help="Name of the pack model, for example acme-82.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The draft, a new file.", show_default=False)],
    documents: Annotated[Path | None, typer.Option(help="New folder for the documents of a package.")] = None,
    json: Json = False,
) -> None:
    """Draft a pack file from a battery passport: what it says is filled in, the rest is left open."""
    with errors_end_it(json):
        is_json = file.suffix.lower() == ".json"
        environment, files = (read_environment(file), {}) if is_json else read_aasx(file)
        facts = passport_facts(environment, file)
        draft = pack_draft(name, facts, file.name)
        _write(out, draft.text.encode())
        saved = save_documents(files, documents) if documents and files else []
    if json:
        print_json({"file": str(out), "missing": list(draft.missing), "documents": [str(p) for p in saved],
                    "dismantling": [d.id for d in facts.dismantling]})  # fmt: skip
        return
    typer.echo(f"written: {out}")
    for path in saved:
        typer.echo(f"written: {path}")
    typer.echo(f"still open: {', '.join(draft.missing)}")


def _books(ledger: Ledger, cell: Cell | None, key: Path | None) -> Books:
    books = books_of(cell, ledger) if cell else Books(ledger)
    return Books(ledger, PublicKey.read(key), books.tables, books.rules, books.roles) if key else books


def _pseudonyms(place: str, cell: Cell | None) -> Path:
    if cell and cell.spec.ledger and cell.spec.ledger.pseudonyms:
        return cell.resolve(cell.spec.ledger.pseudonyms)
    if "://" in place:
        raise UsageError("people need words of this site's own.", hint="Name the key file: --pseudonyms FILE.")
    return Path(place).with_name("pseudonyms.key")


def _report(record: Record, format: str, wishes: Wishes, folder: Path) -> SchemaReport:
    if format == "epcis":
        return check_epcis(epcis_of(record, wishes.names, wishes.now_s), folder)
    if format in ("passport", "aasx"):
        return check_passport(passport_of(record, wishes.names), folder)
    raise UsageError("--schema-dir is for the formats epcis, passport and aasx.")


def _write(out: Path, content: bytes) -> None:
    try:
        with out.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}.", hint="Name a new file.") from error


def _facts(out: Path, format: str, record: Record, report: SchemaReport | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "file": str(out), "format": format, "battery": record.battery, "entries": len(record.entries),
        "record_sha256": record.proof.record_sha256, "proven": record.proof.ok, "words": record.proof.words,
    }  # fmt: skip
    if report is not None:
        facts["schemas"] = {"used": list(report.used), "findings": list(report.findings), "absent": list(report.absent)}
    return facts


def _tell(out: Path, format: str, record: Record, report: SchemaReport | None) -> None:
    typer.echo(f"written: {out} ({format}, {len(record.entries)} entries, record {record.proof.record_sha256})")
    if record.proof.words:
        typer.echo(record.proof.words if record.proof.ok else f"NOT proven: {record.proof.words}", err=True)
    for line in (*report.findings, *(f"not known to the cell: {name}" for name in report.absent)) if report else ():
        typer.echo(line)
