"""Requests, envelopes and paths, without a socket."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from delid.core import Command, IpcError
from delid.ipc import LONGEST_PATH, REQUESTS, SocketPaths, check_request
from delid.ipc._messages import (
    decode_frame,
    decode_object,
    decode_request,
    encode,
    encode_frame,
    encode_request,
    is_calming,
)

GOOD: list[dict[str, Any]] = [
    {"op": "command", "command": "Start", "by": "panel"},
    {"op": "answer", "question_id": "q1", "answer": "skip", "by": "panel"},
    {"op": "acknowledge", "code": "plc.guard", "by": "panel"},
    {"op": "shelve", "code": "plc.gas", "by": "panel", "reason": "sensor is being changed", "minutes": "30"},
    {"op": "state"},
    {"op": "mode", "mode": "manual", "by": "Ann"},
    {
        "op": "told",
        "voltage_v": "",
        "isolation_ohm_per_v": "800",
        "impedance_mohm": "",
        "capacity_ah": "185",
        "route": "reuse",
        "by": "Ann",
    },
    {"op": "jog", "press": "p1", "axis": "x", "direction": "+", "feed_mm_s": "", "by": "Ann"},
    {"op": "hold_jog", "press": "p1"},
    {"op": "end_jog", "press": "p1"},
]


@pytest.mark.parametrize("request_", GOOD, ids=[g["op"] for g in GOOD])
def test_a_request_survives_its_envelope(request_: dict[str, Any]) -> None:
    assert decode_request(encode_request(request_, 12.5)) == (request_, 12.5)


def test_every_request_has_a_good_example() -> None:
    assert {g["op"] for g in GOOD} == set(REQUESTS)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (None, "an object"),
        ([], "an object"),
        ({}, "op None"),
        ({"op": "reboot"}, "op 'reboot'"),
        ({"op": "state", "more": 1}, "has the fields op"),
        ({"op": "command", "command": "Start"}, "has the fields by, command, op"),
        ({"op": "command", "command": "Start", "by": 3}, "by is not text"),
        ({"op": "command", "command": "Explode", "by": "x"}, "command 'Explode'"),
        ({"op": "mode", "mode": "fast", "by": "x"}, "mode 'fast' is not one of production, maintenance, manual"),
        ({"op": "jog", "press": "p", "axis": "a", "direction": "+", "feed_mm_s": "", "by": "x"}, "axis 'a'"),
        ({"op": "jog", "press": "p", "axis": "x", "direction": "", "feed_mm_s": "", "by": "x"}, "direction ''"),
        ({"op": "jog", "press": "p", "axis": "x", "direction": "-", "feed_mm_s": "nan", "by": "x"}, "feed_mm_s"),
        ({"op": "hold_jog", "press": 1}, "press is not text"),
        ({"op": "acknowledge", "code": "plc.gas"}, "has the fields by, code, op"),
        (GOOD[3] | {"minutes": "soon"}, "minutes is no number"),
        (GOOD[3] | {"minutes": "-1"}, "minutes is no number"),
        (GOOD[3] | {"minutes": "inf"}, "minutes is no number"),
        ({"op": "answer", "question_id": "q", "answer": ["a"], "by": "x"}, "answer is not text"),
        (GOOD[6] | {"capacity_ah": "much"}, "capacity_ah is neither empty nor a number"),
        (GOOD[6] | {"capacity_ah": "-1"}, "capacity_ah is neither empty nor a number"),
        (GOOD[6] | {"route": "landfill"}, "route 'landfill' is not one of , reuse, recycling, quarantine"),
    ],
)
def test_a_bad_request_says_why(message: object, reason: str) -> None:
    with pytest.raises(IpcError, match=reason) as caught:
        check_request(message)
    assert caught.value.code == "ipc.bad_request"


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"{}", b'{"v":2}', b'{"v":1,"request":{"op":"state"}}'])
def test_a_foreign_envelope_is_refused(data: bytes) -> None:
    with pytest.raises(IpcError) as caught:
        decode_request(data)
    assert caught.value.code == "ipc.bad_request"


def test_only_stop_hold_and_abort_are_obeyed_late() -> None:
    late = {c for c in Command if is_calming({"op": "command", "command": c.value, "by": "x"})}
    assert late == {Command.STOP, Command.HOLD, Command.ABORT}
    assert not is_calming({"op": "state"})


def test_letting_go_is_obeyed_late_and_holding_on_never() -> None:
    assert is_calming({"op": "end_jog", "press": "p"})
    assert not is_calming({"op": "hold_jog", "press": "p"})
    assert not is_calming({"op": "jog", "press": "p", "axis": "x", "direction": "+", "feed_mm_s": "", "by": "x"})


def test_a_frame_carries_its_meta_data() -> None:
    assert decode_frame(encode_frame(b"\xff\xd8jpeg", {"seq": 7})) == (b"\xff\xd8jpeg", {"seq": 7})


@pytest.mark.parametrize("data", [b"\x00\x00\x00\x09{}", b"\x00\x00\x00\x02[]", b"\x00\x00\x00\x02}{"])
def test_a_garbled_frame_is_an_error(data: bytes) -> None:
    with pytest.raises(IpcError) as caught:
        decode_frame(data)
    assert caught.value.code == "ipc.garbled"


def test_numbers_that_are_not_finite_become_null() -> None:
    plain = decode_object(encode({"a": math.nan, "b": [math.inf, 1.5], "c": (1, -math.inf)}))
    assert plain == {"a": None, "b": [None, 1.5], "c": [1, None]}


def test_the_longest_path_is_taken_and_one_more_is_refused() -> None:
    room = LONGEST_PATH - len("/.pub")
    assert SocketPaths.of(Path("/" + "x" * room)).values.name.endswith(".pub")
    with pytest.raises(IpcError) as caught:
        SocketPaths.of(Path("/" + "x" * (room + 1)))
    assert caught.value.code == "ipc.path_too_long"
    assert "107" in caught.value.message
    assert "socket" in caught.value.hint
