"""Unit modes as PackML has them: who decides what the cell does next. Read by reducer, panel, PLC driver and tests."""

from __future__ import annotations

from enum import StrEnum

from ._packml import COMMANDED, Command, State


class Mode(StrEnum):
    PRODUCTION = "production"
    """A recipe runs by itself from start to end."""
    MAINTENANCE = "maintenance"
    """A recipe runs step by step; a person confirms each step."""
    MANUAL = "manual"
    """No recipe: the robot moves only while a person holds a direction."""


PACKTAGS_MODES: dict[Mode, int] = {Mode.PRODUCTION: 1, Mode.MAINTENANCE: 2, Mode.MANUAL: 3}
"""Numbers on the wire as PackTags v3 has them (0 is undefined); a register map may give others."""

MODE_CHANGE_STATES = frozenset({State.STOPPED, State.IDLE, State.ABORTED})
"""The states in which a person may choose another mode: those in which nothing is under way."""

MODE_REFUSES: dict[Mode, frozenset[Command]] = {Mode.MANUAL: frozenset({Command.COMPLETE})}
"""Commands of the PackML table that a mode does not have: without a recipe nothing can be completed."""


def allowed_commands(state: State, mode: Mode = Mode.PRODUCTION) -> tuple[Command, ...]:
    """The commands that ``state`` takes in ``mode``, in the order of the enumeration."""
    refused = MODE_REFUSES.get(mode, frozenset())
    return tuple(command for command in Command if (state, command) in COMMANDED and command not in refused)
