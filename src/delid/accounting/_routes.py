"""Where each part may go, with reasons: proposals by the table, and refusals of uses that a rule forbids."""

from __future__ import annotations

from dataclasses import dataclass

from delid.config import Outlet, UseOfParts, UsesFile

from ._facts import BatteryFacts, Output

REUSABLE = ("pack", "module", "battery_cell")


@dataclass(frozen=True, slots=True)
class UseVerdict:
    """One use of the table for this region: whether it is allowed, why, and the rule that says so."""

    use: str
    title: str
    allowed: bool
    why: str
    source: str
    status: str


@dataclass(frozen=True, slots=True)
class RouteProposal:
    """Where one kind of part should go. ``uses`` are those of the table, for parts that go to reuse."""

    kind: str
    goes: str
    reasons: tuple[str, ...]
    uses: tuple[UseVerdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Something in the record that a rule forbids, or that the table of routes does not allow."""

    entry: int
    kind: str
    what: str
    why: str
    source: str


def uses_in(uses: UsesFile, region: str) -> tuple[UseVerdict, ...]:
    """The uses of the table that hold in a region, those that are refused last."""
    rows = [row for row in uses.table if _applies(row, region)]
    rows.sort(key=lambda row: not row.allowed)
    return tuple(UseVerdict(row.use, row.title, row.allowed, row.why, row.source, row.status) for row in rows)


def proposals(facts: BatteryFacts, uses: UsesFile, region: str) -> tuple[RouteProposal, ...]:
    """A route for each kind of part that came out; for the pack where nothing did."""
    kinds = list(dict.fromkeys(output.kind for output in facts.outputs)) or ["pack"]
    return tuple(_proposal(kind, facts, uses, region) for kind in kinds)


def refusals(facts: BatteryFacts, uses: UsesFile, region: str) -> tuple[Refused, ...]:
    """What of the record goes against the tables."""
    return tuple(found for output in facts.outputs if (found := _refusal(output, facts, uses, region)))


def _proposal(kind: str, facts: BatteryFacts, uses: UsesFile, region: str) -> RouteProposal:
    row = _outlet(kind, facts, uses)
    reasons = [f"{row.goes}: {row.why} ({row.source})"]
    if facts.hazard is None:
        reasons.append("no hazard class is recorded")
    if kind in REUSABLE and facts.route is None:
        reasons.append("the state of health was not judged: measure capacity or impedance for a proposal of reuse")
    return RouteProposal(kind, row.goes, tuple(reasons), uses_in(uses, region) if row.goes == "reuse" else ())


def _outlet(kind: str, facts: BatteryFacts, uses: UsesFile) -> Outlet:
    """The first row that holds. The file's model sees to it that there is one for each kind it knows."""
    known = kind if any(kind in row.kinds for row in uses.outlets) else "other"
    return next(row for row in uses.outlets if known in row.kinds and _holds(row, facts))


def _holds(row: Outlet, facts: BatteryFacts) -> bool:
    hazard = row.hazard is None or facts.hazard in row.hazard
    return hazard and (row.pack_route is None or facts.route in row.pack_route)


def _refusal(output: Output, facts: BatteryFacts, uses: UsesFile, region: str) -> Refused | None:
    if output.goes != "reuse":
        return None
    for row in uses.table:
        if row.use == output.use and not row.allowed and _applies(row, region):
            return Refused(output.entry, output.kind, f"reuse in {row.title}", row.why, row.source)
    outlet = _outlet(output.kind, facts, uses)
    if output.kind in REUSABLE and outlet.goes == "quarantine":
        return Refused(output.entry, output.kind, "reuse", outlet.why, outlet.source)
    return None


def _applies(row: UseOfParts, region: str) -> bool:
    return not row.regions or any(_lies_in(region, place) for place in row.regions)


def _lies_in(region: str, place: str) -> bool:
    """``CN-EAST`` lies in ``CN``."""
    return region == place or region.startswith(f"{place}-")
