"""The simulator's own encoding against numbers written by hand, so that it cannot agree with the driver by mistake."""

from __future__ import annotations

from typing import Any

import pytest

from delid.config import RegisterMap
from delid.sim.plc._registers import block_values, status_registers

HANDSHAKE = (
    "magic", "version", "heartbeat", "heartbeat_echo", "ack_seq", "done_seq", "step_result", "error_code", "stop_ack",
)  # fmt: skip


def make_map(tag: dict[str, Any], order: str) -> RegisterMap:
    return RegisterMap.model_validate(
        {
            "map": "test", "version": 1, "magic": 1, "word_order": order,
            "status": {"address": 0, "count": 4, "tags": {n: {"at": 0} for n in HANDSHAKE} | {"x": {"at": 2} | tag}},
            "control": {"address": 10, "count": 2, "tags": {
                "heartbeat": {"at": 10}, "packml_state": {"at": 10}, "stop_seq": {"at": 10}, "x": {"at": 10} | tag}},
            "command": {"address": 20, "count": 2, "code_at": 20, "seq_at": 21, "tags": {}},
            "results": {"idle": 0, "busy": 1, "done": 2, "error": 3, "cancelled": 4}, "errors": {}, "commands": {},
        }
    )  # fmt: skip


CASES = [
    ({"type": "uint16", "scale": 0.01}, "high_first", 12.34, [1234, 0]),
    ({"type": "int16", "scale": 0.1}, "high_first", -12.5, [0xFF83, 0]),
    ({"type": "uint32", "scale": 0.1}, "high_first", 10_000.0, [0x0001, 0x86A0]),
    ({"type": "uint32", "scale": 0.1}, "low_first", 10_000.0, [0x86A0, 0x0001]),
    ({"type": "int32"}, "low_first", -2, [0xFFFE, 0xFFFF]),
    ({"type": "float32"}, "high_first", 1.5, [0x3FC0, 0x0000]),
    ({"type": "float32"}, "low_first", 1.5, [0x0000, 0x3FC0]),
    ({"type": "bool", "bit": 9}, "high_first", 1, [0x0200, 0]),
    ({"type": "int16", "scale": 0.5, "offset": -40}, "high_first", 22.5, [125, 0]),
    ({"type": "float32", "offset": 10}, "low_first", 11.5, [0x0000, 0x3FC0]),
]


@pytest.mark.parametrize(("tag", "order", "value", "words"), CASES)
def test_status_values_become_registers(tag: dict[str, Any], order: str, value: float, words: list[int]) -> None:
    assert status_registers(make_map(tag, order), {"x": value})[2:4] == words


@pytest.mark.parametrize(("tag", "order", "value", "words"), CASES)
def test_written_registers_become_values(tag: dict[str, Any], order: str, value: float, words: list[int]) -> None:
    plc_map = make_map(tag, order)
    assert block_values(plc_map, plc_map.control, words)["x"] == pytest.approx(value)


@pytest.mark.parametrize(("value", "word"), [(1e6, 0x7FFF), (-1e6, 0x8000)])
def test_what_does_not_fit_stops_at_the_end(value: float, word: int) -> None:
    assert status_registers(make_map({"type": "int16"}, "high_first"), {"x": value})[2] == word
