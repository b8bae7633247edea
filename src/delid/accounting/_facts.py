"""What an account is made from: plain facts of one battery, each with the number of the entry that says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from delid.core import HazardClass, Route


class EntryLike(Protocol):
    """What is read of an entry: a ledger's own entries are such, and so is ``RecordEntry``."""

    @property
    def seq(self) -> int: ...
    @property
    def at(self) -> str: ...
    @property
    def battery(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def payload(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """One entry of the record, as plain data.

    Attributes:
        seq: its number in the ledger.
        at: when, RFC 3339, UTC.
        battery: identity of the battery or module it is about, empty for the site's own.
        kind: kind of its payload, for example ``operation``.
        payload: what it says.
    """

    seq: int
    at: str
    battery: str
    kind: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """A meter before and after a step; None where it was not read."""

    entry: int
    run: str
    step: str
    tag: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Consumed:
    """Something that was used up."""

    entry: int
    name: str
    amount: float
    unit: str
    sigma: float


@dataclass(frozen=True, slots=True)
class Weight:
    """A mass in kg, its standard deviation where the record has one, and how it is known."""

    kg: float
    sigma_kg: float | None
    source: str
    """``weighed``, ``pack_file`` or ``estimated``."""


@dataclass(frozen=True, slots=True)
class Output:
    """Something that came out of the pack, and where it went."""

    entry: int
    kind: str
    count: int
    weight: Weight | None
    goes: str | None
    """reuse, recycling, treatment or quarantine; None where the record does not say."""
    use: str | None
    """For reuse: what for."""
    to: str | None
    modules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackModel:
    """What the pack file says of a model."""

    name: str
    mass_kg: float
    energy_kwh: float
    chemistry: str
    modules: int
    """0 where it has none that can be taken out."""


@dataclass(frozen=True, slots=True)
class BatteryFacts:
    """One battery. ``began`` and ``ended`` are the first and the last entry about it, RFC 3339."""

    battery: str
    names: tuple[str, ...]
    """All identities that it had."""
    began: str
    ended: str
    model: PackModel | None = None
    weight: Weight | None = None
    hazard: HazardClass | None = None
    route: Route | None = None
    state_of_health: float | None = None
    cell_s: float = 0.0
    """Time in the cell: from the start to the end of each run."""
    open_runs: tuple[str, ...] = ()
    """Runs without an end in the record."""
    readings: tuple[Reading, ...] = ()
    consumed: tuple[Consumed, ...] = ()
    outputs: tuple[Output, ...] = ()
    entries: tuple[int, ...] = field(default=())
    """Numbers of the entries that were used."""
