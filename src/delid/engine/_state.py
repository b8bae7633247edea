"""The engine's state: one frozen value that says everything the reducer knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from delid.config import Camera, Cell
from delid.core import (
    AMBIENT,
    Act,
    Assessment,
    Condition,
    DamageKind,
    Decision,
    Effect,
    Look,
    Mode,
    MotionReported,
    Plan,
    PointMm,
    PoseMm,
    Question,
    Reaction,
    Scalar,
    State,
    Step,
)
from delid.planning import Level, any_tool_level

from ._after_halt import THERMAL_COMMANDS, Aftermath, Thermal
from ._alarm import Alarm, Shelf
from ._leftover import Leftover
from ._press import Jogging


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
class Light:
    """One light of the cell's light program; ``mask`` is what the PLC's lamps are set to, 0 is ambient light."""

    name: str
    mask: int
    settle_s: float


@dataclass(frozen=True, slots=True)
class Rules:
    """What the cell file fixes for the whole life of the process."""

    travel_feed_mm_s: float
    approach_feed_mm_s: float
    safe_z_mm: float
    park_mm: PoseMm
    frames: int
    contact_voltage_v: float
    temperature_c: float
    gas_ppm: float
    tags_max_age_s: float = 1.0
    temperature_rise_c_per_min: float = 10.0
    isolation_ohm_per_v: float = 100.0
    frame_max_age_s: float = 1.0
    hold_timeout_s: float = 3.0
    stop_timeout_s: float = 3.0
    home_timeout_s: float = 60.0
    command_timeout_s: float = 15.0
    move_timeout_s: float = 60.0
    look_timeout_s: float = 20.0
    decide_timeout_s: float = 30.0
    light_timeout_s: float = 3.0
    level: Level | None = field(default=None, compare=False, repr=False)
    """The keep-out zones at travel height, for the engine's own ways to the park position."""
    lights: tuple[Light, ...] = ()
    """The light program of a look at the pack, ambient light last; empty where the cell switches no lamps."""
    can_hold: bool = True
    """Whether the robot can hold a motion and go on."""
    needs_homing: bool = True
    """Whether the robot's position has to be found by homing."""
    can_jog: bool = False
    """Whether the robot can creep while somebody holds on."""
    limits_mm: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Axis to the cell's own lowest and highest position of the flange, robot frame."""
    jog_feed_mm_s: float = 50.0
    """The reduced speed: no jog is faster."""
    jog_hold_s: float = 0.3
    """The dead-man time of a jog."""
    thermal_commands: tuple[str, ...] = THERMAL_COMMANDS
    """What this cell's PLC can do in a thermal event."""
    empty_confidence: float = 0.6
    """A fastener's kind counts only when the look is at least this sure. A cell takes it from the manifest of the
    fastener model, which has it from validation data."""

    @classmethod
    def of(cls, cell: Cell, empty_confidence: float) -> Rules:
        motion, limits = cell.spec.motion, cell.spec.limits
        return cls(
            travel_feed_mm_s=motion.travel_feed_mm_s,
            approach_feed_mm_s=motion.approach_feed_mm_s,
            safe_z_mm=motion.safe_z_mm,
            park_mm=motion.park_mm,
            frames=cell.spec.cameras[0].frames,
            empty_confidence=empty_confidence,
            contact_voltage_v=limits.contact_voltage_v,
            temperature_c=limits.temperature_c,
            gas_ppm=limits.gas_ppm,
            temperature_rise_c_per_min=limits.temperature_rise_c_per_min,
            isolation_ohm_per_v=limits.isolation_ohm_per_v,
            frame_max_age_s=max(camera.max_age_s for camera in cell.spec.cameras),
            hold_timeout_s=motion.hold_timeout_s,
            home_timeout_s=motion.home_timeout_s,
            can_hold=cell.motion_capabilities.hold,
            needs_homing=cell.motion_capabilities.needs_homing,
            can_jog=cell.motion_capabilities.jog,
            limits_mm=cell.motion_capabilities.axes_mm,
            jog_feed_mm_s=min(motion.jog_feed_mm_s, motion.limits.feed_mm_s),
            jog_hold_s=motion.jog_hold_s,
            level=any_tool_level(cell.spec) if cell.spec.keep_out else None,
            lights=_lights(cell.spec.overview),
            thermal_commands=tuple(name for name in THERMAL_COMMANDS if name in cell.plc_map.commands),
        )


def _lights(camera: Camera) -> tuple[Light, ...]:
    """The frames that are judged are taken last, so that the cell is left in ambient light."""
    if not any(look.mask for look in camera.looks):
        return ()
    lights = [Light(look.name, look.mask, look.settle_ms / 1000) for look in camera.looks]
    return tuple(sorted(lights, key=lambda light: light.name == AMBIENT))


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
class EngineState:
    """Everything the reducer knows. Nothing else influences a decision."""

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
    progress: Mapping[str, Progress] = field(default_factory=dict)
    attempts: Mapping[str, int] = field(default_factory=dict)
    """Step key to the number of times it was begun; part of effect ids."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """``key/kind`` to the number of failures so far."""
    excluded: tuple[str, ...] = ()
    seen_gone: tuple[str, ...] = ()
    """Fasteners that the newest look of the plan surely saw gone."""
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
