"""The modes of replay, and the rule that all of them keep: run twice, equal itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from delid.config import Cell
from delid.core import RecordingError
from delid.journal import Recording

from ._closed_loop import replay_closed_loop
from ._compare import compare_seams
from ._eyes import Eyes, InspectorLike
from ._inspections import frame_seams
from ._lines import decision_lines, wire_lines
from ._reference import Seams
from ._run import Outcome, replay


class Mode(StrEnum):
    """How a recording is replayed."""

    PROCESS = "process"
    """Everything that came from outside is fed as it was recorded."""
    CLOSED_LOOP = "closed_loop"
    """The recorded frames are seen in the simulated cell, which answers what is done in it."""


MODES: Mapping[Mode, Callable[[Recording, Cell, InspectorLike | Eyes], Outcome]] = {
    Mode.PROCESS: replay,
    Mode.CLOSED_LOOP: replay_closed_loop,
}


def seams_of(outcome: Outcome) -> Seams:
    """The three seams of an outcome, ready to compare."""
    return Seams(tuple(frame_seams(outcome)), tuple(decision_lines(outcome)), tuple(wire_lines(outcome)))


def replay_twice(
    recording: Recording, cell: Cell, inspector: InspectorLike | Eyes, mode: Mode = Mode.PROCESS
) -> tuple[Seams, Outcome]:
    """Replay two times; raises RecordingError ``recording.not_deterministic`` where the second differs."""
    play = MODES[mode]
    first = play(recording, cell, inspector)
    seams, again = seams_of(first), seams_of(play(recording, cell, inspector))
    if seams != again:
        found = compare_seams(again, seams)
        raise RecordingError(
            f"{recording.path}: not deterministic: the second replay differs from the first. {found[0]}.",
            hint="Something in the decisions depends on more than the recording.",
            code="recording.not_deterministic",
        )
    return seams, first
