"""The run: a pure reducer, the interlock table, and the executor that performs effects."""

from ._interlocks import INTERLOCKS, Interlock, Response, checklist, holds, start_checklist, violated
from ._state import Alarm, EngineState, Phase, Progress, Rules, StepStatus, initial
from .reducer import step

__all__ = [
    "INTERLOCKS",
    "Alarm",
    "EngineState",
    "Interlock",
    "Phase",
    "Progress",
    "Response",
    "Rules",
    "StepStatus",
    "checklist",
    "holds",
    "initial",
    "start_checklist",
    "step",
    "violated",
]
