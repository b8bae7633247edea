"""Days and deadlines in a region's own time: working days, months, years."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Container

from delid.config import RegionRules, Within

SATURDAY = 5
DAY_S = 86_400
EPOCH = dt.date(1970, 1, 1).toordinal()


def day_of(at_s: float, rules: RegionRules) -> dt.date:
    """The day that it is in the region at a time in seconds since 1970 UTC."""
    return dt.date.fromordinal(EPOCH + int((at_s + 3600 * rules.utc_offset_h) // DAY_S))


def is_working_day(day: dt.date, rules: RegionRules) -> bool:
    """Monday to Friday but for holidays, and the weekend days that are worked."""
    return day in rules.work_days or (day.weekday() < SATURDAY and day not in rules.holidays)


def last_day(start: dt.date, within: Within, rules: RegionRules) -> dt.date:
    """The last day on which it is in time. The day of the happening itself does not count."""
    if within.counts_from == "end_of_year":
        start = dt.date(start.year, 12, 31)
    if within.working_days is not None:
        return _after_working_days(start, within.working_days, rules)
    if within.days is not None:
        return start + dt.timedelta(days=within.days)
    months = within.months if within.months is not None else 12 * (within.years or 0)
    return _after_months(start, months)


def _after_working_days(day: dt.date, number: int, rules: RegionRules) -> dt.date:
    while number:
        day += dt.timedelta(days=1)
        number -= is_working_day(day, rules)
    return day


def _after_months(day: dt.date, number: int) -> dt.date:
    """The same day of a later month; its last one where it has no such day."""
    years, month = divmod(day.month - 1 + number, 12)
    year = day.year + years
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def missed_days(first: dt.date, last: dt.date, signed: Container[str], rules: RegionRules) -> list[list[dt.date]]:
    """Days from ``first`` to ``last`` that are not among ``signed`` (ISO dates), those next to each other together.

    Today stands alone: it is not missed yet.
    """
    rows: list[list[dt.date]] = []
    row: list[dt.date] = []
    for n in range((last - first).days + 1):
        day = first + dt.timedelta(days=n)
        if rules.daily_on == "working_days" and not is_working_day(day, rules):
            continue
        missed = day.isoformat() not in signed
        if row and (not missed or day == last):
            rows.append(row)
            row = []
        if missed:
            row.append(day)
    return [*rows, row] if row else rows
