"""Motion controllers: the grbl codec (pure) and the driver that owns the serial port."""

from ._codec import (
    Alarm,
    Banner,
    Error,
    LineSplitter,
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
from ._driver import GrblDriver

__all__ = [
    "Alarm",
    "Banner",
    "Error",
    "GrblDriver",
    "LineSplitter",
    "Message",
    "Ok",
    "Probe",
    "Reply",
    "Setting",
    "Status",
    "Unknown",
    "move_bytes",
    "parse_line",
    "verb_bytes",
]
