"""Straight travel with a trapezoidal speed profile, from rest to rest, and braking out of it. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Machine:
    """The simulated gantry. Speeds in mm/s, accelerations in mm/s^2, one number for each of x, y, z."""

    low_mm: Vector = (0.0, 0.0, -600.0)
    high_mm: Vector = (2400.0, 1900.0, 0.0)
    max_speed_mm_s: Vector = (800.0, 800.0, 400.0)
    acceleration_mm_s2: Vector = (2000.0, 2000.0, 1500.0)
    homing_speed_mm_s: float = 200.0
    pulloff_mm: float = 1.0
    start_mm: Vector = (150.0, 120.0, -90.0)
    """Where the flange really is at power-up; the controller does not know and counts from zero."""

    @classmethod
    def within(cls, x_mm: tuple[float, float], y_mm: tuple[float, float], z_mm: tuple[float, float]) -> Machine:
        """The same gantry with another travel, powered up somewhere in the middle of it."""
        x, y, z = (
            low + (high - low) * part for (low, high), part in zip((x_mm, y_mm, z_mm), (0.1, 0.1, 0.8), strict=True)
        )
        return cls((x_mm[0], y_mm[0], z_mm[0]), (x_mm[1], y_mm[1], z_mm[1]), start_mm=(x, y, z))

    def home_mm(self) -> Vector:
        """Position after homing: lowest x and y, highest z, pulled off the switches."""
        return (self.low_mm[0] + self.pulloff_mm, self.low_mm[1] + self.pulloff_mm, self.high_mm[2] - self.pulloff_mm)

    def reaches(self, at_mm: Vector) -> bool:
        return all(
            low - 1e-6 <= value <= high + 1e-6
            for low, value, high in zip(self.low_mm, at_mm, self.high_mm, strict=True)
        )


def _smallest_along(limits: Vector, direction: Vector) -> float:
    """The largest value along ``direction`` that keeps every axis within its own limit."""
    return min(limit / abs(part) for limit, part in zip(limits, direction, strict=True) if abs(part) > 1e-12)


class Travel:
    """One straight move that starts at ``begun_s`` from rest and ends at rest, or earlier when it is braked."""

    def __init__(self, machine: Machine, start: Vector, target: Vector, speed_mm_s: float, begun_s: float) -> None:
        self.start, self.target, self.begun_s = start, target, begun_s
        self.length_mm = math.dist(start, target)
        self.direction: Vector = (0.0, 0.0, 0.0)
        self.speed_mm_s, self.acceleration_mm_s2 = speed_mm_s, 1.0
        if self.length_mm > 0:
            x, y, z = ((t - s) / self.length_mm for s, t in zip(start, target, strict=True))
            self.direction = (x, y, z)
            self.speed_mm_s = min(speed_mm_s, _smallest_along(machine.max_speed_mm_s, self.direction))
            self.acceleration_mm_s2 = _smallest_along(machine.acceleration_mm_s2, self.direction)
        peak = math.sqrt(self.length_mm * self.acceleration_mm_s2)
        self.peak_mm_s = min(self.speed_mm_s, peak)
        self._ramp_s = self.peak_mm_s / self.acceleration_mm_s2
        ramps_mm = self.peak_mm_s * self._ramp_s
        self._cruise_s = max(0.0, (self.length_mm - ramps_mm) / self.peak_mm_s) if self.peak_mm_s else 0.0
        self._brake: tuple[float, float, float] | None = None

    @property
    def end_s(self) -> float:
        """When it stands, at the target or braked."""
        if self._brake:
            since_s, _, speed = self._brake
            return since_s + speed / self.acceleration_mm_s2
        return self.begun_s + 2 * self._ramp_s + self._cruise_s

    def brake(self, now_s: float) -> None:
        """Slow down with full deceleration from now on."""
        if self._brake is None:
            along, speed = self._along(now_s)
            self._brake = (now_s, along, speed)

    def position(self, now_s: float) -> Vector:
        along, _ = self._along(now_s)
        if along >= self.length_mm:
            return self.target
        x, y, z = (s + d * along for s, d in zip(self.start, self.direction, strict=True))
        return (x, y, z)

    def speed(self, now_s: float) -> float:
        return self._along(now_s)[1]

    def _along(self, now_s: float) -> tuple[float, float]:
        """Millimetres travelled and speed."""
        if self._brake:
            since_s, from_mm, speed = self._brake
            t = min(max(now_s - since_s, 0.0), speed / self.acceleration_mm_s2)
            return from_mm + speed * t - self.acceleration_mm_s2 * t * t / 2, speed - self.acceleration_mm_s2 * t
        t, a = min(max(now_s - self.begun_s, 0.0), 2 * self._ramp_s + self._cruise_s), self.acceleration_mm_s2
        if t <= self._ramp_s:
            return a * t * t / 2, a * t
        ramp_mm = self.peak_mm_s * self._ramp_s / 2
        if t <= self._ramp_s + self._cruise_s:
            return ramp_mm + self.peak_mm_s * (t - self._ramp_s), self.peak_mm_s
        left_s = 2 * self._ramp_s + self._cruise_s - t
        return self.length_mm - a * left_s * left_s / 2, a * left_s
