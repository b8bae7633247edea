"""The mechanics and the planner queue of the simulated robot: where it is, where it goes, where it counts from."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from ._travel import Machine, Travel, Vector

PLANNER_BLOCKS = 35


class Gantry:
    """Positions are the controller's; ``offset_mm`` is what it is wrong by until the machine is homed."""

    def __init__(self, machine: Machine, offset_mm: Vector) -> None:
        self.machine = machine
        self.at_mm: Vector = (0.0, 0.0, 0.0)
        self.offset_mm = offset_mm
        self.travel: Travel | None = None
        self.blocks: deque[tuple[Vector, float]] = deque()
        """Targets and speeds (mm/s) still to travel."""
        self._cancelled = False
        self.homing: deque[Vector] = deque()

    @property
    def moving(self) -> bool:
        return self.travel is not None

    @property
    def full(self) -> bool:
        return len(self.blocks) >= PLANNER_BLOCKS

    def position_mm(self, now_s: float) -> Vector:
        """What the controller believes."""
        return self.travel.position(now_s) if self.travel else self.at_mm

    def flange_mm(self, now_s: float) -> Vector:
        """Where the flange really is."""
        x, y, z = (a + b for a, b in zip(self.position_mm(now_s), self.offset_mm, strict=True))
        return (x, y, z)

    def speed_mm_s(self, now_s: float) -> float:
        return self.travel.speed(now_s) if self.travel else 0.0

    def planned_mm(self) -> Vector:
        """Where it will be when everything planned is done."""
        if self.blocks:
            return self.blocks[-1][0]
        return self.travel.target if self.travel else self.at_mm

    def target(self, axes_mm: Mapping[str, float]) -> Vector:
        """Where a move of some axes leads, from where everything planned ends."""
        x, y, z = self.planned_mm()
        return (axes_mm.get("X", x), axes_mm.get("Y", y), axes_mm.get("Z", z))

    def begin_next(self, now_s: float) -> None:
        target, speed_mm_s = self.blocks.popleft()
        self.travel = Travel(self.machine, self.at_mm, target, speed_mm_s, now_s)

    def plan_homing(self) -> None:
        """Up first, then to the corner."""
        x, y, z = (h - o for h, o in zip(self.machine.home_mm(), self.offset_mm, strict=True))
        self.homing = deque([(self.at_mm[0], self.at_mm[1], z), (x, y, z)])

    def begin_homing_leg(self, now_s: float) -> None:
        speed_mm_s = self.machine.homing_speed_mm_s
        self.travel = Travel(self.machine, self.at_mm, self.homing.popleft(), speed_mm_s, now_s)

    def homed(self) -> None:
        self.at_mm, self.offset_mm = self.machine.home_mm(), (0.0, 0.0, 0.0)

    def brake(self, now_s: float) -> None:
        if self.travel:
            self.travel.brake(now_s)

    def cancel(self, now_s: float) -> None:
        """Slow down and forget the rest, that of the travel under way as well."""
        self._cancelled = self.moving
        self.blocks.clear()
        self.brake(now_s)

    def arrive(self) -> None:
        """The travel stands: at its target, or braked before it; then the rest of the move stays in the queue."""
        if self.travel:
            travel, self.travel = self.travel, None
            self.at_mm = travel.position(travel.end_s)
            if self._cancelled:
                self.blocks.clear()  # what came in the meantime as well
            elif self.at_mm != travel.target:
                self.blocks.appendleft((travel.target, travel.speed_mm_s))
            self._cancelled = False

    def halt(self, now_s: float) -> None:
        """Stop dead and forget what was planned."""
        self.at_mm = self.position_mm(now_s)
        self.travel, self._cancelled = None, False
        self.blocks.clear()
        self.homing.clear()
