"""``delid status`` and ``delid mode``: how a running cell stands, and in which mode. Wiring only."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from delid.core import Mode

from ._asking import By, CellPath, Json, Message, ask, or_refused, person
from ._left_lines import left_lines


def status(cell: CellPath, as_json: Json = False) -> None:
    """Say how a running cell stands: state, mode, step, question, devices. Exit code 3: no cell answers."""
    state = ask(cell, {"op": "state"})["state"]
    if as_json:
        typer.echo(json.dumps(state, indent=2, ensure_ascii=False))
        return
    for line in lines_of(state):
        typer.echo(line)


def mode(
    cell: CellPath,
    to: Annotated[Mode | None, typer.Argument(metavar="MODE", help=f"One of {', '.join(Mode)}.")] = None,
    by: By = "",
) -> None:
    """Show the mode of a running cell, or choose another one; possible in Stopped, Idle and Aborted."""
    if to is not None:
        or_refused(ask(cell, {"op": "mode", "mode": to.value, "by": person(by)}))
    typer.echo(ask(cell, {"op": "state"})["state"]["mode"])


def lines_of(state: Message) -> list[str]:
    """A snapshot for people."""
    lines = [f"{state['title']}: {state['packml']}, mode {state['mode']}"]
    if state["waiting_for"]:
        lines.append(f"waits for {state['waiting_for']}")
    if state["steps_total"]:
        lines.append(f"step {state['steps_done']} of {state['steps_total']} done; at {state['current_step'] or '-'}")
    if question := state["question"]:
        lines.append(f"asks: {question['text']} [{' | '.join(question['answers'])}]")
    lines += left_lines(state)
    lines += [f"open: {row['name']}: {row['why']}" for row in state["reset_checklist"] if not row["ok"]]
    lines += [f"alarm: {alarm['code']}: {alarm['text']}" for alarm in state["alarms"]]
    motion = state["devices"]["motion"]
    if motion["pose_mm"]:
        place = ", ".join(f"{value:.1f}" for value in motion["pose_mm"])
        trusted = "" if motion["position_trusted"] else ", not trusted"
        lines.append(f"robot {motion['state']} at {place} mm{trusted}")
    lines += [f"no link to {name}: {d['detail']}" for name, d in state["devices"].items() if not d["up"]]
    return lines + _recording_lines(state.get("recording"))


def _recording_lines(recording: Message | None) -> list[str]:
    """What the recording could not keep; nothing where it kept everything."""
    if recording is None:
        return []
    lines = [f"recording has ended: {recording['failure']}"] if recording["failure"] else []
    words = {"dropped_frames": "frames dropped", "lost_facts": "facts lost", "dropped_traffic": "wire records dropped"}
    lost = [f"{recording[name]} {text}" for name, text in words.items() if recording[name]]
    return lines + ([f"recording: {', '.join(lost)}"] if lost else [])
