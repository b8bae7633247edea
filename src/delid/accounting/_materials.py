"""What came out of a pack: whether it adds up to what went in, and how much of it is recovered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from delid.config import MassRules

from ._amount import Amount, total
from ._facts import BatteryFacts, Output, Weight

RECOVERED = ("reuse", "recycling")
RECOVERY_RULE = (
    "mass that went to reuse or to recycling, divided by the pack's mass. It ends at this site's gate: it is not the "
    "recycling efficiency of Regulation (EU) 2023/1542, Annex XII, part B, which the recyclers after it work out over "
    "all their steps (Delegated Regulation (EU) 2025/606)"
)
BALANCE_RULE = (
    "mass in less the masses out; closed where the difference is not above the site's tolerance, or is within the "
    "coverage times its own standard deviation (JCGM 100:2008, 5.1.2)"
)


@dataclass(frozen=True, slots=True)
class MassBalance:
    """Verdict: ``closed``, ``missing``, ``surplus``; ``open`` where a mass is not known."""

    mass_in: Amount | None
    mass_out: Amount
    rest: Amount | None
    tolerance_kg: float | None
    verdict: str
    reasons: tuple[str, ...]
    rule: str = BALANCE_RULE


@dataclass(frozen=True, slots=True)
class Recovery:
    """The share of the pack's mass that is recovered, by where it goes; ``low`` and ``high`` are its range.

    There is none where the record does not say where anything goes.
    """

    share: float | None
    low: float | None
    high: float | None
    kg: tuple[tuple[str, float], ...]
    """Where it goes (``unknown`` where the record does not say) to kg."""
    kinds: tuple[tuple[str, float], ...]
    """Kind of part to kg."""
    rule: str = RECOVERY_RULE


def weighed(weight: Weight, rules: MassRules) -> Amount:
    """A mass with the standard deviation that the record gives, or that its origin has at this site."""
    if weight.sigma_kg is not None:
        return Amount(weight.kg, weight.sigma_kg)
    return Amount(weight.kg, rules.scale_kg if weight.source == "weighed" else weight.kg * rules.model_share)


def mass_balance(facts: BatteryFacts, rules: MassRules, coverage: float) -> MassBalance:
    """Compare what went in with what came out."""
    known = [weighed(output.weight, rules) for output in facts.outputs if output.weight]
    out = total(known)
    blank = [output.kind for output in facts.outputs if output.weight is None]
    reasons = [f"no mass in the record: {', '.join(blank)}"] if blank else []
    if facts.weight is None:
        return MassBalance(
            None, out, None, None, "open", (*reasons, "the pack was not weighed and its model is not known")
        )
    mass_in = weighed(facts.weight, rules)
    rest, tolerance = mass_in.minus(out), rules.tolerance * mass_in.value
    if facts.weight.source != "weighed":
        reasons.append("the mass that went in is the pack file's: weigh the pack for a sharper balance")
    if not facts.outputs:
        reasons.append("nothing is recorded that came out")
    within = abs(rest.value) <= max(tolerance, coverage * rest.sigma)
    verdict = "closed" if within else "missing" if rest.value > 0 else "surplus"
    if (blank and rest.value > 0) or not facts.outputs:
        verdict = "open"
    return MassBalance(mass_in, out, rest, tolerance, verdict, tuple(reasons))


def recovery(facts: BatteryFacts, rules: MassRules, coverage: float) -> Recovery:
    """How much of the pack's mass goes on."""
    kg, kinds = _sums(facts.outputs, lambda o: o.goes or "unknown"), _sums(facts.outputs, lambda o: o.kind)
    if facts.weight is None or not any(output.goes for output in facts.outputs):
        return Recovery(None, None, None, kg, kinds)
    gone_on = total(weighed(o.weight, rules) for o in facts.outputs if o.weight and o.goes in RECOVERED)
    share = gone_on.share_of(weighed(facts.weight, rules))
    low, high = share.span(coverage)
    return Recovery(share.value, low, min(high, 1.0), kg, kinds)


def _sums(outputs: Iterable[Output], key: Callable[[Output], str]) -> tuple[tuple[str, float], ...]:
    sums: dict[str, float] = {}
    for output in outputs:
        sums[key(output)] = sums.get(key(output), 0.0) + (output.weight.kg if output.weight else 0.0)
    return tuple(sums.items())
