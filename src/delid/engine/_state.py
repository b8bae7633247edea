"""The engine's state: one frozen value that says everything the reducer knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from delid.config import Cell
from delid.core import (
    Act,
    Assessment,
    Condition,
    DamageKind,
    Decision,
    Effect,
    Look,
    Mode,
    MotionReported,
    PackReport,
    Plan,
    PointMm,
    PoseMm,
    Question,
    Reaction,
    Scalar,
    State,
    Step,
)

from ._after_halt import Aftermath, Thermal
from ._alarm import Alarm, Shelf
from ._leftover import Leftover
from ._press import Jogging
from ._rules import Light, Rules


class Phase(StrEnum):
    """What Execute is busy with."""

    NONE = "none"
    LOOKING = "looking"
    DECIDING = "deciding"
    WORKING = "working"


class StepStatus(StrEnum):
    TODO = "todo"
    ACTIVE = "active"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Link:
    up: bool
    detail: str = ""
    since_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Pending:
    """An effect whose end is awaited, with the backstop time after which it counts as failed."""

    effect: Effect
    due_s: float


@dataclass(frozen=True, slots=True)
class LightProgram:
    """A look that is being taken light by light."""

    look: Look
    """What is judged at the end, in ambient light."""
    base: str
    """Ids of its effects begin with this and a dot."""
    todo: tuple[Light, ...]
    kept: Mapping[str, str] = field(default_factory=dict)
    """Look to the id of the effect that kept its frame."""
    may_burn: bool = False
    """A lamp was switched on, or nobody knows whether it was."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of one step."""

    status: StepStatus = StepStatus.TODO
    detail: str = ""
    values: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Current:
    """The step being worked on: which acts, which one, and what comes after a retraction."""

    step: Step
    acts: tuple[Act, ...]
    index: int = 0
    attempt: int = 1
    act_id: str = ""
    """Id of the running act's effect; empty while no effect is out."""
    act_since_s: float = 0.0
    values: Mapping[str, Scalar] = field(default_factory=dict)
    reaction: Reaction | None = None
    """Set while the tool is being retracted after a failure: what to do then."""
    failure: str = ""
    failure_detail: str = ""
    failed_targets: tuple[str, ...] = ()
    picture: str | None = None
    """The look that shows what failed."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A check that is watched while other steps go on, since when, and which try it is."""

    step: Step
    since_s: float
    attempt: int


@dataclass(frozen=True)
class EngineState:
    """Everything the reducer knows. Nothing else influences a decision.

    Without slots: a turn copies it many times, and a dictionary is copied seven times as fast as fifty slots.
    """

    rules: Rules
    now_s: float
    mode: Mode = Mode.PRODUCTION
    packml: State = State.STOPPED
    packml_since_s: float = 0.0
    phase: Phase = Phase.NONE
    turns: int = 0
    """Counts transitions; part of effect ids, so that each id is used once."""
    links: Mapping[str, Link] = field(default_factory=dict)
    tags: Mapping[str, Scalar] = field(default_factory=dict)
    tags_at_s: float | None = None
    heat: tuple[tuple[float, float], ...] = ()
    """Time and temperature of the pack in the last seconds, for the rate of rise."""
    frame_age_s: float = 0.0
    """How long before the last look its oldest frame was exposed."""
    motion: MotionReported | None = None
    pending: Mapping[str, Pending] = field(default_factory=dict)
    work: tuple[Effect, ...] = ()
    """What an acting state still has to do, in order."""
    aftermath: Aftermath | None = None
    thermal: Thermal | None = None
    program: LightProgram | None = None
    assessment: Assessment | None = None
    decision: Decision | None = None
    plan: Plan | None = None
    queue: tuple[Step, ...] = ()
    current: Current | None = None
    beside: tuple[Beside, ...] = ()
    """Checks that are watched beside the current step."""
    progress: Mapping[str, Progress] = field(default_factory=dict)
    attempts: Mapping[str, int] = field(default_factory=dict)
    """Step key to the number of times it was begun; part of effect ids."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """``key/kind`` to the number of failures so far."""
    excluded: tuple[str, ...] = ()
    seen_gone: tuple[str, ...] = ()
    """Fasteners that the newest look of the plan surely saw gone."""
    basis: Assessment | None = None
    """What the plan was made from."""
    replan: tuple[str, ...] = ()
    """Why the plan has to be made anew before the next step."""
    reconsidered: tuple[str, ...] = ()
    """Fasteners that appeared or vanished, and for which a plan was made anew."""
    still_seen: tuple[str, ...] = ()
    """Fasteners that a step was done for, and that the newest look does not see gone."""
    told: PackReport | None = None
    """What people said of the pack in this run."""
    located: Mapping[str, PointMm] = field(default_factory=dict)
    """Fastener id to where a fine look found it, robot frame."""
    assume_pack: str | None = None
    ruled_out: tuple[DamageKind, ...] = ()
    """Unclear damages that a person has looked for in this run and not found."""
    ruled_in: tuple[DamageKind, ...] = ()
    """Those that a person has found."""
    question: Question | None = None
    confirmed: str | None = None
    """Maintenance: the step that a person has allowed to begin."""
    jog: Jogging | None = None
    jogs: int = 0
    """Counts jogs; part of effect ids."""
    jog_end: str = ""
    """Why the last jog ended."""
    presses: tuple[str, ...] = ()
    """The last presses, begun or refused, so that none of them moves the robot later."""
    alarms: tuple[Alarm, ...] = ()
    alarm_times_s: tuple[float, ...] = ()
    """When alarms came of late, for telling a flood."""
    shelved: Mapping[str, Shelf] = field(default_factory=dict)
    motion_held: bool = False
    redo_act: bool = False
    """The running act was interrupted and is submitted again when the run goes on."""
    last_target_mm: PoseMm | None = None
    outcome: str = ""
    unfinished_run: str | None = None
    leftover: Leftover = field(default_factory=Leftover)

    @property
    def permissives(self) -> tuple[Condition, ...]:
        """What the recipe asks for before and during contact steps, besides the interlocks."""
        return self.plan.permissives if self.plan else ()

    def tags_age_s(self) -> float | None:
        return None if self.tags_at_s is None else self.now_s - self.tags_at_s


def initial(cell: Cell, at_s: float, empty_confidence: float) -> EngineState:
    """The state of a process that has just started: nothing is known, nothing moves.

    ``empty_confidence`` is the least confidence at which a hole counts as empty, from the fastener model's manifest.
    """
    return EngineState(rules=Rules.of(cell, empty_confidence), now_s=at_s, packml_since_s=at_s)
