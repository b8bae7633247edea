"""What vision says of a frame (Inspection) and of several frames together (Assessment)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ._frame import AMBIENT
from ._json import LEAVE_OUT_DEFAULT, LEAVE_OUT_NONE

PointPx = tuple[float, float]
PointMm = tuple[float, float]


class PackStatus(StrEnum):
    KNOWN = "known"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"


class DamageKind(StrEnum):
    DENT = "dent"
    CORROSION = "corrosion"
    LEAK = "leak"
    SWELLING = "swelling"
    BURN = "burn"


class FastenerKind(StrEnum):
    BOLT = "bolt"
    NUT = "nut"
    EMPTY = "empty"
    STRIPPED = "stripped"


class CodeOutcome(StrEnum):
    """What became of the search for a code."""

    READ = "read"
    """A battery code was read."""
    PART_LABEL = "part_label"
    """Codes were read, and none of them is a battery code."""
    CONFLICT = "conflict"
    """Battery codes that cannot belong to one pack."""
    PARTLY_COVERED = "partly_covered"
    """A part of a code is seen, and too little of it to read."""
    UNREADABLE = "unreadable"
    """A label is there, and no code in it."""
    NONE = "none"
    """Neither label nor code."""


class HazardClass(StrEnum):
    """delid's own classes: A no damage found, B damaged but not critical, C liable to react dangerously.

    They follow the criteria of ADR special provision 376 and the A/B/C storage split of recycling outlets. A pack whose
    damage is unclear is never A.
    """

    A = "A"
    B = "B"
    C = "C"


@dataclass(frozen=True, slots=True)
class FrameFacts:
    width: int
    height: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Quality:
    ok: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackCandidate:
    model: str
    score: float


@dataclass(frozen=True, slots=True)
class PackVerdict:
    """Which taught pack this is. ``confidence`` is the cosine similarity to the nearest prototype, 0..1.

    ``reasons`` say in words why a pack is unknown or ambiguous.
    """

    status: PackStatus
    model: str | None
    confidence: float
    candidates: tuple[PackCandidate, ...] = ()
    outline_px: tuple[PointPx, ...] = ()
    reasons: tuple[str, ...] = field(default=(), metadata=LEAVE_OUT_DEFAULT)


@dataclass(frozen=True, slots=True)
class Damage:
    """One damage with its place. ``severity`` runs from 0 (none) to 1; the box is x0, y0, x1, y1 in pixels."""

    kind: DamageKind
    confidence: float
    severity: float
    box_px: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Fastener:
    """One fastener. ``id`` is ``group.NN``, 1-based in the order of the pack file; mm are in the robot's frame.

    ``uncertainty_mm`` is the radius of the circle around ``center_mm`` that holds the true centre 95 times of 100;
    None where nobody worked it out.
    """

    id: str
    kind: FastenerKind
    center_px: PointPx
    center_mm: PointMm | None
    confidence: float
    uncertainty_mm: float | None = field(default=None, metadata=LEAVE_OUT_NONE)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One fastener as a fine look found it; ``center_mm`` is in the robot's frame."""

    kind: FastenerKind
    center_px: PointPx
    center_mm: PointMm
    confidence: float


@dataclass(frozen=True, slots=True)
class Code:
    text: str
    symbology: str
    standard: str | None = None
    decoded: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class CodeReading:
    """What became of the search for codes, with words for the operator."""

    outcome: CodeOutcome = CodeOutcome.NONE
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the models said of one frame; the JSON form is the contract of ``delid inspect --json``.

    ``unclear`` are damages that the models neither find nor rule out; nothing may touch the pack before a person has
    looked. ``looks`` are the lights that the pack and its damage were judged under; under ambient light alone the
    judgement of dents and swelling is weaker.
    """

    source: str
    frame: FrameFacts
    quality: Quality
    pack: PackVerdict
    damage: tuple[Damage, ...]
    hazard_class: HazardClass
    hazard_reasons: tuple[str, ...]
    fasteners: tuple[Fastener, ...] = ()
    codes: tuple[Code, ...] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    timing_ms: Mapping[str, float] = field(default_factory=dict)
    code_status: CodeReading = field(default=CodeReading(), metadata=LEAVE_OUT_DEFAULT)
    looks: tuple[str, ...] = field(default=(AMBIENT,), metadata=LEAVE_OUT_DEFAULT)
    unclear: tuple[Damage, ...] = field(default=(), metadata=LEAVE_OUT_DEFAULT)


@dataclass(frozen=True, slots=True)
class Assessment:
    """Several frames of one pack, fused. ``agreeing`` of ``frames`` frames support the pack verdict.

    ``looks`` are the lights that every usable frame was judged under; ``unclear`` are damages that some frame does not
    rule out, and that are not among those found.
    """

    pack: PackVerdict
    damage: tuple[Damage, ...]
    hazard_class: HazardClass
    hazard_reasons: tuple[str, ...]
    fasteners: tuple[Fastener, ...] = ()
    codes: tuple[Code, ...] = ()
    frames: int = 1
    agreeing: int = 1
    sources: tuple[str, ...] = ()
    code_status: CodeReading = field(default=CodeReading(), metadata=LEAVE_OUT_DEFAULT)
    looks: tuple[str, ...] = field(default=(AMBIENT,), metadata=LEAVE_OUT_DEFAULT)
    unclear: tuple[Damage, ...] = field(default=(), metadata=LEAVE_OUT_DEFAULT)
