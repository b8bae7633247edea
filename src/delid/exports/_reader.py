"""Reading one battery's record out of a ledger, with everything that is worked out from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from delid.accounting import Account, Due, Tables, battery_account, due_list, pack_model
from delid.config import Cell, LedgerSettings, RegionRules, load_accounting, load_rules
from delid.core import LedgerError, decode_battery_code
from delid.ledger import Ledger, PublicKey, public_path

from ._assemble import Found, assemble, record_facts
from ._proof import prove
from ._pseudonym import Pseudonyms
from ._record import BatteryRecord, ProofFact

NOT_PROVEN_YET = "it was not verified"


@dataclass(frozen=True, slots=True)
class Books:
    """What a record is read with.

    Attributes:
        ledger: open.
        key: that must have signed the ledger.
        tables: for energy, carbon and materials; without them there is no account.
        rules: of the region, for deadlines; without them there are none.
        roles: what the site is in the eyes of these rules.
    """

    ledger: Ledger
    key: PublicKey | None = None
    tables: Tables | None = None
    rules: RegionRules | None = None
    roles: tuple[str, ...] = ()


def books_of(cell: Cell, ledger: Ledger) -> Books:
    """With what the cell file names in its section ``ledger``; raises ConfigError, LedgerError."""
    settings = cell.spec.ledger
    if settings is None:
        return Books(ledger)
    rules = load_rules(cell.resolve(settings.rules)) if settings.rules else None
    tables = None
    if settings.accounting is not None:
        files = load_accounting(cell.resolve(settings.accounting))
        packs = {name: pack_model(pack) for name, pack in cell.packs.items()}
        tables = Tables(files.factors, files.site, files.uses, packs)
    return Books(ledger, _key_of(cell, settings), tables, rules, tuple(settings.roles))


def ledger_place(cell: Cell, settings: LedgerSettings) -> str:
    """File or URL of the cell's ledger."""
    if settings.url and "://" in settings.url:
        return settings.url
    return str(cell.resolve(Path(settings.url)) if settings.url else cell.resolve(cell.spec.runs) / "ledger.db")


def photo_folder(cell: Cell, settings: LedgerSettings) -> Path:
    """Where the pictures of the record lie."""
    return cell.resolve(settings.photos) if settings.photos else cell.resolve(cell.spec.runs) / "photos"


def _key_of(cell: Cell, settings: LedgerSettings) -> PublicKey | None:
    """The key that must have signed; None where none is named, and none lies beside the signing key."""
    if settings.public_key:
        return PublicKey.read(cell.resolve(settings.public_key))
    own = cell.resolve(settings.key) if settings.key else cell.resolve(cell.spec.runs) / "ledger.key"
    beside = public_path(own)
    return PublicKey.read(beside) if beside.is_file() else None


def find_battery(ledger: Ledger, battery: str) -> Found:
    """Raises LedgerError ``ledger.no_battery`` where nothing is about it."""
    entries = ledger.entries_of(battery)
    if not entries:
        raise LedgerError(f"there is nothing about {battery}.", hint="Look at the list.", code="ledger.no_battery")
    return Found(ledger.family_of(battery), entries)


def account_in(books: Books, found: Found) -> Account | None:
    """Energy, carbon and materials; None without tables."""
    if books.tables is None:
        return None
    return battery_account(found.entries, found.family.battery, books.tables)


def due_in(books: Books, found: Found, now_s: float) -> tuple[Due, ...]:
    """What is due for this battery, done or not."""
    if books.rules is None:
        return ()
    names = {found.family.battery, *found.family.provisional}
    return tuple(d for d in due_list(found.entries, books.rules, now_s, books.roles) if d.battery in names)


def read_record(books: Books, battery: str, people: Pseudonyms, now_s: float, verify: bool = True) -> BatteryRecord:
    """The record for exports. Without ``verify`` its proof says that nobody has looked."""
    found = find_battery(books.ledger, battery)
    proof = ProofFact(False, found.record_sha256, words=NOT_PROVEN_YET)
    if verify:
        proof = prove(books.ledger, found.family.battery, found.entries, books.key)
    facts = record_facts(found, account_in(books, found), due_in(books, found, now_s))
    decoded = decode_battery_code(found.family.battery) or {}
    return assemble(found, facts, books.ledger.site, decoded, proof, people)
