"""Bytes worked by hand from the Modbus Application Protocol specification V1.1b3, and registers from the map file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import delid.devices.plc as face
from delid.config import RegisterMap, load_register_map
from delid.core import PlcError
from delid.devices.plc import command_pdu, command_registers, decode_status, encode_control, next_number, stop_pdu
from delid.devices.plc._codec import control_request, pdu_bytes, read_request

HANDSHAKE = (
    "magic", "version", "heartbeat", "heartbeat_echo", "ack_seq", "done_seq", "step_result", "error_code", "stop_ack",
)  # fmt: skip


@pytest.fixture
def plc_map(repository: Path) -> RegisterMap:
    return load_register_map(repository / "cell_configs/plc/delid-1.yaml")


def make_map(status: dict[str, Any], count: int = 3, address: int = 0x6B, order: str = "high_first") -> RegisterMap:
    """A map around ``status``; the handshake tags all lie on the first register."""
    return RegisterMap.model_validate(
        {
            "map": "test", "version": 1, "magic": 1, "word_order": order,
            "status": {"address": address, "count": count, "tags": {n: {"at": address} for n in HANDSHAKE} | status},
            "control": {"address": 1, "count": 2, "tags": {
                "heartbeat": {"at": 1}, "packml_state": {"at": 2}, "stop_seq": {"at": 2}}},
            "command": {"address": 20, "count": 6, "code_at": 24, "seq_at": 25, "tags": {
                "whole": {"at": 20, "type": "int32"}, "part": {"at": 22, "type": "float32"}}},
            "results": {"idle": 0, "busy": 1, "done": 2, "error": 3, "cancelled": 4}, "errors": {},
            "commands": {"both": {"code": 7, "params": ["whole", "part"]}},
        }
    )  # fmt: skip


def test_the_face_is_what_it_is() -> None:
    assert face.__all__ == [
        "Backoff", "Endpoint", "ModbusLink", "PlcDriver", "RtuEndpoint", "StatusDecoder", "TcpEndpoint", "command_pdu",
        "command_registers", "decode_status", "encode_block", "encode_control", "endpoint_of", "flags_request",
        "next_number", "pdu_bytes", "read_request", "stop_pdu", "stop_request", "traffic_of", "write_request",
    ]  # fmt: skip


def test_read_request_is_the_specifications_example() -> None:
    # 6.3: read registers 108 to 110
    assert pdu_bytes(read_request(make_map({}))) == bytes.fromhex("03 00 6B 00 03")


def test_read_answer_of_the_specifications_example() -> None:
    # 6.3: the answer 03 06 02 2B 00 00 00 64
    plc_map = make_map({"a": {"at": 0x6B}, "b": {"at": 0x6C}, "c": {"at": 0x6D}})
    values = decode_status(plc_map, [0x022B, 0x0000, 0x0064])
    assert (values["a"], values["b"], values["c"]) == (555, 0, 100)


def test_write_request_is_the_specifications_example() -> None:
    # 6.12: write two registers starting at 2 to 00 0A and 01 02 hex
    request = control_request(make_map({}), heartbeat=0x0A, packml_state=0x0102, stop_seq=0x0102)
    assert pdu_bytes(request) == bytes.fromhex("10 00 01 00 02 04 00 0A 01 02")


def test_command_bytes_of_the_delid_map(plc_map: RegisterMap) -> None:
    # registers 110..115: torque 12.00 N m = 1200 = 04B0, tool 0, impact 1, spare 0, code 10, sequence 5
    assert command_pdu(plc_map, "unfasten", {"torque_nm": 12.0, "impact": 1}, 5) == bytes.fromhex(
        "10 006E 0006 0C 04B0 0000 0001 0000 000A 0005"
    )


def test_command_without_parameters(plc_map: RegisterMap) -> None:
    assert command_pdu(plc_map, "reset_faults", {}, 0xFFFF) == bytes.fromhex(
        "10 006E 0006 0C 0000 0000 0000 0000 0001 FFFF"
    )


def test_stop_bytes_of_the_delid_map(plc_map: RegisterMap) -> None:
    assert stop_pdu(plc_map, 3) == bytes.fromhex("10 0066 0001 02 0003")


def test_control_registers_of_the_delid_map(plc_map: RegisterMap) -> None:
    assert encode_control(plc_map, heartbeat=65535, packml_state=6, stop_seq=2, unit_mode=3) == [0xFFFF, 6, 2, 3]


def test_a_map_without_a_place_for_the_mode_is_not_told_it() -> None:
    request = control_request(make_map({}), heartbeat=1, packml_state=2, stop_seq=2, unit_mode=3)
    assert pdu_bytes(request) == pdu_bytes(control_request(make_map({}), heartbeat=1, packml_state=2, stop_seq=2))


def test_sequence_is_the_last_register(plc_map: RegisterMap) -> None:
    assert command_registers(plc_map, "fit_tool", {"tool_number": 3}, 258) == [0, 3, 0, 0, 6, 258]


@pytest.mark.parametrize(
    ("kind", "order", "words", "value"),
    [
        ("int16", "high_first", [0xFF83], -125),
        ("uint16", "high_first", [0xFF83], 65411),
        ("uint32", "high_first", [0x0001, 0x86A0], 100_000),
        ("uint32", "low_first", [0x86A0, 0x0001], 100_000),
        ("int32", "high_first", [0xFFFF, 0xFFFE], -2),
        ("int32", "low_first", [0xFFFE, 0xFFFF], -2),
        ("float32", "high_first", [0x3FC0, 0x0000], 1.5),
        ("float32", "low_first", [0x0000, 0x3FC0], 1.5),
    ],
)
def test_types_and_word_orders(kind: str, order: str, words: list[int], value: float) -> None:
    plc_map = make_map({"x": {"at": 0x6B, "type": kind}}, order=order)
    registers = [*words, 0, 0][:3]
    assert decode_status(plc_map, registers)["x"] == value


def test_scale_gives_clean_decimals() -> None:
    plc_map = make_map({"x": {"at": 0x6B, "scale": 0.1}, "t": {"at": 0x6C, "type": "int16", "scale": 0.1}})
    values = decode_status(plc_map, [3, 0xFF83, 0])
    assert (values["x"], values["t"]) == (0.3, -12.5)


def test_bits() -> None:
    plc_map = make_map({f"b{n}": {"at": 0x6C, "type": "bool", "bit": n} for n in (0, 1, 15)})
    values = decode_status(plc_map, [0, 0x8001, 0])
    assert (values["b0"], values["b1"], values["b15"]) == (True, False, True)
    assert all(isinstance(values[b], bool) for b in ("b0", "b1", "b15"))


@pytest.mark.parametrize(
    ("order", "registers"),
    [
        ("high_first", [0xFFFF, 0xFFFE, 0x3FC0, 0x0000, 7, 9]),
        ("low_first", [0xFFFE, 0xFFFF, 0x0000, 0x3FC0, 7, 9]),
    ],
)
def test_parameters_of_two_registers(order: str, registers: list[int]) -> None:
    assert command_registers(make_map({}, order=order), "both", {"whole": -2, "part": 1.5}, 9) == registers


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("launch", {}, "no command 'launch'"),
        ("unfasten", {"torque_nm": 12}, "takes the parameters torque_nm, impact; given: torque_nm"),
        ("reset_faults", {"force": 1}, "takes the parameters none; given: force"),
        ("unfasten", {"torque_nm": 656, "impact": 0}, "torque_nm = 656 N m does not fit its register (0..655.35)"),
        ("unfasten", {"torque_nm": -1, "impact": 0}, "does not fit"),
        ("unfasten", {"torque_nm": float("nan"), "impact": 0}, "does not fit"),
        ("fit_tool", {"tool_number": float("inf")}, "does not fit"),
    ],
)
def test_a_bad_command_makes_no_bytes(plc_map: RegisterMap, name: str, params: dict[str, float], words: str) -> None:
    with pytest.raises(PlcError) as caught:
        command_pdu(plc_map, name, params, 1)
    assert caught.value.code == "plc.bad_command"
    assert words in caught.value.message


@pytest.mark.parametrize("count", [0, 31, 33])
def test_a_block_of_another_length_is_refused(plc_map: RegisterMap, count: int) -> None:
    with pytest.raises(PlcError, match=f"the answer {count}") as caught:
        decode_status(plc_map, [0] * count)
    assert caught.value.code == "plc.short_answer"


@pytest.mark.parametrize(("number", "following"), [(0, 1), (1, 2), (65534, 65535), (65535, 1)])
def test_sequence_numbers_skip_zero(number: int, following: int) -> None:
    assert next_number(number) == following
