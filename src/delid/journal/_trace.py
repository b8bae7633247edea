"""What a run's journal says was done, so that it can be gone through with a person."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

from delid.core import Effect, PackState, Plan, RunTrace, asked, ended, from_plain, planned

from ._journal import Entry

ANSWERS = ("Finished", "Looked", "Located", "Decided")


def trace_of(run_id: str, entries: Iterable[Entry]) -> RunTrace:
    """The run as its journal has it: announced effects, and their ends as far as they were written.

    Entries of a kind, event or effect that this version does not know say nothing.
    """
    return reduce(_entry, entries, RunTrace(run_id))


def _entry(trace: RunTrace, entry: Entry) -> RunTrace:
    data = entry.data
    if entry.kind == "known":
        for event in data.get("events", ()):
            trace = _event(trace, event)
    elif entry.kind == "turn":
        trace = _event(trace, data.get("event", {}))
        for effect in data.get("effects", ()):
            trace = _effect(trace, effect)
    elif entry.kind == "run_ended" and not trace.outcome:
        trace = dataclasses.replace(trace, outcome=str(data.get("outcome", "ended")))
    return trace


def _event(trace: RunTrace, event: Mapping[str, Any]) -> RunTrace:
    kind = event.get("type")
    if kind == "Started" and event.get("carried"):
        return dataclasses.replace(trace, carried=from_plain(PackState, event["carried"]))
    if kind not in ANSWERS or "id" not in event:
        return trace
    if kind == "Decided" and event["decision"]["outcome"].get("type") == "Plan":
        trace = planned(trace, from_plain(Plan, event["decision"]["outcome"]))
    return ended(trace, str(event["id"]), bool(event.get("ok", True)), str(event.get("failure", "")))


def _effect(trace: RunTrace, effect: Mapping[str, Any]) -> RunTrace:
    try:
        return asked(trace, from_plain(Effect, effect))
    except (KeyError, TypeError, ValueError):
        return trace
