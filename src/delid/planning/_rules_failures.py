"""Rules about failures and variants: what can go wrong is decided, and what is written can happen."""

from __future__ import annotations

from delid.config import Operation, Serves, When
from delid.core import VERBS, FailureKind, Reaction, Verb

from ._context import Context, Found

ALWAYS_POSSIBLE = frozenset(
    {FailureKind.TIMEOUT, FailureKind.REFUSED, FailureKind.NOT_REACHED, FailureKind.TOOL_MISSING,
     FailureKind.NOT_VERIFIED}
)  # fmt: skip
"""Any device may say these."""

SEEN_BY: dict[FailureKind, tuple[str, ...]] = {
    FailureKind.STILL_SEEN: ("seen_empty",),
    FailureKind.DROPPED: ("weight_carried",),
    FailureKind.NOT_VERIFIED: ("vacuum_ok", "grip_ok"),
}
"""Failures that can only show where ``verify`` asks for this."""


def possible(operation: Operation) -> list[FailureKind]:
    """How an operation can fail that the recipe has to decide on, given what it verifies."""
    verify = getattr(operation, "verify", None)
    return [
        kind
        for kind, failure in VERBS[Verb(operation.do)].failures.items()
        if failure.decide and (verify is None or kind not in SEEN_BY or set(SEEN_BY[kind]) & set(verify))
    ]


def unhandled_failure(c: Context) -> Found:
    for n, o in c.operations():
        missing = [k for k in possible(o) if not o.on_failure.get(k)]
        if missing:
            facts = VERBS[Verb(o.do)].failures
            words = "; ".join(f"{k.value} ({facts[k].about})" for k in missing)
            yield ("operations", n, "on_failure"), f"{o.id!r} does not say what happens on {words}"


def impossible_failure(c: Context) -> Found:
    for n, o in c.operations():
        for kind in o.on_failure:
            if kind not in VERBS[Verb(o.do)].failures and kind not in ALWAYS_POSSIBLE:
                yield ("operations", n, "on_failure", kind), f"{o.do} never fails with {kind.value}"


def pointless_reaction(c: Context) -> Found:
    for n, o in c.operations():
        for kind, reactions in o.on_failure.items():
            for last in (Reaction.STOP, Reaction.SKIP):
                if last in reactions[:-1]:
                    yield ("operations", n, "on_failure", kind), f"nothing comes after {last.value!r}"


def dead_variant(c: Context) -> Found:
    """A variant must be able to hold for something that the recipe serves, and must not stand behind its equal."""
    for n, variant in enumerate(c.spec.variants):
        if words := _never(variant.when, c.spec.serves):
            yield ("variants", n, "when"), f"the variant {variant.name!r} is never taken: {words}"
        for earlier in c.spec.variants[:n]:
            if earlier.when == variant.when:
                yield (
                    ("variants", n, "when"),
                    f"{variant.name!r} is never taken: {earlier.name!r} has the same condition",
                )
            if earlier.name == variant.name:
                yield ("variants", n, "name"), f"there are two variants {variant.name!r}"


def _never(when: When, serves: Serves) -> str:
    if when.hazard is not None and not set(when.hazard) & set(serves.hazard):
        return "the recipe does not serve this hazard class"
    for kind, severity in when.damage.items():
        limit = serves.damage.get(kind)
        if limit is None or severity.above >= limit.max_severity or severity.above >= severity.up_to:
            return f"the recipe does not serve {kind.value} of this severity"
    if when.route is not None and serves.route is not None and not set(when.route) & set(serves.route):
        return "the recipe does not serve this route"
    health, served = when.state_of_health, serves.state_of_health
    if health is not None and served is not None and (health.max < served.min or health.min > served.max):
        return "the recipe does not serve this state of health"
    return ""
