"""The plan is data: ordered steps, each a list of acts that the engine performs and confirms one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ._health import HealthEstimate
from ._inspection import Assessment, HazardClass, PointMm
from ._json import LEAVE_OUT_DEFAULT, LEAVE_OUT_NONE

PoseMm = tuple[float, float, float]
"""x, y, z in millimetres in the robot's frame."""


class Verb(StrEnum):
    """The closed set of operations."""

    INSPECT = "inspect"
    MEASURE = "measure"
    UNFASTEN = "unfasten"
    CUT = "cut"
    LIFT = "lift"
    PICK = "pick"
    PLACE = "place"
    DISCONNECT = "disconnect"
    DRAIN = "drain"
    SEAL = "seal"
    QUARANTINE = "quarantine"
    ASK = "ask"


class FailureKind(StrEnum):
    SEIZED = "seized"
    STRIPPED = "stripped"
    SLIPPED = "slipped"
    NOT_FOUND = "not_found"
    MISALIGNED = "misaligned"
    DROPPED = "dropped"
    TOOL_MISSING = "tool_missing"
    STILL_SEEN = "still_seen"
    NOT_REACHED = "not_reached"
    NOT_VERIFIED = "not_verified"
    TIMEOUT = "timeout"
    REFUSED = "refused"


class Reaction(StrEnum):
    RETRY = "retry"
    IMPACT = "impact"
    SKIP = "skip"
    ASK = "ask"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class MoveAct:
    """A straight move of the tool point; done when the controller reports it within tolerance.

    ``target`` names the fastener over which the move ends: where a fine look found it, x and y follow what was found.
    """

    to_mm: PoseMm
    feed_mm_s: float
    target: str | None = field(default=None, metadata=LEAVE_OUT_NONE)
    via: bool = field(default=False, metadata=LEAVE_OUT_DEFAULT)
    """A corner of the way around a keep-out zone, passed at travel height."""


@dataclass(frozen=True, slots=True)
class CommandAct:
    """A sequence-numbered PLC command; ``params`` are in the units that the register map names."""

    name: str
    params: Mapping[str, float] = field(default_factory=dict)
    deadline_s: float = 20.0


@dataclass(frozen=True, slots=True)
class LookAct:
    """Take frames and judge them; every id in ``expect_empty`` must then be seen as an empty hole."""

    purpose: str
    frames: int = 1
    expect_empty: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LocateAct:
    """Find ``target`` with the tool camera, which stands over it, and note where it really is.

    Attributes:
        at_mm: where it is expected, x and y in the robot's frame, and the height of its face.
        limit_mm: a fastener that is found farther away is misaligned.
        settle_s: how long the robot stands still first.
    """

    target: str
    at_mm: PoseMm
    limit_mm: float
    settle_s: float = 0.2


@dataclass(frozen=True, slots=True)
class Condition:
    """A PLC tag that must hold: ``equals`` for flags, ``below`` and ``above`` (exclusive) for numbers."""

    tag: str
    below: float | None = None
    above: float | None = None
    equals: bool | None = None
    max_age_s: float = 1.0

    def describe(self) -> str:
        if self.equals is not None:
            return self.tag if self.equals else f"not {self.tag}"
        parts = [
            f"< {self.below:g}" if self.below is not None else "",
            f"> {self.above:g}" if self.above is not None else "",
        ]
        return f"{self.tag} {' and '.join(p for p in parts if p)}"


@dataclass(frozen=True, slots=True)
class WaitAct:
    """Wait until a tag holds, at most ``within_s`` seconds; ``failure`` is what it means if it never does."""

    condition: Condition
    within_s: float
    failure: FailureKind = FailureKind.NOT_VERIFIED


@dataclass(frozen=True, slots=True)
class AskAct:
    """Ask a person; the step goes on with an answer in ``go_on`` and fails with any other."""

    text: str
    answers: tuple[str, ...]
    go_on: tuple[str, ...]


Act = MoveAct | CommandAct | LookAct | LocateAct | WaitAct | AskAct


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan.

    Attributes:
        key: stable name ``recipe/step[/target]``, for example ``vw-meb-82/standard/lid_bolts/lid.07``.
        title: what a person reads.
        contact: the tool touches the pack, so that the permissives of the recipe are checked right before.
        checkpoint: the physical state after it can be confirmed by looking.
        targets: fastener ids the step works on.
        at_mm: where, in the robot's frame, for drawing.
        on_failure: failure kind to reactions; the n-th failure of a step takes the n-th reaction, then asks.
        alternative: acts that do the same with the impact tool and bring the usual tool back.
        refit: acts that bring the usual tool back where the alternative failed, begun at travel height.
        estimate_s: planned duration in seconds.
        spread_s: its standard deviation, 0 where it was not learnt.
        beside: it only waits for a PLC tag, and the robot may go on meanwhile with steps that do not wait for it.
        waits_for: keys of such steps that must be done before this one begins.
    """

    key: str
    do: Verb
    operation: str
    title: str
    acts: tuple[Act, ...]
    targets: tuple[str, ...] = ()
    tool: str | None = None
    contact: bool = True
    checkpoint: bool = False
    at_mm: PoseMm | None = None
    on_failure: Mapping[str, tuple[Reaction, ...]] = field(default_factory=dict)
    alternative: tuple[Act, ...] = ()
    refit: tuple[Act, ...] = ()
    estimate_s: float = 0.0
    spread_s: float = field(default=0.0, metadata=LEAVE_OUT_DEFAULT)
    beside: bool = field(default=False, metadata=LEAVE_OUT_DEFAULT)
    waits_for: tuple[str, ...] = field(default=(), metadata=LEAVE_OUT_DEFAULT)


@dataclass(frozen=True, slots=True)
class KeepOutArea:
    """A keep-out zone in the robot's frame, mm: convex outline counter-clockwise; without ``top_mm`` without end."""

    name: str
    outline_mm: tuple[PointMm, ...]
    top_mm: float | None = None
    why: str = ""
    of_pack: bool = False
    """It stands out of the pack, so that it goes where a part of the pack goes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An ordered dismantling plan. ``recipe_sha256`` names the exact recipe text it was made from.

    ``variant`` is the variant of the recipe that was taken, None where none of its conditions held;
    ``keep_out`` is what the tool stays out of, ``order_why`` says why the operations stand in this order where it is
    not the file's, ``spread_s`` is the standard deviation of the estimate where it was learnt.
    """

    recipe: str
    recipe_sha256: str
    pack: str | None
    hazard_class: HazardClass
    steps: tuple[Step, ...]
    permissives: tuple[Condition, ...]
    estimate_s: float = 0.0
    variant: str | None = field(default=None, metadata=LEAVE_OUT_NONE)
    keep_out: tuple[KeepOutArea, ...] = field(default=(), metadata=LEAVE_OUT_DEFAULT)
    order_why: str = field(default="", metadata=LEAVE_OUT_DEFAULT)
    spread_s: float = field(default=0.0, metadata=LEAVE_OUT_DEFAULT)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One recipe and why it was taken or refused.

    ``if_only`` says of each reason what would have to be so instead, ``behind`` why another one that fits comes first.
    """

    recipe: str
    accepted: bool
    reasons: tuple[str, ...]
    if_only: tuple[str, ...] = field(default=(), metadata=LEAVE_OUT_DEFAULT)
    behind: str = field(default="", metadata=LEAVE_OUT_DEFAULT)


@dataclass(frozen=True, slots=True)
class Refusal:
    """No recipe may run; ``reasons`` are for the operator, the one that decided first."""

    reasons: tuple[str, ...]


class CrossVerdict(StrEnum):
    """How what the camera sees and what the PLC measures go together."""

    CONTRADICTS = "contradicts"
    """One of them is alarmed, the other is not."""
    ADDS_UP = "adds_up"
    """Both speak of the same danger."""


@dataclass(frozen=True, slots=True)
class CrossFinding:
    """Camera and PLC compared: the verdict, words for the operator, and the class that follows."""

    verdict: CrossVerdict
    words: str
    hazard_class: HazardClass


@dataclass(frozen=True, slots=True)
class Decision:
    """What planning made of an assessment: the plan or the refusal, and every recipe that was weighed."""

    assessment: Assessment
    outcome: Plan | Refusal
    candidates: tuple[Candidate, ...] = ()
    cross_check: tuple[CrossFinding, ...] = field(default=(), metadata=LEAVE_OUT_DEFAULT)
    health: HealthEstimate | None = field(default=None, metadata=LEAVE_OUT_NONE)
