"""Numbers of PLC commands and cancels, counted as the driver counts them."""

from __future__ import annotations

from pathlib import Path

import pytest

from delid.config import load_register_map
from delid.core import (
    CancelCommand,
    DoMotion,
    Effect,
    Event,
    Finished,
    LinkChanged,
    MotionVerb,
    Move,
    RunCommand,
    Started,
    TagsRead,
    Wire,
)
from delid.journal import Recording, RecordingHeader
from delid.replay import Outcome, Sent, recorded_wire_differences
from delid.replay._wire import WireSeam, unsent_ids

MAP = load_register_map(Path(__file__).resolve().parents[3] / "cell_configs/plc/delid-1.yaml")


def seam(*facts: Event | Effect, unsent: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    found = WireSeam(MAP, unsent)
    for fact in facts:
        if isinstance(fact, Event):
            found.see(fact)
        else:
            found.emit(fact)
    return [(sent.id, sent.data.hex()) for sent in found.sent]


def close_clamp(name: str) -> RunCommand:
    return RunCommand(name, "close_clamp", {}, 5.0)


def command(code: int, seq: int) -> str:
    """Function 16, register 110, six registers: four parameters, code, sequence number."""
    return f"10006e00060c{'0000' * 4}{code:04x}{seq:04x}"


def test_commands_go_on_from_the_number_that_the_link_reports():
    up = LinkChanged(0.0, "plc", True, ack_seq=7)
    assert seam(up, close_clamp("a"), close_clamp("b")) == [("a", command(2, 8)), ("b", command(2, 9))]


def test_tags_that_are_newer_than_the_link_count_until_the_first_command():
    """A run that begins while the link is long up: its recording has old news of the link and fresh tags."""
    old, fresh = LinkChanged(0.0, "plc", True, ack_seq=7), TagsRead(9.0, {"ack_seq": 40, "stop_ack": 0})
    late = TagsRead(9.5, {"ack_seq": 40, "stop_ack": 0})
    assert seam(old, fresh, close_clamp("a"), late, close_clamp("b")) == [("a", command(2, 41)), ("b", command(2, 42))]


def test_numbers_pass_over_zero():
    up = LinkChanged(0.0, "plc", True, ack_seq=0xFFFE)
    assert seam(up, close_clamp("a"), close_clamp("b")) == [("a", command(2, 0xFFFF)), ("b", command(2, 1))]


def test_a_restarted_plc_begins_anew():
    up, again = LinkChanged(0.0, "plc", True, ack_seq=7), LinkChanged(3.0, "plc", True, ack_seq=0)
    assert seam(up, close_clamp("a"), again, close_clamp("b"))[1] == ("b", command(2, 1))


def test_the_link_of_another_device_is_no_matter():
    up = LinkChanged(0.0, "plc", True, ack_seq=7)
    assert seam(up, LinkChanged(1.0, "motion", True), close_clamp("a")) == [("a", command(2, 8))]


def test_a_command_that_was_never_sent_takes_no_number():
    up = LinkChanged(0.0, "plc", True, ack_seq=7)
    assert seam(up, close_clamp("a"), close_clamp("b"), unsent=("a",)) == [("b", command(2, 8))]


def test_a_command_that_the_map_does_not_have_sends_nothing_and_takes_no_number():
    up = LinkChanged(0.0, "plc", True, ack_seq=7)
    found = seam(up, RunCommand("a", "dance", {}, 1.0), close_clamp("b"))
    assert found == [("a", ""), ("b", command(2, 8))]


def test_cancels_count_on_from_the_stop_that_the_plc_has_seen():
    seen = TagsRead(0.0, {"ack_seq": 1, "stop_ack": 6})
    stale, done = TagsRead(0.1, {"ack_seq": 1, "stop_ack": 6}), Finished(0.2, "a", True)
    facts = (seen, CancelCommand("a", 1.0), stale, done, TagsRead(0.3, {"stop_ack": 7}), CancelCommand("b", 1.0))
    assert seam(*facts) == [("a", "10006600010200" + "07"), ("b", "10006600010200" + "08")]


# --- against what was recorded --------------------------------------------------------------------------------------

MOVE = Move("m", (1.0, 2.0, -3.0), 10.0, 5.0)
MOVE_AWAY = Move("away", (1.0, 2.0, -3.0), 10.0, 5.0)
LINE = b"G21G90G94G53G1X1.000Y2.000Z-3.000F600.0\nG4P0\n"


def recording(*facts) -> Recording:
    return Recording(Path("a.mcap"), RecordingHeader("r"), (Started(0.0), *facts), {})


def outcome(*sent: Sent) -> Outcome:
    return Outcome((), (), tuple(sent), ())


def sent_by(effect: Effect) -> Outcome:
    found = WireSeam(MAP)
    found.emit(effect)
    return outcome(*found.sent)


def out(data: bytes, name: str = "m", device: str = "motion") -> Wire:
    return Wire(0.1, device, True, data, name)


@pytest.mark.parametrize(
    ("facts", "same"),
    [
        ((MOVE, out(LINE[:-5]), out(LINE[-5:])), True),
        ((MOVE, out(LINE), Wire(0.2, "motion", False, b"ok", "m")), True),
        ((MOVE, out(LINE[:-5])), False),
        ((MOVE, out(LINE[:-5]), Finished(1.0, "m", False, "stopped")), True),
        ((MOVE, out(LINE + b"\n"), Finished(1.0, "m", False, "error")), True),
        ((MOVE, out(LINE.replace(b"X1", b"X9")), Finished(1.0, "m", False, "error")), False),
        ((MOVE, out(LINE), out(LINE)), True),
        ((MOVE, out(LINE), out(b"!", "exit.stop")), True),
        ((MOVE, DoMotion("other", MotionVerb.HOLD, 1.0), out(LINE), out(b"!", "other")), False),
        ((MOVE,), True),
    ],
    ids=[
        "two lines",
        "answer",
        "half",
        "half, stopped",
        "recovered",
        "elsewhere",
        "again",
        "no effect",
        "not any more",
        "no wires",
    ],
)
def test_a_move_sends_what_was_recorded(facts, same):
    assert (recorded_wire_differences(recording(*facts), sent_by(MOVE)) == []) is same


@pytest.mark.parametrize(
    ("verb", "recorded", "same"),
    [
        (MotionVerb.ENABLE, b"", True),
        (MotionVerb.STOP, b"!\x18", True),
        (MotionVerb.STOP, b"\x18", True),
        (MotionVerb.CLEAR_FAULT, b"\x18$X\n", True),
        (MotionVerb.HOME, b"$X\n", False),
    ],
)
def test_a_verb_may_begin_with_a_reset(verb, recorded, same):
    effect = DoMotion("m", verb, 3.0)
    wires = [MOVE_AWAY, out(LINE, "away")] + ([out(recorded)] if recorded else [])
    found = recorded_wire_differences(recording(effect, *wires), sent_by(effect))
    assert [difference.where for difference in found] == (["away"] if same else ["away", "m"])


def test_what_sent_nothing_when_recorded_is_known():
    refused = RunCommand("c", "close_clamp", {}, 1.0)
    enable = DoMotion("e", MotionVerb.ENABLE, 1.0)
    assert unsent_ids(recording(MOVE, refused, enable, out(LINE))) == {"c"}
    assert unsent_ids(recording(MOVE, refused, enable)) == frozenset(), "a recording without wires says nothing"
