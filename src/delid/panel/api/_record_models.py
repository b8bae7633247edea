"""The shapes of the battery's record in the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from delid.core import HazardClass

from .._models import Seconds, Strict

Battery = Annotated[str, Field(min_length=1, max_length=200)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class BatteryLine(Strict):
    battery: str
    entries: int
    first_at: Seconds
    last_at: Seconds
    last_kind: str


class RecordsOut(Strict):
    batteries: list[BatteryLine]


class RecordEntry(Strict):
    seq: int
    """Number in the ledger."""
    at: Seconds
    battery: str
    """The identity that it stands under: of the pack, an earlier one, or of a module."""
    kind: str
    by: str
    """A person's name; the id where the name was forgotten."""
    summary: str
    sha256: str
    """Of the entry as it stands in the ledger."""
    data: dict[str, Any]


class RecordOut(Strict):
    """One battery's record in the ledger."""

    battery: str
    code: str | None
    product: Literal["pack", "module"]
    provisional: list[str]
    """Identities that it had before its code was known."""
    modules: list[str]
    parent: str | None
    model: str | None
    mass_kg: float | None
    hazard_class: str | None
    site: str
    on_hold: bool
    record_sha256: Sha256
    entries: list[RecordEntry]


class ProofOut(Strict):
    """What a verification of the record has found."""

    ok: bool
    words: str
    """What is wrong, or what the reader should know."""
    record_sha256: Sha256
    entries: int
    checkpoint: int | None
    """How many entries of the ledger the newest signed checkpoint covers."""
    root: str
    key: str
    signed_at: Seconds | None


class FigureOut(Strict):
    name: str
    value: float
    low: float
    high: float
    unit: str
    method: str


class OutputOut(Strict):
    what: str
    mass_kg: float | None
    destination: str


class RouteOut(Strict):
    kind: str
    goes: str
    reasons: list[str]


class RefusedOut(Strict):
    what: str
    why: str
    source: str


class DeadlineOut(Strict):
    name: str
    due: str
    """ISO date, or what it has to be done before."""
    done: str
    state: Literal["overdue", "due_soon", "open", "done_late", "done"]
    rule: str


class RecordAccountOut(Strict):
    """Energy, carbon, materials, routes and deadlines, worked out from the record."""

    figures: list[FigureOut]
    notes: list[str]
    """What could not be counted, and why."""
    materials: list[OutputOut]
    balance: str
    routes: list[RouteOut]
    refused: list[RefusedOut]
    deadlines: list[DeadlineOut]


class JudgementItemOut(Strict):
    id: str
    en: str
    zh: str
    hazard_class: HazardClass
    """What the battery is when the danger is there."""
    photo: bool
    """A yes needs a picture."""


class JudgementListOut(Strict):
    """What a safety judgement asks."""

    id: str
    version: int
    rule: str
    items: list[JudgementItemOut]


class JudgedIn(Strict):
    id: Annotated[str, Field(max_length=64)]
    answer: Literal["yes", "no", "not_judged"]
    note: Annotated[str, Field(max_length=1000)] = ""
    photos: Annotated[list[Sha256], Field(max_length=20)] = []


class JudgementIn(Strict):
    battery: Battery
    judgement: Annotated[str, Field(max_length=64)]
    version: int
    """Of the list that was answered."""
    items: Annotated[list[JudgedIn], Field(max_length=100)]


class JudgementOut(Strict):
    seq: int
    passed: bool
    hazard_class: HazardClass
    reasons: list[str]


class PhotoKept(Strict):
    sha256: Sha256


class HoldIn(Strict):
    battery: Battery
    on: bool
    reason: Annotated[str, Field(min_length=3, max_length=400)]


class HoldOut(Strict):
    battery: str
    on: bool


class RetentionOut(Strict):
    """What the site's rules of retention would delete now. Entries are never deleted."""

    photos: int
    people: int
    """Whose names would be forgotten; their ids stay in the entries."""
    held: int
    """Batteries on legal hold: nothing of theirs is deleted."""
    rule: str
