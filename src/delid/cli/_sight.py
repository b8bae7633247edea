"""How old the last word of the cell's eyes is: the camera's newest frame, and what the models last judged."""

from __future__ import annotations

from typing import Any

from delid.core import Event, Frame, Locate, Located, Look, Looked
from delid.engine import EngineState

Plain = dict[str, Any]


class Sight:
    """Hears of each frame that people may see and of each turn. ``overview`` is the camera whose age counts."""

    def __init__(self, overview: str) -> None:
        self._overview = overview
        self._captured_s: float | None = None
        self._judged_s: float | None = None
        self.timing: Plain = {}
        """Of the last look: when it was judged, and how long each part of judging a frame took, in ms."""

    def framed(self, frame: Frame, camera: str) -> None:
        if camera == self._overview:
            self._captured_s = frame.captured_s

    def turned(self, event: Event) -> None:
        if isinstance(event, Looked) and event.inspections:
            self.timing = {"at_s": event.at_s, **{f"{name}_ms": ms for name, ms in _mean_ms(event).items()}}
        if isinstance(event, Located) or (isinstance(event, Looked) and event.inspections):
            self._judged_s = event.at_s

    def devices(self, told: Plain, state: EngineState, now_s: float) -> Plain:
        """What the engine ``told``, with the camera's age, and the models, without which no cell starts."""
        at_work = any(isinstance(p.effect, (Look, Locate)) for p in state.pending.values())
        model: Plain = {"up": True, "detail": "", "state": "at work" if at_work else "ready"}
        model["age_s"] = _since(self._judged_s, now_s)
        return told | {"camera": told["camera"] | {"age_s": _since(self._captured_s, now_s)}, "model": model}


def _since(at_s: float | None, now_s: float) -> float | None:
    return None if at_s is None else max(0.0, now_s - at_s)


def _mean_ms(looked: Looked) -> dict[str, float]:
    """How long each part of judging one frame took, on average over the frames of a look."""
    timings = [inspection.timing_ms for inspection in looked.inspections]
    names = set(timings[0]).intersection(*timings)
    return {name: round(sum(t[name] for t in timings) / len(timings), 3) for name in sorted(names)}
