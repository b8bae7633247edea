"""What goes over the line, as plain data: requests and their check, envelopes, frames."""

from __future__ import annotations

import json
import math
from typing import Any

from delid.core import Command, IpcError, Mode, Route, to_plain

Message = dict[str, Any]

REQUESTS: dict[str, tuple[str, ...]] = {
    "command": ("command", "by"),
    "answer": ("question_id", "answer", "by"),
    "mode": ("mode", "by"),
    "told": ("voltage_v", "isolation_ohm_per_v", "impedance_mohm", "capacity_ah", "route", "by"),
    "jog": ("press", "axis", "direction", "feed_mm_s", "by"),
    "hold_jog": ("press",),
    "end_jog": ("press",),
    "acknowledge": ("code", "by"),
    "shelve": ("code", "by", "reason", "minutes"),
    "state": (),
}
"""Each request and the text fields it must have besides ``op``."""

MEASURED = REQUESTS["told"][:4]
"""What may be measured of a pack; empty where it was not."""

CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "command": {"command": tuple(Command)},
    "mode": {"mode": tuple(Mode)},
    "told": {"route": ("", *Route)},
    "jog": {"axis": ("x", "y", "z"), "direction": ("+", "-")},
}
"""Fields that take certain words only."""

STILL_WANTED_LATE = (Command.STOP, Command.HOLD, Command.ABORT)
"""Commands that are obeyed even when they arrive after the sender gave up: they only ever calm the cell."""


def check_request(message: object) -> Message:
    """``message`` if it is a request; raises IpcError ``ipc.bad_request`` with the reason."""
    if not isinstance(message, dict):
        raise _bad("a request is an object")
    op = message.get("op")
    if op not in REQUESTS:
        raise _bad(f"op {op!r} is not one of {', '.join(REQUESTS)}")
    fields = {"op", *REQUESTS[op]}
    if set(message) != fields:
        raise _bad(f"a request {op!r} has the fields {', '.join(sorted(fields))}")
    if wrong := [name for name in REQUESTS[op] if not isinstance(message[name], str)]:
        raise _bad(f"{wrong[0]} is not text")
    if op == "shelve" and not _is_number(message["minutes"]):
        raise _bad("minutes is no number from 0 on")
    for name in MEASURED if op == "told" else ():
        if message[name] and not _is_number(message[name]):
            raise _bad(f"{name} is neither empty nor a number from 0 on")
    for name, choices in CHOICES.get(op, {}).items():
        if message[name] not in choices:
            raise _bad(f"{name} {message[name]!r} is not one of {', '.join(choices)}")
    if op == "jog" and message["feed_mm_s"] and not _is_number(message["feed_mm_s"]):
        raise _bad("feed_mm_s is neither empty nor a number from 0 on")
    return message


def failure(error: IpcError | Any) -> Message:
    """The reply that carries an error of delid's tree."""
    return {"ok": False, "error": {"code": error.code, "message": error.message, "hint": error.hint}}


def is_calming(request: Message) -> bool:
    """True for the requests that go first and never expire."""
    if request.get("op") == "end_jog":
        return True
    return request.get("op") == "command" and request.get("command") in STILL_WANTED_LATE


def encode(value: object) -> bytes:
    """JSON bytes of facts or plain data; a number that is not finite becomes null, as JSON has none."""
    return json.dumps(_finite(to_plain(value)), separators=(",", ":"), ensure_ascii=False).encode()


def encode_request(message: Message, expires_at_s: float) -> bytes:
    """A request with the monotonic time of this machine at which its sender gives up."""
    return encode({"v": 1, "expires_at_s": expires_at_s, "request": message})


def decode_request(data: bytes) -> tuple[Message, float]:
    """The checked request and its expiry; raises IpcError ``ipc.bad_request``."""
    try:
        envelope = json.loads(data)
    except ValueError as error:
        raise _bad("it is not JSON") from error
    if not isinstance(envelope, dict) or envelope.get("v") != 1:
        raise _bad("it comes from another version of delid")
    expires_at_s = envelope.get("expires_at_s")
    if not isinstance(expires_at_s, (int, float)):
        raise _bad("it has no expiry")
    return check_request(envelope.get("request")), float(expires_at_s)


def decode_object(data: bytes) -> Message:
    """A JSON object that the other side published or replied."""
    try:
        message = json.loads(data)
    except ValueError as error:
        raise _garbled() from error
    if not isinstance(message, dict):
        raise _garbled()
    return message


def encode_frame(jpeg: bytes, meta: Message) -> bytes:
    """One message: four bytes of length, the meta data as JSON, the JPEG."""
    head = encode(meta)
    return len(head).to_bytes(4, "big") + head + jpeg


def decode_frame(data: bytes) -> tuple[bytes, Message]:
    """JPEG and meta data of a published frame."""
    end = 4 + int.from_bytes(data[:4], "big")
    if len(data) < end:
        raise _garbled()
    return data[end:], decode_object(data[4:end])


def _is_number(text: str) -> bool:
    try:
        return 0 <= float(text) < math.inf
    except ValueError:
        return False


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value


def _bad(reason: str) -> IpcError:
    return IpcError(
        f"The cell does not understand this request: {reason}.",
        hint="Reload the page; if it stays, panel and cell are of different versions: restart both.",
        code="ipc.bad_request",
    )


def _garbled() -> IpcError:
    return IpcError(
        "The cell process sent something that cannot be read.",
        hint="Panel and cell are probably of different versions: restart both.",
        code="ipc.garbled",
    )
