"""One Modbus TCP connection: every answer checked, every failure one of core's errors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import cast

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse, WriteMultipleRegistersResponse

from delid.core import DeviceError, LinkError, PlcError

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

_PLUG_HINT = "Check that the PLC runs, its address in the cell file and the network cable."


class ModbusLink:
    """The connection of the owner task. After any failure it is closed: a late answer must not meet a new request."""

    def __init__(self, host: str, port: int, timeout_s: float, name: str) -> None:
        self._host, self._port, self._timeout_s, self._name = host, port, timeout_s, name
        self._client: AsyncModbusTcpClient | None = None
        # The library logs every failed attempt; the driver logs once when lost and once when back.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

    async def open(self) -> None:
        """Connect; raises LinkError ``link.not_there``."""
        self.close()
        client = AsyncModbusTcpClient(
            self._host,
            port=self._port,
            name=self._name,
            timeout=self._timeout_s,
            retries=0,
            reconnect_delay=0,
        )
        self._client = client
        if not await client.connect():
            raise self._link_error(f"no connection to {self._host}:{self._port}.", "link.not_there")

    async def read(self, request: ModbusPDU) -> list[int]:
        """Registers of a function code 3 request, exactly as many as asked for; raises LinkError or PlcError."""
        answer = await self._exchange(request)
        if not isinstance(answer, ReadHoldingRegistersResponse) or len(answer.registers) != request.count:
            raise self._odd_answer(request, answer)
        return list(answer.registers)

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

    async def _exchange(self, request: ModbusPDU) -> ModbusPDU:
        if self._client is None:
            raise self._link_error("the connection is closed.", "link.closed")
        try:
            answer = await cast(Awaitable[ModbusPDU], self._client.execute(False, request))
        except ConnectionException as error:
            raise self._link_error("the PLC closed the connection.", "link.closed") from error
        except ModbusException as error:
            raise self._link_error(f"no answer within {self._timeout_s:g} s.", "link.silent") from error
        _let_go_if_cancelled()
        if answer.isError():
            words = _EXCEPTIONS.get(answer.exception_code, "unknown exception")
            raise PlcError(
                f"the PLC refused function {request.function_code} at register {request.address}: "
                f"{words} (exception {answer.exception_code}).",
                hint="Check that the register map fits the PLC program.",
                code="plc.exception",
                device=self._name,
            )
        return answer

    def _odd_answer(self, request: ModbusPDU, answer: ModbusPDU) -> DeviceError:
        return self._link_error(
            f"the answer to function {request.function_code} at register {request.address} does not fit the request: "
            f"function {answer.function_code}, address {answer.address}, "
            f"{answer.count or len(answer.registers)} registers.",
            "link.odd_answer",
        )

    def _link_error(self, message: str, code: str) -> LinkError:
        return LinkError(message, hint=_PLUG_HINT, code=code, device=self._name)


def _let_go_if_cancelled() -> None:
    """pymodbus waits with asyncio.wait_for, which on Python 3.11 forgets a cancellation that comes with the answer."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
