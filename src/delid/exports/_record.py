"""One battery's record as the exports see it: plain facts, already free of names where they are to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class EntryFact:
    """One entry of the ledger. ``battery`` is the identity that it stands under."""

    seq: int
    at_s: float
    """Seconds since 1970 UTC."""
    battery: str
    kind: str
    by: str
    data: Mapping[str, Any]
    sha256: str
    """Of the entry as it stands in the ledger, names included."""


@dataclass(frozen=True, slots=True)
class PartFact:
    """A module that has left the pack with an identity of its own."""

    battery: str
    at_s: float
    destination: str = ""
    mass_kg: float | None = None


@dataclass(frozen=True, slots=True)
class MaterialFact:
    """What else came out: busbars, housing, harness, coolant."""

    kind: str
    mass_kg: float | None
    at_s: float
    destination: str = ""


@dataclass(frozen=True, slots=True)
class FigureFact:
    """A computed figure with its range. ``method`` says by which rule and sources."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    method: str = ""


@dataclass(frozen=True, slots=True)
class RouteFact:
    """Where one kind of part should go, and why."""

    kind: str
    goes: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefusedFact:
    """Something in the record that a rule forbids, and the rule."""

    what: str
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class DeadlineFact:
    """A time limit of a region's rules, and how it stands."""

    name: str
    due: str
    """Last day in time (ISO date), or what it has to be done before; empty where neither is known yet."""
    done: str
    """Day on which it was done; empty while it is not."""
    state: str
    """``overdue``, ``due_soon``, ``open``, ``done_late`` or ``done``."""
    rule: str
    """Text reference of the rule."""


@dataclass(frozen=True, slots=True)
class ProofFact:
    """What the ledger shows of this record.

    Attributes:
        ok: every entry is proven to stand in the ledger as it was written.
        record_sha256: of the record: names it in the QR code.
        checkpoint: number of the ledger's entries that the signed checkpoint covers; None where there is none.
        root: hex digest of the checkpoint's Merkle tree.
        key_id: of the key that signed it.
        signed_s: when, seconds since 1970 UTC.
        words: why not, where it is not.
    """

    ok: bool
    record_sha256: str
    checkpoint: int | None = None
    root: str = ""
    key_id: str = ""
    signed_s: float | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class BatteryRecord:
    """One battery.

    Attributes:
        battery: the key of its record: the GB/T 34014 code, or its provisional identity.
        code: the code as it was read; None while there is none.
        product: ``pack`` or ``module``.
        parent: the pack that a module came out of.
        also: other keys of the same battery: the provisional one that a code was linked to.
        decoded: fields of the code.
        pack: the pack model, as it was recognised.
        mass_kg: of the whole, where it is known.
        hazard_class: A, B or C, as it was judged last.
        damage: kinds of damage that were seen, with when.
        temperature_c: the last temperature measured on it, with when.
        site: where the record is kept.
    """

    battery: str
    code: str | None
    product: str
    site: str
    entries: tuple[EntryFact, ...]
    proof: ProofFact
    parent: str | None = None
    also: tuple[str, ...] = ()
    decoded: Mapping[str, str] = field(default_factory=dict)
    pack: str | None = None
    mass_kg: float | None = None
    hazard_class: str | None = None
    damage: tuple[tuple[str, float], ...] = ()
    temperature_c: tuple[float, float] | None = None
    parts: tuple[PartFact, ...] = ()
    materials: tuple[MaterialFact, ...] = ()
    figures: tuple[FigureFact, ...] = ()
    """Energy used, own emissions, emissions that may be avoided (apart, never subtracted), recovered share."""
    notes: tuple[str, ...] = ()
    """What could not be counted, and why."""
    balance: str = ""
    """Mass balance: ``closed``, ``missing``, ``surplus``, ``open``; empty where it was not made."""
    routes: tuple[RouteFact, ...] = ()
    refused: tuple[RefusedFact, ...] = ()
    deadlines: tuple[DeadlineFact, ...] = ()
    on_hold: bool = False

    def figure(self, name: str) -> FigureFact | None:
        return next((figure for figure in self.figures if figure.name == name), None)
