"""The PLC's side of the register map: status values into registers, written registers into values."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from delid.config import Block, ProgramMap, RegisterMap, TagSpec

_INTEGER_BITS = {"uint16": (16, False), "int16": (16, True), "uint32": (32, False), "int32": (32, True)}


def status_registers(register_map: RegisterMap | ProgramMap, values: Mapping[str, float]) -> list[int]:
    """The status block; what does not fit its register stops at the register's end, as in a PLC's conversion."""
    block = register_map.status
    registers = [0] * block.count
    for name, tag in block.tags.items():
        at, value = tag.at - block.address, values.get(name, 0)
        if tag.bit is not None:
            registers[at] |= int(bool(value)) << tag.bit
            continue
        words = _to_words(tag, value)
        if register_map.word_order == "low_first":
            words = words[::-1]
        registers[at : at + len(words)] = words
    return registers


def flag_bits(register_map: RegisterMap | ProgramMap, values: Mapping[str, float]) -> list[bool]:
    """The flag block, where the map has one."""
    block = register_map.flags
    if block is None:
        return []
    bits = [False] * block.count
    for name, flag in block.tags.items():
        bits[flag.at - block.address] = bool(values.get(name, 0)) != flag.inverted
    return bits


def block_values(register_map: RegisterMap | ProgramMap, block: Block, registers: Sequence[int]) -> dict[str, float]:
    """Tags of a block that the other side writes, in units."""
    values: dict[str, float] = {}
    for name, tag in block.tags.items():
        at = tag.at - block.address
        if tag.bit is not None:
            values[name] = registers[at] >> tag.bit & 1
            continue
        size = 2 if tag.type in ("uint32", "int32", "float32") else 1
        words = list(registers[at : at + size])
        if register_map.word_order == "low_first":
            words = words[::-1]
        values[name] = _from_words(tag, words)
    return values


def _to_words(tag: TagSpec, value: float) -> list[int]:
    if tag.type == "float32":
        return list(struct.unpack(">2H", struct.pack(">f", (value - tag.offset) / tag.scale)))
    bits, signed = _INTEGER_BITS[tag.type]
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    raw = min(max(round((value - tag.offset) / tag.scale), low), high) & ((1 << bits) - 1)
    return [raw >> 16, raw & 0xFFFF] if bits == 32 else [raw]


def _from_words(tag: TagSpec, words: Sequence[int]) -> float:
    if tag.type == "float32":
        number: float = struct.unpack(">f", struct.pack(">2H", *words))[0]
        return number * tag.scale + tag.offset
    bits, signed = _INTEGER_BITS[tag.type]
    raw = int.from_bytes(b"".join(word.to_bytes(2, "big") for word in words), "big")
    if signed and raw >> bits - 1:
        raw -= 1 << bits
    return raw * tag.scale + tag.offset
