"""Time by stage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from delid.core import Clock


class Laps:
    """Adds up time by stage."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start_s = clock.now_s()
        self._sums_s = {"preprocess": 0.0, "infer": 0.0, "postprocess": 0.0}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start_s = self._clock.now_s()
        yield
        self._sums_s[stage] += self._clock.now_s() - start_s

    def result(self, decode_ms: float) -> dict[str, float]:
        stages = {name: round(value * 1000, 3) for name, value in self._sums_s.items()}
        total = decode_ms + (self._clock.now_s() - self._start_s) * 1000
        return {"decode": round(decode_ms, 3), **stages, "total": round(total, 3)}
