"""The PLC over Modbus TCP or RTU: a pure codec of the register map, and one driver that owns the connection."""

from ._backoff import Backoff
from ._codec import (
    command_pdu,
    command_registers,
    encode_block,
    encode_control,
    flags_request,
    next_number,
    pdu_bytes,
    read_request,
    stop_pdu,
    stop_request,
    write_request,
)
from ._decode import StatusDecoder, decode_status
from ._driver import PlcDriver
from ._link import Endpoint, ModbusLink, RtuEndpoint, TcpEndpoint, endpoint_of
from ._traffic import traffic_of

__all__ = [
    "Backoff",
    "Endpoint",
    "ModbusLink",
    "PlcDriver",
    "RtuEndpoint",
    "StatusDecoder",
    "TcpEndpoint",
    "command_pdu",
    "command_registers",
    "decode_status",
    "encode_block",
    "encode_control",
    "endpoint_of",
    "flags_request",
    "next_number",
    "pdu_bytes",
    "read_request",
    "stop_pdu",
    "stop_request",
    "traffic_of",
    "write_request",
]
