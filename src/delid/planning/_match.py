"""Which recipes fit: the declared conditions, and for each one that does not hold what would have to be different."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from delid.config import PackFile, Recipe
from delid.core import CONTACT_VERBS, Assessment, HazardClass, Route, not_ruled_out

ANY_PACK = "*"

WEIGHED = 100
"""With more recipes than this, those that serve other packs are not weighed one by one."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which pack the plan is for, and where that comes from. ``doubt`` says why no pack is named."""

    pack: PackFile | None
    why: str
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What recipes are matched with. ``health`` is the state of health, None where it is not known."""

    identity: Identity
    judged: Assessment
    health: float | None = None
    route: Route | None = None
    is_released: Callable[[Recipe], bool] | None = None
    """Asked where only released recipes may be taken."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A condition that does not hold: in words, what would have to be so, and how far away that is (0..1 is near)."""

    reason: str
    if_only: str
    distance: float


def has_contact(recipe: Recipe) -> bool:
    """True if anything in the recipe touches the pack."""
    return any(o.do in CONTACT_VERBS for o in recipe.spec.operations)


def _pack(recipe: Recipe, facts: Facts) -> Iterator[Miss]:
    packs, identity = recipe.spec.serves.packs, facts.identity
    named = " or ".join(packs)
    if identity.pack is None:
        if ANY_PACK not in packs:
            words = f"{identity.doubt}; the recipe serves {', '.join(packs)}"
            yield Miss(words, f"the pack were known to be {named}", 2.0)
        elif has_contact(recipe):
            yield Miss(f"{identity.doubt}, and the recipe touches the pack", "the pack were known", 2.0)
    elif ANY_PACK not in packs and identity.pack.pack not in packs:
        yield Miss(f"serves {', '.join(packs)}, not {identity.pack.pack}", f"the pack were {named}", 4.0)


def _hazard(recipe: Recipe, facts: Facts) -> Iterator[Miss]:
    judged, served = facts.judged.hazard_class, recipe.spec.serves.hazard
    classes = ", ".join(h.value for h in served)
    if judged not in served:
        off = min(abs(ord(judged.value) - ord(h.value)) for h in served)
        likes = " or ".join(h.value for h in served)
        words = f"the hazard class were {likes} (it is {judged.value})"
        yield Miss(f"serves hazard class {classes}, not {judged.value}", words, float(off))
    elif judged is HazardClass.C and has_contact(recipe):
        words = "touches the pack, which no recipe may do in hazard class C"
        yield Miss(words, "the hazard class were A or B (it is C)", 1.0)


def _unclear(recipe: Recipe, facts: Facts) -> Iterator[Miss]:
    for damage in facts.judged.unclear if has_contact(recipe) else ():
        kind = damage.kind.value
        yield Miss(f"touches the pack while {not_ruled_out(damage)}", f"a person had ruled out {kind}", 0.2)


def _damage(recipe: Recipe, facts: Facts) -> Iterator[Miss]:
    for damage in facts.judged.damage:
        limit, kind = recipe.spec.serves.damage.get(damage.kind), damage.kind.value
        if limit is None:
            yield Miss(f"does not serve {kind}", f"there were no {kind}", 0.5 + damage.severity)
        elif damage.severity > limit.max_severity:
            most = limit.max_severity
            words = f"{kind} severity {damage.severity:.2f} is over the recipe's limit {most:.2f}"
            wanted = f"{kind} severity were <= {most:g} (it is {damage.severity:.2f})"
            yield Miss(words, wanted, damage.severity - most)


def _health(recipe: Recipe, facts: Facts) -> Iterator[Miss]:
    served, health = recipe.spec.serves.state_of_health, facts.health
    if served is None or served.holds(health):
        return
    limits = f"{served.min:g} to {served.max:g}"
    if health is None:
        yield Miss(f"serves a state of health of {limits}, which was not measured",
                   f"the state of health were measured as {limits}", 0.3)  # fmt: skip
    elif health < served.min:
        yield Miss(f"serves a state of health of {limits}, not {health:.2f}",
                   f"the state of health were >= {served.min:g} (it is {health:.2f})", served.min - health)  # fmt: skip
    else:
        yield Miss(f"serves a state of health of {limits}, not {health:.2f}",
                   f"the state of health were <= {served.max:g} (it is {health:.2f})", health - served.max)  # fmt: skip


def _route(recipe: Recipe, facts: Facts) -> Iterator[Miss]:
    served, route = recipe.spec.serves.route, facts.route
    if route is Route.QUARANTINE and facts.judged.hazard_class is not HazardClass.C and has_contact(recipe):
        yield Miss("touches the pack, which has to go to quarantine", "the route were not quarantine", 1.0)
    if served is None or route in served:
        return
    names = " or ".join(r.value for r in served)
    now = route.value if route else "not said"
    yield Miss(f"serves the route {names}, which is {now}", f"the route were {names} (it is {now})", 0.6)


def _released(recipe: Recipe, facts: Facts) -> Iterator[Miss]:
    if facts.is_released is not None and not facts.is_released(recipe):
        words = f"not released: run 'delid recipe release {recipe.document.path.name} --by NAME'"
        yield Miss(words, "it were released", 0.1)


CONDITIONS: tuple[Callable[[Recipe, Facts], Iterator[Miss]], ...] = (
    _pack, _hazard, _unclear, _damage, _health, _route, _released,
)  # fmt: skip
"""Everything that a recipe can be refused for, in the order in which it is told."""


def misses(recipe: Recipe, facts: Facts) -> tuple[Miss, ...]:
    """Every condition that does not hold; none if the recipe fits."""
    found = [miss for condition in CONDITIONS for miss in condition(recipe, facts)]
    return tuple({miss.reason: miss for miss in found}.values())


Rank = tuple[int, int, int, float, int, str]


def rank(recipe: Recipe, identity: Identity) -> Rank:
    """Order of preference, total and the same every time; see docs/recipes.md, 'Which recipe is taken'."""
    serves = recipe.spec.serves
    exact = identity.pack is not None and identity.pack.pack in serves.packs
    allowed = sum(limit.max_severity for limit in serves.damage.values())
    special = (serves.route is not None) + (serves.state_of_health is not None)
    name = recipe.spec.recipe
    return (0 if exact else 1, -special, len(serves.packs), round(allowed, 6), len(serves.hazard), name)


RANK_WORDS = (
    "names the pack", "asks for route or state of health", "serves fewer packs", "serves less damage",
    "serves fewer hazard classes", "comes first by name",
)  # fmt: skip


def why_before(first: Recipe, second: Recipe, identity: Identity) -> str:
    """What decides between two recipes that both fit."""
    pairs = zip(RANK_WORDS, rank(first, identity), rank(second, identity), strict=True)
    return next((words for words, a, b in pairs if a != b), RANK_WORDS[-1])


def weigh(recipes: Sequence[Recipe], facts: Facts) -> list[tuple[Recipe, tuple[Miss, ...]]]:
    """The recipes in the order of preference, each with what speaks against it.

    In a cell with many recipes those for other packs are left out, unless there is none for this one.
    """
    if len(recipes) > WEIGHED:
        names = (
            {facts.identity.pack.pack} if facts.identity.pack else {c.model for c in facts.judged.pack.candidates[:2]}
        )
        near = [r for r in recipes if ANY_PACK in r.spec.serves.packs or not names.isdisjoint(r.spec.serves.packs)]
        recipes = near or recipes
    ordered = sorted(recipes, key=lambda recipe: rank(recipe, facts.identity))
    return [(recipe, misses(recipe, facts)) for recipe in ordered]


def nearest_miss(weighed: Sequence[tuple[Recipe, tuple[Miss, ...]]], likely: str) -> str:
    """The recipe that came nearest, and what would have to be different; of equals that of the likely pack."""

    def distance(w: tuple[Recipe, tuple[Miss, ...]]) -> tuple[float, bool]:
        return round(sum(m.distance for m in w[1]), 6), likely not in w[0].spec.serves.packs

    recipe, against = min(weighed, key=distance)
    return f"nearest recipe: {recipe.spec.recipe} would fit if {' and '.join(m.if_only for m in against)}"
