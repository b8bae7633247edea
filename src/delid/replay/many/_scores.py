"""What is kept of each judged frame: scores, and how doubtful it is. Small, because there are thousands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from delid.core import Inspection, PackStatus, PoseMm, Sighting
from delid.journal import RecordedFrame
from delid.replay import Eyes, scores_of

CLOSE = 0.05
"""Two packs whose scores are less than this apart are nearly the same to the model."""


@dataclass(frozen=True, slots=True)
class FrameScore:
    """One judged frame.

    Attributes:
        frame: its name, for example ``overview#12``.
        after_s: seconds since the first judged frame of the recording.
        pack: verdict on the pack in words; empty for a fine look.
        doubt: 0 sure to 1 could as well be otherwise; a person should label the highest first.
        why: what is doubtful.
    """

    camera: str
    frame: str
    sha256: str
    after_s: float
    pack: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    doubt: float = 0.0
    why: str = ""


class NotingEyes(Eyes):
    """Passes everything on and remembers what the last replay saw."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes
        self._seen: list[tuple[RecordedFrame, Inspection]] = []
        self._fine: list[tuple[RecordedFrame, Sighting | None, str]] = []

    @property
    def models(self) -> Mapping[str, str]:
        return self._eyes.models

    @property
    def min_fastener_confidence(self) -> float:
        return self._eyes.min_fastener_confidence

    def look(
        self, frames: Sequence[RecordedFrame], pack: str | None, looks: Mapping[str, RecordedFrame]
    ) -> tuple[Inspection, ...]:
        found = self._eyes.look(frames, pack, looks)
        self._seen.extend(zip(frames, found, strict=True))
        return found

    def locate(self, frame: RecordedFrame, at_mm: PoseMm, flange_mm: PoseMm) -> tuple[Sighting | None, str]:
        found, detail = self._eyes.locate(frame, at_mm, flange_mm)
        self._fine.append((frame, found, detail))
        return found, detail

    def forget_frames(self) -> None:
        self._eyes.forget_frames()
        self._seen, self._fine = [], []

    def scores(self) -> tuple[FrameScore, ...]:
        """One entry for each frame that was judged since the last ``forget_frames``, in the order of exposure."""
        frames = [seen[0] for seen in self._seen] + [fine[0] for fine in self._fine]
        first_s = min((frame.captured_s for frame in frames), default=0.0)
        found = [_seen(frame, one, first_s) for frame, one in self._seen]
        found += [_fine(frame, one, detail, first_s) for frame, one, detail in self._fine]
        return tuple(sorted(found, key=lambda score: score.after_s))


def _seen(frame: RecordedFrame, found: Inspection, first_s: float) -> FrameScore:
    doubts = sorted(doubts_of(found), reverse=True)
    return FrameScore(
        camera=frame.camera,
        frame=frame.source,
        sha256=frame.sha256,
        after_s=round(frame.captured_s - first_s, 3),
        pack=f"{found.pack.status.value} {found.pack.model or ''}".strip() if found.quality.ok else "not usable",
        scores=scores_of(found),
        doubt=round(doubts[0][0], 4) if doubts else 0.0,
        why="; ".join(why for _, why in doubts),
    )


def _fine(frame: RecordedFrame, found: Sighting | None, detail: str, first_s: float) -> FrameScore:
    confidence = found.confidence if found else 0.0
    return FrameScore(
        camera=frame.camera,
        frame=frame.source,
        sha256=frame.sha256,
        after_s=round(frame.captured_s - first_s, 3),
        scores={"located.confidence": round(confidence, 4)} if found else {},
        doubt=round(1 - confidence, 4),
        why=f"{found.kind.value} with {confidence:.2f}" if found else detail,
    )


def doubts_of(found: Inspection) -> Iterator[tuple[float, str]]:
    """Each reason to doubt an inspection, 0..1 with words; a frame that cannot be judged has nothing to label."""
    if not found.quality.ok:
        return
    yield from _pack_doubts(found)
    for damage in found.unclear:
        yield max(0.5, _near_half(damage.confidence)), f"{damage.kind.value} neither found nor ruled out"
    for damage in found.damage:
        yield _near_half(damage.confidence), f"{damage.kind.value} with {damage.confidence:.2f}"
    if found.fasteners:
        worst = min(found.fasteners, key=lambda f: f.confidence)
        yield 1 - worst.confidence, f"{worst.id} {worst.kind.value} with {worst.confidence:.2f}"


def _pack_doubts(found: Inspection) -> Iterator[tuple[float, str]]:
    pack = found.pack
    if pack.status is PackStatus.AMBIGUOUS:
        yield 1.0, "the pack is ambiguous"
    elif pack.status is PackStatus.UNKNOWN:
        yield 0.75, "the pack is unknown"
    if len(pack.candidates) > 1:
        first, second = pack.candidates[:2]
        apart = first.score - second.score
        yield max(0.0, 1 - apart / CLOSE) if apart < CLOSE else 0.0, f"{first.model} {apart:.3f} over {second.model}"


def _near_half(confidence: float) -> float:
    """1 where a probability says nothing, 0 where it is certain."""
    return 1 - 2 * abs(min(1.0, max(0.0, confidence)) - 0.5)
