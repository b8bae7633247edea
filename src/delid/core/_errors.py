"""Every error of delid: one tree, a stable code, a device where there is one, and the next step for a person.

DelidError
├── UsageError            usage.*      the call is wrong; nothing was started
├── ConfigError           config.*     a YAML file is wrong; carries file, line and key
├── ModelError            model.*      a model is missing, tampered with or does not fit its manifest
├── FrameError            frame.*      an image cannot be used
├── RecordingError        recording.*  a recording is cut, foreign or of another version
├── PlanningError         planning.*   a plan cannot be made from valid files (a cycle, an unreachable place)
├── JournalError          journal.*    the journal cannot be written or read; the run holds
├── LedgerError           ledger.*     the batteries' ledger cannot be written, read or believed
├── IpcError              ipc.*        cell process and panel cannot talk
├── PanelError            panel.*      the panel refuses a request: who asks, or what is asked, does not fit
└── DeviceError           device.*     something outside the process
    ├── LinkError         link.*       no answer, no port, no connection
    ├── PlcError          plc.*        the PLC answered, and said no
    ├── MotionError       motion.*     the motion controller answered, and said no
    └── CameraError       camera.*     no frame, or a frame that is too old
"""

from __future__ import annotations

from collections.abc import Sequence

from ._config_finding import ConfigFinding


class DelidError(Exception):
    """Base of all errors that delid raises on purpose.

    Args:
        message: what happened, one sentence, with the values that matter.
        hint: what the operator or engineer should do next, one sentence.
        code: stable identifier, for example ``model.tampered``.
        device: name of the device concerned, if any.
    """

    default_code = "delid"

    def __init__(self, message: str, *, hint: str = "", code: str = "", device: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code
        self.device = device

    def __str__(self) -> str:
        where = f"{self.device}: " if self.device else ""
        advice = f" {self.hint}" if self.hint else ""
        return f"{where}{self.message}{advice} [{self.code}]"

    def as_dict(self) -> dict[str, object]:
        """The error as plain data, with the messages of its causes, nearest first."""
        causes: list[str] = []
        cause = self.__cause__
        while cause is not None:
            causes.append(f"{type(cause).__name__}: {cause}")
            cause = cause.__cause__
        return {
            "code": self.code,
            "device": self.device or None,
            "message": self.message,
            "hint": self.hint,
            "causes": causes,
        }


class UsageError(DelidError):
    default_code = "usage"


class ConfigError(DelidError):
    """A configuration file is wrong. ``findings`` holds one line ``file:line: key: message`` for each fault.

    ``details`` holds those of them that have a code of their own, as facts.
    """

    default_code = "config"

    def __init__(self, findings: Sequence[str | ConfigFinding], *, hint: str = "", code: str = "") -> None:
        self.findings = [str(f) for f in findings]
        self.details = tuple(f for f in findings if isinstance(f, ConfigFinding))
        super().__init__("\n".join(self.findings), hint=hint, code=code)

    def __str__(self) -> str:
        return "\n".join([*self.findings, *([self.hint] if self.hint else [])])


class ModelError(DelidError):
    default_code = "model"


class FrameError(DelidError):
    default_code = "frame"


class RecordingError(DelidError):
    default_code = "recording"


class PlanningError(DelidError):
    default_code = "planning"


class JournalError(DelidError):
    default_code = "journal"


class LedgerError(DelidError):
    default_code = "ledger"


class IpcError(DelidError):
    default_code = "ipc"


class PanelError(DelidError):
    default_code = "panel"


class DeviceError(DelidError):
    default_code = "device"


class LinkError(DeviceError):
    default_code = "link"


class PlcError(DeviceError):
    default_code = "plc"


class MotionError(DeviceError):
    default_code = "motion"


class CameraError(DeviceError):
    default_code = "camera"
