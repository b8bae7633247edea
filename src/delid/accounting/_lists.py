"""The daily list as it was signed, and what an inspection of the outlet would ask for, against the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from delid.config import AskedRecord, ListItem, RegionRules

from ._calendar import day_of, last_day
from ._facts import EntryLike
from ._happenings import Happened, History, histories


@dataclass(frozen=True, slots=True)
class ListLine:
    """One item: what must not be, what was answered, and what is wrong with the answer (empty if nothing)."""

    item: str
    fault: str
    answer: str
    note: str
    photos: tuple[str, ...]
    wrong: str
    source: str


@dataclass(frozen=True, slots=True)
class DailyList:
    """The self-inspection of one day. ``passed`` needs a sign-off, every item answered with no, and its photos."""

    day: str
    signed_by: str | None
    entry: int | None
    lines: tuple[ListLine, ...]
    passed: bool


@dataclass(frozen=True, slots=True)
class AskedFor:
    """One thing that an inspection asks for, and what the record can show.

    Attributes:
        missing: batteries that lack it.
        newest: day of the newest one, ISO date.
    """

    record: str
    what: str
    shown: bool
    entries: tuple[int, ...]
    newest: str | None
    missing: tuple[str, ...]
    words: str
    source: str
    source_status: str


def daily_list(entries: Iterable[EntryLike], rules: RegionRules, day: str) -> DailyList:
    """The list of ``day`` (ISO date) as it was signed last; with every item open where nobody did."""
    found = [e for e in entries if e.kind == "self_inspection" and e.payload["day"] == day]
    entry = max(found, key=lambda e: e.seq) if found else None
    items: dict[str, Mapping[str, Any]] = {i["id"]: i for i in entry.payload["items"]} if entry else {}
    lines = tuple(_line(item, items.get(item.item)) for item in rules.daily)
    passed = entry is not None and not any(line.wrong for line in lines)
    return DailyList(day, entry.payload["by"] if entry else None, entry.seq if entry else None, lines, passed)


def asked_for(
    entries: Iterable[EntryLike], rules: RegionRules, now_s: float, roles: Iterable[str] = ()
) -> tuple[AskedFor, ...]:
    """What an inspection of the outlet would ask for, one line for each record of the rules."""
    batteries, site = histories(entries)
    mine = frozenset(roles)
    rows = [row for row in rules.asked if not mine or not row.roles or mine & set(row.roles)]
    return tuple(
        _of_batteries(row, batteries, rules) if row.every_battery else _of_site(row, site, rules, now_s) for row in rows
    )


def _line(item: ListItem, given: Mapping[str, Any] | None) -> ListLine:
    answer = given["answer"] if given else "not_judged"
    photos = tuple(photo["sha256"] for photo in given.get("photos", ())) if given else ()
    wrong = {"yes": item.fault, "not_judged": "not answered"}.get(answer, "")
    if not wrong and item.photo and not photos:
        wrong = "the photo is missing"
    note = (given.get("note") or "") if given else ""
    return ListLine(item.item, item.fault, answer, note, photos, wrong, item.source)


def _of_batteries(row: AskedRecord, batteries: tuple[History, ...], rules: RegionRules) -> AskedFor:
    assert row.every_battery is not None
    taken_in = [history for history in batteries if history.of("intake")]
    shown = {history.battery: history.of(row.every_battery) for history in taken_in}
    missing = tuple(battery for battery, found in shown.items() if not found)
    found = [happened for several in shown.values() for happened in several]
    words = f"{len(taken_in) - len(missing)} of {len(taken_in)} batteries"
    return _asked(row, not missing, found, missing, words, rules)


def _of_site(row: AskedRecord, site: History, rules: RegionRules, now_s: float) -> AskedFor:
    found = site.of("site_record", row.site_record or "")
    words = f"{len(found)} records" if found else "nothing recorded"
    fresh = bool(found)
    if found and row.newest_within is not None:
        until = last_day(day_of(found[-1].at_s, rules), row.newest_within, rules)
        fresh = day_of(now_s, rules) <= until
        words += "" if fresh else f"; the newest one counts until {until.isoformat()}"
    return _asked(row, fresh, found, (), words, rules)


def _asked(
    row: AskedRecord, shown: bool, found: list[Happened], missing: tuple[str, ...], words: str, rules: RegionRules
) -> AskedFor:
    newest = max((h.at_s for h in found), default=None)
    day = None if newest is None else day_of(newest, rules).isoformat()
    entries = tuple(sorted({h.entry for h in found}))
    return AskedFor(row.record, row.what, shown, entries, day, missing, words, row.source, row.status)
