"""A Klipper host with a gantry behind it: bytes and time in, bytes out. No I/O and no clock.

It answers every line in order, and nothing while it waits for a motion; M112 alone is obeyed at once. As in Klipper,
the position it tells is the commanded one. Simplified: every move runs from rest to rest.
"""

from __future__ import annotations

import re
from collections import deque

from ._answers import klipper_position, say_lf
from ._gantry import Gantry
from ._travel import Machine, Vector

RESTART_S = 0.5
_M112 = re.compile(r"(N\d+)?\s*M112(\s|$)", re.IGNORECASE)
_WORD = re.compile(r"([XYZF])(-?\d+\.?\d*)")
_WHEN_NOT_READY = ("M112", "M114", "STATUS", "GET_POSITION", "FIRMWARE_RESTART", "RESTART", "ECHO")


class _Refusal(Exception):
    """The line is answered with an error; more than one line of text comes as remarks before it."""


class KlipperLogic:
    """Feed it bytes at the present time, then ``advance``; both keep to the time last advanced to."""

    def __init__(self, machine: Machine | None = None) -> None:
        self.machine = machine or Machine()
        self.holds_finish = True
        self.unanswered_moves: set[int] = set()
        self.move_starts_s: list[float] = []
        self._now_s = 0.0
        self._permitted = True
        self._out = bytearray()
        self._rest = ""
        self._lines: deque[str] = deque()
        self._offset_mm: Vector = (0.0, 0.0, 0.0)
        self._start(self.machine.start_mm)

    def _start(self, flange_mm: Vector) -> None:
        self._gantry = Gantry(self.machine, flange_mm)
        self._feed_mm_s = 25.0
        self._homed = False
        self._absolute = True
        self._waiting = ""
        """The line that waits for a motion to end: M400, G28 or FIRMWARE_RESTART."""
        self._down = ""
        """Why it has shut down; empty while ready."""
        self._ready_s: float | None = None

    # --- the outside -----------------------------------------------------------------------------------------------

    @property
    def moving(self) -> bool:
        return self._gantry.moving

    def flange_mm(self) -> Vector:
        """Where the flange really is, in the robot's frame."""
        return self._gantry.flange_mm(self._now_s)

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data.decode("ascii", "replace")).split("\n")
        self._lines.extend(line.strip() for line in lines)
        if any(_M112.match(line.strip()) for line in lines):
            self._shut_down("Shutdown due to M112 command")
        self._pump()

    def advance(self, now_s: float) -> bytes:
        """Let time pass up to ``now_s``; the bytes sent since the last call."""
        while (event_s := self.next_event_s()) is not None and event_s <= now_s:
            self._now_s = max(self._now_s, event_s)
            if self._ready_s is not None:
                self._become_ready()
            else:
                self._arrive()
            self._pump()
        self._now_s = max(self._now_s, now_s)
        sent = bytes(self._out)
        self._out.clear()
        return sent

    def next_event_s(self) -> float | None:
        """When something happens by itself: a travel ends, or a restart."""
        if self._ready_s is not None:
            return self._ready_s
        return self._gantry.travel.end_s if self._gantry.travel is not None else None

    def set_permitted(self, permitted: bool) -> None:
        """The drives' release input. Losing it in motion shuts Klipper down; at rest it keeps moves from starting."""
        lost = self._permitted and not permitted
        self._permitted = permitted
        if lost and self.moving:
            self._shut_down("External stop input")

    def raise_alarm(self, number: int) -> None:
        """A fault of the microcontroller."""
        self._shut_down(f"MCU 'mcu' shutdown: Timer too close ({number})")

    def reboot(self) -> None:
        """The host software starts afresh."""
        self._restart()

    # --- states ----------------------------------------------------------------------------------------------------

    def _shut_down(self, reason: str) -> None:
        """Steps end at once; whatever waited for a motion is let go."""
        if self._down:
            return
        self._gantry.halt(self._now_s)
        self._down, self._homed, self._ready_s = reason, False, None
        self._say("// Klipper state: Shutdown")
        if self._waiting:
            self._waiting = ""
            self._say("ok")

    def _restart(self) -> None:
        flange_mm = self.flange_mm()
        self._gantry.halt(self._now_s)
        self._say("// Klipper state: Disconnect")
        self._start(flange_mm)
        self._down = "Printer is not ready"
        self._ready_s = self._now_s + RESTART_S

    def _become_ready(self) -> None:
        self._ready_s, self._down = None, ""
        self._say("// Klipper state: Ready")

    def _arrive(self) -> None:
        self._gantry.arrive()
        if self._gantry.homing:
            self._gantry.begin_homing_leg(self._now_s)
        elif self._gantry.blocks:
            self._gantry.begin_next(self._now_s)
        elif self._waiting:
            waited, self._waiting = self._waiting, ""
            if waited == "G28":
                self._gantry.homed()
                self._homed = True
            self._say("ok")
            if waited == "FIRMWARE_RESTART":
                self._restart()

    # --- lines -----------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        while self._lines and not self._waiting:
            line = self._lines.popleft()
            try:
                ends = self._execute(line.upper(), line)
            except _Refusal as refusal:
                first, *more = str(refusal).split("\n")
                for remark in (first, *more) if more else ():
                    self._say(f"// {remark}")
                self._say(f"!! {first}")
                ends = True
            if ends:
                self._say("ok")

    def _execute(self, line: str, as_sent: str) -> bool:
        """Run one line; false when its ``ok`` comes later or never."""
        command = line.split(" ")[0]
        if self._down and command not in _WHEN_NOT_READY and command:
            raise _Refusal(self._down)
        match command:
            case "G0" | "G1":
                return self._move(line)
            case "G28":
                return self._home()
            case "M400":
                return self._wait_for_motion("M400")
            case "FIRMWARE_RESTART" | "RESTART":
                return self._wait_for_motion("FIRMWARE_RESTART") and self._restarted()
            case "STATUS":
                self._status()
            case "GET_POSITION":
                for text in klipper_position(self._gantry.planned_mm(), self._offset_mm):
                    self._say(text)
            case "M114":
                self._say("X:{:.3f} Y:{:.3f} Z:{:.3f} E:0.000".format(*self._gantry.planned_mm()))
            case "ECHO":
                self._say(f"// {as_sent}")
            case "SET_GCODE_OFFSET":
                self._offset_mm = (0.0, 0.0, float(line.rpartition("Z=")[2]))
            case "G90" | "G91":
                self._absolute = command == "G90"
            case "M112" | "":
                pass
            case _:
                self._say(f'// Unknown command:"{command}"')
        return True

    def _restarted(self) -> bool:
        self._say("ok")
        self._restart()
        return False

    def _status(self) -> None:
        if self._down:
            raise _Refusal(f"{self._down}\nKlipper state: Not ready")
        self._say("// Klipper state: Ready")

    def _wait_for_motion(self, line: str) -> bool:
        if not self.moving:
            return True
        self._waiting = line
        return False

    def _home(self) -> bool:
        if not self._permitted:
            raise _Refusal("Motion is not permitted")
        self._gantry.plan_homing()
        self._gantry.begin_homing_leg(self._now_s)
        self._waiting = "G28"
        return False

    def _move(self, line: str) -> bool:
        words = {letter: float(value) for letter, value in _WORD.findall(line)}
        self._feed_mm_s = words.pop("F", self._feed_mm_s * 60) / 60
        planned = self._gantry.planned_mm()
        x, y, z = (
            words[a] + off if a in words else at for a, at, off in zip("XYZ", planned, self._offset_mm, strict=True)
        )
        where = f"{x:.3f} {y:.3f} {z:.3f} [0.000]"
        if not self._absolute:
            raise _Refusal("relative moves are not simulated")
        if not self._homed:
            raise _Refusal(f"Must home axis first: {where}")
        if not self.machine.reaches((x, y, z)):
            raise _Refusal(f"Move out of range: {where}")
        if not self._permitted:
            raise _Refusal("Motion is not permitted")
        self._gantry.blocks.append(((x, y, z), self._feed_mm_s))
        self.move_starts_s.append(self._now_s)
        if not self.moving:
            self._gantry.begin_next(self._now_s)
        return len(self.move_starts_s) not in self.unanswered_moves

    def _say(self, text: str) -> None:
        self._out += say_lf(text)
