"""What the camera sees against what the PLC measures. They shall agree; where they do not, a person is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from delid.config import Limits
from delid.core import Assessment, CrossFinding, CrossVerdict, Damage, DamageKind, HazardClass, Scalar

_BURN, _LEAK, _SWELLING = DamageKind.BURN, DamageKind.LEAK, DamageKind.SWELLING
_CORROSION = DamageKind.CORROSION


@dataclass(frozen=True, slots=True)
class Evidence:
    """One row: a tag, and the damage that would explain it.

    Attributes:
        tag: PLC tag.
        words: the figure in words, with ``{value}``.
        limit: field of the cell's limits; empty for a flag, which speaks when it is true.
        above: it speaks when it is above the limit, otherwise below it.
        caution: part of the limit from which on it counts together with damage that would explain it.
        explains: kinds of damage that go with it.
        alone: beyond its limit it makes class C even when the camera sees nothing.
    """

    tag: str
    words: str
    limit: str
    above: bool
    caution: float
    explains: frozenset[DamageKind]
    alone: bool = True


EVIDENCE: tuple[Evidence, ...] = (
    Evidence("pack_temperature_c", "{value:.0f} C", "temperature_c", True, 0.75, frozenset({_BURN, _SWELLING, _LEAK})),
    Evidence("gas_ppm", "{value:.0f} ppm of gas", "gas_ppm", True, 0.5, frozenset({_BURN, _SWELLING, _LEAK})),
    Evidence(
        "isolation_ohm_per_v", "isolation of {value:.0f} ohm/V", "isolation_ohm_per_v", False, 2.0,
        frozenset({_LEAK, _CORROSION, _BURN}),
    ),
    Evidence("smoke", "smoke", "", True, 1.0, frozenset({_BURN})),
    # a pack arrives charged: its voltage is no hazard by itself, but a leak or a burnt place may conduct it
    Evidence(
        "pack_voltage_v", "{value:.0f} V at the terminals", "contact_voltage_v", True, 1.0, frozenset({_BURN, _LEAK}),
        alone=False,
    ),
)  # fmt: skip
"""The table. A tag that was not read says nothing."""


@dataclass(frozen=True, slots=True)
class _Measured:
    row: Evidence
    words: str
    beyond: bool
    near: bool
    """In the band of caution or beyond the limit."""


def cross_check(assessment: Assessment, readings: Mapping[str, Scalar], limits: Limits) -> tuple[CrossFinding, ...]:
    """Agreements and contradictions of camera and PLC, those that matter most first; none when both are calm.

    * A tag beyond its limit that nothing seen explains: class C, contradiction.
    * Critical damage, and every tag that goes with it calm: class C stays, contradiction.
    * Damage, and a tag that goes with it near its limit or beyond: class C, they add up.
    """
    measured = [m for row in EVIDENCE if (m := _measure(row, readings, limits)) is not None]
    seen = {d.kind for d in assessment.damage}
    found = [*_unexplained(measured, seen), *_calm(measured, assessment.damage, limits), *_together(measured, seen)]
    return tuple(sorted(found, key=lambda f: f.verdict is not CrossVerdict.CONTRADICTS))


def _measure(row: Evidence, readings: Mapping[str, Scalar], limits: Limits) -> _Measured | None:
    value = readings.get(row.tag)
    if value is None or isinstance(value, str):
        return None
    if not row.limit:
        return _Measured(row, row.words if value else f"no {row.words}", bool(value), bool(value))
    limit = float(getattr(limits, row.limit))
    beyond = value > limit if row.above else value < limit
    near = value > limit * row.caution if row.above else value < limit * row.caution
    return _Measured(row, row.words.format(value=float(value)), beyond, near)


def _unexplained(measured: list[_Measured], seen: set[DamageKind]) -> Iterator[CrossFinding]:
    for one in measured:
        if one.beyond and one.row.alone and not one.row.explains & seen:
            words = f"{one.words} measured, but the camera sees nothing that explains it"
            yield CrossFinding(CrossVerdict.CONTRADICTS, words, HazardClass.C)


def _calm(measured: list[_Measured], damage: tuple[Damage, ...], limits: Limits) -> Iterator[CrossFinding]:
    for kind in sorted({d.kind for d in damage if _is_critical(d, limits)}):
        speakers = [m for m in measured if kind in m.row.explains and m.row.alone]
        if speakers and not any(m.near for m in speakers):
            figures = ", ".join(m.words for m in speakers)
            words = f"{kind.value} seen, but nothing measured confirms it ({figures}); class C stays"
            yield CrossFinding(CrossVerdict.CONTRADICTS, words, HazardClass.C)


def _is_critical(damage: Damage, limits: Limits) -> bool:
    return damage.kind in (_BURN, _LEAK) or (damage.kind is _SWELLING and damage.severity > limits.swelling_severity)


def _together(measured: list[_Measured], seen: set[DamageKind]) -> Iterator[CrossFinding]:
    for one in measured:
        if one.near and (kinds := sorted(one.row.explains & seen)):
            words = f"{' and '.join(k.value for k in kinds)} seen and {one.words} measured"
            yield CrossFinding(CrossVerdict.ADDS_UP, words, HazardClass.C)
