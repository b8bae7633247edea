"""The register map of a PLC: named tags at Modbus addresses, the handshake, commands and error codes. All data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from delid.core import FailureKind

from ._pack import Name, Positive
from ._yaml import StrictModel

Register = Annotated[int, Field(ge=0, le=65535)]
Word = Annotated[int, Field(ge=0, le=65535)]
REGISTERS_OF = {"bool": 1, "uint16": 1, "int16": 1, "uint32": 2, "int32": 2, "float32": 2}

HANDSHAKE_TAGS = (
    "magic", "version", "heartbeat", "heartbeat_echo", "ack_seq", "done_seq", "step_result", "error_code", "stop_ack",
)  # fmt: skip
CONTROL_TAGS = ("heartbeat", "packml_state", "stop_seq")


class TagSpec(StrictModel):
    """Where a tag lies and how it reads: value = raw * scale."""

    at: Register
    """Zero-based register address on the wire."""
    type: Literal["bool", "uint16", "int16", "uint32", "int32", "float32"] = "uint16"
    bit: Annotated[int, Field(ge=0, le=15)] | None = None
    """For bool: bit 0 is the least significant one."""
    scale: Positive = 1.0
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


class CommandBlock(Block):
    """Parameters, code and, at the highest address, the sequence number; written in one request."""

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
    status: Block
    """Owned by the PLC, read by delid in one request."""
    control: Block
    """Owned by delid, written cyclically: heartbeat, PackML state, stop request."""
    command: CommandBlock
    """Owned by delid, written once for each command."""
    results: dict[Literal["idle", "busy", "done", "error", "cancelled"], Word]
    """What step_result means."""
    errors: dict[int, FailureKind]
    """PLC error code to failure kind."""
    commands: dict[Name, CommandSpec]

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
        if len(set(self.results.values())) != 5:
            raise ValueError("results must name idle, busy, done, error and cancelled with five different numbers")
        return self
