"""What is due, by when, and whether it was done: the duties of a region against the record. The time is passed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from delid.config import Duty, RegionRules
from delid.core import HazardClass

from ._calendar import day_of, last_day, missed_days
from ._facts import EntryLike
from ._happenings import Happened, History, histories

ORDER = ("overdue", "due_soon", "open", "done_late", "done")
"""Statuses, the most pressing first."""
DAILY = "daily-self-inspection"


@dataclass(frozen=True, slots=True)
class Due:
    """One duty for one battery, or for the site.

    Attributes:
        battery: empty for the site's own duties.
        period: for what is due per year or day.
        until: last day in time, ISO date; None for what is due before something that has not happened.
        before: what it has to be done before, where there is no time limit.
        done: day on which it was done.
        status: one of ``ORDER``.
        source: the rule's text reference.
    """

    duty: str
    what: str
    battery: str
    period: str
    since: str
    until: str | None
    before: str | None
    done: str | None
    status: str
    entries: tuple[int, ...]
    source: str
    source_status: str


def due_list(
    entries: Iterable[EntryLike], rules: RegionRules, now_s: float, roles: Iterable[str] = ()
) -> tuple[Due, ...]:
    """All duties that the record started, the most pressing first; those done stay in the list.

    Args:
        now_s: seconds since 1970 UTC.
        roles: what the site is; a duty for other roles only is left out. Without any, every duty counts.
    """
    batteries, site = histories(entries)
    mine = frozenset(roles)
    clock = _Clock(rules, now_s)
    found: list[Due] = []
    for duty in rules.duties:
        if mine and duty.roles and not mine & set(duty.roles):
            continue
        if duty.per == "year":
            found += clock.yearly(duty, batteries, site)
        else:
            found += [due for history in batteries for due in clock.of_battery(duty, history)]
    found += clock.daily(batteries, site)
    return tuple(sorted(found, key=lambda d: (ORDER.index(d.status), d.until or "9999", d.battery, d.duty)))


class _Clock:
    def __init__(self, rules: RegionRules, now_s: float) -> None:
        self._rules, self._today = rules, day_of(now_s, rules)
        self._ends: dict[tuple[str, dt.date], dt.date] = {}
        """Last day in time by duty and day: many batteries come on one day."""

    def of_battery(self, duty: Duty, history: History) -> list[Due]:
        if not _concerns(duty, history.hazard):
            return []
        ends = history.of(duty.ends, duty.duty if duty.ends == "reported" else "")
        starts = self._starts(duty, history, ends)
        found, used = [], set[int]()
        for start in starts:
            end = next((e for e in ends if e.entry >= start.entry and id(e) not in used), None)
            if end is not None:
                used.add(id(end))
            found.append(
                self._before(duty, history, start, end) if duty.before else self._due(duty, history, start, end)
            )
        return found

    def _starts(self, duty: Duty, history: History, ends: Sequence[Happened]) -> list[Happened]:
        """Those that begin something: a battery that is moved within the store is not stored anew."""
        starts = [s for s in history.of(duty.starts) if duty.since is None or self._day(s) >= duty.since]
        if duty.starts != "stored":
            return starts
        fresh: list[Happened] = []
        for start in starts:
            if not fresh or any(fresh[-1].entry < end.entry <= start.entry for end in ends):
                fresh.append(start)
        return fresh

    def _due(self, duty: Duty, history: History, start: Happened, end: Happened | None) -> Due:
        assert duty.within is not None
        key = duty.duty, self._day(start)
        if key not in self._ends:
            self._ends[key] = last_day(key[1], duty.within, self._rules)
        until = self._ends[key]
        return self._made(duty, history.battery, "", start, until, end)

    def _before(self, duty: Duty, history: History, start: Happened, end: Happened | None) -> Due:
        """Done in time where it came before the other thing; too late where that came first."""
        assert duty.before is not None
        other = next((h for h in history.of(duty.before) if h.entry >= start.entry), None)
        if other is None:
            status = "open" if end is None else "done"
        else:
            status = "overdue" if end is None else "done" if end.entry <= other.entry else "done_late"
        until = self._day(other).isoformat() if other else None
        done = self._day(end).isoformat() if end else None
        entries = tuple(h.entry for h in (start, end, other) if h)
        return Due(
            duty.duty, duty.what, history.battery, "", self._day(start).isoformat(), until, duty.before, done, status,
            entries, duty.source, duty.status,
        )  # fmt: skip

    def yearly(self, duty: Duty, batteries: Sequence[History], site: History) -> list[Due]:
        assert duty.within is not None
        starts = [
            start
            for history in batteries
            if _concerns(duty, history.hazard)
            for start in history.of(duty.starts)
            if duty.since is None or self._day(start) >= duty.since
        ]
        starts.sort(key=lambda h: h.entry)
        found = []
        for year, group in groupby(starts, key=lambda h: self._day(h).year):
            first = next(group)
            ends = [e for e in site.of(duty.ends, duty.duty) if e.period == str(year)]
            until = last_day(dt.date(year, 12, 31), duty.within, self._rules)
            found.append(self._made(duty, "", str(year), first, until, ends[0] if ends else None))
        return found

    def _made(
        self, duty: Duty, battery: str, period: str, start: Happened, until: dt.date, end: Happened | None
    ) -> Due:
        done = self._day(end) if end else None
        if done is not None:
            status = "done" if done <= until else "done_late"
        else:
            soon = until - dt.timedelta(days=duty.warn_days)
            status = "overdue" if self._today > until else "due_soon" if self._today >= soon else "open"
        entries = tuple(h.entry for h in (start, end) if h)
        return Due(
            duty.duty, duty.what, battery, period, self._day(start).isoformat(), until.isoformat(), None,
            done.isoformat() if done else None, status, entries, duty.source, duty.status,
        )  # fmt: skip

    def daily(self, batteries: Sequence[History], site: History) -> list[Due]:
        """The self-inspection since the first intake: days in a row without one are one line."""
        intakes = [self._day(start) for history in batteries for start in history.of("intake")]
        if not self._rules.daily or not intakes:
            return []
        signed = {h.name for h in site.of("self_inspection")}
        return [self._missed(row) for row in missed_days(min(intakes), self._today, signed, self._rules)]

    def _missed(self, row: list[dt.date]) -> Due:
        first, last = row[0].isoformat(), row[-1].isoformat()
        today = row == [self._today]
        words = "daily self-inspection, signed" if len(row) == 1 else f"daily self-inspection, signed: {len(row)} days"
        source = self._rules.daily[0]
        return Due(
            DAILY, words, "", first if first == last else f"{first}/{last}", first, last, None, None,
            "due_soon" if today else "overdue", (), source.source, source.status,
        )  # fmt: skip

    def _day(self, happened: Happened) -> dt.date:
        return day_of(happened.at_s, self._rules)


def _concerns(duty: Duty, hazard: HazardClass | None) -> bool:
    """A class that is not known may be any."""
    return duty.hazard is None or hazard is None or hazard in duty.hazard
