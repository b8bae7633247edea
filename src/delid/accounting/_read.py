"""Entries of the record to the facts of one battery. What an entry does not say stays open; nothing is filled in."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from delid.core import HazardClass, Route, UsageError, Verb

from ._facts import BatteryFacts, Consumed, EntryLike, Output, PackModel, Reading, Weight

METER_KINDS = (int, float)
CONSUMED = "consumed"
"""``what`` of a measurement that says what was used up: each of its values is a thing, its amount and its unit."""
DISPOSITIONS = ("reuse", "recycling", "treatment", "quarantine")


def facts_of(
    entries: Iterable[EntryLike], battery: str, meters: Iterable[str], packs: Mapping[str, PackModel]
) -> BatteryFacts:
    """The facts of ``battery``. Entries about other batteries are passed over, but for the modules that came out of it.

    Raises UsageError where no entry is about it.
    """
    ordered = sorted(entries, key=lambda e: e.seq)
    links = {e.payload["provisional"]: e.battery for e in ordered if e.kind == "identity_linked"}
    battery = links.get(battery, battery)
    names = {battery, *(before for before, after in links.items() if after == battery)}
    found = _Found(battery, frozenset(names), frozenset(meters), packs)
    for entry in ordered:
        found.take(entry)
    if not found.times:
        raise UsageError(
            f"there is no entry about the battery {battery!r}.",
            hint="Look for it by its code as it was taken in; `delid ledger` lists the identities.",
            code="usage.battery",
        )
    return found.facts()


def destination(text: str | None) -> tuple[str | None, str | None, str | None]:
    """``reuse:backup_power:Depot 3`` to where it goes, the use and the place.

    The first word is one of reuse, recycling, treatment and quarantine; for reuse the second one is the use. A text
    that begins otherwise is a place of which nobody said what it is for.
    """
    if not text:
        return None, None, None
    first, _, rest = text.partition(":")
    if first not in DISPOSITIONS:
        return None, None, text
    if first != "reuse":
        return first, None, rest or None
    use, _, place = rest.partition(":")
    return first, use or None, place or None


def seconds(at: str) -> float:
    """Seconds since 1970 UTC of an RFC 3339 time."""
    return dt.datetime.fromisoformat(at).timestamp()


@dataclass(frozen=True, slots=True)
class _Left:
    """What a hand-over says."""

    entry: int
    goes: str | None
    use: str | None
    to: str
    items: frozenset[str]
    """Kinds of parts or identities of modules; all that came out if empty."""


@dataclass(slots=True)
class _Found:
    battery: str
    names: frozenset[str]
    """All identities that it had."""
    meters: frozenset[str]
    packs: Mapping[str, PackModel]
    times: list[str] = field(default_factory=list)
    used: list[int] = field(default_factory=list)
    model: str | None = None
    weight: Weight | None = None
    judged: HazardClass | None = None
    planned: HazardClass | None = None
    route: Route | None = None
    health: float | None = None
    began: dict[str, float] = field(default_factory=dict)
    """Each run, since the first entry that it made about the battery."""
    over: set[str] = field(default_factory=set)
    cell_s: float = 0.0
    readings: list[Reading] = field(default_factory=list)
    consumed: list[Consumed] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    modules: list[tuple[str, Output]] = field(default_factory=list)
    lids: list[tuple[str, Output]] = field(default_factory=list)
    """Step and what it lifted; an entry about the material that names the step goes before."""
    weighed_steps: set[str] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)
    """Runs that did something to the battery."""
    left: list[_Left] = field(default_factory=list)

    def take(self, entry: EntryLike) -> None:
        data = entry.payload
        if entry.kind == "module_out" and data["parent"] in self.names:
            self._module(entry, data)
        elif entry.battery in self.names:
            self.times.append(entry.at)
            if data.get("run"):
                self.began.setdefault(data["run"], seconds(entry.at))
            handler = _HANDLERS.get(entry.kind)
            if handler is not None:
                self.used.append(entry.seq)
                handler(self, entry, data)

    def facts(self) -> BatteryFacts:
        named = {module for output in self.outputs for module in output.modules}
        outputs = [*self.outputs, *(output for name, output in self.modules if name not in named)]
        outputs += [output for step, output in self.lids if step not in self.weighed_steps]
        model = self.packs.get(self.model) if self.model else None
        weight = self.weight
        if weight is None and model is not None:
            weight = Weight(model.mass_kg, None, "pack_file")
        if not outputs and self.left:
            outputs = [Output(self.left[0].entry, "pack", 1, weight, None, None, None)]
        outputs = [_handed_over(output, self.left) for output in outputs]
        return BatteryFacts(
            self.battery, tuple(sorted(self.names)), self.times[0], self.times[-1], model, weight,
            self.judged or self.planned, self.route, self.health, round(self.cell_s, 3),
            tuple(sorted(self.runs - self.over)), tuple(self.readings), tuple(self.consumed), tuple(outputs),
            tuple(self.used),
        )  # fmt: skip

    # --- kinds of entries -----------------------------------------------------------------------------------------

    def _intake(self, entry: EntryLike, data: Mapping[str, Any]) -> None:
        self.model = data.get("model") or self.model
        if data.get("mass_kg") is not None:
            self.weight = Weight(float(data["mass_kg"]), None, "weighed")

    def _judged(self, entry: EntryLike, data: Mapping[str, Any]) -> None:
        self.judged = HazardClass(data["hazard_class"])

    def _planned(self, entry: EntryLike, data: Mapping[str, Any]) -> None:
        self.planned = HazardClass(data["hazard_class"])
        self.model = self.model or data.get("model")
        if data.get("route") is not None:
            self.route, self.health = Route(data["route"]), data.get("state_of_health")

    def _inspected(self, entry: EntryLike, data: Mapping[str, Any]) -> None:
        if data.get("status") == "known":
            self.model = self.model or data.get("model")

    def _run_ended(self, entry: EntryLike, data: Mapping[str, Any]) -> None:
        self.over.add(data["run"])
        self.cell_s += seconds(entry.at) - self.began[data["run"]]

    def _operation(self, entry: EntryLike, data: Mapping[str, Any]) -> None:
        self.runs.add(data["run"])
        carried = _number(data.get("values", {}).get("carried_kg"))
        if data["do"] == Verb.LIFT and data["status"] == "done" and carried:
            weight = Weight(carried, None, "weighed")
            self.lids.append((data["step"], Output(entry.seq, "housing", 1, weight, None, None, None)))
        before = data.get("readings_before", {})
        after = {**data.get("values", {}), **data.get("readings_after", {})}
        for tag in sorted(self.meters & (before.keys() | after.keys())):
            values = [_number(side.get(tag)) for side in (before, after)]
            self.readings.append(Reading(entry.seq, data["run"], data["step"], tag, values[0], values[1]))

    def _measured(self, entry: EntryLike, data: Mapping[str, Any]) -> None:
        if data["what"] == CONSUMED:
            for value in data["values"]:
                sigma = float(value.get("uncertainty") or 0.0)
                amount = Consumed(entry.seq, value["name"], float(value["value"]), value.get("unit", ""), sigma)
                self.consumed.append(amount)
        elif data["what"] == "mass":
            value = data["values"][0]
            self.weight = Weight(float(value["value"]), value.get("uncertainty"), "weighed")

    def _material(self, entry: EntryLike, data: Mapping[str, Any]) -> None:
        weight = None
        if data.get("mass_kg") is not None:
            source = data.get("mass_source") or "estimated"
            weight = Weight(float(data["mass_kg"]), data.get("mass_uncertainty_kg"), source)
        goes, use, to = destination(data.get("destination"))
        modules = tuple(data.get("modules", ()))
        self.weighed_steps.add(data.get("step") or "")
        count = int(data.get("count") or len(modules) or 1)
        self.outputs.append(Output(entry.seq, data["material"], count, weight, goes, use, to, modules))

    def _handed(self, entry: EntryLike, data: Mapping[str, Any]) -> None:
        goes, use, place = destination(data["route"])
        self.left.append(_Left(entry.seq, goes, use, str(data["to"] or place), frozenset(data.get("items", ()))))

    def _module(self, entry: EntryLike, data: Mapping[str, Any]) -> None:
        self.used.append(entry.seq)
        mass = data.get("mass_kg")
        weight = None if mass is None else Weight(float(mass), None, "weighed")
        self.modules.append((entry.battery, Output(entry.seq, "module", 1, weight, None, None, None, (entry.battery,))))


def _handed_over(output: Output, left: list[_Left]) -> Output:
    """With the destination of the last hand-over that it was part of, where that says one."""
    for hand in reversed(left):
        if hand.goes and (not hand.items or hand.items & {output.kind, *output.modules}):
            return dataclasses.replace(output, goes=hand.goes, use=hand.use, to=hand.to)
    return output


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, METER_KINDS) and not isinstance(value, bool) else None


_HANDLERS = {
    "intake": _Found._intake,
    "safety_judgement": _Found._judged,
    "inspection": _Found._inspected,
    "plan": _Found._planned,
    "run_ended": _Found._run_ended,
    "operation": _Found._operation,
    "measurement": _Found._measured,
    "material_out": _Found._material,
    "hand_over": _Found._handed,
}
"""What each kind of entry tells an account; the others tell it nothing."""
