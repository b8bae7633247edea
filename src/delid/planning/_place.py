"""Where things are: from the pack's frame (origin at the centre of the lid's upper face) to the robot's frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

from delid.config import Fixture, PackFile
from delid.core import PointMm


@dataclass(frozen=True, slots=True)
class PackPlace:
    """A pack on its fixture. Heights are of the robot's frame, mm; a flange stands one tool length above its tool."""

    pack: PackFile
    fixture: Fixture

    @property
    def base_z_mm(self) -> float:
        return self.fixture.origin_mm[2]

    @property
    def lid_z_mm(self) -> float:
        """Height of the lid's upper face."""
        return self.base_z_mm + self.pack.height_mm

    @property
    def module_z_mm(self) -> float:
        """Height of the modules' upper faces, taken to stand on the pack's floor, whose thickness is neglected."""
        if self.pack.modules is None:
            raise ValueError(f"{self.pack.pack} has no modules")
        return self.base_z_mm + self.pack.modules.size_mm[2]

    def lid_about_grip(self) -> tuple[PointMm, ...]:
        """The lid's corners about the place where it is held, robot frame."""
        x, y = self.to_robot(self.pack.lid.grip_mm)
        return tuple((a - x, b - y) for a, b in map(self.to_robot, self.pack.outline_mm))

    def module_about_grip(self) -> tuple[PointMm, ...]:
        """The same of a module, held at its middle."""
        assert self.pack.modules is not None
        wide, deep, _ = self.pack.modules.size_mm
        x, y = self.to_robot((0.0, 0.0))
        corners = [(a * wide / 2, b * deep / 2) for a, b in ((1, 1), (-1, 1), (-1, -1), (1, -1))]
        return tuple((a - x, b - y) for a, b in map(self.to_robot, corners))

    def to_robot(self, at_mm: PointMm) -> PointMm:
        """x, y in mm of the pack's frame as x, y in mm of the robot's frame."""
        origin_x, origin_y, _ = self.fixture.origin_mm
        x, y = turned(at_mm, self.fixture.rotation_deg)
        return origin_x + x, origin_y + y


def turned(at_mm: PointMm, turn_deg: float) -> PointMm:
    """x, y turned about the origin."""
    turn = math.radians(turn_deg)
    x, y = at_mm
    return x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
