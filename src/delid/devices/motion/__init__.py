"""Motion controllers behind one interface; each dialect is a pure codec and a driver that owns the wire."""

from ._grbl import GrblDriver
from ._grbl_codec import (
    Alarm,
    Banner,
    Error,
    Message,
    Ok,
    Probe,
    Reply,
    Setting,
    Status,
    Unknown,
    move_bytes,
    parse_line,
    verb_bytes,
)
from ._interface import MotionDriver
from ._klipper import KlipperDriver
from ._open import open_motion
from ._program import ProgramDriver
from ._serial import LineSplitter
from ._wire import MotionWire, wire_of

__all__ = [
    "Alarm",
    "Banner",
    "Error",
    "GrblDriver",
    "KlipperDriver",
    "LineSplitter",
    "Message",
    "MotionDriver",
    "MotionWire",
    "Ok",
    "Probe",
    "ProgramDriver",
    "Reply",
    "Setting",
    "Status",
    "Unknown",
    "move_bytes",
    "open_motion",
    "parse_line",
    "verb_bytes",
    "wire_of",
]
