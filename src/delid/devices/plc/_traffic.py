"""Everything that a Modbus link says and hears, as wire records."""

from __future__ import annotations

from collections.abc import Callable

from pymodbus.pdu import ModbusPDU

from delid.core import Clock, Wire

from ._codec import pdu_bytes


def traffic_of(
    name: str, clock: Clock, tell: Callable[[Wire], None] | None
) -> Callable[[bool, ModbusPDU], None] | None:
    """What a link's ``on_traffic`` calls; ``tell`` gets the PDU with the name of the device."""
    if tell is None:
        return None

    def told(out: bool, pdu: ModbusPDU) -> None:
        tell(Wire(clock.now_s(), name, out, pdu_bytes(pdu)))

    return told
