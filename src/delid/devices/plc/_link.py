"""One Modbus connection, TCP or RTU: every answer checked, every failure one of core's errors."""

from __future__ import annotations

import asyncio
import logging
import termios
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, cast

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsResponse, ReadDiscreteInputsResponse
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersResponse,
    ReadInputRegistersResponse,
    WriteMultipleRegistersResponse,
)

from delid.config import Plc
from delid.core import Clock, DeviceError, LinkError, PlcError

_EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}
"""Exception codes of the Modbus Application Protocol V1.1b3, section 7."""

_PARITY = {"even": "E", "odd": "O", "none": "N"}
_QUIET_TRIES = 5
"""How often a serial line may interrupt the wait for silence before it counts as disturbed."""


@dataclass(frozen=True, slots=True)
class TcpEndpoint:
    """Modbus TCP."""

    host: str
    port: int

    hint = "Check that the PLC runs, its address in the cell file and the network cable."

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class RtuEndpoint:
    """Modbus RTU on a serial port."""

    device: str
    baud: int = 19200
    parity: Literal["even", "odd", "none"] = "even"
    stop_bits: int = 1

    hint = "Check that the PLC runs, the serial port and its settings in the cell file, and the cable."

    def __str__(self) -> str:
        return f"{self.device} ({self.baud} baud, parity {self.parity})"


Endpoint = TcpEndpoint | RtuEndpoint


def endpoint_of(spec: Plc) -> Endpoint:
    """Where the cell file says that the PLC is."""
    if spec.transport == "tcp":
        return TcpEndpoint(spec.host or "", spec.port)
    return RtuEndpoint(spec.device or "", spec.baud, spec.parity, spec.stop_bits)


class ModbusLink:
    """The connection of the owner task. After any failure it is closed: a late answer must not meet a new request.

    RTU has no transaction number, so that a late answer would be taken for the next one's. A serial port is therefore
    used only after it was silent for ``timeout_s``.
    """

    def __init__(self, endpoint: Endpoint, timeout_s: float, clock: Clock, name: str, peer: str = "the PLC") -> None:
        self._peer = peer
        self._endpoint, self._timeout_s, self._clock, self._name = endpoint, timeout_s, clock, name
        self._client: AsyncModbusTcpClient | AsyncModbusSerialClient | None = None
        self._received = 0
        self.on_traffic: Callable[[bool, ModbusPDU], None] | None = None
        """Called with every request (True) and every answer that came for it."""
        # The library logs every failed attempt; the driver logs once when lost and once when back.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

    async def open(self) -> None:
        """Connect; raises LinkError ``link.not_there`` or ``link.disturbed``."""
        self.close()
        self._client = client = self._new_client()
        try:
            connected = await client.connect()
        except termios.error as error:
            raise self._link_error(f"{self._endpoint} does not take these settings.", "link.not_there") from error
        if not connected:
            raise self._link_error(f"no connection to {self._endpoint}.", "link.not_there")
        if isinstance(self._endpoint, RtuEndpoint):
            await self._await_silence()

    async def read(self, request: ModbusPDU) -> list[int]:
        """Registers of a function code 3 or 4 request, exactly as many as asked for; raises LinkError or PlcError."""
        answer = await self._exchange(request)
        wanted = ReadHoldingRegistersResponse if request.function_code == 3 else ReadInputRegistersResponse
        if not isinstance(answer, wanted) or len(answer.registers) != request.count:
            raise self._odd_answer(request, answer)
        return list(answer.registers)

    async def read_flags(self, request: ModbusPDU) -> list[bool]:
        """Bits of a function code 1 or 2 request, as many as asked for; raises LinkError or PlcError."""
        answer = await self._exchange(request)
        wanted = ReadCoilsResponse if request.function_code == 1 else ReadDiscreteInputsResponse
        # the wire carries whole bytes
        if not isinstance(answer, wanted) or len(answer.bits) != (request.count + 7) // 8 * 8:
            raise self._odd_answer(request, answer)
        return list(answer.bits[: request.count])

    async def write(self, request: ModbusPDU) -> ModbusPDU:
        """Perform a function code 16 request and check its echo; raises LinkError or PlcError."""
        answer = await self._exchange(request)
        if not isinstance(answer, WriteMultipleRegistersResponse) or (answer.address, answer.count) != (
            request.address,
            request.count,
        ):
            raise self._odd_answer(request, answer)
        return answer

    def close(self) -> None:
        """Drop the connection at once, whatever is still to be sent."""
        client, self._client = self._client, None
        if client is None:
            return
        transport = client.ctx.transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
        client.close()

    def _new_client(self) -> AsyncModbusTcpClient | AsyncModbusSerialClient:
        where = self._endpoint
        if isinstance(where, TcpEndpoint):
            return AsyncModbusTcpClient(
                where.host, port=where.port, name=self._name, timeout=self._timeout_s, retries=0, reconnect_delay=0
            )
        return AsyncModbusSerialClient(
            where.device, baudrate=where.baud, parity=_PARITY[where.parity], stopbits=where.stop_bits, name=self._name,
            timeout=self._timeout_s, retries=0, reconnect_delay=0, trace_packet=self._count,
        )  # fmt: skip

    def _count(self, sending: bool, data: bytes) -> bytes:
        self._received += 0 if sending else len(data)
        return data

    async def _await_silence(self) -> None:
        """Let late answers of the connection before come and go."""
        for _ in range(_QUIET_TRIES):
            before = self._received
            await self._clock.sleep(self._timeout_s)
            if self._received == before:
                return
        raise self._link_error(f"{self._endpoint} is never silent: somebody else talks on it.", "link.disturbed")

    async def _exchange(self, request: ModbusPDU) -> ModbusPDU:
        if self._client is None:
            raise self._link_error("the connection is closed.", "link.closed")
        self._tell(True, request)
        try:
            answer = await cast(Awaitable[ModbusPDU], self._client.execute(False, request))
        except ConnectionException as error:
            raise self._link_error(f"{self._peer} closed the connection.", "link.closed") from error
        except ModbusException as error:
            raise self._link_error(f"no answer within {self._timeout_s:g} s.", "link.silent") from error
        _let_go_if_cancelled()
        self._tell(False, answer)
        if (answer.dev_id, answer.transaction_id) != (request.dev_id, request.transaction_id):
            raise self._odd_answer(request, answer)
        if answer.isError():
            words = _EXCEPTIONS.get(answer.exception_code, "unknown exception")
            raise PlcError(
                f"{self._peer} refused function {request.function_code} at register {request.address}: "
                f"{words} (exception {answer.exception_code}).",
                hint="Check that the register map fits the PLC program.",
                code="plc.exception",
                device=self._name,
            )
        return answer

    def _tell(self, out: bool, pdu: ModbusPDU) -> None:
        if self.on_traffic is not None:
            self.on_traffic(out, pdu)

    def _odd_answer(self, request: ModbusPDU, answer: ModbusPDU) -> DeviceError:
        return self._link_error(
            f"the answer to function {request.function_code} at register {request.address} does not fit the request: "
            f"device {answer.dev_id}, function {answer.function_code}, address {answer.address}, "
            f"{answer.count or len(answer.registers or answer.bits)} values.",
            "link.odd_answer",
        )

    def _link_error(self, message: str, code: str) -> LinkError:
        return LinkError(message, hint=self._endpoint.hint, code=code, device=self._name)


def _let_go_if_cancelled() -> None:
    """pymodbus waits with asyncio.wait_for, which on Python 3.11 forgets a cancellation that comes with the answer."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
