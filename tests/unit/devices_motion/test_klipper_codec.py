"""Lines as Klipper's documents give them, and as facts."""

from __future__ import annotations

import pytest

from delid.core import MotionVerb
from delid.devices.motion import wire_of
from delid.devices.motion._klipper_codec import (
    Answered,
    Echo,
    HostState,
    Position,
    Refused,
    Remark,
    UnknownCommand,
    parse_line,
)

WIRE = wire_of("klipper")


def test_a_move_is_absolute_in_mm_per_minute_and_ends_with_the_barrier() -> None:
    assert WIRE.move((1.0, 2.5, -30.25), 10.0) == b"G90\nG1 X1.000 Y2.500 Z-30.250 F600.0\nM400\n"
    assert b"-0.000" not in WIRE.move((-0.0001, 0.0, 0.0), 1.0)


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        (MotionVerb.HOLD, b""),
        (MotionVerb.RESUME, b""),
        (MotionVerb.STOP, b"M400\n"),
        (MotionVerb.CLEAR_FAULT, b"FIRMWARE_RESTART\n"),
        (MotionVerb.ENABLE, b""),
        (MotionVerb.HOME, b"G28\n"),
    ],
)
def test_the_bytes_of_every_verb(verb: MotionVerb, expected: bytes) -> None:
    assert WIRE.verb(verb) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"ok", Answered()),
        (b"ok FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.12.0", Answered()),
        (b"!! Must home axis first: 1.000 2.000 [0.000]", Refused("Must home axis first: 1.000 2.000 [0.000]")),
        (b"!! Move out of range: 900.000 0.000", Refused("Move out of range: 900.000 0.000")),
        (b"// Klipper state: Ready", HostState("ready")),
        (b"// Klipper state: Not ready", HostState("not ready")),
        (b"// Klipper state: Shutdown", HostState("shutdown")),
        (b"// Klipper state: Disconnect", HostState("disconnect")),
        (b"// toolhead: X:10.500000 Y:-2.000000 Z:0.000000 E:0.000000", Position("toolhead", (10.5, -2.0, 0.0))),
        (b"// gcode: X:10.500000 Y:-2.000000 Z:0.000000 E:0.000000", Position("gcode", (10.5, -2.0, 0.0))),
        (b"// gcode base: X:0.000000 Y:0.000000 Z:0.000000 E:0.000000", None),
        (b'// Unknown command:"G53"', UnknownCommand("G53")),
        (b"// ECHO delid 17", Echo(17)),
        (b"// echo: something of a macro", None),
        (b"o", None),
        (b"okay", None),
        (b"// toolhead: X:1.0 Y:nan Z:0.0", None),
        (b"\xff\xfe", Remark("\ufffd\ufffd")),
        (b"<Idle|MPos:0.000,0.000,0.000>", None),
    ],
)  # fmt: skip
def test_lines_as_facts(line: bytes, expected: object) -> None:
    assert parse_line(line) == (Remark(line.decode()) if expected is None else expected)
