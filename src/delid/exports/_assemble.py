"""One battery's record put together: its entries, what they prove, its account and its deadlines, without names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from delid.accounting import Account, Due
from delid.ledger import Entry, Family

from . import _gather as gather
from ._digest import record_sha256
from ._pseudonym import Pseudonyms
from ._record import (
    BatteryRecord,
    DeadlineFact,
    EntryFact,
    FigureFact,
    MaterialFact,
    PartFact,
    ProofFact,
    RefusedFact,
    RouteFact,
)


@dataclass(frozen=True, slots=True)
class Found:
    """All that the ledger has of one battery: its identities, and the entries of all of them in their order."""

    family: Family
    entries: Sequence[Entry]

    @property
    def record_sha256(self) -> str:
        """The hash of the record that these entries are."""
        return record_sha256(entry.leaf.hex() for entry in self.entries)


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What the entries of one battery, its account and its deadlines come to."""

    model: str | None
    mass_kg: float | None
    hazard_class: str | None
    on_hold: bool
    damage: tuple[tuple[str, float], ...]
    temperature_c: tuple[float, float] | None
    parts: tuple[PartFact, ...]
    materials: tuple[MaterialFact, ...]
    figures: tuple[FigureFact, ...]
    notes: tuple[str, ...]
    balance: str
    routes: tuple[RouteFact, ...]
    refused: tuple[RefusedFact, ...]
    deadlines: tuple[DeadlineFact, ...]


def record_facts(found: Found, account: Account | None = None, due: Iterable[Due] = ()) -> RecordFacts:
    """Work out what the entries say; without an account or deadlines their parts are empty."""
    entries = [entry_fact(entry, entry.payload) for entry in found.entries]
    own = [e for e in entries if e.battery not in found.family.modules]
    return RecordFacts(
        model=gather.newest(own, "model", "inspection", "intake"),
        mass_kg=gather.newest(own, "mass_kg", "intake", "module_out"),
        hazard_class=gather.hazard_class(own), on_hold=gather.is_on_hold(own), damage=gather.damage_seen(own),
        temperature_c=gather.last_temperature(own),
        parts=() if found.family.parent else gather.parts_out(entries, gather.destinations_of(entries)),
        materials=gather.materials_out(own),
        figures=_figures(account) if account else (), notes=account.footprint.not_counted if account else (),
        balance=account.balance.verdict if account else "",
        routes=tuple(RouteFact(r.kind, r.goes, r.reasons) for r in account.routes) if account else (),
        refused=tuple(RefusedFact(r.what, r.why, r.source) for r in account.refused) if account else (),
        deadlines=tuple(_deadline(one) for one in due),
    )  # fmt: skip


def assemble(
    found: Found, facts: RecordFacts, site: str, decoded: Mapping[str, str], proof: ProofFact, people: Pseudonyms
) -> BatteryRecord:
    """The record for the exports; people stand in it under their pseudonyms, also within the entries.

    ``decoded`` holds the fields of the battery's identity if that is a code, else it is empty.
    """
    family = found.family
    return BatteryRecord(
        battery=family.battery, code=family.battery if decoded else None,
        product="module" if family.parent else "pack", site=site,
        entries=tuple(entry_fact(entry, people.within(dict(entry.payload))) for entry in found.entries), proof=proof,
        parent=family.parent, also=family.provisional, decoded=dict(decoded), pack=facts.model, mass_kg=facts.mass_kg,
        hazard_class=facts.hazard_class, damage=facts.damage, temperature_c=facts.temperature_c, parts=facts.parts,
        materials=facts.materials, figures=facts.figures, notes=facts.notes, balance=facts.balance,
        routes=facts.routes, refused=facts.refused, deadlines=facts.deadlines, on_hold=facts.on_hold,
    )  # fmt: skip


def entry_fact(entry: Entry, data: Mapping[str, Any]) -> EntryFact:
    """An entry as the exports see it, with ``data`` for what it says."""
    return EntryFact(
        entry.seq, entry.wall_s, entry.battery, entry.kind, str(data.get("by") or ""), data, entry.leaf.hex()
    )


def _figures(account: Account) -> tuple[FigureFact, ...]:
    print_, avoided, recovery = account.footprint, account.avoided, account.recovery
    low, high = print_.kwh.span(print_.coverage)
    found = [
        FigureFact("energy", print_.kwh.value, low, high, "kWh", print_.rule),
        FigureFact("own_emissions", print_.kgco2e.value, print_.low_kgco2e, print_.high_kgco2e, "kg CO2e",
                   ", ".join(print_.factors)),
        FigureFact("avoided_emissions", avoided.kgco2e.value, avoided.low_kgco2e, avoided.high_kgco2e, "kg CO2e",
                   avoided.rule),
    ]  # fmt: skip
    if not print_.lines:
        found = found[2:]
    if not avoided.lines:
        found = [figure for figure in found if figure.name != "avoided_emissions"]
    if recovery.share is not None and recovery.low is not None and recovery.high is not None:
        found.append(FigureFact("recovery", recovery.share, recovery.low, recovery.high, "1", recovery.rule))
    return tuple(found)


def _deadline(due: Due) -> DeadlineFact:
    return DeadlineFact(due.what, due.until or due.before or "", due.done or "", due.status, due.source)
