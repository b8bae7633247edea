"""The register map of a PLC: named tags at Modbus addresses, the handshake, commands and error codes. All data."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from delid.core import PACKTAGS_MODES, PACKTAGS_NUMBERS, FailureKind, Mode, State

from ._pack import Name, Positive
from ._yaml import StrictModel

Register = Annotated[int, Field(ge=0, le=65535)]
Word = Annotated[int, Field(ge=0, le=65535)]
REGISTERS_OF = {"bool": 1, "uint16": 1, "int16": 1, "uint32": 2, "int32": 2, "float32": 2}

HANDSHAKE_TAGS = (
    "magic", "version", "heartbeat", "heartbeat_echo", "ack_seq", "done_seq", "step_result", "error_code", "stop_ack",
)  # fmt: skip
CONTROL_TAGS = ("heartbeat", "packml_state", "stop_seq")
NUMBER_TAGS = ("ack_seq", "done_seq", "stop_ack", "heartbeat_echo")
"""Status tags that give back a number of delid's, 0..65535, and so need room for all of it."""


class TagSpec(StrictModel):
    """Where a tag lies and how it reads: value = raw * scale + offset."""

    at: Register
    """Zero-based register address on the wire."""
    type: Literal["bool", "uint16", "int16", "uint32", "int32", "float32"] = "uint16"
    bit: Annotated[int, Field(ge=0, le=15)] | None = None
    """For bool: bit 0 is the least significant one."""
    scale: Positive = 1.0
    offset: float = 0.0
    """Added after scaling, in the tag's unit."""
    unit: str = ""
    about: str = ""

    @model_validator(mode="after")
    def _bit_only_for_bool(self) -> TagSpec:
        if (self.type == "bool") != (self.bit is not None):
            raise ValueError("a bool needs a bit, and only a bool has one")
        return self


class Block(StrictModel):
    """Registers that are read or written in one request, by one owner."""

    address: Register
    count: Annotated[int, Field(ge=1, le=123)]
    tags: dict[Name, TagSpec]

    @model_validator(mode="after")
    def _tags_lie_inside(self) -> Block:
        for name, tag in self.tags.items():
            if not self.address <= tag.at <= self.address + self.count - REGISTERS_OF[tag.type]:
                raise ValueError(
                    f"tag {name!r} at {tag.at} lies outside {self.address}..{self.address + self.count - 1}"
                )
        return self


class StatusBlock(Block):
    """What the PLC writes: holding registers (function code 3) or input registers (4)."""

    owner: Literal["plc"] = "plc"
    area: Literal["holding", "input"] = "holding"
    max_age_s: Positive = 0.5
    """Tags are as old as the last change of the PLC's heartbeat; past this age the link counts as down."""


class ControlBlock(Block):
    """What delid writes in every cycle."""

    owner: Literal["delid"] = "delid"


class FlagSpec(StrictModel):
    """Where a single bit lies."""

    at: Register
    """Zero-based bit address on the wire."""
    inverted: bool = False
    """True where the PLC's bit means the opposite of the tag's name."""
    about: str = ""


class FlagBlock(StrictModel):
    """Bits that the PLC keeps apart from its registers: discrete inputs (function code 2) or coils (1)."""

    owner: Literal["plc"] = "plc"
    area: Literal["discrete", "coil"]
    address: Register
    count: Annotated[int, Field(ge=1, le=2000)]
    tags: dict[Name, FlagSpec]

    @model_validator(mode="after")
    def _tags_lie_inside(self) -> FlagBlock:
        for name, tag in self.tags.items():
            if not self.address <= tag.at < self.address + self.count:
                raise ValueError(
                    f"flag {name!r} at {tag.at} lies outside {self.address}..{self.address + self.count - 1}"
                )
        return self


class CommandBlock(Block):
    """Parameters, code and, at the highest address, the sequence number; written in one request."""

    owner: Literal["delid"] = "delid"
    code_at: Register
    seq_at: Register

    @model_validator(mode="after")
    def _sequence_is_last(self) -> CommandBlock:
        if self.seq_at != self.address + self.count - 1:
            raise ValueError("seq_at must be the last register of the command block")
        if not self.address <= self.code_at < self.seq_at:
            raise ValueError("code_at must lie inside the command block, before seq_at")
        return self


class CommandSpec(StrictModel):
    code: Annotated[int, Field(ge=1, le=65535)]
    params: list[Name] = []
    """Names of the command block's tags that the command takes."""
    about: str = ""


class RegisterMap(StrictModel):
    """The agreement with one PLC program; magic and version are checked at connect."""

    map: Name
    version: Word
    magic: Word
    word_order: Literal["high_first", "low_first"] = "high_first"
    device_id: Annotated[int, Field(ge=0, le=247)] = 1
    watchdog_s: Positive = 0.5
    """The PLC takes the motion permission away when our heartbeat stands still for this long."""
    status: StatusBlock
    """Owned by the PLC, read by delid in one request."""
    flags: FlagBlock | None = None
    """Owned by the PLC, read by delid in one more request, where the PLC keeps its bits apart."""
    control: ControlBlock
    """Owned by delid, written cyclically: heartbeat, PackML state, stop request."""
    command: CommandBlock
    """Owned by delid, written once for each command."""
    results: dict[Literal["idle", "busy", "done", "error", "cancelled"], Word]
    """What step_result means."""
    errors: dict[int, FailureKind]
    """PLC error code to failure kind."""
    commands: dict[Name, CommandSpec]
    states: dict[State, Word] = {}
    """PackML state numbers of this PLC program where they differ from PackTags."""
    modes: dict[Mode, Word] = {}
    """Mode numbers where they differ from PackTags; told to a PLC whose control block has the tag ``unit_mode``."""

    @model_validator(mode="after")
    def _handshake_fits(self) -> RegisterMap:
        """Counters need all of 0..65535, and no tag may have two places."""
        numbers = [(name, self.status.tags.get(name)) for name in NUMBER_TAGS]
        numbers += [(name, self.control.tags.get(name)) for name in ("heartbeat", "stop_seq")]
        for name, tag in numbers:
            if tag is not None and (tag.type in ("bool", "int16", "float32") or (tag.scale, tag.offset) != (1, 0)):
                raise ValueError(f"{name} carries 0..65535: it must be an unscaled uint16, uint32 or int32")
        for name in self.flags.tags if self.flags else ():
            if name in self.status.tags:
                raise ValueError(f"the tag {name!r} is both a flag and in the status block")
        return self

    @model_validator(mode="after")
    def _blocks_lie_apart(self) -> RegisterMap:
        """No register is written by both sides."""
        blocks = [("control", self.control), ("command", self.command)]
        if self.status.area == "holding":
            blocks.append(("status", self.status))
        blocks.sort(key=lambda block: block[1].address)
        for (name, block), (after, following) in pairwise(blocks):
            if block.address + block.count > following.address:
                raise ValueError(f"the blocks {name} and {after} overlap at register {following.address}")
        return self

    @model_validator(mode="after")
    def _is_whole(self) -> RegisterMap:
        for name in HANDSHAKE_TAGS:
            if name not in self.status.tags:
                raise ValueError(f"the status block lacks the handshake tag {name!r}")
        for name in CONTROL_TAGS:
            if name not in self.control.tags:
                raise ValueError(f"the control block lacks the tag {name!r}")
        for command, spec in self.commands.items():
            for param in spec.params:
                if param not in self.command.tags:
                    raise ValueError(f"command {command!r} takes {param!r}, which the command block does not have")
        codes = [spec.code for spec in self.commands.values()]
        for name, spec in self.commands.items():
            if codes.count(spec.code) > 1:
                raise ValueError(f"command {name!r} shares its code {spec.code} with another one")
        numbers = PACKTAGS_NUMBERS | self.states
        for state, number in self.states.items():
            if list(numbers.values()).count(number) > 1:
                raise ValueError(f"state {state.value} shares its number {number} with another one")
        if len(set((PACKTAGS_MODES | self.modes).values())) != len(Mode):
            raise ValueError("modes must give production, maintenance and manual three different numbers")
        if len(set(self.results.values())) != 5:
            raise ValueError("results must name idle, busy, done, error and cancelled with five different numbers")
        return self
