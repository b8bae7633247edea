"""What the rules of retention would delete now, and the deleting itself, which is written into the ledger first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from delid.config import RetentionRules
from delid.ledger import OF_THE_SITE, Entry, Erased, Ledger

from ._photos import Photo, PhotoStore

DAY_S = 86_400.0
UNUSED_S = 7 * DAY_S
"""A picture that no entry names was sent for a judgement that never came; so long it may still come."""
AT_ONCE = 1000
PERSONAL = frozenset({"by", "confirmed_by"})
"""Fields of an entry that hold the id of a person."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What may go.

    Attributes:
        photos: pictures that are old enough and on no hold.
        people: ids whose names may be forgotten.
        held: batteries on legal hold that keep something which is old enough to go.
        rule: the rules, for the entry.
    """

    photos: tuple[str, ...]
    people: tuple[str, ...]
    held: tuple[str, ...]
    rule: str


def is_on_hold(ledger: Ledger, battery: str) -> bool:
    """Whether the last word about a hold of the battery, or of the pack that a module came out of, is that it is on."""
    family = ledger.family_of(battery)
    names = [n for n in (battery, family.battery, *family.provisional, family.parent) if n]
    return any(_last_word(ledger, name) for name in dict.fromkeys(names))


def make_plan(ledger: Ledger, store: PhotoStore, rules: RetentionRules, now_s: float) -> Plan:
    """Look at every picture and every name; nothing is changed."""
    holds = _Holds(ledger)
    photos = [p.sha256 for p in store.all() if _photo_may_go(ledger, holds, p, now_s, rules.photos.days * DAY_S)]
    people = _names_may_go(ledger, holds, now_s - rules.names.days * DAY_S)
    rule = f"{rules.retention} {rules.version}: photos {rules.photos.days} days, names {rules.names.days} days"
    return Plan(tuple(photos), tuple(people), tuple(sorted(holds.kept_something)), rule)


def apply_plan(ledger: Ledger, store: PhotoStore, plan: Plan, by: str) -> Entry | None:
    """Write what goes, then delete it; None where there is nothing. Done again after a crash it ends what was begun."""
    if not plan.photos and not plan.people:
        return None
    entry = ledger.append(
        Erased(photos=plan.photos, people=plan.people, rule=plan.rule, by=ledger.person(by)), OF_THE_SITE
    )
    for sha256 in plan.photos:
        store.delete(sha256)
    for person in plan.people:
        ledger.forget_person(person)
    return entry


class _Holds:
    """Whether batteries are on hold, each asked once; remembers which of them kept something."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._known = ledger, dict[str, bool]()
        self.kept_something: set[str] = set()

    def keeps(self, battery: str) -> bool:
        if battery == OF_THE_SITE:
            return False
        if battery not in self._known:
            self._known[battery] = is_on_hold(self._ledger, battery)
        if self._known[battery]:
            self.kept_something.add(battery)
        return self._known[battery]

    def keep_any(self, batteries: Iterable[str]) -> bool:
        """Asks for each of them, so that every one that keeps something is remembered."""
        return bool([battery for battery in batteries if self.keeps(battery)])


def _last_word(ledger: Ledger, battery: str) -> bool:
    found = ledger.search(battery=battery, kind="legal_hold", limit=1)
    return bool(found and found[0].payload["on"])


def _photo_may_go(ledger: Ledger, holds: _Holds, photo: Photo, now_s: float, most_s: float) -> bool:
    named = ledger.marked(f"photo:{photo.sha256}")
    if not named:
        return now_s - photo.since_s > UNUSED_S
    if now_s - max(entry.wall_s for entry in named) <= most_s:
        return False
    return not holds.keep_any(entry.battery for entry in named)


def _names_may_go(ledger: Ledger, holds: _Holds, before_s: float) -> Iterator[str]:
    """Ids of people whose newest entry is older, and who stand in no record that is on hold."""
    names = ledger.names()
    newest: dict[str, float] = {}
    batteries: dict[str, set[str]] = {}
    for entry in _all(ledger):
        for person in _people_in(entry.payload):
            if person in names:
                newest[person] = max(newest.get(person, 0.0), entry.wall_s)
                batteries.setdefault(person, set()).add(entry.battery)
    for person in sorted(names):
        if newest.get(person, before_s) < before_s and not holds.keep_any(batteries.get(person, ())):
            yield person


def _people_in(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key in PERSONAL and isinstance(value, str):
                yield value
            else:
                yield from _people_in(value)
    elif isinstance(data, (list, tuple)):
        for item in data:
            yield from _people_in(item)


def _all(ledger: Ledger) -> Iterator[Entry]:
    """Every entry, the newest first."""
    before: int | None = None
    while part := ledger.search(before=before, limit=AT_ONCE):
        yield from part
        before = part[-1].seq
