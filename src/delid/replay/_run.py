"""One recorded run through vision, planning and the reducer again: no socket, no thread, no clock.

What came from outside (commands, answers, links, tags, reports, time) is fed in its recorded order. What answers an
effect (Finished, Looked, Decided) is fed when it comes up in that order and its effect is awaited; if the effect comes
later than it did, its answer waits for it. Looks are judged and decisions are made anew from the recorded frames.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from delid.config import Cell
from delid.core import (
    UNAWAITED,
    Decide,
    Decided,
    DelidError,
    DoMotion,
    Effect,
    Event,
    Finished,
    Inspection,
    Locate,
    Located,
    Look,
    Looked,
    Record,
    RecordingError,
    RunCommand,
    Started,
)
from delid.devices import motion
from delid.engine import initial, step
from delid.journal import RecordedFrame, Recording
from delid.planning import decide_as_asked
from delid.vision import fuse

from ._eyes import Eyes, InspectorLike, eyes_of
from ._wire import Sent, WireSeam, unsent_ids

Response = Finished | Looked | Located | Decided


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay came to: inspections by look, Records in order, wire bytes in order, and what went unanswered."""

    inspections: tuple[tuple[str, Inspection], ...]
    records: tuple[Record, ...]
    wires: tuple[Sent, ...]
    unanswered: tuple[str, ...]
    """Ids of effects still awaited at the end for which nothing was recorded."""
    located: tuple[tuple[str, Located], ...] = ()
    """Fine looks: digest of the frame, and what was found in it."""


def replay(recording: Recording, cell: Cell, inspector: InspectorLike | Eyes) -> Outcome:
    """Replay ``recording`` with the configuration of ``cell``; frames are judged by ``inspector``.

    Raises RecordingError where the recording does not hold what a replay needs: no Started at its beginning, lost
    facts, frames missing.
    """
    check_whole(recording)
    eyes = eyes_of(inspector)
    eyes.forget_frames()
    return _Replay(recording, cell, eyes).run()


def check_whole(recording: Recording) -> None:
    """Raise RecordingError where facts are missing."""
    hint = "Record the run again; the recorder says when it is too slow."
    if not recording.events or not isinstance(recording.events[0], Started):
        raise RecordingError(f"{recording.path} does not begin with a start.", hint=hint, code="recording.incomplete")
    if recording.losses.lost_facts or recording.losses.failure:
        raise RecordingError(
            f"{recording.path} lacks {recording.losses.lost_facts} facts: {recording.losses.failure or 'queue full'}.",
            hint=hint,
            code="recording.incomplete",
        )


class _Replay:
    def __init__(self, recording: Recording, cell: Cell, eyes: Eyes) -> None:
        self._recording, self._cell, self._eyes = recording, cell, eyes
        self._now_s = recording.events[0].at_s
        self._state = initial(cell, self._now_s, eyes.min_fastener_confidence)
        self._recorded = {e.id: e for e in recording.effects if not isinstance(e, UNAWAITED)}
        self._answered = {e.id for e in recording.events if isinstance(e, Response)}
        self._awaited: dict[str, Effect] = {}
        self._early: dict[str, deque[Response]] = {}
        self._frames_used: dict[str, int] = {}
        self._inspections: list[tuple[str, Inspection]] = []
        self._located: list[tuple[str, Located]] = []
        self._records: list[Record] = []
        self._wire = WireSeam(
            cell.plc_map, unsent_ids(recording), motion.wire_of(cell.spec.motion.driver, cell.robot_map)
        )

    def run(self) -> Outcome:
        asked: set[str] = set()
        for fact in self._recording.facts:
            if isinstance(fact, Response):
                if fact.id in asked:  # otherwise it answers the run before this recording
                    self._take(fact)
            elif isinstance(fact, Event):
                self._feed(fact)
            elif isinstance(fact, Effect) and not isinstance(fact, UNAWAITED):
                asked.add(fact.id)
        seen, records, unanswered = tuple(self._inspections), tuple(self._records), tuple(self._awaited)
        return Outcome(seen, records, self._wire.sent, unanswered, tuple(self._located))

    def _take(self, response: Response) -> None:
        """A recorded answer comes up: feed it if its effect waits, else keep it until that comes."""
        if response.id in self._awaited:
            if self._fits(self._awaited[response.id]):
                self._feed(self._answer(self._awaited.pop(response.id), response))
        else:
            self._early.setdefault(response.id, deque()).append(response)

    def _feed(self, event: Event) -> None:
        """Feed one event, and whatever answers its effects at once."""
        events = deque([event])
        while events:
            now = events.popleft()
            self._now_s = max(self._now_s, now.at_s)
            self._wire.see(now)
            self._state, effects = step(self._state, now)
            for effect in effects:
                if isinstance(effect, Record):
                    self._records.append(effect)
                if isinstance(effect, UNAWAITED):
                    continue
                self._wire.emit(effect)
                at_once = self._at_once(effect)
                if at_once is None:
                    self._awaited[effect.id] = effect
                else:
                    events.append(at_once)

    def _at_once(self, effect: Effect) -> Response | None:
        """The answer that need not be waited for: one that has passed already, or a decision that nobody recorded."""
        assert not isinstance(effect, UNAWAITED)
        waiting = self._early.get(effect.id)
        if waiting and self._fits(effect):
            return self._answer(effect, waiting.popleft())
        if isinstance(effect, Decide) and not (effect.id in self._answered and self._fits(effect)):
            return self._decide(effect, self._now_s)
        return None

    def _fits(self, effect: Effect) -> bool:
        """True where the recorded effect of that id asked for the same kind of thing, so that its answer is one."""
        assert not isinstance(effect, UNAWAITED)
        return _asks_for(effect) == _asks_for(self._recorded[effect.id]) if effect.id in self._recorded else False

    def _answer(self, effect: Effect, response: Response) -> Response:
        """The recorded answer, with looks judged and decisions made anew."""
        if isinstance(effect, Decide) and not (isinstance(response, Finished) and response.failure == "journal"):
            return self._decide(effect, response.at_s)
        if isinstance(effect, Look) and isinstance(response, Looked):
            return self._look(effect, response)
        if isinstance(effect, Locate) and isinstance(response, Located):
            return self._locate(effect, response)
        return response

    def _decide(self, effect: Decide, at_s: float) -> Response:
        try:
            return Decided(at_s, effect.id, decide_as_asked(effect, self._cell))
        except DelidError as error:
            return Finished(at_s, effect.id, False, "fault", str(error))

    def _look(self, effect: Look, recorded: Looked) -> Response:
        frames = self._frames_of(recorded.id, len(recorded.inspections))[: effect.frames]
        looks = {name: self._kept(look_id) for name, look_id in effect.looks.items()}
        try:
            found = self._eyes.look(frames, effect.pack, looks)
        except RecordingError:
            raise  # says something of the recording or the cache, not of the picture
        except DelidError as error:
            return Finished(recorded.at_s, effect.id, False, "fault", str(error))
        self._inspections.extend((effect.id, inspection) for inspection in found)
        fused = fuse(found, self._cell.spec.limits.hazard_limits())
        return Looked(recorded.at_s, effect.id, found, fused, recorded.frame_age_s)

    def _locate(self, effect: Locate, recorded: Located) -> Response:
        (frame,) = self._frames_of(recorded.id, 1)
        try:
            found, detail = self._eyes.locate(frame, effect.at_mm, effect.flange_mm)
        except RecordingError:
            raise
        except DelidError as error:
            return Finished(recorded.at_s, effect.id, False, "fault", str(error))
        answer = Located(recorded.at_s, effect.id, found, detail, recorded.frame_age_s)
        self._located.append((frame.sha256, answer))
        return answer

    def _frames_of(self, look_id: str, count: int) -> tuple[RecordedFrame, ...]:
        """The frames of this answer; a look that was interrupted has the same id the second time."""
        first = self._frames_used.get(look_id, 0)
        frames = self._recording.frames.get(look_id, ())[first : first + count]
        self._frames_used[look_id] = first + count
        if len(frames) < count:
            raise self._incomplete(look_id, count, len(frames))
        return frames

    def _kept(self, look_id: str) -> RecordedFrame:
        """The frame that a look of a light program kept; its id is used once."""
        frames = self._recording.frames.get(look_id, ())
        if not frames:
            raise self._incomplete(look_id, 1, 0)
        return frames[-1]

    def _incomplete(self, look_id: str, wanted: int, found: int) -> RecordingError:
        return RecordingError(
            f"{self._recording.path}: look {look_id} had {wanted} frames, {found} are recorded.",
            hint="The recorder dropped frames; record the run again.",
            code="recording.incomplete",
        )


def _asks_for(effect: Effect) -> tuple[object, ...]:
    match effect:
        case RunCommand(name=name):
            return (RunCommand, name)
        case DoMotion(verb=verb):
            return (DoMotion, verb)
        case Look(purpose=purpose, look=look):
            return (Look, purpose, look)
        case _:
            return (type(effect),)
