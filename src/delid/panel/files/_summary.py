"""What a run's journal says, in short: how it went, and what happened when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from delid.journal import Entry

Plain = dict[str, Any]

TEXTS: dict[str, str] = {
    "command": "{by}: {command}",
    "transition": "{from} to {to}: {cause}",
    "answer": "{by}: {answer}",
    "mode": "{by}: mode {mode}",
    "acknowledge": "{by} acknowledged {code}",
    "shelve": "{by} shelved {code}: {reason}",
    "alarm": "{code}: {text}",
    "alarm_returned": "{code}: its cause is gone",
    "alarms_cleared": "{by} cleared {codes}",
    "question": "{text}",
    "step": "{key}: {status} ({detail})",
    "failure": "{key}: {kind}, then {reaction}",
    "decision": "recipe {recipe}",
    "replan": "plan made anew: {reasons}",
    "told": "{by} of the pack: {words}",
    "end": "{outcome}: {reason}",
}
"""A record of the journal in words; others are shown by their kind."""


@dataclass(slots=True)
class RunSummary:
    """One run, as its journal tells it. ``finished``: its end stands in the journal."""

    run: str
    began_s: float | None = None
    ended_s: float | None = None
    finished: bool = False
    started: bool = False
    outcome: str = ""
    reason: str = ""
    by: str = ""
    mode: str = "production"
    pack: str | None = None
    hazard_class: str | None = None
    codes: list[str] = field(default_factory=list)
    recipe: str | None = None
    steps: int = 0
    steps_done: int = 0
    alarms: int = 0
    questions: int = 0
    recording_bytes: int | None = None
    problem: str = ""


def summary_of(run: str, entries: Sequence[Entry]) -> RunSummary:
    """Read in order, later entries having the last word."""
    found = RunSummary(run)
    if entries:
        found.began_s, found.ended_s = entries[0].wall_s, entries[-1].wall_s
    for entry in entries:
        if entry.kind == "run_started":
            found.started, found.began_s = True, entry.wall_s
        elif entry.kind == "run_ended":
            found.finished, found.outcome = True, str(entry.data.get("outcome") or "")
        elif entry.kind == "turn":
            _take_event(found, entry.data.get("event", {}))
            for effect in entry.data.get("effects", []):
                if effect.get("type") == "Record":
                    _take_record(found, effect["kind"], effect["data"])
    return found


def _take_event(found: RunSummary, event: Plain) -> None:
    if event.get("type") == "Looked":
        seen = event["assessment"]
        found.pack = seen["pack"]["model"] or found.pack
        found.hazard_class = seen["hazard_class"]
        found.codes = sorted({*found.codes, *(code["text"] for code in seen["codes"])})


def _take_record(found: RunSummary, kind: str, data: Plain) -> None:
    if kind == "command" and data.get("command") == "Start" and data.get("accepted"):
        found.by = data.get("by", "")
    elif kind == "mode" and data.get("accepted"):
        found.mode = data.get("mode", found.mode)
    elif kind == "decision":
        found.recipe = data.get("recipe") or found.recipe
    elif kind == "step" and data.get("status") == "done":
        found.steps_done += 1
    elif kind == "alarm":
        found.alarms += 1
    elif kind == "question":
        found.questions += 1
    elif kind == "end":
        found.reason, found.steps = str(data.get("reason", "")), int(data.get("steps") or 0)
        found.steps_done = int(data.get("steps_done") or found.steps_done)


def timeline_of(entries: Sequence[Entry]) -> Iterator[Plain]:
    """Each record of a run with its time and its words."""
    for entry in entries:
        if entry.kind in ("run_started", "run_ended"):
            words = entry.kind.replace("_", " ")
            yield {"seq": entry.seq, "at": entry.wall_s, "kind": entry.kind, "text": words, "data": dict(entry.data)}
        for effect in entry.data.get("effects", []) if entry.kind == "turn" else []:
            if effect.get("type") == "Record":
                kind, data = effect["kind"], effect["data"]
                text = words_of(kind, data)
                yield {"seq": entry.seq, "at": entry.wall_s, "kind": kind, "text": text, "data": data}


def words_of(kind: str, data: Plain) -> str:
    """A record in words."""
    facts = {name: ", ".join(map(str, v)) if isinstance(v, list) else v for name, v in data.items()}
    try:
        text = TEXTS[kind].format(**facts)
    except KeyError:
        return kind.replace("_", " ")
    refused = f" (refused: {facts.get('reasons', '')})" if data.get("accepted") is False else ""
    return text + refused
