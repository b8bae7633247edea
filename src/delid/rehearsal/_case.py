"""What stands in the simulated cell: one recipe, the pack before it, and what the camera makes of the pack."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from delid.config import Cell, PackFile, Recipe
from delid.core import (
    Assessment,
    Damage,
    DamageKind,
    Decide,
    Decision,
    Fastener,
    FastenerKind,
    Inspection,
    Locate,
    Look,
    PackCandidate,
    PackStatus,
    PackVerdict,
    Plan,
    Question,
    Sighting,
    UsageError,
    hazard_class,
)
from delid.planning import decide, decide_as_asked
from delid.sim.plc import Scenario, Site, Voltage, site_of

from ._assumptions import Assumptions
from ._chance import happens

ANY_PACK = "*"
SURE, DOUBTFUL = 0.97, 0.75
CONFIDENCE = 0.95
SURE_CONFIDENCE = 0.6
NOWHERE_PX = (0.0, 0.0)
NO_BOX_PX = (0.0, 0.0, 1.0, 1.0)
DEAD = Voltage(closed_v=Voltage().residual_v)
"""The terminals are dead before the pack comes into the cell."""


@dataclass(frozen=True)
class Case:
    """One recipe in a cell that knows no other, and the pack in the fixture.

    Attributes:
        known: the camera knows the pack.
        damage: what it finds on it, every time.
    """

    cell: Cell
    recipe: Recipe
    pack: PackFile
    known: bool
    damage: tuple[Damage, ...]
    assumptions: Assumptions
    sure_confidence: float = SURE_CONFIDENCE
    """From which confidence on a fastener's kind counts."""
    decided: dict[Hashable, Decision] = field(default_factory=dict)
    """What was decided before: many runs see the same."""

    @cached_property
    def flawless(self) -> Decision:
        """What the planner makes of the pack when everything is seen."""
        return decide(self._assess(()), self.cell, {})

    def decide(self, effect: Decide) -> Decision:
        """As the planner decides; raises its errors."""
        people = (effect.exclude, effect.assume_pack, effect.ruled_out, effect.ruled_in, effect.told)
        known = (effect.sure_confidence, effect.carried, effect.stands_mm)
        key = (effect.assessment, tuple(sorted(effect.readings.items())), *people, *known)
        if key not in self.decided:
            self.decided[key] = decide_as_asked(dataclasses.replace(effect, released_only=False), self.cell)
        return self.decided[key]

    def site(self, seed: int) -> Site:
        """The pack of one run: which of its fasteners are seized or stripped is the seed's."""
        chance = self.assumptions.chance
        names = list(self.pack.fastener_places())

        def afflicted(kind: str) -> list[str]:
            return [name for name in names if happens(chance(f"unfasten.{kind}"), seed, kind, name)]

        scenario = Scenario(
            cell=self.cell.path,
            pack=self.pack.pack,
            seized=afflicted("seized"),
            seized_for_good=afflicted("seized_for_good"),
            stripped=afflicted("stripped"),
            voltage=DEAD,
        )
        return site_of(scenario, self.cell.plc_map, self.cell.spec, self.pack)

    def assess(self, seed: int, look: str, site: Site, removed: list[str]) -> Assessment:
        """What a look says: every fastener that it sees, where it sees it."""
        if not self.known:
            return self._assess(())
        found = (self._see(seed, look, name, site, name in removed) for name in site.fasteners)
        return self._assess(tuple(f for f in found if f is not None))

    # What a recorded run puts in the place of the simulated camera and person.

    def look(
        self, seed: int, effect: Look, site: Site, removed: list[str]
    ) -> tuple[tuple[Inspection, ...], Assessment]:
        """What the frames of a look say one by one, where there are frames, and together."""
        return (), self.assess(seed, effect.id, site, removed)

    def sight(self, effect: Locate, site: Site, removed: list[str]) -> tuple[Sighting | None, str]:
        """What a fine look finds, and why nothing."""
        x, y, _ = site.fasteners[effect.target]
        kind = FastenerKind.EMPTY if effect.target in removed else FastenerKind(site.kinds[effect.target])
        if effect.target in site.scenario.stripped:
            kind = FastenerKind.STRIPPED
        return Sighting(kind, NOWHERE_PX, (x, y), SURE), ""

    def told(self, question: Question) -> str | None:
        """The answer that is known beforehand; without one the simulated person thinks for themselves."""
        return None

    def _see(self, seed: int, look: str, name: str, site: Site, gone: bool) -> Fastener | None:
        seeing, chance = self.assumptions.seeing, self.assumptions.chance
        if happens(seeing.unseen, seed, "unseen", look, name):
            return None
        x, y, _ = site.fasteners[name]
        wrongly_there = gone and happens(chance("unfasten.still_seen"), seed, "still_seen", look, name)
        kind = FastenerKind.EMPTY if gone and not wrongly_there else FastenerKind(site.kinds[name])
        if name in site.scenario.stripped and not gone:
            kind = FastenerKind.STRIPPED
        doubtful = not gone and happens(seeing.doubtful, seed, "doubtful", look, name)
        away_mm = seeing.doubtful_uncertainty_mm if doubtful else seeing.uncertainty_mm
        return Fastener(name, kind, NOWHERE_PX, (x, y), DOUBTFUL if doubtful else SURE, away_mm)

    def _assess(self, fasteners: tuple[Fastener, ...]) -> Assessment:
        status = PackStatus.KNOWN if self.known else PackStatus.UNKNOWN
        model = self.pack.pack if self.known else None
        verdict = PackVerdict(status, model, CONFIDENCE, (PackCandidate(self.pack.pack, CONFIDENCE),))
        judged, reasons = hazard_class(self.damage, status, self.cell.spec.limits.hazard_limits())
        return Assessment(verdict, self.damage, judged, reasons, fasteners)


def make_case(
    recipe: Recipe,
    cell: Cell,
    assumptions: Assumptions,
    *,
    pack: str | None = None,
    damage: Mapping[DamageKind, float] | None = None,
) -> Case:
    """The recipe before a pack that it serves; without ``damage`` the least damage for which it is made.

    Raises UsageError where the recipe refuses that pack, with its reasons, PlanningError where it cannot be planned.
    """
    alone = dataclasses.replace(cell, recipes=(recipe,))
    serves = recipe.spec.serves.packs
    name = pack or next((p for p in serves if p in cell.packs), None if ANY_PACK not in serves else min(cell.packs))
    if name is None or name not in cell.packs:
        raise UsageError(
            f"The cell has no pack {name or ', '.join(serves)!r}.",
            hint="Add the pack file to 'packs' in the cell file, or name another pack with --pack.",
        )
    known = ANY_PACK not in serves or pack is not None
    tried = [tuple(_damage(damage))] if damage is not None else list(_damages_served(recipe))
    cases = [Case(alone, recipe, cell.packs[name], known, found, assumptions) for found in tried]
    fits = next((case for case in cases if isinstance(case.flawless.outcome, Plan)), None)
    if fits is None:
        reasons = cases[0].flawless.candidates[0].reasons
        raise UsageError(
            f"{recipe.spec.recipe} would not be taken for {name}: {'; '.join(reasons)}.",
            hint="Give --damage KIND=SEVERITY and --pack as the recipe serves them.",
            code="rehearsal.refused",
        )
    return fits


def _damages_served(recipe: Recipe) -> Iterator[tuple[Damage, ...]]:
    """No damage, then each kind that the recipe serves, at half of its limit and at its limit."""
    yield ()
    for part in (0.5, 1.0):
        for kind, limit in recipe.spec.serves.damage.items():
            yield tuple(_damage({kind: round(part * limit.max_severity, 3)}))


def _damage(wanted: Mapping[DamageKind, float]) -> Iterator[Damage]:
    for kind, severity in wanted.items():
        yield Damage(kind, CONFIDENCE, severity, NO_BOX_PX)
