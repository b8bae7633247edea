"""The run: a pure reducer, the interlock table, and the executor that performs effects."""

from ._after_halt import THERMAL_COMMANDS, Thermal
from ._alarm import Alarm, AlarmState, Priority, Shelf, state_of
from ._alarm_texts import ALARMS, Advice, advice_of
from ._interlocks import INTERLOCKS, Before, Interlock, Response, Watched, checklist, holds, start_checklist, violated
from ._ports import CameraPort, InspectorPort, LogPort, MotionPort, PlcPort, Ports, RecorderPort
from ._questions import NOT_THERE, SET_ASIDE, THERE
from ._rules import Light, Rules
from ._runlog import RunLog
from ._snapshot import snapshot
from ._state import Beside, EngineState, Phase, Progress, StepStatus, initial
from .executor import Executor
from .reducer import step

__all__ = [
    "ALARMS",
    "INTERLOCKS",
    "NOT_THERE",
    "SET_ASIDE",
    "THERE",
    "THERMAL_COMMANDS",
    "Advice",
    "Alarm",
    "AlarmState",
    "Before",
    "Beside",
    "CameraPort",
    "EngineState",
    "Executor",
    "InspectorPort",
    "Interlock",
    "Light",
    "LogPort",
    "MotionPort",
    "Phase",
    "PlcPort",
    "Ports",
    "Priority",
    "Progress",
    "RecorderPort",
    "Response",
    "Rules",
    "RunLog",
    "Shelf",
    "StepStatus",
    "Thermal",
    "Watched",
    "advice_of",
    "checklist",
    "holds",
    "initial",
    "snapshot",
    "start_checklist",
    "state_of",
    "step",
    "violated",
]
