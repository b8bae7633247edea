"""An account noted in the record with the tables it was made with, so that the record alone is enough."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from delid.core import UsageError, from_plain, to_plain

from ._account import Account, account_of
from ._facts import EntryLike, PackModel
from ._read import facts_of
from ._tables import Tables, digest

NOTED = "account"
"""``what`` of the measurement that notes an account."""


@dataclass(frozen=True, slots=True)
class NotedAccount:
    """A note, and the account that the entries before it give with the tables it holds."""

    entry: int
    said: dict[str, Any]
    account: Account
    same: bool


def note_of(account: Account) -> list[dict[str, Any]]:
    """The values of a measurement that notes an account."""
    figure = account.footprint
    tables = {**account.tables, "pack": to_plain(account.given.model)}
    numbers = {"low": figure.low_kgco2e, "high": figure.high_kgco2e}
    return [
        {"name": "figure", "value": figure.kgco2e.value, "unit": "kgCO2e", "uncertainty": figure.kgco2e.sigma},
        *({"name": name, "value": value, "unit": "kgCO2e"} for name, value in numbers.items()),
        {"name": "energy", "value": figure.kwh.value, "unit": "kWh", "uncertainty": figure.kwh.sigma},
        {"name": "sha256", "value": digest(to_plain(account))},
        {"name": "tables", "value": json.dumps(tables, sort_keys=True, separators=(",", ":"), ensure_ascii=False)},
    ]


def check_note(entries: Iterable[EntryLike], battery: str) -> NotedAccount:
    """Make the newest noted account of ``battery`` again, from the entries before the note and from nothing else.

    Raises UsageError where none is noted, or where the note holds no tables.
    """
    known = sorted(entries, key=lambda e: e.seq)
    notes = [e for e in known if e.kind == "measurement" and e.payload["what"] == NOTED and e.battery]
    names = facts_of(known, battery, (), {}).names
    note = next((e for e in reversed(notes) if e.battery in names), None)
    if note is None:
        raise UsageError(
            f"no account of {battery} is noted in the record.",
            hint="delid account note adds one.",
            code="usage.account",
        )
    said = {value["name"]: value["value"] for value in note.payload["values"]}
    try:
        plain = json.loads(said["tables"])
        model = from_plain(PackModel | None, plain["pack"])
        tables = Tables.from_plain(plain)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"entry {note.seq} holds no tables.", hint="Note the account again.", code="usage.account"
        ) from error
    packs = {model.name: model} if model else {}
    account = account_of(facts_of((e for e in known if e.seq < note.seq), battery, tables.site.meters, packs), tables)
    same = all(value["value"] == said.get(value["name"]) for value in note_of(account))
    return NotedAccount(note.seq, said, account, same)
