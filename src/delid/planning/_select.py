"""Which recipe: every one is weighed, and every one is told why it was taken or not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from delid.config import Cell, PackFile, Recipe, Situation
from delid.core import (
    CONTACT_VERBS,
    Assessment,
    Candidate,
    CodeOutcome,
    CrossFinding,
    CrossVerdict,
    DamageKind,
    Decision,
    HazardClass,
    PackState,
    PackStatus,
    Refusal,
    Scalar,
    UsageError,
    hazard_class,
    not_ruled_out,
)

from ._cross_check import cross_check
from ._expand import make_plan
from ._looked_for import with_answers

ANY_PACK = "*"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which pack the plan is for, and where that comes from. ``doubt`` says why no pack is named."""

    pack: PackFile | None
    why: str
    doubt: str = ""


def decide(
    assessment: Assessment,
    cell: Cell,
    readings: Mapping[str, Scalar],
    exclude: Collection[str] = (),
    assume_pack: str | None = None,
    sure_confidence: float = 0.0,
    ruled_out: Collection[DamageKind] = (),
    carried: PackState | None = None,
    ruled_in: Collection[DamageKind] = (),
    released_only: bool = False,
) -> Decision:
    """The plan for what was seen and measured, or a refusal, with the reasons for every recipe of the cell.

    Args:
        assessment: what vision says of the pack.
        readings: PLC tags by name, in the register map's units; they can only make the hazard class worse.
        exclude: fastener ids given up; they become a question to a person.
        assume_pack: pack model that a person named; it stands above what vision says.
        sure_confidence: below it a fastener's kind does not count, only its place.
        ruled_out: unclear damages that a person has looked for and not found.
        ruled_in: unclear damages that a person has looked for and found; they count as found.
        carried: what runs before did to this pack; it is not planned again. It counts for a pack of its model only.
        released_only: no recipe is taken whose present version nobody has released.

    Raises PlanningError when the chosen recipe cannot be carried out by this cell, UsageError when ``assume_pack`` is
    not a pack of the cell. No input or output, no clock, no randomness: the same input gives the same decision.
    """
    crossed = cross_check(assessment, readings, cell.spec.limits)
    looked = with_answers(assessment, cell.spec.limits.hazard_limits(), ruled_out, ruled_in)
    judged = _with_findings(rejudge(looked, cell, readings), crossed)
    identity = identify(judged, cell, assume_pack)
    recipes = sorted(cell.recipes, key=lambda recipe: _rank(recipe, identity))
    weighed = [(r, (*_objections(r, identity, judged), *_unreleased(r, cell, released_only))) for r in recipes]
    chosen = next((recipe for recipe, objections in weighed if not objections), None)
    candidates = tuple(_candidate(recipe, objections, chosen, identity, judged) for recipe, objections in weighed)
    if chosen is None:
        return Decision(judged, Refusal(_refusal(weighed, identity, judged)), candidates, crossed)
    situation = Situation(judged.hazard_class, judged.damage)
    plan = make_plan(
        chosen.for_situation(situation), cell, identity.pack, judged, readings, exclude, sure_confidence, carried
    )
    return Decision(judged, plan, candidates, crossed)


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


def has_contact(recipe: Recipe) -> bool:
    """True if anything in the recipe touches the pack."""
    return any(o.do in CONTACT_VERBS for o in recipe.spec.operations)


Rank = tuple[int, int, float, int, str]


def _rank(recipe: Recipe, identity: Identity) -> Rank:
    """Order of preference, total and the same every time; see docs/recipes.md, 'Which recipe is taken'."""
    serves = recipe.spec.serves
    exact = identity.pack is not None and identity.pack.pack in serves.packs
    allowed = sum(limit.max_severity for limit in serves.damage.values())
    return (0 if exact else 1, len(serves.packs), round(allowed, 6), len(serves.hazard), recipe.spec.recipe)


def _unreleased(recipe: Recipe, cell: Cell, released_only: bool) -> tuple[str, ...]:
    if not released_only or cell.is_released(recipe):
        return ()
    return (f"not released: run 'delid recipe release {recipe.document.path.name} --by NAME'",)


def _objections(recipe: Recipe, identity: Identity, judged: Assessment) -> tuple[str, ...]:
    """Everything that speaks against a recipe; nothing if it fits."""
    serves = recipe.spec.serves
    found: list[str] = []
    if identity.pack is None:
        if ANY_PACK not in serves.packs:
            found.append(f"{identity.doubt}; the recipe serves {', '.join(serves.packs)}")
        elif has_contact(recipe):
            found.append(f"{identity.doubt}, and the recipe touches the pack")
    elif ANY_PACK not in serves.packs and identity.pack.pack not in serves.packs:
        found.append(f"serves {', '.join(serves.packs)}, not {identity.pack.pack}")
    if judged.hazard_class not in serves.hazard:
        classes = ", ".join(h.value for h in serves.hazard)
        found.append(f"serves hazard class {classes}, not {judged.hazard_class.value}")
    elif judged.hazard_class is HazardClass.C and has_contact(recipe):
        found.append("touches the pack, which no recipe may do in hazard class C")
    if has_contact(recipe):
        found.extend(f"touches the pack while {not_ruled_out(d)}" for d in judged.unclear)
    for damage in judged.damage:
        limit = serves.damage.get(damage.kind)
        if limit is None:
            found.append(f"does not serve {damage.kind.value}")
        elif damage.severity > limit.max_severity:
            most = limit.max_severity
            found.append(f"{damage.kind.value} severity {damage.severity:.2f} is over the recipe's limit {most:.2f}")
    return tuple(dict.fromkeys(found))


def _candidate(
    recipe: Recipe, objections: tuple[str, ...], chosen: Recipe | None, identity: Identity, judged: Assessment
) -> Candidate:
    if objections:
        return Candidate(recipe.spec.recipe, False, objections)
    if recipe is not chosen and chosen is not None:
        return Candidate(recipe.spec.recipe, False, (f"would fit, but {chosen.spec.recipe} is the closer fit",))
    damage = ", ".join(f"{d.kind.value} {d.severity:.2f}" for d in judged.damage) or "none found"
    why = (
        identity.why or f"{identity.doubt}, and the recipe serves any pack",
        f"hazard class {judged.hazard_class.value}: {'; '.join(judged.hazard_reasons)}",
        f"damage within its limits: {damage}",
    )
    return Candidate(recipe.spec.recipe, True, why)


def _refusal(weighed: list[tuple[Recipe, tuple[str, ...]]], identity: Identity, judged: Assessment) -> tuple[str, ...]:
    """What stands in the way, and which recipe came nearest."""
    reasons = [identity.doubt or identity.why, f"hazard class {judged.hazard_class.value}"]
    if judged.unclear and judged.hazard_class is not HazardClass.C:
        name = judged.unclear[0].kind.value
        reasons.insert(0, f"look at the pack: is there {name}? The pictures neither show it nor rule it out")
    reasons.extend(judged.hazard_reasons)
    if not weighed:
        return (*reasons, "the cell has no recipe")
    likely = next((c.model for c in judged.pack.candidates), "")
    # of equals, the likely pack's recipe, then the first: the order is by preference
    nearest, objections = min(weighed, key=lambda w: (len(w[1]), likely not in w[0].spec.serves.packs))
    reasons.append(f"nearest recipe: {nearest.spec.recipe}, but {'; '.join(objections)}")
    if identity.pack is None:
        reasons.append("a person may name the pack, or bring it to quarantine")
    return tuple(reasons)
