"""What went over a wire."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wire:
    """Bytes on a wire, for the recording; ``id`` names the effect that caused them, polling has none.

    Of Modbus it is the PDU, because the MBAP transaction number counts polls too.
    """

    at_s: float
    device: str
    out: bool
    data: bytes
    id: str = ""
