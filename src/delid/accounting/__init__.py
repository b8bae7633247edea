"""Accounts from the record: energy and carbon, materials and routes, and what a region's rules make due. Pure."""

from ._account import Account, PartShare, account_of, battery_account, recompute
from ._amount import Amount, total
from ._avoided import Avoided, AvoidedLine
from ._due import DAILY, Due, due_list
from ._facts import BatteryFacts, Consumed, EntryLike, Output, PackModel, Reading, RecordEntry, Weight
from ._footprint import Footprint, Line, StepShare
from ._lists import AskedFor, DailyList, ListLine, asked_for, daily_list
from ._materials import MassBalance, Recovery
from ._meters import BETWEEN
from ._note import NOTED, NotedAccount, check_note, note_of
from ._read import CONSUMED, DISPOSITIONS, destination, facts_of
from ._routes import Refused, RouteProposal, UseVerdict, uses_in
from ._tables import Tables, pack_model

__all__ = [
    "BETWEEN",
    "CONSUMED",
    "DAILY",
    "DISPOSITIONS",
    "NOTED",
    "Account",
    "Amount",
    "AskedFor",
    "Avoided",
    "AvoidedLine",
    "BatteryFacts",
    "Consumed",
    "DailyList",
    "Due",
    "EntryLike",
    "Footprint",
    "Line",
    "ListLine",
    "MassBalance",
    "NotedAccount",
    "Output",
    "PackModel",
    "PartShare",
    "Reading",
    "RecordEntry",
    "Recovery",
    "Refused",
    "RouteProposal",
    "StepShare",
    "Tables",
    "UseVerdict",
    "Weight",
    "account_of",
    "asked_for",
    "battery_account",
    "check_note",
    "daily_list",
    "destination",
    "due_list",
    "facts_of",
    "note_of",
    "pack_model",
    "recompute",
    "total",
    "uses_in",
]
