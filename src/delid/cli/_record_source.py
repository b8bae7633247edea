"""Entries of a battery's record, from a ledger (a file or a URL) or from an export of one."""

from __future__ import annotations

from pathlib import Path

from delid.core import UsageError
from delid.ledger import OF_THE_SITE, Entry, Ledger, read_export

SQLITE = b"SQLite format 3\0"
DUE_KINDS = (
    "intake", "identity_linked", "safety_judgement", "plan", "storage", "inspection", "run_ended", "hand_over",
    "report", "self_inspection",
)  # fmt: skip
"""All that a duty can ask about, besides what is measured at the site."""


def is_ledger(source: str) -> bool:
    """True for a database; an export is a text file. Raises UsageError where there is nothing."""
    if "://" in source:
        return True
    path = Path(source)
    if not path.is_file():
        raise UsageError(f"{source}: no such file.", hint="Name a ledger, or an export of one.", code="usage.record")
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def entries_of(source: str, battery: str) -> list[Entry]:
    """All about a battery, with its earlier identities and its modules. An export is read as it stands, unverified."""
    if not is_ledger(source):
        return read_export(source).entries
    with Ledger.open(source) as ledger:
        return ledger.entries_of(battery)


def entries_for_duties(source: str) -> list[Entry]:
    """All entries that a rule can ask about."""
    if not is_ledger(source):
        return read_export(source).entries
    with Ledger.open(source) as ledger:
        found = ledger.of_kinds(DUE_KINDS) + ledger.of_kind(OF_THE_SITE, "measurement")
    return sorted(found, key=lambda entry: entry.seq)
