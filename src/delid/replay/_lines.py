"""The decision and wire seams as lines ``label: words``, for people and for exact comparison."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from delid.core import Record, to_plain

from ._run import Outcome

Data = Mapping[str, Any]
Line = tuple[str, str]
"""What it is about, for alignment, and what was decided or sent."""


def decision_lines(outcome: Outcome) -> list[Line]:
    """Every Record in order, a decision with its candidates and steps, then what stayed without an answer."""
    lines: list[Line] = []
    for record in outcome.records:
        lines.extend(_record_lines(record))
    lines.extend((f"awaited {short(name)}", f"no recorded answer for {name}") for name in outcome.unanswered)
    return lines


def wire_lines(outcome: Outcome) -> list[Line]:
    """Device and effect, then what is sent and its bytes in hex."""
    return [(f"{s.device} {short(s.id)}", f"{s.meaning} [{s.data.hex(' ')}]") for s in outcome.wires]


def short(key: str) -> str:
    """A step key or effect id without the recipe's name, which is its first two parts."""
    return "/".join(key.split("/")[2:]) or key


def _record_lines(record: Record) -> list[Line]:
    data = to_plain(record)["data"]
    if record.kind in _WORDS:
        known, words = _WORDS[record.kind]
        # A field that has no place in the words yet is shown all the same: the comparison is exact.
        rest = {key: value for key, value in data.items() if key not in known}
        lines = words(data)
        return lines if not rest else [*lines, (lines[0][0], _json(rest))]
    return [(record.kind, _json(data))]


def _json(data: Any) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False)


def _transition(data: Data) -> list[Line]:
    return [("state", f"{data['from']} -> {data['to']} ({data['cause']})")]


def _command(data: Data) -> list[Line]:
    verdict = "accepted" if data["accepted"] else f"refused: {'; '.join(data['reasons'])}"
    return [(f"command {data['command']}", f"by {data['by']}, {verdict}")]


def _decision(data: Data) -> list[Line]:
    if data["recipe"] is None:
        lines = [("recipe", f"none: {'; '.join(data['reasons'])}")]
    else:
        lines = [("recipe", f"{data['recipe']}, hazard {data['hazard']}")]
    for candidate in data["candidates"]:
        verdict = "accepted" if candidate["accepted"] else "refused"
        lines.append((f"candidate {candidate['recipe']}", f"{verdict}: {'; '.join(candidate['reasons'])}"))
    return lines + [("plan", short(key)) for key in data.get("steps", ())]


def _question(data: Data) -> list[Line]:
    where = short(data["step"]) if data["step"] else "pack"
    return [(where, f"question {short(data['id'])}: {data['text']} [{' | '.join(data['answers'])}]")]


def _answer(data: Data) -> list[Line]:
    verdict = "" if data["accepted"] else ", refused"
    return [(f"answer {short(data['id'])}", f"{data['answer']!r} by {data['by']}{verdict}")]


def _step(data: Data) -> list[Line]:
    return [(short(data["key"]), f"{data['status']}: {data['detail']}" if data["detail"] else data["status"])]


def _failure(data: Data) -> list[Line]:
    detail = f": {data['detail']}" if data["detail"] else ""
    return [(short(data["key"]), f"{data['kind']} -> {data['reaction']} (failure {data['number']}{detail})")]


def _seen(data: Data) -> list[Line]:
    left = f", still there: {', '.join(data['left'])}" if data["left"] else ""
    return [(short(data["key"]), f"{data['empty']} seen empty{left}")]


def _located(data: Data) -> list[Line]:
    words = f"{data['kind']} {data['off_mm']} mm off" if data["kind"] else "nothing"
    return [(short(data["key"]), f"fine look at {data['target']}: {words}")]


def _alarm(data: Data) -> list[Line]:
    return [(f"alarm {data['code']}", data["text"])]


def _end(data: Data) -> list[Line]:
    return [("end", f"{data['outcome']}: {data['reason']}, {data['steps_done']} of {data['steps']} steps")]


_WORDS: dict[str, tuple[frozenset[str], Callable[[Data], list[Line]]]] = {
    "transition": (frozenset({"from", "to", "cause"}), _transition),
    "command": (frozenset({"command", "by", "accepted", "reasons"}), _command),
    "decision": (frozenset({"recipe", "hazard", "reasons", "candidates", "steps"}), _decision),
    "question": (frozenset({"id", "text", "answers", "step"}), _question),
    "answer": (frozenset({"id", "answer", "by", "accepted"}), _answer),
    "step": (frozenset({"key", "status", "detail"}), _step),
    "failure": (frozenset({"key", "kind", "detail", "number", "reaction"}), _failure),
    "seen": (frozenset({"key", "empty", "left"}), _seen),
    "located": (frozenset({"key", "target", "kind", "off_mm"}), _located),
    "alarm": (frozenset({"code", "text"}), _alarm),
    "end": (frozenset({"outcome", "reason", "steps_done", "steps"}), _end),
}
"""Record kind to the fields that its words cover, and the words."""
