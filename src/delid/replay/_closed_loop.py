"""Closed loop: the recorded frames are seen in the simulated cell, which answers what is done in it, in virtual time.

A process replay cannot say how another decision ends, because nobody recorded that. Here planner and engine act on the
simulated robot and PLC. A recorded frame is seen where the simulated pack is as the recorded one was when the frame was
taken; where it is not, what a camera would see is simulated.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from delid.config import Cell
from delid.core import (
    UNAWAITED,
    Assessment,
    Decide,
    Decision,
    Effect,
    Event,
    Inspection,
    Locate,
    Located,
    Look,
    Question,
    Record,
    RecordingError,
    Sighting,
)
from delid.devices import motion
from delid.journal import RecordedFrame, Recording
from delid.planning import decide_as_asked
from delid.rehearsal import DEAD, Case, default_assumptions, run_once
from delid.sim.plc import Scenario, Site, site_of
from delid.vision import fuse

from ._eyes import Eyes, InspectorLike, eyes_of
from ._recorded_world import RecordedWorld, SeenLook, recorded_world
from ._run import Outcome, check_whole
from ._wire import WireSeam

SEED = 1
"""Of how long things take; nothing fails by chance."""
READINGS = ("isolation_ohm_per_v", "pack_temperature_c", "gas_ppm")


def replay_closed_loop(recording: Recording, cell: Cell, inspector: InspectorLike | Eyes) -> Outcome:
    """Run the cell once more from its start, with the recorded pack in front of it.

    What was stuck or out already is so again; people answer as they did, or as the simulated person does.

    Raises:
        RecordingError: facts or frames are missing.
    """
    check_whole(recording)
    eyes = eyes_of(inspector)
    eyes.forget_frames()
    world = recorded_world(recording)
    sight = _Sight(recording, world, cell, eyes)
    name = world.pack if world.pack in cell.packs else min(cell.packs)
    case = RecordedCase(
        cell=cell,
        recipe=cell.recipes[0],
        pack=cell.packs[name],
        known=world.pack in cell.packs,
        damage=(),
        assumptions=default_assumptions().without_failures(),
        sure_confidence=eyes.min_fastener_confidence,
        world=world,
        recorded=sight,
    )
    log = _Log(cell)
    run_once(case, SEED, log.watch)
    return Outcome(tuple(sight.inspections), tuple(log.records), log.wire.sent, (), tuple(sight.located))


class _Log:
    """What the engine decided and what its effects put on the wires."""

    def __init__(self, cell: Cell) -> None:
        self.records: list[Record] = []
        self.wire = WireSeam(cell.plc_map, (), motion.wire_of(cell.spec.motion.driver, cell.robot_map))

    def watch(self, event: Event, effects: tuple[Effect, ...]) -> None:
        self.wire.see(event)
        for effect in effects:
            if isinstance(effect, Record):
                self.records.append(effect)
            elif not isinstance(effect, UNAWAITED):
                self.wire.emit(effect)


class _Sight:
    """The recorded frames, judged anew wherever they fit."""

    def __init__(self, recording: Recording, world: RecordedWorld, cell: Cell, eyes: Eyes) -> None:
        self._recording, self._world, self._cell, self._eyes = recording, world, cell, eyes
        self._shown: set[int] = set()
        self.inspections: list[tuple[str, Inspection]] = []
        self.located: list[tuple[str, Located]] = []

    def look(self, effect: Look, removed: frozenset[str]) -> tuple[tuple[Inspection, ...], Assessment] | None:
        """The judged frames of a recorded look at the pack as it is now; None where there is none."""
        fits = [n for n, seen in enumerate(self._world.looks) if _fits(seen, effect, removed)]
        if not fits:
            return None
        number = next((n for n in fits if n not in self._shown), fits[-1])
        if number in self._shown:
            self._eyes.forget_frames()  # the same frames once more are no camera that stands still
        self._shown.add(number)
        found = self._judge(self._world.looks[number], effect)
        self.inspections.extend((effect.id, one) for one in found)
        return found, fuse(found, self._cell.spec.limits.hazard_limits())

    def locate(self, effect: Locate, *, gone: bool) -> tuple[Sighting | None, str] | None:
        """The judged frame of a recorded fine look at the same fastener, there or gone as it is now."""
        seen = next((s for s in self._world.targets if (s.effect.target, s.gone) == (effect.target, gone)), None)
        if seen is None:
            return None
        frame = self._frames(seen.effect.id, seen.place, 1)[0]
        found, detail = self._eyes.locate(frame, effect.at_mm, seen.effect.flange_mm)
        self.located.append((frame.sha256, Located(0.0, effect.id, found, detail)))
        return found, detail

    def _judge(self, seen: SeenLook, effect: Look) -> tuple[Inspection, ...]:
        frames = self._frames(seen.effect.id, seen.first, seen.frames)[: effect.frames]
        looks = {name: self._frames(kept, 0, 1)[0] for name, kept in seen.effect.looks.items()}
        return self._eyes.look(frames, effect.pack, looks)

    def _frames(self, look_id: str, first: int, wanted: int) -> tuple[RecordedFrame, ...]:
        frames = self._recording.frames.get(look_id, ())[first : first + wanted]
        if len(frames) < wanted:
            raise RecordingError(
                f"{self._recording.path}: look {look_id} had {wanted} frames, {len(frames)} are recorded.",
                hint="The recorder dropped frames; record the run again.",
                code="recording.incomplete",
            )
        return frames


def _fits(seen: SeenLook, effect: Look, removed: frozenset[str]) -> bool:
    return (seen.effect.purpose, seen.removed) == (effect.purpose, removed) and seen.frames > 0


@dataclass(frozen=True, kw_only=True)
class RecordedCase(Case):
    """A simulated cell with all its recipes, in front of which the recorded pack stands."""

    world: RecordedWorld
    recorded: _Sight
    _answers: dict[str, deque[str]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for question, answer in self.world.answers:
            self._answers.setdefault(_about(question), deque()).append(answer)

    def site(self, seed: int) -> Site:
        """What was stuck or out then is so again, and the PLC reads what it read."""
        known = set(self.pack.fastener_places())
        readings = {n: v for n in READINGS if isinstance(v := self.world.readings.get(n), (int, float))}
        scenario = Scenario(
            cell=self.cell.path,
            pack=self.pack.pack,
            seized=[n for n in self.world.seized if n in known],
            seized_for_good=[n for n in self.world.seized_for_good if n in known],
            stripped=[n for n in self.world.stripped if n in known],
            removed_already=[n for n in sorted(self.world.removed_before) if n in known],
            voltage=DEAD,
            **readings,  # type: ignore[arg-type]
        )
        return site_of(scenario, self.cell.plc_map, self.cell.spec, self.pack)

    def look(
        self, seed: int, effect: Look, site: Site, removed: list[str]
    ) -> tuple[tuple[Inspection, ...], Assessment]:
        return self.recorded.look(effect, frozenset(removed)) or super().look(seed, effect, site, removed)

    def sight(self, effect: Locate, site: Site, removed: list[str]) -> tuple[Sighting | None, str]:
        found = self.recorded.locate(effect, gone=effect.target in removed)
        return found if found is not None else super().sight(effect, site, removed)

    def decide(self, effect: Decide) -> Decision:
        return decide_as_asked(effect, self.cell)

    def told(self, question: Question) -> str | None:
        """What the person answered to this question when it was recorded."""
        answers = self._answers.get(_about(question.id))
        return answers.popleft() if answers else None


def _about(question_id: str) -> str:
    """A question about the pack has the number of a turn in its name, which is another one here."""
    return "q.pack" if question_id.startswith("q.pack.") else question_id
