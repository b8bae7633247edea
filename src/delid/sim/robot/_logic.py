"""A grbl 1.1 / grblHAL controller with a gantry behind it: bytes and time in, bytes out. No I/O and no clock.

Simplified where delid cannot see it: every move runs from rest to rest (no blending at corners), work offsets are zero,
units are millimetres, coordinates absolute.
"""

from __future__ import annotations

from . import _answers as answers
from ._gantry import PLANNER_BLOCKS, Gantry
from ._gcode import Block, GcodeError, Modes, parse_block, parse_jog
from ._lines import LineInput
from ._travel import Machine, Vector

LINE_MAX = 256
_CRITICAL = (1, 2, 10)
_BUSY, _LOCK, _DOOR, _TRAVEL = 8, 9, 13, 15


class GrblLogic:
    """Feed it bytes at the present time, then ``advance``; both keep to the time last advanced to.

    Args:
        classic: behave as grbl 1.1 on an Arduino (silent while homing and after a limit alarm, no repeated errors);
            otherwise as grblHAL.
        homing: needs homing after power-up, and starts locked.
    """

    def __init__(self, machine: Machine | None = None, *, classic: bool = False, homing: bool = True) -> None:
        self.machine = machine or Machine()
        self.holds_finish = True
        self.unanswered_moves: set[int] = set()
        self.move_starts_s: list[float] = []
        self._classic, self._homing_needed = classic, homing
        self._now_s, self._permitted = 0.0, True
        self._out = bytearray()
        self._power_up(self.machine.start_mm)

    def _power_up(self, flange_mm: Vector) -> None:
        """Count from zero, wherever the flange really is."""
        self._gantry = Gantry(self.machine, flange_mm)
        self._state = "Alarm" if self._homing_needed else "Idle"
        self._reports = 0
        self._clear()
        self._greet()

    def _clear(self) -> None:
        """Forget lines, motion, modes and errors, as a reset does."""
        self._gantry.halt(self._now_s)
        self._input = LineInput()
        self._dwell_s: float | None = None
        self._dwell_end_s: float | None = None
        self._modes = Modes()
        self._sticky, self._critical, self._hold_stuck = 0, False, False

    def _greet(self) -> None:
        self._out += answers.banner(self._classic)
        if self._state == "Alarm":
            self._out += answers.say("[MSG:'$H'|'$X' to unlock]")

    # --- the outside -----------------------------------------------------------------------------------------------

    @property
    def moving(self) -> bool:
        return self._gantry.moving

    def flange_mm(self) -> Vector:
        """Where the flange really is, in the robot's frame."""
        return self._gantry.flange_mm(self._now_s)

    def feed(self, data: bytes) -> None:
        """Bytes from the wire. Realtime bytes act at once and are never part of a line."""
        for byte in data:
            if byte in (0x18, 0x21, 0x3F, 0x7E, 0x85):
                self._realtime(byte)
            else:
                self._input.take(byte)
        self._pump()

    def advance(self, now_s: float) -> bytes:
        """Let time pass up to ``now_s``; the bytes sent since the last call."""
        while (event_s := self.next_event_s()) is not None and event_s <= now_s:
            self._now_s = max(self._now_s, event_s)
            self._arrive()
            self._pump()
        self._now_s = max(self._now_s, now_s)
        sent = bytes(self._out)
        self._out.clear()
        return sent

    def next_event_s(self) -> float | None:
        """When something happens by itself: a travel ends, or a dwell."""
        if self._gantry.travel is not None:
            return self._gantry.travel.end_s
        return self._dwell_end_s if self._state == "Idle" else None

    def set_permitted(self, permitted: bool) -> None:
        """The safety door input. Losing it slows a motion down to Door; at rest it only keeps moves from starting."""
        lost = self._permitted and not permitted
        self._permitted = permitted
        if lost and self._state == "Home":
            self.raise_alarm(7)
        elif lost and self.moving:
            self._open_door()

    def raise_alarm(self, number: int) -> None:
        """Stop dead and lock, as a limit switch or a drive fault does."""
        waiting, critical = self._input.lines, number in _CRITICAL
        self._clear()
        self._input.lines = waiting if not critical else self._input.lines
        self._state, self._critical = "Alarm", critical
        self._out += answers.say(f"ALARM:{number}")
        if self._critical:
            self._out += answers.say("[MSG:Reset to continue]")

    def reboot(self) -> None:
        """Lose power for a moment."""
        self._power_up(self.flange_mm())

    # --- realtime bytes --------------------------------------------------------------------------------------------

    def _realtime(self, byte: int) -> None:
        if byte == 0x3F:
            self._report()
        elif byte == 0x18:
            self._reset()
        elif byte == 0x21 and self._state in ("Idle", "Run"):
            self._state = "Hold"
            self._gantry.brake(self._now_s)
        elif byte in (0x21, 0x85) and self._state == "Jog":
            self._gantry.cancel(self._now_s)
        elif byte == 0x7E and not self.moving and self._resumable():
            self._state = "Idle"
            self._pump()

    def _resumable(self) -> bool:
        return (self._state == "Hold" and not self._hold_stuck) or (self._state == "Door" and self._permitted)

    def _report(self) -> None:
        if self._classic and (self._critical or self._state == "Home"):
            return
        sub = answers.sub_state(self._state, self.moving or self._hold_stuck, self._permitted)
        at_mm, speed_mm_s = self._gantry.position_mm(self._now_s), self._gantry.speed_mm_s(self._now_s)
        free = (PLANNER_BLOCKS - len(self._gantry.blocks), self._input.free_bytes)
        with_offset, self._reports = self._reports % 30 == 0, self._reports + 1
        self._out += answers.status(self._state + sub, at_mm, speed_mm_s, free, not self._permitted, with_offset)

    def _reset(self) -> None:
        moving, homing, asleep = self.moving or self._hold_stuck, self._state == "Home", self._state == "Sleep"
        locked = self._state == "Alarm" or moving or asleep
        self._clear()
        self._state = "Alarm" if locked else "Idle"
        if moving:
            self._out += answers.say("ALARM:6" if homing else "ALARM:3")
        self._greet()

    # --- motion ----------------------------------------------------------------------------------------------------

    def _open_door(self) -> None:
        if self._state == "Jog":
            self._gantry.cancel(self._now_s)
        self._state = "Door"
        self._out += answers.say("[MSG:Check Door]")
        self._gantry.brake(self._now_s)

    def _arrive(self) -> None:
        if not self.moving:
            return
        self._gantry.arrive()
        if self._state == "Home" and not self._gantry.homing:
            self._gantry.homed()
            self._state = "Idle"
            self._out += answers.say("ok")
        elif self._state == "Hold":
            self._hold_stuck = not self.holds_finish
        elif self._state in ("Run", "Jog") and not self._gantry.blocks:
            self._state = "Idle"

    def _pump(self) -> None:
        """Start what may start and take what may be taken, until nothing more happens without time."""
        while self._start_next() or self._end_dwell() or self._take_line():
            pass

    def _start_next(self) -> bool:
        if self.moving:
            return False
        if self._state == "Home":
            self._gantry.begin_homing_leg(self._now_s)
            return True
        if self._state not in ("Idle", "Run", "Jog") or not self._gantry.blocks:
            return False
        if not self._permitted:
            self._open_door()
            return False
        self._gantry.begin_next(self._now_s)
        self._state = "Jog" if self._state == "Jog" else "Run"
        return True

    def _end_dwell(self) -> bool:
        if self._dwell_s is None or self._state != "Idle" or self._gantry.blocks:
            return False
        if self._dwell_end_s is None:
            self._dwell_end_s = self._now_s + self._dwell_s
        if self._dwell_end_s > self._now_s:
            return False
        self._dwell_s = self._dwell_end_s = None
        self._out += answers.say("ok")
        return True

    # --- lines -----------------------------------------------------------------------------------------------------

    def _take_line(self) -> bool:
        blocked = self._critical or self._dwell_s is not None or self._gantry.full
        if blocked or not self._input.lines or self._state not in ("Idle", "Run", "Jog", "Alarm"):
            return False
        line = self._input.lines.popleft()
        if not line or line.startswith("$"):
            self._sticky = 0
        try:
            answer = self._execute(line)
        except GcodeError as error:
            self._sticky = 0 if self._classic else error.number
            answer = f"error:{error.number}"
        if answer:
            self._out += answers.say(answer)
        return True

    def _execute(self, line: str) -> str:
        """Run one line; its answer, empty when that comes later or never."""
        if len(line) > LINE_MAX:
            raise GcodeError(11)
        if self._sticky:
            raise GcodeError(self._sticky)
        if not line:
            return "ok"
        if line.startswith("$"):
            return self._system(line.upper())
        if self._state in ("Alarm", "Jog"):
            raise GcodeError(_LOCK)
        return self._plan(parse_block(line))

    def _system(self, line: str) -> str:
        if (told := answers.parser_info(line, self._modes.motion, self._modes.feed_mm_min)) is not None:
            self._out += told
            return "ok"
        if line.startswith("$J="):
            return self._jog(line[3:])
        machine_info = answers.machine_info(line, self.machine, self._homing_needed)
        if machine_info is None and line not in ("$H", "$X", "$SLP"):
            raise GcodeError(3)
        if self._state not in ("Idle", "Alarm"):
            raise GcodeError(_BUSY)
        if line == "$H":
            return self._home()
        if line == "$X":
            unlocked = answers.say("[MSG:Caution: Unlocked]") if self._state == "Alarm" else b""
            self._state, machine_info = "Idle", unlocked
        elif line == "$SLP":
            self._state, machine_info = "Sleep", answers.say("[MSG:Sleeping]")
        self._out += machine_info or b""
        return "ok"

    def _jog(self, words: str) -> str:
        """A piece of a jog: only at rest or while jogging, with a feed of its own, never past the travel."""
        if self._state not in ("Idle", "Jog"):
            raise GcodeError(_BUSY)
        axes_mm, speed_mm_s = parse_jog(words)
        target = self._gantry.target(axes_mm)
        if not self.machine.reaches(target):
            raise GcodeError(_TRAVEL)
        self._state = "Jog"
        return self._accept(target, speed_mm_s)

    def _home(self) -> str:
        if not self._homing_needed:
            raise GcodeError(5)
        if not self._permitted:
            raise GcodeError(_DOOR)
        self._gantry.plan_homing()
        self._state = "Home"
        return ""

    def _plan(self, block: Block) -> str:
        speed_mm_s = self._modes.take(block, max(self.machine.max_speed_mm_s))
        if block.dwell_s is not None:
            self._dwell_s = block.dwell_s
            return ""
        if not block.axes_mm:
            return "ok"
        target = self._gantry.target(block.axes_mm)
        if not self.machine.reaches(target):
            self.raise_alarm(2)
            return ""
        return self._accept(target, speed_mm_s)

    def _accept(self, target: Vector, speed_mm_s: float) -> str:
        self._gantry.blocks.append((target, speed_mm_s))
        self.move_starts_s.append(self._now_s)
        return "" if len(self.move_starts_s) in self.unanswered_moves else "ok"
