"""What the simulated controllers say: reports, settings and information, in grbl's and Klipper's words. Pure."""

from __future__ import annotations

from ._travel import Machine, Vector

END = b"\r\n"


def say(text: str) -> bytes:
    return text.encode("ascii") + END


def banner(classic: bool) -> bytes:
    """The start-up message, after an empty line."""
    return END + say("Grbl 1.1f ['$' for help]" if classic else "GrblHAL 1.1f ['$' or '$HELP' for help]")


def sub_state(state: str, moving: bool, permitted: bool) -> str:
    """The number after ``Hold`` and ``Door``; other states have none."""
    if state == "Hold":
        return ":1" if moving else ":0"
    if state == "Door":
        return ":2" if moving else ":0" if permitted else ":1"
    return ""


def status(
    state: str, at_mm: Vector, feed_mm_s: float, free: tuple[int, int], door_open: bool, with_offset: bool
) -> bytes:
    """A report; ``free`` is planner blocks and receive bytes. The feed is in mm/min."""
    parts = [
        state,
        f"MPos:{numbers(at_mm)}",
        f"Bf:{free[0]},{free[1]}",
        f"FS:{feed_mm_s * 60:.0f},0",
        *(["Pn:D"] if door_open else []),
        *(["WCO:0.000,0.000,0.000"] if with_offset else []),
    ]
    return say(f"<{'|'.join(parts)}>")


def settings(machine: Machine, homing: bool) -> bytes:
    """``$$``: report in mm, soft limits, homing, rates (mm/min), accelerations and travel."""
    travel = [high - low for low, high in zip(machine.low_mm, machine.high_mm, strict=True)]
    values: dict[int, str] = {10: "511", 13: "0", 20: "1", 21: "1", 22: "9" if homing else "0", 23: "3"}
    for axis in range(3):
        values[110 + axis] = f"{machine.max_speed_mm_s[axis] * 60:.3f}"
        values[120 + axis] = f"{machine.acceleration_mm_s2[axis]:.3f}"
        values[130 + axis] = f"{travel[axis]:.3f}"
    return b"".join(say(f"${number}={value}") for number, value in sorted(values.items()))


def machine_info(line: str, machine: Machine, homing: bool) -> bytes | None:
    """What is told only at rest; None for another line."""
    if line == "$$":
        return settings(machine, homing)
    if line == "$I":
        return say("[VER:1.1f.20260101:delid simulated gantry]") + say("[OPT:VL,35,1024,3,0]")
    return None


def parser_info(line: str, motion: int, feed_mm_min: float) -> bytes | None:
    """What is told at any time; None for another line."""
    if line == "$G":
        return say(f"[GC:G{motion} G54 G17 G21 G90 G94 M5 M9 T0 F{feed_mm_min:.0f} S0]")
    if line == "$#":
        zero = "0.000,0.000,0.000"
        names = ("G54", "G55", "G56", "G57", "G58", "G59", "G28", "G30", "G92")
        return b"".join(say(f"[{name}:{zero}]") for name in names) + say("[TLO:0.000]") + say(f"[PRB:{zero}:0]")
    return None


def numbers(at_mm: Vector) -> str:
    return ",".join(f"{value + 0.0:.3f}" for value in at_mm)


def say_lf(text: str) -> bytes:
    """Klipper ends its lines with a line feed alone."""
    return text.encode("ascii", "replace") + b"\n"


def klipper_position(at_mm: Vector, offset_mm: Vector) -> list[str]:
    """``GET_POSITION``; G-code coordinates are what the offset leaves of the machine's."""
    x, y, z = at_mm
    gcode = tuple(a - o + 0.0 for a, o in zip(at_mm, offset_mm, strict=True))
    return [
        f"// mcu: stepper_x:{x * 80:.0f} stepper_y:{y * 80:.0f} stepper_z:{z * 400:.0f}",
        f"// stepper: stepper_x:{x:.6f} stepper_y:{y:.6f} stepper_z:{z:.6f}",
        f"// kinematic: X:{x:.6f} Y:{y:.6f} Z:{z:.6f}",
        f"// toolhead: X:{x:.6f} Y:{y:.6f} Z:{z:.6f} E:0.000000",
        f"// gcode: X:{gcode[0]:.6f} Y:{gcode[1]:.6f} Z:{gcode[2]:.6f} E:0.000000",
        f"// gcode base: X:{offset_mm[0]:.6f} Y:{offset_mm[1]:.6f} Z:{offset_mm[2]:.6f} E:0.000000",
        "// gcode homing: X:0.000000 Y:0.000000 Z:0.000000",
    ]
