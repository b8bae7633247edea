"""What a recording says of its pictures: what the models saw, and what people and tools found otherwise. Pure."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from delid.core import (
    Damage,
    Decide,
    Fastener,
    FastenerKind,
    Inspection,
    Locate,
    Located,
    Look,
    Looked,
    PackStatus,
    PointPx,
    Record,
)

from ._recording import RecordedFrame, Recording

MODEL, OPERATOR, TOOL = "model", "operator", "tool"
"""Who says so."""
EMPTY, STRIPPED = FastenerKind.EMPTY.value, FastenerKind.STRIPPED.value
DONE, BY_HAND, NOT_FOUND, STILL_SEEN = "done", "by_hand", "not_found", "still_seen"
HAND_WORDS = "by hand"
"""How the detail of a step begins that a person has done."""
SEEN_WORDS = "not seen empty: "
"""How the detail of a failure begins that names the fasteners which the camera still sees."""
FINE_SHARE = 0.16
"""Side of a fastener's box in a picture of the tool camera, as a part of the picture's width."""
HEAD_MM = 24.0
"""Side of a fastener's box: a 10 mm head with its flange and some ground."""
PLAIN_SIDE_PX = 24.0
"""Where nothing says how large a millimetre is."""


@dataclass(frozen=True, slots=True)
class FastenerLabel:
    """A fastener with a square box; ``doubtful`` where camera and tool contradict each other and nobody knows."""

    id: str
    kind: str
    center_px: PointPx
    side_px: float
    confidence: float
    source: str = MODEL
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class DamageLabel:
    """A damage with its box, x0, y0, x1, y1 in pixels; ``unclear`` where neither model nor person was sure."""

    kind: str
    box_px: tuple[float, float, float, float]
    severity: float
    confidence: float
    source: str = MODEL
    unclear: bool = False


@dataclass(frozen=True, slots=True)
class LabelledFrame:
    """One picture. ``absent`` are the damages that a person looked for and did not find; ``ambient`` is the digest of
    the picture that a raking one belongs to, which has its labels."""

    frame: RecordedFrame
    pack: str | None = None
    pack_status: str = ""
    pack_source: str = MODEL
    hazard_class: str = ""
    outline_px: tuple[PointPx, ...] = ()
    damage: tuple[DamageLabel, ...] = ()
    fasteners: tuple[FastenerLabel, ...] = ()
    absent: tuple[str, ...] = ()
    ambient: str = ""

    @property
    def corrected(self) -> bool:
        """True where a person or a tool said something."""
        sources = {self.pack_source, *(label.source for label in self.damage), *(f.source for f in self.fasteners)}
        return bool(self.absent) or sources != {MODEL}


@dataclass(frozen=True, slots=True)
class Corrections:
    """What people and tools said in the course of a run, by place in its facts."""

    pack: str | None
    ruled_out: frozenset[str]
    ruled_in: frozenset[str]
    history: Mapping[str, tuple[tuple[int, str], ...]]
    """Of each fastener: place among the facts, and what became of it there: done by the tool, done by hand, not found
    by the tool, found stripped."""


def labelled_frames(recording: Recording) -> Iterator[LabelledFrame]:
    """Every picture that was judged, with its labels; then the raking pictures that were judged with it."""
    corrections = corrections_of(recording)
    effects = {effect.id: effect for effect in recording.effects if isinstance(effect, (Look, Locate))}
    seen: set[str] = set()
    for place, fact in enumerate(recording.facts):
        frames = {frame.sha256: frame for frame in recording.frames.get(getattr(fact, "id", ""), ())}
        if isinstance(fact, Looked):
            look = effects.get(fact.id)
            for inspection in fact.inspections:
                frame = frames.get(inspection.frame.sha256)
                if frame is None or frame.sha256 in seen:
                    continue
                seen.add(frame.sha256)
                yield _of_inspection(frame, inspection, corrections, place)
                yield from _raking(recording, look, frame.sha256, seen)
        elif isinstance(fact, Located):
            effect = effects.get(fact.id)
            for frame in frames.values():
                if frame.sha256 not in seen and isinstance(effect, Locate):
                    seen.add(frame.sha256)
                    yield _of_fine_look(frame, fact, effect.target, corrections, place)


def corrections_of(recording: Recording) -> Corrections:
    """A run has one pack: what was said of it last counts for all its pictures."""
    decides = [effect for effect in recording.effects if isinstance(effect, Decide)]
    last = decides[-1] if decides else None
    return Corrections(
        pack=next((d.assume_pack for d in reversed(decides) if d.assume_pack), None),
        ruled_out=frozenset(kind.value for kind in (last.ruled_out if last else ())),
        ruled_in=frozenset(kind.value for kind in (last.ruled_in if last else ())),
        history=_history(recording),
    )


def _history(recording: Recording) -> dict[str, tuple[tuple[int, str], ...]]:
    found: dict[str, list[tuple[int, str]]] = {}
    still_seen: dict[str, tuple[str, ...]] = {}
    for place, fact in enumerate(recording.facts):
        if isinstance(fact, Record):
            for name, what in _told(fact, still_seen):
                found.setdefault(name, []).append((place, what))
    return {name: tuple(told) for name, told in found.items()}


def _told(record: Record, still_seen: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Fasteners that a record speaks of; ``still_seen`` remembers which ones a check of a step still saw."""
    key, detail = str(record.data.get("key", "")), str(record.data.get("detail", ""))
    name = key.rsplit("/", 1)[-1]
    if record.kind == "failure" and record.data.get("kind") in (STRIPPED, NOT_FOUND):
        yield name, str(record.data["kind"])
    elif record.kind == "failure" and record.data.get("kind") == STILL_SEEN and detail.startswith(SEEN_WORDS):
        still_seen[key] = tuple(detail.removeprefix(SEEN_WORDS).split(", "))
    elif record.kind == "step" and record.data.get("status") == DONE:
        by_hand = detail.startswith(HAND_WORDS)
        yield name, BY_HAND if by_hand else DONE
        yield from ((other, BY_HAND) for other in still_seen.pop(key, ()) if by_hand)
    elif record.kind == "reconciled":
        answers = _mapping(record.data.get("answers"))
        yield from ((part, BY_HAND) for part, answer in answers.items() if answer == DONE)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _of_inspection(frame: RecordedFrame, inspection: Inspection, said: Corrections, place: int) -> LabelledFrame:
    side_px = HEAD_MM / (mm_per_px(inspection.fasteners) or HEAD_MM / PLAIN_SIDE_PX)
    pack = inspection.pack
    named = said.pack is not None and pack.status is not PackStatus.KNOWN
    return LabelledFrame(
        frame=frame,
        pack=said.pack if named else pack.model,
        pack_status=PackStatus.KNOWN.value if named else pack.status.value,
        pack_source=OPERATOR if named else MODEL,
        hazard_class=inspection.hazard_class.value,
        outline_px=pack.outline_px,
        damage=tuple(_damages(inspection, said)),
        fasteners=tuple(_fastener(f, side_px, said, place) for f in inspection.fasteners),
        absent=tuple(sorted(said.ruled_out)),
    )


def _damages(inspection: Inspection, said: Corrections) -> Iterator[DamageLabel]:
    found = [(damage, False) for damage in inspection.damage] + [(damage, True) for damage in inspection.unclear]
    for damage, unclear in found:
        kind = damage.kind.value
        if kind in said.ruled_out:
            continue
        by_person = kind in said.ruled_in
        yield _damage(damage, OPERATOR if by_person else MODEL, unclear and not by_person)


def _damage(damage: Damage, source: str, unclear: bool) -> DamageLabel:
    return DamageLabel(damage.kind.value, damage.box_px, damage.severity, damage.confidence, source, unclear)


def _fastener(fastener: Fastener, side_px: float, said: Corrections, place: int) -> FastenerLabel:
    label = FastenerLabel(fastener.id, fastener.kind.value, fastener.center_px, side_px, fastener.confidence)
    return _corrected(label, said, place)


def _corrected(label: FastenerLabel, said: Corrections, place: int) -> FastenerLabel:
    """The label as it is known afterwards."""
    kind, source = _truth(said.history.get(label.id, ()), place)
    if not source or kind == label.kind:
        return label
    if not kind:
        return label if label.kind == EMPTY else dataclasses.replace(label, source=source, doubtful=True)
    return label if kind == STRIPPED and label.kind == EMPTY else dataclasses.replace(label, kind=kind, source=source)


def _truth(history: Sequence[tuple[int, str]], place: int) -> tuple[str, str]:
    """Kind of a fastener in a picture taken at ``place``, and who knows it; no kind where they contradict each other.

    A tool that finds nothing where it has loosened a fastener confirms that it is gone, whatever the camera sees.
    """
    before = [what for at, what in history if at < place]
    after = [what for at, what in history if at > place]
    if BY_HAND in before:
        return EMPTY, OPERATOR
    if DONE in before:
        return (EMPTY, TOOL) if NOT_FOUND in (*before, *after) else ("", TOOL)
    first = after[0] if after else ""
    return {STRIPPED: (STRIPPED, TOOL), NOT_FOUND: ("", TOOL)}.get(first, ("", ""))


def _of_fine_look(frame: RecordedFrame, fact: Located, target: str, said: Corrections, place: int) -> LabelledFrame:
    if fact.found is None:
        return LabelledFrame(frame)
    seen = fact.found
    label = FastenerLabel(target, seen.kind.value, seen.center_px, FINE_SHARE * frame.width, seen.confidence)
    return LabelledFrame(frame, fasteners=(_corrected(label, said, place),))


def _raking(recording: Recording, look: object, ambient: str, seen: set[str]) -> Iterator[LabelledFrame]:
    for look_id in look.looks.values() if isinstance(look, Look) else ():
        for frame in recording.frames.get(look_id, ())[-1:]:
            if frame.sha256 not in seen:
                seen.add(frame.sha256)
                yield LabelledFrame(frame, ambient=ambient)


def mm_per_px(fasteners: Iterable[Fastener]) -> float | None:
    """How large a pixel is among the fasteners, from their places in both; None where fewer than two have both."""
    placed = [(f.center_px, f.center_mm) for f in fasteners if f.center_mm is not None]
    ratios = [
        math.dist(a_mm, b_mm) / px
        for (a_px, a_mm), (b_px, b_mm) in itertools.pairwise(placed)
        if (px := math.dist(a_px, b_px)) > 1.0
    ]
    return median(ratios) if ratios else None
