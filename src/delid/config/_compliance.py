"""The rules of one region as a table: what is due after what, the daily list, what an inspection asks for."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from delid.core import HazardClass

from ._keep_out import Name
from ._sourced import Region, Sourced
from ._yaml import StrictModel

Happening = Literal[
    "intake", "judged", "stored", "left_storage", "dismantled", "handed_over", "reported", "code_read", "site_record"
]
"""What the record of a battery, or of the site, can tell."""
Role = Literal["outlet", "reuse", "recycler", "vehicle_dismantler"]
"""What the site is in the eyes of the rules: it takes back and stores, takes apart and makes products for reuse,
recovers material, or takes vehicles apart."""


class Within(StrictModel):
    """How long, in exactly one unit, from the happening or from the end of its calendar year."""

    working_days: Annotated[int, Field(ge=1)] | None = None
    days: Annotated[int, Field(ge=1)] | None = None
    months: Annotated[int, Field(ge=1)] | None = None
    years: Annotated[int, Field(ge=1)] | None = None
    counts_from: Literal["happening", "end_of_year"] = "happening"

    @model_validator(mode="after")
    def _has_one_unit(self) -> Within:
        if sum(value is not None for value in (self.working_days, self.days, self.months, self.years)) != 1:
            raise ValueError("give exactly one of working_days, days, months and years")
        return self


class Duty(Sourced):
    """One thing that is due. ``source`` names the rule's text."""

    duty: Name
    what: str
    """In words: what has to be done."""
    starts: Happening
    ends: Happening
    """``reported``: the report names this duty."""
    within: Within | None = None
    """How long it may take."""
    before: Happening | None = None
    """Instead of a time: what may not happen before it is done."""
    per: Literal["battery", "year"] = "battery"
    """Due for each battery, or once for a calendar year in which it started at least once."""
    roles: list[Role] = []
    """The site's roles for which it holds; all if empty."""
    hazard: Annotated[list[HazardClass], Field(min_length=1)] | None = None
    """Only for batteries of these classes."""
    warn_days: Annotated[int, Field(ge=0)] = 3
    """How many days before its end it counts as due soon."""
    since: date | None = None
    """What started before this day is not concerned."""

    @model_validator(mode="after")
    def _says_by_when(self) -> Duty:
        if (self.within is None) == (self.before is None):
            raise ValueError("give exactly one of within and before")
        if self.before is not None and self.per == "year":
            raise ValueError("before belongs to a duty per battery")
        if (self.within is not None and self.within.counts_from == "end_of_year") != (self.per == "year"):
            raise ValueError("what is due per year counts from the end of the year, and only that")
        return self


class ListItem(Sourced):
    """One line of a list with yes or no: the daily self-inspection, or the safety judgement."""

    item: Name
    fault: str
    """What must not be, in words: yes means that it is so, and that the list is failed."""
    photo: bool = False
    """A picture belongs to the answer."""


class AskedRecord(Sourced):
    """One record that an inspection of the outlet would ask for."""

    record: Name
    what: str
    site_record: Name | None = None
    """Name of the site's record that shows it."""
    every_battery: Happening | None = None
    """Every battery that was taken in must show this."""
    newest_within: Within | None = None
    """How old the newest one may be."""
    roles: list[Role] = []

    @model_validator(mode="after")
    def _can_be_shown(self) -> AskedRecord:
        if (self.site_record is None) == (self.every_battery is None):
            raise ValueError("give exactly one of site_record and every_battery")
        if self.every_battery is not None and self.newest_within is not None:
            raise ValueError("newest_within belongs to a site_record")
        return self


class RegionRules(StrictModel):
    """The rules of one region."""

    rules: Name
    region: Region
    version: Annotated[int, Field(ge=1)]
    title: str
    utc_offset_h: Annotated[float, Field(ge=-12, le=14)]
    """In whose days and years the limits are counted."""
    holidays: list[date] = []
    """Days off besides Saturday and Sunday; the site keeps them up to date."""
    work_days: list[date] = []
    """Saturdays and Sundays that are working days."""
    duties: list[Duty] = []
    judgement: list[ListItem] = []
    """The yes/no items of the safety judgement."""
    daily: list[ListItem] = []
    """The daily self-inspection."""
    daily_on: Literal["every_day", "working_days"] = "every_day"
    asked: list[AskedRecord] = []

    @model_validator(mode="after")
    def _names_are_unique(self) -> RegionRules:
        for key, names in (
            ("duties", [duty.duty for duty in self.duties]),
            ("judgement", [item.item for item in self.judgement]),
            ("daily", [item.item for item in self.daily]),
            ("asked", [asked.record for asked in self.asked]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{key} has {twice[0]} twice")
        return self
