"""What the simulated devices share outside the wire: one folder, one small file for each owner, written whole.

The robot's file says where its flange is, the PLC's file what became of the pack, so that the simulated nutrunner
works on the bolt that is really under it and the simulated camera sees what is really left. No driver reads it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class RobotFacts:
    """Written by the simulated robot. ``flange_mm`` in the robot's frame; ``moving`` while any axis moves."""

    flange_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    moving: bool = False


@dataclass(slots=True)
class PlcFacts:
    """Written by the simulated PLC."""

    motion_permitted: bool = False
    estop_ok: bool = True
    guard_closed: bool = True
    removed: list[str] = field(default_factory=list)
    """Fastener ids that have come out."""
    lid_on: bool = True
    modules_out: list[int] = field(default_factory=list)
    lamps: int = 0
    """Bit mask of the lamps that burn; lamp 1 is bit 0."""


@dataclass(slots=True)
class PackFacts:
    """Written once by the simulated PLC: where each fastener really is, robot frame, and what it is."""

    fasteners: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)


class World:
    """The shared folder. Each owner writes its own file atomically; readers take the last whole one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write_robot(self, facts: RobotFacts) -> None:
        self._write("robot.json", asdict(facts))

    def write_plc(self, facts: PlcFacts) -> None:
        self._write("plc.json", asdict(facts))

    def write_pack(self, facts: PackFacts) -> None:
        self._write("pack.json", asdict(facts))

    def read_robot(self) -> RobotFacts | None:
        """None until the robot has written once."""
        data = self._read("robot.json")
        if data is None:
            return None
        x, y, z = data["flange_mm"]
        return RobotFacts((x, y, z), data["moving"])

    def read_plc(self) -> PlcFacts | None:
        """None until the PLC has written once."""
        data = self._read("plc.json")
        return PlcFacts(**data) if data is not None else None

    def read_pack(self) -> PackFacts | None:
        """None until the PLC has written it."""
        data = self._read("pack.json")
        if data is None:
            return None
        return PackFacts({name: (x, y, z) for name, (x, y, z) in data["fasteners"].items()}, data["kinds"])

    def _write(self, name: str, data: dict[str, Any]) -> None:
        target = self.folder / name
        part = target.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(data))
        os.replace(part, target)

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            loaded: dict[str, Any] = json.loads((self.folder / name).read_text())
        except FileNotFoundError:
            return None
        return loaded
