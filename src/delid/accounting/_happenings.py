"""Entries of the record to what a rule asks about: something happened to a battery, or at the site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from delid.core import DISPOSED, HazardClass

from ._facts import EntryLike
from ._read import seconds

DISMANTLED = DISPOSED[0]


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened. ``name`` says which report or which record of the site."""

    what: str
    entry: int
    at_s: float
    name: str = ""
    period: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """What is known of one battery, or of the site, in the order of the record."""

    battery: str
    happened: tuple[Happened, ...]
    hazard: HazardClass | None

    def of(self, what: str, name: str = "") -> list[Happened]:
        return [h for h in self.happened if h.what == what and (not name or h.name == name)]


def histories(entries: Iterable[EntryLike]) -> tuple[tuple[History, ...], History]:
    """Of each battery, by its last known identity, and of the site."""
    ordered = sorted(entries, key=lambda e: e.seq)
    later = {e.payload["provisional"]: e.battery for e in ordered if e.kind == "identity_linked"}
    happened: defaultdict[str, list[Happened]] = defaultdict(list)
    hazard: dict[str, HazardClass] = {}
    for entry in ordered:
        battery = later.get(entry.battery, entry.battery)
        for what, name, period in _told(entry):
            happened[battery].append(Happened(what, entry.seq, seconds(entry.at), name, period))
        if entry.kind in ("safety_judgement", "plan", "storage"):
            hazard[battery] = HazardClass(entry.payload["hazard_class"])
    site = History("", tuple(happened.pop("", ())), None)
    return tuple(History(b, tuple(h), hazard.get(b)) for b, h in happened.items()), site


Told = list[tuple[str, str, str]]


def _told(entry: EntryLike) -> Told:
    """An entry whose kind says it all is not taken apart."""
    plain = _PLAINLY.get(entry.kind)
    if plain is not None:
        return plain
    tell = _TELLS.get(entry.kind)
    return tell(entry.payload) if tell else []


def _intake(payload: Mapping[str, Any]) -> Told:
    read = [("code_read", "", "")] if payload.get("identity") == "code" else []
    return [("intake", "", ""), *read]


def _run_ended(payload: Mapping[str, Any]) -> Told:
    return [("dismantled", "", "")] if payload["outcome"] == DISMANTLED else []


_PLAINLY: dict[str, Told] = {
    "identity_linked": [("code_read", "", "")],
    "safety_judgement": [("judged", "", "")],
    "inspection": [("left_storage", "", "")],
    "hand_over": [("left_storage", "", ""), ("handed_over", "", "")],
}
_TELLS: dict[str, Callable[[Mapping[str, Any]], Told]] = {
    "intake": _intake,
    "storage": lambda payload: [("stored", payload["place"], "")],
    "run_ended": _run_ended,
    "report": lambda payload: [("reported", payload["report"], payload.get("period") or "")],
    "measurement": lambda payload: [("site_record", payload["what"], "")],
    "self_inspection": lambda payload: [("self_inspection", payload["day"], "")],
}
"""Kind of an entry to what it says has happened."""
