"""What happened, as the difference between two states of the cell; kept for a while so that a page can catch up."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ._models import Seconds, Strict

MOST = 1_000

Snapshot = dict[str, Any]


class EventOut(Strict):
    """Something that happened in the cell or on the way to it."""

    seq: int
    """Counts up by one; begins anew when the panel process does."""
    at: Seconds
    kind: str
    """transition, mode, run, step, question, alarm, device, line."""
    text: str
    """For people."""
    data: dict[str, Any]


@dataclass(slots=True)
class Events:
    """The last events, a bounded number. ``series`` sets those of this process apart from those of an earlier one."""

    series: str
    _kept: deque[EventOut] = field(default_factory=lambda: deque(maxlen=MOST))
    _next: int = 1

    def add(self, at_s: float, kind: str, text: str, data: dict[str, Any]) -> EventOut:
        event = EventOut(seq=self._next, at=at_s, kind=kind, text=text, data=data)
        self._next += 1
        self._kept.append(event)
        return event

    def see(self, before: Snapshot | None, now: Snapshot) -> None:
        """Keep what changed from ``before`` to ``now``."""
        for kind, text, data in changes(before or {}, now):
            self.add(now["at"], kind, text, data)

    def after(self, seq: int) -> list[EventOut]:
        """Events with a higher number, oldest first."""
        return [event for event in self._kept if event.seq > seq]

    @property
    def last(self) -> int:
        return self._next - 1


Change = tuple[str, str, dict[str, Any]]


def changes(before: Snapshot, now: Snapshot) -> Iterator[Change]:
    """Each change between two states that a person would want to know of."""
    if (run := now.get("run")) != before.get("run"):
        yield "run", f"run {run}", {"run": run}
    if now["packml"] != before.get("packml"):
        yield "transition", f"{before.get('packml', 'unknown')} to {now['packml']}", {
            "from": before.get("packml"), "to": now["packml"], "waiting_for": now["waiting_for"],
        }  # fmt: skip
    if (mode := now.get("mode")) != before.get("mode"):
        yield "mode", f"mode {mode}", {"mode": mode}
    yield from _question(before.get("question"), now["question"])
    yield from _steps(before, now)
    yield from _alarms(before.get("alarms", []), now["alarms"])
    for name, device in now["devices"].items():
        was = before.get("devices", {}).get(name, {}).get("up")
        if device.get("up") != was:
            words = "connected" if device.get("up") else f"not connected: {device.get('detail', '')}"
            yield "device", f"{name} {words}", {"device": name, "up": bool(device.get("up"))}


def _question(before: dict[str, Any] | None, now: dict[str, Any] | None) -> Iterator[Change]:
    old, new = (before or {}).get("id"), (now or {}).get("id")
    if old != new and old is not None:
        yield "question", "the question is settled", {"id": old, "open": False}
    if old != new and now is not None:
        yield "question", now["text"], {"id": new, "open": True, "answers": now["answers"]}


def _steps(before: Snapshot, now: Snapshot) -> Iterator[Change]:
    if before.get("run") != now.get("run"):
        return
    old = {s["key"]: s["status"] for s in (before.get("plan") or {}).get("steps", [])}
    for step in (now.get("plan") or {}).get("steps", []):
        if step["status"] != old.get(step["key"], "todo"):
            detail = f" ({step['detail']})" if step.get("detail") else ""
            data = {"key": step["key"], "status": step["status"], "detail": step.get("detail", "")}
            yield "step", f"{step['title']}: {step['status']}{detail}", data


def _alarms(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> Iterator[Change]:
    old = {a["code"]: a for a in before}
    for alarm in now:
        was = old.pop(alarm["code"], None)
        data = {key: alarm.get(key) for key in ("code", "priority", "state", "acknowledged_by", "count")}
        if was is None:
            yield "alarm", f"{alarm['code']}: {alarm['text']}", data | {"change": "raised"}
        elif was.get("state") != alarm.get("state"):
            yield "alarm", f"{alarm['code']}: {alarm.get('state')}", data | {"change": "state"}
    for code in old:
        yield "alarm", f"{code}: over", {"code": code, "change": "over"}
