"""From the entries of one battery to what the exports say of it. Pure; later entries win over earlier ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ._record import EntryFact, MaterialFact, PartFact

TEMPERATURE = "pack_temperature_c"
"""The reading that is the battery's own temperature, as the register maps name it."""
NOT_A_MATERIAL = "module"
"""Modules are told one by one, under identities of their own."""


def newest(entries: Sequence[EntryFact], field: str, *kinds: str) -> Any:
    """The last value of a field that one of these kinds has; None where none has it."""
    found = (e.data[field] for e in reversed(entries) if e.kind in kinds and e.data.get(field) is not None)
    return next(found, None)


def hazard_class(entries: Sequence[EntryFact]) -> str | None:
    """As it was judged last, by a person or by the cell."""
    found = newest(entries, "hazard_class", "safety_judgement", "inspection", "plan")
    return None if found is None else str(found)


def damage_seen(entries: Iterable[EntryFact]) -> tuple[tuple[str, float], ...]:
    """Each kind of damage that was surely seen, with the time of the first look that saw it."""
    seen: dict[str, float] = {}
    for entry in entries:
        if entry.kind == "inspection":
            for damage in entry.data.get("damage", ()):
                seen.setdefault(str(damage["kind"]), entry.at_s)
    return tuple(seen.items())


def last_temperature(entries: Iterable[EntryFact]) -> tuple[float, float] | None:
    """The newest reading of the battery's temperature, degrees Celsius, and when it was taken."""
    found = [
        (float(value), entry.at_s)
        for entry in entries
        for name, value in _readings(entry)
        if name == TEMPERATURE and isinstance(value, (int, float)) and not isinstance(value, bool)
    ]
    return found[-1] if found else None


def materials_out(entries: Iterable[EntryFact]) -> tuple[MaterialFact, ...]:
    return tuple(
        MaterialFact(str(e.data["material"]), e.data.get("mass_kg"), e.at_s, str(e.data.get("destination") or ""))
        for e in entries
        if e.kind == "material_out" and e.data["material"] != NOT_A_MATERIAL
    )


def parts_out(module_entries: Iterable[EntryFact], destinations: Mapping[str, str]) -> tuple[PartFact, ...]:
    """The modules of a pack, by the entries that gave them identities of their own."""
    return tuple(
        PartFact(e.battery, e.at_s, destinations.get(e.battery, ""), e.data.get("mass_kg"))
        for e in module_entries
        if e.kind == "module_out"
    )


def destinations_of(entries: Iterable[EntryFact]) -> dict[str, str]:
    """Where modules went, as far as the pack's own entries say it."""
    return {
        str(module): str(e.data["destination"])
        for e in entries
        if e.kind == "material_out" and e.data.get("destination")
        for module in e.data.get("modules", ())
    }


def is_on_hold(entries: Sequence[EntryFact]) -> bool:
    return bool(newest(entries, "on", "legal_hold"))


def _readings(entry: EntryFact) -> Iterator[tuple[str, Any]]:
    for field in ("readings", "readings_before", "readings_after", "values"):
        held = entry.data.get(field)
        if isinstance(held, Mapping):
            yield from held.items()
        elif isinstance(held, (list, tuple)):
            yield from ((str(v.get("name")), v.get("value")) for v in held if isinstance(v, Mapping))
