"""Light programs: an inspection look taken lamp by lamp, each confirmed by the PLC, and judged in ambient light."""

from __future__ import annotations

import dataclasses

from delid.config import LAMPS_PARAM, SET_LIGHT
from delid.core import AMBIENT, Finished, Look, Looked, RunCommand, State

from ._state import LightProgram
from ._turn import Turn

NEVER_ACTED = ("refused", "journal")
"""Failures of a command that the PLC did not carry out, so that the lamps are as they were."""


def begin_look(turn: Turn, look: Look) -> None:
    """Emit a look at the pack; where the cell has lamps, as a light program that ends with this look."""
    lights = turn.state.rules.lights
    if not lights:
        turn.emit(look)
        return
    # A step's look has the same id when it is taken again after a hold; what it consists of must not.
    base = look.id if turn.state.current is None else f"{look.id}.{turn.state.turns}"
    turn.set(program=LightProgram(look, base, lights))
    _switch(turn)


def concerns(turn: Turn, effect_id: str) -> bool:
    """True where an effect belongs to the light program, the judged look at its end excepted."""
    program = turn.state.program
    return program is not None and effect_id.startswith(f"{program.base}.")


def on_finished(turn: Turn, event: Finished) -> str:
    """An effect of the light program ended. Gives words where the pack cannot be judged: nobody knows the light."""
    program = turn.state.program
    assert program is not None
    if turn.state.packml is not State.EXECUTE or event.failure == "journal":
        _begin_again_later(turn)
        return ""
    light = program.todo[0]
    if event.id == f"{program.base}.{light.name}":
        return _kept(turn, program, event)
    if event.ok:
        changed = dataclasses.replace(program, may_burn=light.mask != 0 or program.may_burn)
        turn.set(program=changed)
        _take(turn, changed)
        return ""
    burns = program.may_burn or (light.mask != 0 and event.failure not in NEVER_ACTED)
    turn.set(program=dataclasses.replace(program, may_burn=burns))
    return _not_confirmed(turn, event)


def on_judged(turn: Turn, look: Look, event: Looked) -> None:
    """The frames of a light program were judged; a look that vision could not use is told."""
    usable = [i for i in event.inspections if i.quality.ok]
    missing = [name for name in look.looks if name not in event.assessment.looks]
    if not usable or not missing:
        return
    notes = {note for i in usable for note in i.quality.reasons if any(name in note for name in missing)}
    why = "; ".join(sorted(notes)) or "the model has no use for it"
    turn.alarm("light.left_out", f"Judged without {', '.join(missing)}, which is weaker: {why}.")


def _switch(turn: Turn) -> None:
    """The first light of what is left to do."""
    program, rules = turn.state.program, turn.state.rules
    assert program is not None
    light = program.todo[0]
    params = {LAMPS_PARAM: float(light.mask)}
    turn.emit(RunCommand(f"{program.base}.{light.name}.light", SET_LIGHT, params, rules.light_timeout_s))


def _take(turn: Turn, program: LightProgram) -> None:
    """The light is on: take its frame, or, in ambient light, the frames that are judged."""
    light, look = program.todo[0], program.look
    if light.name == AMBIENT:
        turn.set(program=None)
        turn.emit(dataclasses.replace(look, settle_s=light.settle_s, looks=program.kept))
        return
    turn.emit(
        Look(f"{program.base}.{light.name}", look.purpose, 1, look.deadline_s, look=light.name, settle_s=light.settle_s)
    )


def _kept(turn: Turn, program: LightProgram, event: Finished) -> str:
    """The frame of a lamp was taken, or could not be."""
    light = program.todo[0]
    kept = {**program.kept, light.name: event.id} if event.ok else program.kept
    turn.set(program=dataclasses.replace(program, todo=program.todo[1:], kept=kept))
    if not event.ok:
        _leave_out(turn, light.name, f"its frame could not be taken: {event.detail or event.failure}")
    _switch(turn)
    return ""


def _not_confirmed(turn: Turn, event: Finished) -> str:
    """The PLC did not confirm a light."""
    program = turn.state.program
    assert program is not None
    light, words = program.todo[0], f"its light was not confirmed: {event.detail or event.failure}"
    if light.name != AMBIENT:
        turn.set(program=dataclasses.replace(program, todo=program.todo[1:]))
        _leave_out(turn, light.name, words)
        _switch(turn)
        return ""
    if not program.may_burn:  # no lamp was ever switched on, so that this is ambient light
        _leave_out(turn, light.name, words)
        _take(turn, program)
        return ""
    turn.set(program=None)
    text = f"A lamp may still burn: ambient light was not confirmed: {event.detail or event.failure}"
    turn.alarm(f"light.{light.name}", text)
    return text


def _leave_out(turn: Turn, look: str, why: str) -> None:
    turn.record("light", look=look, left_out=look != AMBIENT, why=why)
    turn.alarm(f"light.{look}", f"Look {look}: {why}. The pack is judged without it, which is weaker.")


def _begin_again_later(turn: Turn) -> None:
    """A light program that is interrupted is taken again as a whole: its frames belong together."""
    turn.set(program=None)
    if turn.state.current is None:
        turn.look_again()
    else:
        turn.set(redo_act=True)
