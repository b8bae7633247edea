"""Registers and flags of the PLC into tags with units. Pure; the map is turned into a plan once, not at every read."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from operator import itemgetter

from delid.config import REGISTERS_OF, FlagSpec, ProgramMap, RegisterMap, TagSpec
from delid.core import PlcError, Scalar

_FORMATS = {"uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i", "float32": ">f"}
_DIGITS = 9
"""Digits kept behind the point, so that 3 * 0.1 reads 0.3."""

_Take = Callable[[Sequence[int]], Scalar]


class StatusDecoder:
    """All tags of one map. ``decode`` takes the registers of the status block and the bits of the flag block.

    It keeps the last answer and decodes only what has changed since: mostly the counters.
    """

    def __init__(self, register_map: RegisterMap | ProgramMap) -> None:
        block, low_first = register_map.status, register_map.word_order == "low_first"
        self._count = block.count
        self._by_register: list[list[tuple[str, _Take]]] = [[] for _ in range(block.count)]
        for name, tag in block.tags.items():
            at = tag.at - block.address
            for register in range(at, at + REGISTERS_OF[tag.type]):
                self._by_register[register].append((name, _taker(tag, at, low_first)))
        self._last: Sequence[int] = ()
        self._last_flags: Sequence[bool] = ()
        self._values: dict[str, Scalar] = dict.fromkeys(block.tags, 0)
        flags = register_map.flags
        self._flag_count = flags.count if flags else 0
        self._flags = (
            [(name, _flag_taker(tag, tag.at - flags.address)) for name, tag in flags.tags.items()] if flags else []
        )

    def decode(self, registers: Sequence[int], flags: Sequence[bool] = ()) -> dict[str, Scalar]:
        """Tags in the units of the map; raises PlcError ``plc.short_answer``."""
        if len(registers) != self._count or len(flags) != self._flag_count:
            raise PlcError(
                f"the status block has {self._count} registers and {self._flag_count} flags, the answer "
                f"{len(registers)} and {len(flags)}.",
                code="plc.short_answer",
            )
        last = self._last or [-1] * self._count
        values = self._values.copy()
        for changed in [at for at, (old, new) in enumerate(zip(last, registers, strict=True)) if old != new]:
            for name, take in self._by_register[changed]:
                values[name] = take(registers)
        if flags != self._last_flags:
            for name, take_flag in self._flags:
                values[name] = take_flag(flags)
        self._last, self._last_flags, self._values = list(registers), list(flags), values
        return values


def decode_status(register_map: RegisterMap, registers: Sequence[int], flags: Sequence[bool] = ()) -> dict[str, Scalar]:
    """All tags of one status answer in the units of the map; raises PlcError ``plc.short_answer``."""
    return StatusDecoder(register_map).decode(registers, flags)


def _flag_taker(tag: FlagSpec, index: int) -> Callable[[Sequence[bool]], bool]:
    return lambda flags: bool(flags[index]) is not tag.inverted


def _taker(tag: TagSpec, index: int, low_first: bool) -> _Take:
    """How to take one tag out of the status block."""
    if tag.type == "bool":
        mask = 1 << (tag.bit or 0)
        return lambda registers: registers[index] & mask != 0
    plain = tag.type != "float32" and (tag.scale, tag.offset) == (1, 0)
    if plain and tag.type == "uint16":
        return itemgetter(index)
    number = _number_taker(tag, index, low_first)
    if plain:
        return lambda registers: int(number(registers))
    scale, offset = tag.scale, tag.offset
    return lambda registers: round(number(registers) * scale + offset, _DIGITS)


def _number_taker(tag: TagSpec, index: int, low_first: bool) -> Callable[[Sequence[int]], float]:
    """The raw number, before scale and offset."""
    if tag.type == "uint16":
        return itemgetter(index)
    if tag.type == "int16":
        return lambda registers: (registers[index] ^ 0x8000) - 0x8000
    size = REGISTERS_OF[tag.type]
    high, low = (index + 1, index) if low_first else (index, index + 1)
    words, number = struct.Struct(f">{size}H"), struct.Struct(_FORMATS[tag.type])

    def take(registers: Sequence[int]) -> float:
        raw: float = number.unpack(words.pack(registers[high], registers[low]))[0]
        return raw

    return take
