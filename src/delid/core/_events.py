"""Events go into the reducer, effects come out. Both are facts: frozen, serialisable, in the recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ._alarm_events import AlarmAcknowledged, AlarmShelved
from ._frame import AMBIENT
from ._health import PackReport, PackReported
from ._inspection import Assessment, DamageKind, Inspection, Sighting
from ._jog import HoldJog, Jog, JogHeld, JogPressed, JogReleased, ModeSelected
from ._json import LEAVE_OUT_DEFAULT, LEAVE_OUT_NONE
from ._left import PackState, RunTrace
from ._modes import Mode
from ._packml import Command
from ._plan import Decision, PoseMm

Scalar = float | int | bool | str


class MotionVerb(StrEnum):
    """What a motion controller is told besides moving; enable, clear_fault and home are deliberate acts of a person."""

    CLEAR_FAULT = "clear_fault"
    ENABLE = "enable"
    HOME = "home"
    HOLD = "hold"
    RESUME = "resume"
    STOP = "stop"


class MotionState(StrEnum):
    UNKNOWN = "unknown"
    IDLE = "idle"
    MOVING = "moving"
    HELD = "held"
    HOMING = "homing"
    DOOR = "door"
    FAULT = "fault"


# --- events: what happened ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """The cell process is up, or begins its next run, in the mode that a person chose.

    ``unfinished_run`` is the run that the journal shows without an end, ``left`` what is known of a run that did not
    end as it should, ``carried`` what a person has confirmed of the pack.
    """

    at_s: float
    unfinished_run: str | None = None
    unfinished_step: str | None = None
    mode: Mode = field(default=Mode.PRODUCTION, metadata=LEAVE_OUT_DEFAULT)
    left: RunTrace | None = field(default=None, metadata=LEAVE_OUT_NONE)
    carried: PackState | None = field(default=None, metadata=LEAVE_OUT_NONE)


@dataclass(frozen=True, slots=True)
class OperatorCommanded:
    at_s: float
    command: Command
    by: str


@dataclass(frozen=True, slots=True)
class Answered:
    at_s: float
    question_id: str
    answer: str
    by: str


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A device's link came up or went down. A PLC's ``ack_seq`` is the last command it has taken."""

    at_s: float
    device: str
    up: bool
    detail: str = ""
    ack_seq: int | None = None


@dataclass(frozen=True, slots=True)
class TagsRead:
    """One cyclic read of the PLC's status block, decoded."""

    at_s: float
    values: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class MotionReported:
    """A status report of the motion controller; sent on to the engine when something in it changed."""

    at_s: float
    state: MotionState
    pose_mm: PoseMm | None
    position_trusted: bool
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """An effect with this ``id`` ended: confirmed by the device (``ok``) or failed with a kind and words."""

    at_s: float
    id: str
    ok: bool
    failure: str = ""
    detail: str = ""
    values: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Looked:
    """The frames of a Look were judged. ``frame_age_s``: how long before the look the oldest was exposed, else 0."""

    at_s: float
    id: str
    inspections: tuple[Inspection, ...]
    assessment: Assessment
    frame_age_s: float = field(default=0.0, metadata=LEAVE_OUT_DEFAULT)


@dataclass(frozen=True, slots=True)
class Located:
    """The picture of a Locate was judged; without ``found``, ``detail`` says why."""

    at_s: float
    id: str
    found: Sighting | None
    detail: str = ""
    frame_age_s: float = field(default=0.0, metadata=LEAVE_OUT_DEFAULT)


@dataclass(frozen=True, slots=True)
class Decided:
    at_s: float
    id: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time passes; deadlines and ages are checked."""

    at_s: float


Event = (
    Started
    | OperatorCommanded
    | ModeSelected
    | JogPressed
    | JogHeld
    | JogReleased
    | AlarmAcknowledged
    | AlarmShelved
    | Answered
    | PackReported
    | LinkChanged
    | TagsRead
    | MotionReported
    | Finished
    | Looked
    | Located
    | Decided
    | Ticked
)

# --- effects: what the executor shall do --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    id: str
    to_mm: PoseMm
    feed_mm_s: float
    deadline_s: float


@dataclass(frozen=True, slots=True)
class RunCommand:
    id: str
    name: str
    params: Mapping[str, float]
    deadline_s: float


@dataclass(frozen=True, slots=True)
class CancelCommand:
    """Tell the PLC to end what it does now; its own path, never queued."""

    id: str
    deadline_s: float


@dataclass(frozen=True, slots=True)
class DoMotion:
    id: str
    verb: MotionVerb
    deadline_s: float


@dataclass(frozen=True, slots=True)
class Look:
    """Take ``frames`` fresh frames; judge ambient ones (Looked), keep those of another look (Finished).

    Attributes:
        pack: judge the fasteners of this pack, whatever the frames seem to show.
        look: the light that is on.
        settle_s: how long the light needs before the first frame.
        looks: for ambient frames: name of another look to the id of the Look that kept its frame. They are judged
            together.
    """

    id: str
    purpose: str
    frames: int
    deadline_s: float
    pack: str | None = None
    look: str = field(default=AMBIENT, metadata=LEAVE_OUT_DEFAULT)
    settle_s: float = field(default=0.0, metadata=LEAVE_OUT_DEFAULT)
    looks: Mapping[str, str] = field(default_factory=dict, metadata=LEAVE_OUT_DEFAULT)


@dataclass(frozen=True, slots=True)
class Locate:
    """Find one fastener in the middle of the tool camera's picture.

    Attributes:
        target: fastener id, for people.
        at_mm: where it is expected, in the robot's frame; its height is taken as known.
        flange_mm: where the flange stands for it.
        settle_s: how long the robot needs to stand still before the frame.
    """

    id: str
    target: str
    at_mm: PoseMm
    flange_mm: PoseMm
    settle_s: float
    deadline_s: float


@dataclass(frozen=True, slots=True)
class Decide:
    """Plan from an assessment; ``readings`` are the PLC tags of that moment, ``exclude`` are targets given up.

    The kind of a fastener counts from ``sure_confidence`` on; of a doubtful one only the place is taken. A person has
    looked for the damages ``ruled_out`` and found none, and has found those of ``ruled_in``. What ``carried`` says is
    done is not planned again. With ``released_only`` no recipe is taken that nobody has released. ``told`` is what
    people said of the pack; ``stands_mm`` is where the robot stands where a plan is made anew, else it is parked.
    """

    id: str
    assessment: Assessment
    readings: Mapping[str, Scalar]
    exclude: tuple[str, ...] = ()
    assume_pack: str | None = None
    sure_confidence: float = field(default=0.0, metadata=LEAVE_OUT_DEFAULT)
    ruled_out: tuple[DamageKind, ...] = field(default=(), metadata=LEAVE_OUT_DEFAULT)
    carried: PackState | None = field(default=None, metadata=LEAVE_OUT_NONE)
    ruled_in: tuple[DamageKind, ...] = field(default=(), metadata=LEAVE_OUT_DEFAULT)
    released_only: bool = field(default=False, metadata=LEAVE_OUT_DEFAULT)
    told: PackReport | None = field(default=None, metadata=LEAVE_OUT_NONE)
    stands_mm: PoseMm | None = field(default=None, metadata=LEAVE_OUT_NONE)


@dataclass(frozen=True, slots=True)
class Record:
    """A decision worth keeping: it goes into journal, recording and panel, and is compared in replay."""

    kind: str
    data: Mapping[str, object]


Effect = Move | Jog | HoldJog | RunCommand | CancelCommand | DoMotion | Look | Locate | Decide | Record
UNAWAITED = (Record, HoldJog)
"""Effects that have no end of their own."""
