"""PackML states and the table of allowed transitions (ISA-TR88.00.02), read by reducer, panel and tests alike."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    STOPPED = "Stopped"
    RESETTING = "Resetting"
    IDLE = "Idle"
    STARTING = "Starting"
    EXECUTE = "Execute"
    COMPLETING = "Completing"
    COMPLETE = "Complete"
    HOLDING = "Holding"
    HELD = "Held"
    UNHOLDING = "Unholding"
    SUSPENDING = "Suspending"
    SUSPENDED = "Suspended"
    UNSUSPENDING = "Unsuspending"
    STOPPING = "Stopping"
    ABORTING = "Aborting"
    ABORTED = "Aborted"
    CLEARING = "Clearing"


class Command(StrEnum):
    RESET = "Reset"
    START = "Start"
    STOP = "Stop"
    HOLD = "Hold"
    UNHOLD = "Unhold"
    SUSPEND = "Suspend"
    UNSUSPEND = "Unsuspend"
    ABORT = "Abort"
    CLEAR = "Clear"
    COMPLETE = "Complete"


_RUNNING = (State.STARTING, State.EXECUTE, State.HOLDING, State.HELD, State.UNHOLDING, State.SUSPENDING,
            State.SUSPENDED, State.UNSUSPENDING, State.COMPLETING)  # fmt: skip
_STOPPABLE = (*_RUNNING, State.RESETTING, State.IDLE, State.COMPLETE)
_ABORTABLE = (*_STOPPABLE, State.STOPPED, State.STOPPING, State.CLEARING)

COMMANDED: dict[tuple[State, Command], State] = {
    (State.STOPPED, Command.RESET): State.RESETTING,
    (State.COMPLETE, Command.RESET): State.RESETTING,
    (State.IDLE, Command.START): State.STARTING,
    (State.EXECUTE, Command.HOLD): State.HOLDING,
    (State.UNHOLDING, Command.HOLD): State.HOLDING,
    (State.HELD, Command.UNHOLD): State.UNHOLDING,
    (State.EXECUTE, Command.SUSPEND): State.SUSPENDING,
    (State.SUSPENDED, Command.UNSUSPEND): State.UNSUSPENDING,
    (State.SUSPENDED, Command.HOLD): State.HOLDING,
    (State.UNSUSPENDING, Command.HOLD): State.HOLDING,
    (State.EXECUTE, Command.COMPLETE): State.COMPLETING,
    (State.ABORTED, Command.CLEAR): State.CLEARING,
    **{(state, Command.STOP): State.STOPPING for state in _STOPPABLE},
    **{(state, Command.ABORT): State.ABORTING for state in _ABORTABLE},
}
"""Where a command leads from a state; a pair that is not here is refused."""

ACTING_DONE: dict[State, State] = {
    State.RESETTING: State.IDLE,
    State.STARTING: State.EXECUTE,
    State.COMPLETING: State.COMPLETE,
    State.HOLDING: State.HELD,
    State.UNHOLDING: State.EXECUTE,
    State.SUSPENDING: State.SUSPENDED,
    State.UNSUSPENDING: State.EXECUTE,
    State.STOPPING: State.STOPPED,
    State.ABORTING: State.ABORTED,
    State.CLEARING: State.STOPPED,
}
"""Where an acting state leads when its work is confirmed done."""

PACKTAGS_NUMBERS: dict[State, int] = {
    State.CLEARING: 1,
    State.STOPPED: 2,
    State.STARTING: 3,
    State.IDLE: 4,
    State.SUSPENDED: 5,
    State.EXECUTE: 6,
    State.STOPPING: 7,
    State.ABORTING: 8,
    State.ABORTED: 9,
    State.HOLDING: 10,
    State.HELD: 11,
    State.UNHOLDING: 12,
    State.SUSPENDING: 13,
    State.UNSUSPENDING: 14,
    State.RESETTING: 15,
    State.COMPLETING: 16,
    State.COMPLETE: 17,
}
"""Numbers on the wire as PackTags v3 has them (0 is Undefined); a cell file may give others."""
