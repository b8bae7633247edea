"""The register map of a program robot: an arm that runs stored programs on request over Modbus. All data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ._pack import Name, Positive
from ._plc import CommandBlock, ControlBlock, FlagBlock, StatusBlock, Word
from ._yaml import StrictModel

STATUS_TAGS = (
    "magic", "version", "heartbeat", "start_count", "ack_seq", "done_seq", "result", "error_code", "stop_ack", "state",
    "referenced", "moving", "x_mm", "y_mm", "z_mm",
)  # fmt: skip
CONTROL_TAGS = ("heartbeat", "stop_seq", "pause")
MOVE_PARAMS = ("x_mm", "y_mm", "z_mm", "feed_mm_s")
Act = Literal["run", "reset", "enable", "home"]
RobotState = Literal["unpowered", "idle", "running", "pausing", "paused", "stopping", "homing", "safeguard", "fault"]


class ProgramSpec(StrictModel):
    """A program stored in the robot's controller."""

    number: Annotated[int, Field(ge=1, le=65535)]
    params: list[Name] = []
    """Names of the command block's tags that the program takes."""
    about: str = ""


class ProgramMap(StrictModel):
    """The agreement with one robot program; magic and version are checked at connect."""

    map: Name
    version: Word
    magic: Word
    word_order: Literal["high_first", "low_first"] = "high_first"
    device_id: Annotated[int, Field(ge=0, le=247)] = 1
    watchdog_s: Positive = 0.5
    """The robot stops by itself when our heartbeat stands still for this long."""
    needs_homing: bool = False
    """False for arms with absolute encoders: enabled and referenced is enough."""
    status: StatusBlock
    """Owned by the robot, read by delid in one request."""
    flags: FlagBlock | None = None
    """Bits that the robot keeps apart from its registers."""
    control: ControlBlock
    """Owned by delid, written cyclically: heartbeat, stop request, pause."""
    command: CommandBlock
    """Owned by delid, written once for each command; the tag ``program`` names the program to run."""
    acts: dict[Act, Word]
    """Command codes."""
    programs: dict[Name, ProgramSpec]
    move: Name
    """The program that makes a straight move to x_mm, y_mm, z_mm at feed_mm_s."""
    states: dict[Word, RobotState]
    results: dict[Literal["busy", "done", "error", "stopped"], Word]
    errors: dict[int, str]
    """Error code to plain words."""

    @model_validator(mode="after")
    def _is_whole(self) -> ProgramMap:
        for block, tags, title in (
            (self.status, STATUS_TAGS, "status"),
            (self.control, CONTROL_TAGS, "control"),
            (self.command, ("program",), "command"),
        ):
            bits = self.flags.tags if self.flags and title == "status" else {}
            for name in tags:
                if name not in block.tags and name not in bits:
                    raise ValueError(f"the {title} block lacks the tag {name!r}")
        for name, program in self.programs.items():
            for param in program.params:
                if param not in self.command.tags:
                    raise ValueError(f"program {name!r} takes {param!r}, which the command block does not have")
        if self.move not in self.programs or set(self.programs[self.move].params) != set(MOVE_PARAMS):
            raise ValueError(f"move must name a program that takes {', '.join(MOVE_PARAMS)}")
        wanted = {"run", "reset", "enable", *(["home"] if self.needs_homing else [])}
        if missing := sorted(wanted - set(self.acts)):
            raise ValueError(f"acts lacks {', '.join(missing)}")
        if len(set(self.results.values())) != 4 or len(set(self.acts.values())) != len(self.acts):
            raise ValueError("results and acts need different numbers")
        return self
