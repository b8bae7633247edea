"""Registers and bytes of the PLC's map, pure. Modbus Application Protocol V1.1b3: 6.3 (read), 6.12 (write multiple)."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence

from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
)

from delid.config import Block, ProgramMap, RegisterMap, TagSpec
from delid.core import PlcError

_FORMATS = {"uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i", "float32": ">f"}
_RANGES = {
    "bool": (0, 1),
    "uint16": (0, 0xFFFF),
    "int16": (-0x8000, 0x7FFF),
    "uint32": (0, 0xFFFF_FFFF),
    "int32": (-0x8000_0000, 0x7FFF_FFFF),
}

AnyMap = RegisterMap | ProgramMap
"""A PLC and a program robot differ in what their tags mean, not in how registers are read and written."""


def next_number(number: int) -> int:
    """The sequence number after ``number``: 1..65535, never 0, because 0 is what a fresh PLC holds."""
    return number % 0xFFFF + 1


def encode_control(
    register_map: RegisterMap, *, heartbeat: int, packml_state: int, stop_seq: int, unit_mode: int = 0
) -> list[int]:
    """The registers of the whole control block; tags that delid does not know are 0. Not every map has a unit_mode."""
    values = {"heartbeat": heartbeat, "packml_state": packml_state, "stop_seq": stop_seq, "unit_mode": unit_mode}
    known = {name: value for name, value in values.items() if name in register_map.control.tags}
    return encode_block(register_map, register_map.control, known)


def command_registers(register_map: RegisterMap, name: str, params: Mapping[str, float], seq: int) -> list[int]:
    """The registers of the command block, the sequence number last.

    Raises PlcError ``plc.bad_command``: an unknown command, a parameter too many or too few, a value out of range.
    """
    spec = register_map.commands.get(name)
    if spec is None:
        raise PlcError(f"the register map has no command {name!r}.", code="plc.bad_command")
    if set(params) != set(spec.params):
        wanted, given = ", ".join(spec.params) or "none", ", ".join(sorted(params)) or "none"
        raise PlcError(f"command {name} takes the parameters {wanted}; given: {given}.", code="plc.bad_command")
    block = register_map.command
    registers = encode_block(register_map, block, params)
    registers[block.code_at - block.address] = spec.code
    registers[block.seq_at - block.address] = seq
    return registers


def read_request(register_map: AnyMap) -> ModbusPDU:
    """Function code 3 or 4 over the whole status block."""
    block = register_map.status
    kind = ReadHoldingRegistersRequest if block.area == "holding" else ReadInputRegistersRequest
    return kind(dev_id=register_map.device_id, address=block.address, count=block.count)


def flags_request(register_map: AnyMap) -> ModbusPDU | None:
    """Function code 1 or 2 over the whole flag block; None where the map has none."""
    block = register_map.flags
    if block is None:
        return None
    kind = ReadCoilsRequest if block.area == "coil" else ReadDiscreteInputsRequest
    return kind(dev_id=register_map.device_id, address=block.address, count=block.count)


def control_request(
    register_map: RegisterMap, *, heartbeat: int, packml_state: int, stop_seq: int, unit_mode: int = 0
) -> ModbusPDU:
    """Function code 16 over the whole control block."""
    registers = encode_control(
        register_map, heartbeat=heartbeat, packml_state=packml_state, stop_seq=stop_seq, unit_mode=unit_mode
    )
    return write_request(register_map, register_map.control.address, registers)


def command_request(register_map: RegisterMap, registers: Sequence[int], seq: int) -> ModbusPDU:
    """Function code 16 over the whole command block; ``registers`` as of command_registers, sent as number ``seq``."""
    return write_request(register_map, register_map.command.address, [*registers[:-1], seq])


def stop_request(register_map: AnyMap, stop_seq: int) -> ModbusPDU:
    """Function code 16 on the stop number alone: no heartbeat in it, so that replay can compare the bytes."""
    tag = register_map.control.tags["stop_seq"]
    return write_request(register_map, tag.at, _ordered_words(register_map, "stop_seq", tag, stop_seq))


def command_pdu(register_map: RegisterMap, name: str, params: Mapping[str, float], seq: int) -> bytes:
    """The bytes of the command's write as they go out, from the function code on; raises as command_registers."""
    return pdu_bytes(command_request(register_map, command_registers(register_map, name, params, seq), seq))


def stop_pdu(register_map: AnyMap, stop_seq: int) -> bytes:
    """The bytes of a cancel's write as they go out, from the function code on."""
    return pdu_bytes(stop_request(register_map, stop_seq))


def pdu_bytes(pdu: ModbusPDU) -> bytes:
    """Function code and data, without the transport's header."""
    if isinstance(pdu, WriteMultipleRegistersRequest):
        count = len(pdu.registers)
        return struct.pack(f">BHHB{count}H", 16, pdu.address, count, 2 * count, *pdu.registers)
    return bytes([pdu.function_code]) + pdu.encode()


def write_request(register_map: AnyMap, address: int, registers: list[int]) -> ModbusPDU:
    """Function code 16 from ``address`` on."""
    return WriteMultipleRegistersRequest(dev_id=register_map.device_id, address=address, registers=registers)


def encode_block(register_map: AnyMap, block: Block, values: Mapping[str, float]) -> list[int]:
    """A whole block; tags without a value are 0. Raises PlcError ``plc.bad_command`` for a value out of range."""
    registers = [0] * block.count
    for name, value in values.items():
        tag = block.tags[name]
        at = tag.at - block.address
        if tag.type == "bool":
            registers[at] |= _raw(name, tag, value) << (tag.bit or 0)
            continue
        words = _ordered_words(register_map, name, tag, value)
        registers[at : at + len(words)] = words
    return registers


def _ordered_words(register_map: AnyMap, name: str, tag: TagSpec, value: float) -> list[int]:
    words = _words(name, tag, value)
    return words[::-1] if register_map.word_order == "low_first" else words


def _words(name: str, tag: TagSpec, value: float) -> list[int]:
    number = _raw(name, tag, value) if tag.type != "float32" else (value - tag.offset) / tag.scale
    data = struct.pack(_FORMATS[tag.type], number)
    return list(struct.unpack(f">{len(data) // 2}H", data))


def _raw(name: str, tag: TagSpec, value: float) -> int:
    low, high = _RANGES[tag.type]
    number = (value - tag.offset) / tag.scale
    if not math.isfinite(number) or not low <= round(number) <= high:
        raise PlcError(
            f"{name} = {value:g} {tag.unit}".rstrip()
            + f" does not fit its register ({low * tag.scale + tag.offset:g}..{high * tag.scale + tag.offset:g}).",
            hint="Correct the recipe, or the scale in the register map.",
            code="plc.bad_command",
        )
    return round(number)
