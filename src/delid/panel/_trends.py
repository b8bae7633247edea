"""Series of the last while, one value of each per state of the cell, in memory of fixed size."""

from __future__ import annotations

import math
from array import array
from typing import Any

LENGTH = 6_000
"""Values kept of each series: 20 minutes at five states a second."""
MOST_SERIES = 64
NOT_A_TREND = ("ack_seq", "done_seq", "stop_ack", "magic", "version", "start_count", "heartbeat_echo")
"""Numbers of the wire's own bookkeeping."""

INFERENCE = "inference_ms"
STATE_GAP = "state_gap_s"
HEARTBEAT_JITTER = "heartbeat_jitter_s"
TAGS_AGE = "tags_age_s"
UNITS = {INFERENCE: "ms", STATE_GAP: "s", HEARTBEAT_JITTER: "s", TAGS_AGE: "s"}
SUFFIXES = (("_v", "V"), ("_nm", "Nm"), ("_kg", "kg"), ("_ppm", "ppm"), ("_deg", "°"), ("_temperature_c", "°C"),
            ("_wh", "Wh"), ("_ohm_per_v", "Ω/V"), ("_s", "s"), ("_ms", "ms"), ("_mm", "mm"))  # fmt: skip


class Trends:
    """Rings of equal length over one ring of times; a value that is missing is NaN."""

    def __init__(self, length: int = LENGTH) -> None:
        self._length = length
        self._times = array("d", [math.nan]) * length
        self._series: dict[str, array[float]] = {}
        self._next = 0
        self._beat: tuple[float, float] | None = None
        self._pace_s: float | None = None
        self._last_at_s: float | None = None

    def see(self, snapshot: dict[str, Any], now_s: float) -> None:
        """Keep one value of each number in a state of the cell."""
        values = {name: float(v) for name, v in snapshot["tags"].items() if _is_trend(name, v)}
        values |= {TAGS_AGE: _number(snapshot.get("tags_age_s")), INFERENCE: _inference_ms(snapshot)}
        values[STATE_GAP] = now_s - self._last_at_s if self._last_at_s is not None else math.nan
        values[HEARTBEAT_JITTER] = self._jitter(values.pop("heartbeat", math.nan), snapshot["at"])
        self._last_at_s = now_s
        pose = (snapshot["devices"].get("motion") or {}).get("pose_mm") or ()
        values |= {f"robot_{axis}_mm": float(v) for axis, v in zip("xyz", pose, strict=False)}
        place = self._next % self._length
        for name in values:
            if name not in self._series and len(self._series) < MOST_SERIES:
                self._series[name] = array("d", [math.nan]) * self._length
        self._times[place] = snapshot["at"]
        for name, ring in self._series.items():
            ring[place] = values.get(name, math.nan)
        self._next += 1

    def names(self) -> list[str]:
        return sorted(self._series)

    def series(self, name: str, since_s: float, points: int) -> tuple[list[float], list[float | None]]:
        """Times and values from ``since_s`` on, thinned to about ``points``, so that peaks stay."""
        ring = self._series.get(name)
        if ring is None:
            return [], []
        order = range(max(0, self._next - self._length), self._next)
        kept = [(self._times[n % self._length], ring[n % self._length]) for n in order]
        return thinned([(t, v) for t, v in kept if t >= since_s], points)

    def _jitter(self, count: float, at_s: float) -> float:
        """How far the PLC's heartbeat, counted over the time since the last state, is off its own mean pace."""
        before, self._beat = self._beat, (count, at_s)
        if before is None or math.isnan(count) or count <= before[0] or at_s <= before[1]:
            return math.nan
        period_s = (at_s - before[1]) / (count - before[0])
        pace = period_s if self._pace_s is None else self._pace_s
        self._pace_s = pace + 0.05 * (period_s - pace)
        return abs(period_s - pace)


def thinned(points: list[tuple[float, float]], wanted: int) -> tuple[list[float], list[float | None]]:
    """At most about ``wanted`` points; of each span the value farthest from the span's middle, so that peaks stay."""
    span = max(1, math.ceil(len(points) / max(1, wanted)))
    times: list[float] = []
    values: list[float | None] = []
    for start in range(0, len(points), span):
        part = [p for p in points[start : start + span] if not math.isnan(p[1])]
        if not part:
            times.append(points[start][0])
            values.append(None)
            continue
        middle = (min(v for _, v in part) + max(v for _, v in part)) / 2
        at_s, value = max(part, key=lambda p: abs(p[1] - middle))
        times.append(at_s)
        values.append(value)
    return times, values


def unit_of(name: str) -> str:
    """The unit that a series' name carries, or nothing."""
    return UNITS.get(name) or next((unit for suffix, unit in SUFFIXES if name.endswith(suffix)), "")


def _is_trend(name: str, value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and name not in NOT_A_TREND


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


def _inference_ms(snapshot: dict[str, Any]) -> float:
    return _number((snapshot.get("vision") or {}).get("infer_ms"))
