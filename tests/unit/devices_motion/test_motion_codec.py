"""Lines of the grbl 1.1 interface documentation, and of grblHAL as seen on the wire, as facts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delid.core import MotionVerb
from delid.devices.motion import (
    Alarm,
    Banner,
    Error,
    LineSplitter,
    Message,
    Ok,
    Probe,
    Setting,
    Status,
    Unknown,
    move_bytes,
    parse_line,
    verb_bytes,
)


def test_a_move_is_one_line_in_machine_coordinates_and_a_barrier():
    assert move_bytes((1.0, 2.5, -30.25), 10.0) == b"G21G90G94G53G1X1.000Y2.500Z-30.250F600.0\nG4P0\n"


def test_a_move_writes_no_negative_zero_and_no_exponent():
    assert move_bytes((-0.0001, 1e-7, 0.0), 0.01) == b"G21G90G94G53G1X0.000Y0.000Z0.000F0.6\nG4P0\n"


def test_the_longest_move_fits_grbls_line():
    line = move_bytes((-99999.999, -99999.999, -99999.999), 9999.0).split(b"\n")[0]
    assert len(line) < 80


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        (MotionVerb.HOLD, b"!"),
        (MotionVerb.RESUME, b"~"),
        (MotionVerb.STOP, b"!\x18"),
        (MotionVerb.CLEAR_FAULT, b"$X\n"),
        (MotionVerb.HOME, b"$H\n"),
        (MotionVerb.ENABLE, b"?"),
    ],
)
def test_every_verb_has_its_bytes(verb: MotionVerb, expected: bytes):
    assert verb_bytes(verb) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ok", Ok()),
        ("error:9", Error(9)),
        ("ALARM:10", Alarm(10)),
        ("Grbl 1.1d ['$' for help]", Banner("Grbl 1.1d ['$' for help]")),
        ("GrblHAL 1.1f ['$' or '$HELP' for help]", Banner("GrblHAL 1.1f ['$' or '$HELP' for help]")),
        ("$13=0", Setting(13, "0")),
        ("$120=10.000", Setting(120, "10.000")),
        ("[MSG:Caution: Unlocked]", Message("MSG", "Caution: Unlocked")),
        ("[VER:v1.1d.20161014:Some string]", Message("VER", "v1.1d.20161014:Some string")),
        (
            "[GC:G0 G54 G17 G21 G90 G94 M0 M5 M9 T0 F0. S0.]",
            Message("GC", "G0 G54 G17 G21 G90 G94 M0 M5 M9 T0 F0. S0."),
        ),
        ("[PRB:0.000,0.000,1.492:1]", Probe((0.0, 0.0, 1.492), True)),
        ("[PRB:0.000,0.000,0.000:0]", Probe((0.0, 0.0, 0.0), False)),
        ("error:", Unknown("error:")),
        (">G54G20:ok", Unknown(">G54G20:ok")),
        ("<Id|MP", Unknown("<Id|MP")),
    ],
)
def test_lines_of_the_documentation(line: str, expected: object):
    assert parse_line(line) == expected
    assert parse_line(line.encode() + b"\r\n") == expected


def test_status_reports_of_the_documentation():
    assert parse_line("<Idle|MPos:0.000,-10.000,5.000|FS:0,0>") == Status(
        "Idle", None, (0.0, -10.0, 5.0), feed_mm_min=0.0
    )
    held = parse_line("<Hold:1|WPos:-2.500,0.000,11.000|Bf:15,128|Ln:99999|F:500|WCO:0.000,1.551,5.664|Pn:XYZPDHRS>")
    assert held == Status(
        "Hold",
        1,
        None,
        (-2.5, 0.0, 11.0),
        (0.0, 1.551, 5.664),
        500.0,
        "XYZPDHRS",
        {"Bf": "15,128", "Ln": "99999"},
    )
    four_axes = parse_line("<Run|MPos:1.0,2.0,3.0,4.0|FS:500,8000|A:SFM|Ov:100,100,100>")
    assert isinstance(four_axes, Status)
    assert (four_axes.machine_mm, four_axes.feed_mm_min) == ((1.0, 2.0, 3.0), 500.0)


def test_a_status_report_with_a_broken_position_has_none():
    broken = parse_line("<Run|MPos:1.0,x,3.0|FS:,>")
    assert broken == Status("Run", None, None)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(data: bytes):
    for line in LineSplitter().feed(data + b"\n"):
        parse_line(line)


@given(st.lists(st.integers(1, 7), max_size=40))
def test_lines_come_out_whole_however_the_stream_is_cut(sizes: list[int]):
    stream = b"ok\r\n<Idle|MPos:0.000,0.000,0.000|FS:0,0>\r\n\r\nerror:9\r\n"
    splitter, lines = LineSplitter(), []
    at = 0
    for size in [*sizes, len(stream)]:
        lines += splitter.feed(stream[at : at + size])
        at += size
    assert lines == [b"ok", b"<Idle|MPos:0.000,0.000,0.000|FS:0,0>", b"error:9"]


def test_a_line_that_never_ends_is_dropped():
    splitter = LineSplitter()
    for _ in range(100):
        assert splitter.feed(b"x" * 100) == []
    assert splitter.feed(b"\nok\n")[-1] == b"ok"
