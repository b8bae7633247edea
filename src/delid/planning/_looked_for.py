"""What a person said of a damage that the pictures leave unclear, after a look at the pack."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from delid.core import Assessment, Damage, DamageKind, HazardLimits, hazard_class


def with_answers(
    assessment: Assessment, limits: HazardLimits, ruled_out: Collection[DamageKind], ruled_in: Collection[DamageKind]
) -> Assessment:
    """The assessment after the answers; of what is still unclear the gravest stands first, and is asked about first.

    What a person found counts as found, as grave as the picture makes it. What the models found stays, whatever a
    person says, and who says both of a kind has found it.
    """

    def grade(damage: Damage) -> int:
        return -ord(hazard_class((damage,), assessment.pack.status, limits)[0].value)

    there = tuple(d for d in assessment.unclear if d.kind in ruled_in)
    gone = tuple(d for d in assessment.unclear if d.kind in ruled_out and d not in there)
    rest = tuple(sorted((d for d in assessment.unclear if d not in there and d not in gone), key=grade))
    if not there and not gone:
        return replace(assessment, unclear=rest)
    damage, status = (*assessment.damage, *there), assessment.pack.status
    found, reasons = hazard_class(damage, status, limits, None, assessment.frames > 0, rest)
    told = [f"a person found: {d.kind.value}" for d in there] + [f"a person ruled out: {d.kind.value}" for d in gone]
    return replace(assessment, damage=damage, unclear=rest, hazard_class=found, hazard_reasons=(*reasons, *told))
