"""An arm whose controller runs stored programs on request: registers and time in, registers out. No I/O and no clock.

The mechanics are those of the gantry: what delid sees of an arm is its flange. Every motion runs from rest to rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from delid.config import ProgramMap

from ..plc import block_values, flag_bits, status_registers
from ._gantry import Gantry
from ._travel import Machine, Vector

_NOT_STORED, _OUT_OF_REACH, _COLLISION, _NOT_ENABLED, _NOT_REFERENCED, _SAFEGUARD, _WRONG_STATE = range(1, 8)


class ArmLogic:
    """Written to by the bus, scanned by ``advance``.

    Args:
        watchdog_s: seconds of machine time without a change of delid's heartbeat after which it stops.
    """

    def __init__(self, robot_map: ProgramMap, machine: Machine | None = None, *, watchdog_s: float = 0.5) -> None:
        self.map, self.machine, self._watchdog_s = robot_map, machine or Machine(), watchdog_s
        self.holds_finish = True
        self.confirms_stops = True
        self.unanswered_moves: set[int] = set()
        self.move_starts_s: list[float] = []
        self._codes = {code: name for name, code in robot_map.acts.items()}
        self._numbers = {spec.number: name for name, spec in robot_map.programs.items()}
        self._states: dict[str, int] = {name: number for number, name in robot_map.states.items()}
        self._bus: dict[int, int] = {}
        for block in (robot_map.control, robot_map.command):
            self._bus |= dict.fromkeys(range(block.address, block.address + block.count), 0)
        self._now_s = 0.0
        self._permitted = True
        self._starts = 0
        self._start(self.machine.start_mm)

    def _start(self, flange_mm: Vector) -> None:
        """Power-up: drives off, and a command that is found there never runs."""
        self._gantry = Gantry(self.machine, flange_mm if self.map.needs_homing else (0.0, 0.0, 0.0))
        if not self.map.needs_homing:
            self._gantry.at_mm = flange_mm
        self._starts += 1
        self._state = "unpowered"
        self._referenced = not self.map.needs_homing
        self._ack = self._done = self._seq()
        self._stop_seen = self._stop_ack = int(self._control("stop_seq"))
        self._result = self._error = self._program = 0
        self._mute = False
        self._beat: tuple[float, float] = (self._control("heartbeat"), self._now_s)

    # --- the outside -----------------------------------------------------------------------------------------------

    @property
    def moving(self) -> bool:
        return self._gantry.moving

    def flange_mm(self) -> Vector:
        """Where the flange really is, in the robot's frame."""
        return self._gantry.flange_mm(self._now_s)

    @property
    def status(self) -> list[int]:
        return status_registers(self.map, self._values())

    @property
    def flags(self) -> list[bool]:
        return flag_bits(self.map, self._values())

    def write(self, address: int, values: list[int]) -> bool:
        """Registers as the bus writes them; false, and nothing written, where the robot takes none."""
        if not all(at in self._bus for at in range(address, address + len(values))):
            return False
        self._bus.update(zip(range(address, address + len(values)), values, strict=True))
        self._scan()
        return True

    def advance(self, now_s: float) -> None:
        """Let time pass up to ``now_s``."""
        while (event_s := self.next_event_s()) is not None and event_s <= now_s:
            self._now_s = max(self._now_s, event_s)
            self._arrive()
        self._now_s = max(self._now_s, now_s)
        self._watch()
        self._scan()

    def next_event_s(self) -> float | None:
        return self._gantry.travel.end_s if self._gantry.travel is not None else None

    def set_permitted(self, permitted: bool) -> None:
        """The safeguard input. Losing it in motion stops the program; it does not go on by itself."""
        lost = self._permitted and not permitted
        self._permitted = permitted
        if lost and self.moving:
            self._break_off("safeguard", _SAFEGUARD)
        elif permitted and self._state == "safeguard" and not self.moving:
            self._state = "idle"

    def raise_alarm(self, number: int) -> None:
        """A collision: the drives stand at once."""
        self._gantry.halt(self._now_s)
        self._state = "fault"
        self._end("error", _COLLISION)

    def reboot(self) -> None:
        """Lose power for a moment."""
        self._start(self.flange_mm())

    # --- the scan --------------------------------------------------------------------------------------------------

    def _values(self) -> dict[str, float]:
        x, y, z = self._gantry.position_mm(self._now_s)
        return {
            "magic": self.map.magic,
            "version": self.map.version,
            "heartbeat": int(self._now_s * 50) & 0xFFFF,
            "start_count": self._starts & 0xFFFF,
            "ack_seq": self._ack,
            "done_seq": self._done,
            "result": self._result,
            "error_code": self._error,
            "stop_ack": self._stop_ack,
            "state": self._states[self._state],
            "program": self._program,
            "moving": self.moving,
            "referenced": self._referenced,
            "x_mm": x,
            "y_mm": y,
            "z_mm": z,
        }

    def _seq(self) -> int:
        return self._bus[self.map.command.seq_at]

    def _control(self, name: str) -> float:
        block = self.map.control
        registers = [self._bus[block.address + n] for n in range(block.count)]
        return block_values(self.map, block, registers)[name]

    def _command(self) -> dict[str, float]:
        block = self.map.command
        return block_values(self.map, block, [self._bus[block.address + n] for n in range(block.count)])

    def _watch(self) -> None:
        """delid's heartbeat; before its first change nobody is there to miss."""
        beat = self._control("heartbeat")
        if beat != self._beat[0]:
            self._beat = (beat, self._now_s)
        elif self.moving and self._now_s - self._beat[1] > self._watchdog_s:
            self._break_off("stopping", 0)

    def _scan(self) -> None:
        stop = int(self._control("stop_seq"))
        if stop != self._stop_seen:
            self._stop_seen = stop
            if self._seq() != self._ack:  # a command not yet taken is void
                self._ack = self._done = self._seq()
                self._result = self.map.results["stopped"]
            if self._program or self.moving or self._state in ("paused", "pausing"):
                self._break_off("stopping", 0)
        if self._stop_ack != self._stop_seen and not self.moving and self.confirms_stops:
            self._stop_ack = self._stop_seen
            if self._state in ("stopping", "paused"):
                self._state = "idle"
        self._pause(bool(self._control("pause")))
        if self._seq() != self._ack and not self._control("pause"):
            self._take()

    def _pause(self, pause: bool) -> None:
        if pause and self._state in ("running", "idle"):
            self._gantry.brake(self._now_s)
            self._state = "pausing" if self.moving else "paused"
        elif not pause and self._state == "paused":
            if self._program and self._gantry.blocks:
                self._gantry.begin_next(self._now_s)
            self._state = "running" if self._program else "idle"

    # --- commands --------------------------------------------------------------------------------------------------

    def _take(self) -> None:
        code, running = self._bus[self.map.command.code_at], bool(self._program) or self.moving
        self._ack, self._result, self._error, self._mute = self._seq(), self.map.results["busy"], 0, False
        acts: dict[str, Callable[[], None]] = {
            "run": self._run, "reset": self._reset, "enable": self._enable, "home": self._home,
        }  # fmt: skip
        act = self._codes.get(code)
        if act is None or running:
            self._end("error", _WRONG_STATE)
        else:
            acts[act]()

    def _reset(self) -> None:
        if self._state == "fault":
            self._state = "unpowered"
        elif self._state in ("safeguard", "stopping") and self._permitted:
            self._state = "idle"
        self._end("done")

    def _enable(self) -> None:
        if self._state == "unpowered":
            self._state = "idle"
        self._end("done" if self._state == "idle" else "error", 0 if self._state == "idle" else _WRONG_STATE)

    def _home(self) -> None:
        if self._state != "idle" or not self._permitted:
            self._end("error", _NOT_ENABLED if self._state == "unpowered" else _WRONG_STATE)
            return
        self._state = "homing"
        self._gantry.plan_homing()
        self._gantry.begin_homing_leg(self._now_s)

    def _run(self) -> None:
        command = self._command()
        name = self._numbers.get(int(command["program"]))
        if self._state != "idle" or name is None or not self._referenced or not self._permitted:
            missing = _NOT_STORED if name is None else _NOT_REFERENCED if not self._referenced else _SAFEGUARD
            self._end("error", _NOT_ENABLED if self._state == "unpowered" else missing)
            return
        x, y, _ = self._gantry.at_mm
        target = (x, y, self.machine.high_mm[2])
        if name == self.map.move:
            target = (command["x_mm"], command["y_mm"], command["z_mm"])
        if not self.machine.reaches(target):
            self._end("error", _OUT_OF_REACH)
            return
        self._program, self._state = int(command["program"]), "running"
        self._gantry.blocks.append((target, command["feed_mm_s"]))
        self.move_starts_s.append(self._now_s)
        self._mute = len(self.move_starts_s) in self.unanswered_moves
        self._gantry.begin_next(self._now_s)

    def _break_off(self, state: str, error: int) -> None:
        """Slow down on the path; the rest of the program is forgotten when it stands."""
        self._state, self._error = state, error
        if not self.moving:
            self._stood()
        elif self._gantry.travel is not None:
            self._gantry.brake(self._now_s)

    def _arrive(self) -> None:
        self._gantry.arrive()
        if self._state == "homing":
            if self._gantry.homing:
                self._gantry.begin_homing_leg(self._now_s)
                return
            self._gantry.homed()
            self._referenced, self._state = True, "idle"
            self._end("done")
        elif self._state == "pausing":
            self._state = "paused" if self.holds_finish else "pausing"
        elif self._state in ("stopping", "safeguard"):
            self._stood()
        elif self._state == "running" and not self._gantry.blocks:
            self._state = "idle"
            self._end("done")

    def _stood(self) -> None:
        self._gantry.halt(self._now_s)
        self._end("stopped", self._error)
        if self._state == "stopping" or (self._state == "safeguard" and self._permitted):
            self._state = "idle"

    def _end(self, result: Literal["done", "error", "stopped"], error: int = 0) -> None:
        """The command under way has ended; a command whose answer is to be lost stays busy for ever."""
        self._program, self._error = 0, error
        if self._done != self._ack and not self._mute:
            self._result = self.map.results[result]
            self._done = self._ack
