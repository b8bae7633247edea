"""The PLC over Modbus TCP: a pure codec of the register map, and one driver that owns the connection."""

from ._codec import (
    command_pdu,
    command_registers,
    decode_status,
    encode_control,
    next_number,
    stop_pdu,
)
from ._driver import PlcDriver

__all__ = [
    "PlcDriver",
    "command_pdu",
    "command_registers",
    "decode_status",
    "encode_control",
    "next_number",
    "stop_pdu",
]
