"""Which recipe: every one is weighed, and every one is told why it was taken or not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, TypedDict, Unpack

from delid.config import Cell, Recipe, Situation
from delid.core import (
    Assessment,
    Candidate,
    CodeOutcome,
    CrossFinding,
    CrossVerdict,
    DamageKind,
    Decide,
    Decision,
    HazardClass,
    HealthEstimate,
    HealthReport,
    PackReport,
    PackState,
    PackStatus,
    PoseMm,
    Refusal,
    Route,
    Scalar,
    UsageError,
    hazard_class,
)

from ._cross_check import cross_check
from ._expand import Start, make_plan
from ._health import estimate_health
from ._looked_for import with_answers
from ._match import Facts, Identity, Miss, nearest_miss, weigh, why_before

HEALTH_TAGS = {
    "isolation_ohm_per_v": "isolation_ohm_per_v",
    "impedance_mohm": "pack_impedance_mohm",
    "capacity_ah": "pack_capacity_ah",
    "voltage_v": "pack_rest_voltage_v",
}
"""PLC tags of a health report. The voltage at the service terminals is none: it falls when the disconnect is pulled."""


class Given(TypedDict, total=False):
    """What a decision may rest on besides what was seen and measured.

    exclude: fastener ids given up; they become a question to a person.
    assume_pack: pack model that a person named; it stands above what vision says.
    sure_confidence: below it a fastener's kind does not count, only its place.
    ruled_out: unclear damages that a person has looked for and not found.
    ruled_in: unclear damages that a person has looked for and found; they count as found.
    health: what a person has measured of the pack; the readings fill in the rest.
    route: the customer's; the proposed one counts if it is not given.
    carried: what was done to this pack before; it is not planned again. It counts for a pack of its model only.
    stands_mm: where the robot stands; at the park position if not given.
    released_only: no recipe is taken whose present version nobody has released.
    """

    exclude: Collection[str]
    assume_pack: str | None
    sure_confidence: float
    ruled_out: Collection[DamageKind]
    ruled_in: Collection[DamageKind]
    health: HealthReport | None
    route: Route | None
    carried: PackState | None
    stands_mm: PoseMm | None
    released_only: bool


def decide(assessment: Assessment, cell: Cell, readings: Mapping[str, Scalar], **given: Unpack[Given]) -> Decision:
    """The plan for what was seen and measured, or a refusal, with the reasons for every recipe of the cell.

    Args:
        assessment: what vision says of the pack.
        readings: PLC tags by name, in the register map's units; they can only make the hazard class worse.

    Raises PlanningError when the chosen recipe cannot be carried out by this cell, UsageError when ``assume_pack`` is
    not a pack of the cell. No input or output, no clock, no randomness: the same input gives the same decision.
    """
    judged, crossed = _judge(assessment, cell, readings, given)
    identity = identify(judged, cell, given.get("assume_pack"))
    found = _health(cell, identity, judged, readings, given.get("health"))
    going = _route(found, given.get("route"))
    held = found.state_of_health if found else None
    facts = Facts(identity, judged, held, going, cell.is_released if given.get("released_only") else None)
    weighed = weigh(cell.recipes, facts)
    chosen = next((recipe for recipe, against in weighed if not against), None)
    candidates = tuple(_candidate(recipe, against, chosen, facts) for recipe, against in weighed)
    if chosen is None:
        return Decision(judged, Refusal(_refusal(weighed, identity, judged)), candidates, crossed, found)
    recipe = chosen.for_situation(Situation(judged.hazard_class, judged.damage, facts.health, going))
    sure = given.get("sure_confidence", 0.0)
    start = Start(tuple(given.get("exclude", ())), sure, given.get("carried"), given.get("stands_mm"))
    return Decision(judged, make_plan(recipe, cell, identity.pack, judged, readings, start), candidates, crossed, found)


def decide_as_asked(effect: Decide, cell: Cell) -> Decision:
    """What the engine asks for; raises as ``decide``."""
    told = effect.told or PackReport()
    return decide(
        effect.assessment, cell, effect.readings,
        exclude=effect.exclude, assume_pack=effect.assume_pack, sure_confidence=effect.sure_confidence,
        ruled_out=effect.ruled_out, ruled_in=effect.ruled_in, health=told.measured, route=told.route,
        carried=effect.carried, stands_mm=effect.stands_mm, released_only=effect.released_only,
    )  # fmt: skip


def _judge(
    assessment: Assessment, cell: Cell, readings: Mapping[str, Scalar], given: Given
) -> tuple[Assessment, tuple[CrossFinding, ...]]:
    """The assessment with what people and the PLC say, and how camera and PLC go together."""
    crossed = cross_check(assessment, readings, cell.spec.limits)
    answers = given.get("ruled_out", ()), given.get("ruled_in", ())
    looked = with_answers(assessment, cell.spec.limits.hazard_limits(), *answers)
    return _with_findings(rejudge(looked, cell, readings), crossed), crossed


def _health(
    cell: Cell, identity: Identity, judged: Assessment, readings: Mapping[str, Scalar], report: HealthReport | None
) -> HealthEstimate | None:
    """What the cell's rules make of the measurements; the PLC's readings fill in what a person did not measure.

    Nothing where they do not know the pack's chemistry; who has measured such a pack is told so.
    """
    if cell.health is None or identity.pack is None:
        return None
    if report is None and identity.pack.chemistry not in cell.health.chemistries:
        return None
    given = report or HealthReport()
    filled: dict[str, Any] = {}
    for name, tag in HEALTH_TAGS.items():
        value = readings.get(tag)
        if getattr(given, name) is None and value is not None and not isinstance(value, str | bool):
            filled[name] = float(value)
    return estimate_health(replace(given, **filled), identity.pack, cell.health, judged.hazard_class)


def _route(found: HealthEstimate | None, asked: Route | None) -> Route | None:
    """The customer's route, else the proposed one; what has to be quarantined goes nowhere else."""
    if found is None:
        return asked
    return found.route if asked is None or found.route is Route.QUARANTINE else asked


def rejudge(assessment: Assessment, cell: Cell, readings: Mapping[str, Scalar]) -> Assessment:
    """The assessment with its hazard class under the cell's limits and the PLC's readings; it never gets better."""
    numbers = {k: v for k, v in readings.items() if not isinstance(v, str)}
    limits = cell.spec.limits.hazard_limits()
    found, reasons = hazard_class(
        assessment.damage, assessment.pack.status, limits, numbers, assessment.frames > 0, assessment.unclear
    )
    if found > assessment.hazard_class:
        kept = () if assessment.hazard_class is HazardClass.A else assessment.hazard_reasons
        merged = (*reasons, *(r for r in kept if r not in reasons))
    else:
        more = () if found is HazardClass.A else reasons
        merged = (*assessment.hazard_reasons, *(r for r in more if r not in assessment.hazard_reasons))
    return replace(assessment, hazard_class=max(found, assessment.hazard_class), hazard_reasons=merged)


def _with_findings(judged: Assessment, crossed: tuple[CrossFinding, ...]) -> Assessment:
    """Contradictions are always told; what adds up is told where it makes the class worse than each by itself."""
    worst = judged.hazard_class
    told = [f for f in crossed if f.verdict is CrossVerdict.CONTRADICTS or f.hazard_class > worst]
    if not told:
        return judged
    raised = max(f.hazard_class for f in told)
    kept = () if raised > worst and worst is HazardClass.A else judged.hazard_reasons
    new = tuple(f.words for f in told)
    reasons = (*new, *kept) if raised > worst else (*kept, *new)
    return replace(judged, hazard_class=max(raised, worst), hazard_reasons=reasons)


def identify(assessment: Assessment, cell: Cell, assume_pack: str | None) -> Identity:
    """A person's word first, then vision's verdict if it is one."""
    if assume_pack is not None:
        if assume_pack not in cell.packs:
            raise UsageError(
                f"No pack {assume_pack!r} in this cell; it has {', '.join(sorted(cell.packs))}.",
                hint="Name one of these, or bring the pack to quarantine.",
                code="planning.unknown_pack",
            )
        return Identity(cell.packs[assume_pack], f"a person named the pack {assume_pack}")
    if assessment.code_status.outcome is CodeOutcome.CONFLICT:
        return Identity(None, "", "; ".join(assessment.code_status.reasons))
    verdict = assessment.pack
    if verdict.status is not PackStatus.KNOWN or verdict.model is None:
        nearest = ", ".join(f"{c.model} {c.score:.2f}" for c in verdict.candidates[:2])
        return Identity(None, "", f"the pack is {verdict.status.value}" + (f" (nearest: {nearest})" if nearest else ""))
    if verdict.model not in cell.packs:
        return Identity(None, "", f"the cell has no pack file for {verdict.model}")
    return Identity(cell.packs[verdict.model], f"the pack is {verdict.model} ({verdict.confidence:.2f})")


def _candidate(recipe: Recipe, against: tuple[Miss, ...], chosen: Recipe | None, facts: Facts) -> Candidate:
    if against:
        return Candidate(recipe.spec.recipe, False, tuple(m.reason for m in against), tuple(m.if_only for m in against))
    if recipe is not chosen and chosen is not None:
        words = f"would fit, but {chosen.spec.recipe} is the closer fit"
        return Candidate(recipe.spec.recipe, False, (words,), (), why_before(chosen, recipe, facts.identity))
    identity, judged = facts.identity, facts.judged
    damage = ", ".join(f"{d.kind.value} {d.severity:.2f}" for d in judged.damage) or "none found"
    why = (
        identity.why or f"{identity.doubt}, and the recipe serves any pack",
        f"hazard class {judged.hazard_class.value}: {'; '.join(judged.hazard_reasons)}",
        f"damage within its limits: {damage}",
    )
    return Candidate(recipe.spec.recipe, True, why)


def _refusal(weighed: list[tuple[Recipe, tuple[Miss, ...]]], identity: Identity, judged: Assessment) -> tuple[str, ...]:
    """What stands in the way, and which recipe came nearest."""
    reasons = [identity.doubt or identity.why, f"hazard class {judged.hazard_class.value}"]
    if judged.unclear and judged.hazard_class is not HazardClass.C:
        name = judged.unclear[0].kind.value
        reasons.insert(0, f"look at the pack: is there {name}? The pictures neither show it nor rule it out")
    reasons.extend(judged.hazard_reasons)
    if not weighed:
        return (*reasons, "the cell has no recipe")
    likely = next((c.model for c in judged.pack.candidates), "")
    reasons.append(nearest_miss(weighed, likely))
    if identity.pack is None:
        reasons.append("a person may name the pack, or bring it to quarantine")
    return tuple(reasons)
