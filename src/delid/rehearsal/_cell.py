"""The cell of a simulated run: robot, PLC machinery and pack in virtual time. It performs effects and keeps account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from delid.core import (
    FailureKind,
    Finished,
    PoseMm,
    RunCommand,
    Scalar,
    Step,
    Verb,
    WaitAct,
)
from delid.engine import Beside
from delid.sim.plc import COMMANDS, Machine, Running
from delid.sim.robot import Machine as Gantry
from delid.sim.robot import Travel

from ._case import Case
from ._chance import happens, spread

SLICE_S = 0.1
"""How finely time passes while the PLC works."""
TRANSIENT = (FailureKind.SLIPPED, FailureKind.NOT_FOUND, FailureKind.MISALIGNED)
"""Failures of a single try to loosen a fastener."""
AT_WORK = {"unfasten": "nutrunner", "drain": "drain"}
"""Command to the device that draws power for it."""


@dataclass(slots=True)
class Work:
    """A PLC command under way."""

    effect: RunCommand
    running: Running
    began_s: float
    device: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the plan an effect belongs: the step, its operation, and which try it is."""

    key: str = ""
    do: Verb | None = None
    attempt: int = 0
    targets: tuple[str, ...] = ()


@dataclass(slots=True)
class SimulatedCell:
    """Physics and chance of one run. Times are seconds since the run's beginning."""

    case: Case
    seed: int
    machine: Machine = field(init=False)
    gantry: Gantry = field(init=False)
    now_s: float = 0.0
    work: Work | None = None
    operation: str = ""
    """What the energy of the present is spent on."""
    energy_wh: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """By device."""
    spent_wh: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """By operation."""
    permitted: bool = False
    _moving: int = 0
    _hidden: str = ""
    """A tag that the PLC does not deliver, so that nothing can be verified by it."""
    hidden_beside: tuple[str, ...] = ()
    """The same of checks that are watched beside the robot's work."""
    _will_drop: bool = False

    def __post_init__(self) -> None:
        self.machine = Machine(self.case.site(self.seed))
        limits = self.case.cell.spec.motion.limits
        self.gantry = Gantry.within(limits.x_mm, limits.y_mm, limits.z_mm)
        self.machine.flange_mm = self.gantry.start_mm

    # --- time and energy ------------------------------------------------------------------------------------------

    def advance(self, to_s: float) -> None:
        """Let time pass."""
        passed_s = to_s - self.now_s
        if passed_s <= 0:
            return
        self.now_s = to_s
        self.machine.advance(passed_s)
        for device in self._drawing():
            wh = self.case.assumptions.power[device].watts * passed_s / 3600
            self.energy_wh[device] += wh
            self.spent_wh[self.operation] += wh

    def _drawing(self) -> list[str]:
        machine = self.machine
        drawing = ["controls", "robot_moving" if self._moving else "robot_holding"]
        if machine.extraction_on:
            drawing.append("extraction_full" if machine.extraction_full else "extraction")
        if machine.lamps_on:
            drawing.append("lamps")
        if machine.held is not None:
            drawing.append("gripping")
        if self.work is not None and self.work.device:
            drawing.append(self.work.device)
        return drawing

    def takes(self, name: str, *key: object) -> float:
        """A duration of the assumptions, drawn for ``key``."""
        found = self.case.assumptions.durations[name]
        return spread(found.median_s, found.sigma, self.seed, name, *key)

    # --- the robot ------------------------------------------------------------------------------------------------

    @property
    def flange_mm(self) -> PoseMm:
        assert self.machine.flange_mm is not None
        return self.machine.flange_mm

    def begin_move(self, to_mm: PoseMm, feed_mm_s: float) -> float:
        """Set off; gives when it will be there and have said so."""
        travel = Travel(self.gantry, self.flange_mm, to_mm, feed_mm_s, self.now_s)
        self._moving += 1
        if self._will_drop and to_mm[2] > self.flange_mm[2]:
            self.machine.held, self._will_drop = None, False
        return travel.end_s + self.takes("move.confirm", self.now_s)

    def end_move(self, at_mm: PoseMm) -> None:
        self._moving -= 1
        self.machine.flange_mm = at_mm

    # --- the PLC --------------------------------------------------------------------------------------------------

    def tags(self) -> dict[str, Scalar]:
        """The status tags that the register map has."""
        machine, inputs = self.machine, self.machine.inputs
        vacuum = machine.tool is not None and machine.tool.kind == "vacuum"
        values: dict[str, Scalar] = {
            "estop_ok": True, "guard_closed": True, "smoke": False, "quench_on": False, "watchdog_ok": True,
            "extraction_on": machine.extraction_on, "clamp_closed": machine.clamp_closed,
            "vacuum_ok": machine.held is not None and vacuum, "grip_ok": machine.held is not None and not vacuum,
            "motion_permitted": self.permitted, "fault_latched": not self.permitted,
            "pack_voltage_v": round(machine.voltage_v, 1), "isolation_ohm_per_v": inputs.isolation_ohm_per_v or 0.0,
            "pack_temperature_c": inputs.pack_temperature_c or 0.0, "gas_ppm": inputs.gas_ppm or 0.0,
            "carried_kg": machine.carried_kg, "tool_number": machine.tool_number,
        }  # fmt: skip
        known = self.case.cell.plc_map.status.tags
        return {
            name: value
            for name, value in values.items()
            if name in known and name not in (self._hidden, *self.hidden_beside)
        }

    def begin_command(self, effect: RunCommand) -> Finished | None:
        """Take a command; gives its end where that comes at once."""
        if effect.name == "reset_faults":
            self.permitted = True
            return Finished(self.now_s, effect.id, True)
        if effect.name not in COMMANDS:
            return Finished(self.now_s, effect.id, False, FailureKind.REFUSED.value, "the PLC has no such command")
        running = COMMANDS[effect.name](self.machine, effect.params)
        self.work = Work(effect, running, self.now_s, AT_WORK.get(effect.name, ""))
        return None

    def poll(self, place: Place) -> Finished | None:
        """One scan of the command under way; gives its end. Chance has its say there."""
        work = self.work
        assert work is not None
        try:
            next(work.running)
            return None
        except StopIteration as ended:
            failure: FailureKind | None = ended.value
        self.work = None
        failure = failure or self._bad_luck(work.effect.name, place)
        detail = "" if failure is None else f"simulated: {failure.value}"
        at_s = self.now_s + self.takes("command.confirm", work.effect.id)
        return Finished(at_s, work.effect.id, failure is None, failure.value if failure else "", detail)

    def _bad_luck(self, command: str, place: Place) -> FailureKind | None:
        """What goes wrong with a command that the machinery carried out."""
        if place.do is None:
            return None
        if command == "fit_tool" and self._unlucky("unfasten.tool_missing", place):
            self.machine.tool_number = 0
            return FailureKind.TOOL_MISSING
        if command == "unfasten":
            return self._badly_loosened(place)
        if command == "hold_part":
            self._badly_held(place)
        elif command == "release_part":
            self._stick(place)
        elif command == "drain" and self._unlucky("drain.timeout", place):
            return FailureKind.TIMEOUT
        return None

    def _badly_loosened(self, place: Place) -> FailureKind | None:
        """The fastener came loose after all where only the first try failed; then it is still in its hole."""
        for kind in TRANSIENT:
            if self._unlucky(f"unfasten.{kind.value}", place):
                for name in place.targets:
                    if name in self.machine.removed:
                        self.machine.removed.remove(name)
                return kind
        return None

    def _badly_held(self, place: Place) -> None:
        verb = place.do.value if place.do else ""
        if self._unlucky(f"{verb}.not_verified", place):
            self.machine.held = None
        else:
            self._will_drop = self._unlucky(f"{verb}.dropped", place)

    def _stick(self, place: Place) -> None:
        """The part does not come off the tool at the first try."""
        vacuum = self.machine.tool is not None and self.machine.tool.kind == "vacuum"
        if self._unlucky("place.not_verified", place):
            self._hidden = "vacuum_ok" if vacuum else "grip_ok"

    def _unlucky(self, name: str, place: Place) -> bool:
        return happens(self.case.assumptions.chance(name), self.seed, name, place.key, place.attempt)

    # --- what cannot be verified ----------------------------------------------------------------------------------

    def foresee(self, step: Step, attempt: int) -> None:
        """A step is about to begin; a measurement that will not be verified does not see its tag from here on."""
        act = step.acts[0]
        if step.do is Verb.MEASURE and isinstance(act, WaitAct):
            self._hidden = act.condition.tag if self._unlucky("measure.not_verified", place_of(step, attempt)) else ""

    def watch_beside(self, watched: Iterable[Beside]) -> None:
        """Which of the checks beside the robot's work cannot be verified at this try."""
        self.hidden_beside = tuple(
            act.condition.tag
            for one in watched
            if isinstance(act := one.step.acts[0], WaitAct)
            and self._unlucky("measure.not_verified", place_of(one.step, one.attempt))
        )

    def end_wait(self) -> None:
        self._hidden = ""


def place_of(step: Step, attempt: int) -> Place:
    return Place(step.key, step.do, attempt, step.targets)
