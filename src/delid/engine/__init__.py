"""The run: a pure reducer, the interlock table, and the executor that performs effects."""

from ._after_halt import THERMAL_COMMANDS, Thermal
from ._interlocks import INTERLOCKS, Before, Interlock, Response, Watched, checklist, holds, start_checklist, violated
from ._ports import CameraPort, InspectorPort, LogPort, MotionPort, PlcPort, Ports, RecorderPort
from ._runlog import RunLog
from ._snapshot import snapshot
from ._state import Alarm, EngineState, Light, Phase, Progress, Rules, StepStatus, initial
from .executor import Executor
from .reducer import step

__all__ = [
    "INTERLOCKS",
    "THERMAL_COMMANDS",
    "Alarm",
    "Before",
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
    "Progress",
    "RecorderPort",
    "Response",
    "Rules",
    "RunLog",
    "StepStatus",
    "Thermal",
    "Watched",
    "checklist",
    "holds",
    "initial",
    "snapshot",
    "start_checklist",
    "step",
    "violated",
]
