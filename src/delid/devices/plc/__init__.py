"""The PLC over Modbus TCP or RTU: a pure codec of the register map, and one driver that owns the connection."""

from ._backoff import Backoff
from ._codec import command_pdu, command_registers, encode_control, next_number, stop_pdu
from ._decode import decode_status
from ._driver import PlcDriver
from ._link import Endpoint, RtuEndpoint, TcpEndpoint, endpoint_of

__all__ = [
    "Backoff",
    "Endpoint",
    "PlcDriver",
    "RtuEndpoint",
    "TcpEndpoint",
    "command_pdu",
    "command_registers",
    "decode_status",
    "encode_control",
    "endpoint_of",
    "next_number",
    "stop_pdu",
]
