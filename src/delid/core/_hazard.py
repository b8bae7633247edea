"""The table from findings to hazard class (ADR special provision 376: undamaged; damaged, not critical; critical)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ._inspection import Damage, DamageKind, HazardClass, PackStatus


@dataclass(frozen=True, slots=True)
class HazardLimits:
    """Where a finding turns critical. Severities 0..1, temperature in deg C, gas in ppm, isolation in ohm per volt."""

    swelling_severity: float = 0.5
    dent_severity: float = 0.8
    temperature_c: float = 60.0
    gas_ppm: float = 50.0
    isolation_ohm_per_v: float = 100.0


ALWAYS_CRITICAL = {
    DamageKind.BURN: "burn marks: a reaction has happened and may go on",
    DamageKind.LEAK: "leaking liquid: electrolyte must be assumed",
}


def _from_damage(damage: Damage, limits: HazardLimits) -> tuple[HazardClass, str]:
    name, severity = damage.kind.value, damage.severity
    if damage.kind in ALWAYS_CRITICAL:
        return HazardClass.C, ALWAYS_CRITICAL[damage.kind]
    limit = {DamageKind.SWELLING: limits.swelling_severity, DamageKind.DENT: limits.dent_severity}.get(damage.kind)
    if limit is not None and severity > limit:
        return HazardClass.C, f"{name} severity {severity:.2f} is over its limit {limit:.2f}"
    return HazardClass.B, f"{name}, severity {severity:.2f}"


READING_RULES: tuple[tuple[str, str, str, str], ...] = (
    # tag, limit field, sense, words
    ("pack_temperature_c", "temperature_c", "above", "pack temperature {value:.0f} C is over {limit:.0f} C"),
    ("gas_ppm", "gas_ppm", "above", "gas {value:.0f} ppm is over {limit:.0f} ppm"),
    ("isolation_ohm_per_v", "isolation_ohm_per_v", "below", "isolation {value:.0f} ohm/V is under {limit:.0f} ohm/V"),
)


def not_ruled_out(damage: Damage) -> str:
    """An unclear damage in words."""
    return f"{damage.kind.value} is neither found nor ruled out ({damage.confidence:.2f})"


def hazard_class(
    damage: Sequence[Damage],
    status: PackStatus,
    limits: HazardLimits,
    readings: Mapping[str, float | int | bool] | None = None,
    usable_frames: bool = True,
    unclear: Sequence[Damage] = (),
) -> tuple[HazardClass, tuple[str, ...]]:
    """The worst class that any finding asks for, with all reasons, worst first.

    ``readings`` are PLC tags by name; a missing tag says nothing. A pack that cannot be diagnosed
    (no usable frame) is C, as the rules count it. A pack of unknown model is not thereby damaged. What is ``unclear``
    makes it B at least: A says that nothing is there.
    """
    found: list[tuple[HazardClass, str]] = [_from_damage(d, limits) for d in damage]
    found += [(HazardClass.B, not_ruled_out(d)) for d in unclear]
    for tag, field, sense, words in READING_RULES:
        value = (readings or {}).get(tag)
        limit = getattr(limits, field)
        if value is not None and (value > limit if sense == "above" else value < limit):
            found.append((HazardClass.C, words.format(value=float(value), limit=limit)))
    if not usable_frames:
        found.append((HazardClass.C, "cannot be diagnosed: no usable frame"))
    if not found:
        note = "" if status is PackStatus.KNOWN else f" (pack is {status.value})"
        return HazardClass.A, (f"no damage found{note}",)
    found.sort(key=lambda f: f[0].value, reverse=True)
    return found[0][0], tuple(reason for _, reason in found)
