"""The PLC driver: one connection, one owner task; commands by sequence number, cancels on a path of their own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping

import structlog

from delid.config import RegisterMap
from delid.core import Clock, DeviceError, Finished, LinkChanged, PlcError, Scalar, TagsRead, Wire

from ._backoff import Backoff
from ._codec import (
    command_registers,
    command_request,
    control_request,
    flags_request,
    next_number,
    pdu_bytes,
    read_request,
    stop_request,
)
from ._decode import StatusDecoder
from ._link import Endpoint, ModbusLink
from ._pause import Pause
from ._pending import PendingCancel, PendingCommand, Waiting
from ._traffic import traffic_of
from ._watch import PeerWatch

_log = structlog.get_logger(__name__)

FOR_A_PERSON = ("plc.wrong_map", "plc.other_client")
"""What a person has to change before another attempt makes sense."""
FOR_A_PERSON_S = 5.0
"""Pause after one of those."""
UNKNOWN_PEER = (*FOR_A_PERSON, "plc.restarted")
"""After these the numbers are the PLC's, not the last ones of delid."""
QUICK_READ_S = 0.005
"""Between reads while a command or cancel is young; a PLC takes it within one scan, about 10 ms."""
QUICK_FOR_S = 0.1


class PlcDriver:
    """Driver of one PLC over Modbus TCP or RTU.

    ``run`` owns the connection; everything else hands work to it. Deadlines are seconds from the call on ``clock``
    and are watched to within one ``timeout_s``, the longest that a single exchange takes.

    Args:
        on_link: called with LinkChanged when the link is up (map checked) or lost; ``ack_seq`` is the number from
            which commands continue.
        on_tags: called with every cyclic read, and with the read that ends a command, before its Finished.
        on_wire: called with the PDU of every write of an effect, and its answer; on_traffic with every other one too.
        jitter: shortens the pauses between attempts to connect by chance; None keeps them exact.
        quiet_s: pause before the first connection; beyond the PLC's watchdog time it ends what another process began.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        register_map: RegisterMap,
        clock: Clock,
        *,
        poll_s: float,
        timeout_s: float,
        on_link: Callable[[LinkChanged], None],
        on_tags: Callable[[TagsRead], None],
        on_wire: Callable[[Wire], None] | None = None,
        on_traffic: Callable[[Wire], None] | None = None,
        jitter: random.Random | None = None,
        quiet_s: float = 0.0,
        name: str = "plc",
    ) -> None:
        self._map, self._clock, self._poll_s, self._name = register_map, clock, poll_s, name
        self._on_link, self._on_tags, self._on_wire = on_link, on_tags, on_wire
        self._link = ModbusLink(endpoint, timeout_s, clock, name)
        self._link.on_traffic = traffic_of(name, clock, on_traffic)
        self._pause, self._backoff = Pause(clock), Backoff(jitter)
        self._watch, self._decoder = PeerWatch(register_map.status.max_age_s, name), StatusDecoder(register_map)
        self._read_request, self._flags_request = read_request(register_map), flags_request(register_map)
        self._up: bool | None = None
        self._status: dict[str, Scalar] = {}
        self._heartbeat = self._seq = self._stop_seq = 0
        self._detail, self._packml = "", (0, 0)
        self._start: Scalar | None = None
        self._known = self._running = self._state_changed = False
        self._next_poll_s, self._quiet_s, self._waiting = 0.0, quiet_s, Waiting()

    # --- what the engine calls ------------------------------------------------------------------------------------

    def set_packml_state(self, number: int, mode: int = 0) -> None:
        """The numbers of PackML state and mode (where the map has a place for it) of the control block, at once."""
        if (number, mode) != self._packml:
            self._packml, self._state_changed = (number, mode), True
            self._pause.wake()

    async def command(self, id: str, name: str, params: Mapping[str, float], deadline_s: float) -> Finished:
        """Perform a command of the map; done when the PLC confirms its sequence number.

        Failures: an error of the map, ``cancelled``, ``timeout``, ``link``, ``refused``, or ``alarm`` for an error
        code that the map does not know. ``values`` are all status tags at the end.
        """
        now_s = self._clock.now_s()
        if not self._up:
            return Finished(now_s, id, False, "link", f"{name} was not sent: {self._detail or 'the PLC is not there'}")
        if self._waiting.command is not None:
            detail = f"{name} was not sent: {self._waiting.command.name} still runs"
            return Finished(now_s, id, False, "refused", detail)
        try:
            registers = command_registers(self._map, name, params, 0)
        except PlcError as error:
            return Finished(now_s, id, False, "refused", error.message)
        future: asyncio.Future[Finished] = asyncio.get_running_loop().create_future()
        self._waiting.command = PendingCommand(id, now_s, deadline_s, future, name=name, registers=registers)
        self._pause.wake()
        return await future

    async def cancel(self, id: str, deadline_s: float) -> Finished:
        """End what the PLC does now; goes ahead of everything and is confirmed by stop_ack.

        While the link is down it waits for it within its deadline. A command that is not sent yet never will be.
        """
        now_s = self._clock.now_s()
        if not self._running:
            return Finished(now_s, id, False, "link", "the PLC driver does not run")
        future: asyncio.Future[Finished] = asyncio.get_running_loop().create_future()
        self._waiting.add_cancel(PendingCancel(id, now_s, deadline_s, future))
        self._pause.wake()
        return await future

    async def run(self) -> None:
        """Own the connection until cancelled; whoever still waits then gets failure ``link``."""
        self._running = True
        try:
            await self._idle(self._quiet_s)
            while True:
                try:
                    await self._open()
                    self._backoff.reset()
                    await self._serve()
                except DeviceError as error:
                    self._lost(error)
                    pause_s = self._backoff.next_s()
                    await self._idle(FOR_A_PERSON_S if error.code in FOR_A_PERSON else pause_s)
        finally:
            self._link.close()
            await self._pause.close()
            self._up, self._running, self._detail = False, False, "the PLC driver has ended"
            for pending in self._waiting.all():
                pending.end(self._clock.now_s(), "link", self._detail)
            # the transport lets go of its socket in the loop's next round
            await asyncio.sleep(0)

    # --- the owner task -------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        """Connect, check the map, find the numbers to continue from, report the link."""
        await self._link.open()
        status = await self._read()
        for tag, wanted in (("magic", self._map.magic), ("version", self._map.version)):
            if status[tag] != wanted:
                raise PlcError(
                    f"the PLC runs another program: {tag} is {status[tag]}, the register map says {wanted}.",
                    hint="Load the PLC program that belongs to the register map, or name the right map.",
                    code="plc.wrong_map",
                    device=self._name,
                )
        self._watch.begin(self._clock.now_s(), status)
        if not self._known or not self._continues(status):
            self._seq, self._stop_seq = int(status["ack_seq"]), int(status["stop_ack"])
            for cancel in self._waiting.cancels:
                cancel.stop_seq = None
        self._known, self._start = True, status.get("start_count")
        if self._waiting.command is not None:
            self._waiting.command.resend = not self._waiting.command.withdrawn
        self._up, self._detail, self._next_poll_s = True, "", self._clock.now_s()
        _log.info("plc link up", device=self._name, seq=self._seq)
        self._on_link(LinkChanged(self._clock.now_s(), self._name, True, ack_seq=self._seq))
        self._progress(status, cyclic=True)

    def _continues(self, status: Mapping[str, Scalar]) -> bool:
        """True where this is the same start of the PLC; a map without start_count is judged by its ack_seq."""
        if "start_count" in status:
            return status["start_count"] == self._start
        return self._seq in (status["ack_seq"], next_number(int(status["ack_seq"])))

    async def _serve(self) -> None:
        """The cycle: stop first, then control block, then command, then status."""
        while True:
            self._waiting.expire(self._clock.now_s(), self._status)
            await self._write_stop()
            cyclic = self._state_changed or self._clock.now_s() >= self._next_poll_s
            if cyclic:
                await self._write_control()
            await self._write_command()
            self._progress(await self._read(), cyclic)
            await self._pause.until(min([self._next_read_s(), *(p.due_s for p in self._waiting.all())]))

    async def _write_stop(self) -> None:
        cancels = self._waiting.cancels
        if not cancels and not self._waiting.withdraw:
            return
        new = any(cancel.stop_seq is None for cancel in cancels) or self._waiting.withdraw
        unwritten = [cancel.id for cancel in cancels if cancel.written_s is None]
        if not (new or unwritten):
            return
        if new:
            self._stop_seq = next_number(self._stop_seq)
        for cancel in cancels:
            cancel.stop_seq = self._stop_seq
        request = stop_request(self._map, self._stop_seq)
        for id in unwritten:
            self._trace(True, pdu_bytes(request), id)
        answer = await self._link.write(request)
        self._waiting.withdraw = False
        for cancel in cancels:
            cancel.written_s = self._clock.now_s()
        for id in unwritten:
            self._trace(False, pdu_bytes(answer), id)

    async def _write_control(self) -> None:
        self._heartbeat += 1
        self._state_changed = False
        self._next_poll_s = self._clock.now_s() + self._poll_s
        beat, (state, mode) = self._heartbeat & 0xFFFF, self._packml
        values = {"heartbeat": beat, "packml_state": state, "unit_mode": mode, "stop_seq": self._stop_seq}
        await self._link.write(control_request(self._map, **values))

    async def _write_command(self) -> None:
        command = self._waiting.command
        if command is None or not (command.seq is None or command.resend):
            return
        if self._status["stop_ack"] != self._stop_seq:
            return  # a stop that the PLC has not seen yet would take the new command with it
        if command.seq is None:
            self._seq = next_number(self._seq)
        request = command_request(self._map, command.registers, command.seq or self._seq)
        command.sent(self._clock.now_s(), self._seq, self._status)
        self._trace(True, pdu_bytes(request), command.id)
        try:
            answer = await self._link.write(request)
        except PlcError as error:
            self._waiting.drop_command(self._clock.now_s(), "refused", error.message, self._status)
            return
        self._trace(False, pdu_bytes(answer), command.id)

    async def _read(self) -> dict[str, Scalar]:
        registers = await self._link.read(self._read_request)
        flags = await self._link.read_flags(self._flags_request) if self._flags_request else ()
        self._status = self._decoder.decode(registers, flags)
        return self._status

    def _progress(self, status: Mapping[str, Scalar], cyclic: bool) -> None:
        """Report the tags, then end what this status block ends; raises PlcError if it is not the peer it was."""
        now_s = self._clock.now_s()
        trouble = self._watch.look(now_s, status, heartbeat=self._heartbeat, seq=self._seq)
        if cyclic or self._waiting.ends_with(status):
            self._on_tags(TagsRead(now_s, status))
        self._waiting.read(now_s, status, self._stop_seq, self._map)
        if trouble is not None:
            raise trouble

    def _next_read_s(self) -> float:
        """The next exchange: soon while something young is under way, else at the next poll."""
        now_s, waiting = self._clock.now_s(), self._waiting.all()
        young = waiting and any(p.written_s is None or now_s - p.written_s < QUICK_FOR_S for p in waiting)
        return min(self._next_poll_s, now_s + QUICK_READ_S) if young else self._next_poll_s

    # --- link and time --------------------------------------------------------------------------------------------

    def _lost(self, error: DeviceError) -> None:
        """Close, report once, keep what was written and may still be confirmed."""
        self._link.close()
        if self._up is not False or (error.code in FOR_A_PERSON and error.message != self._detail):
            _log.warning("plc link lost", device=self._name, code=error.code, detail=error.message)
            self._on_link(LinkChanged(self._clock.now_s(), self._name, False, str(error)))
        self._up, self._detail = False, error.message
        for cancel in self._waiting.cancels:
            cancel.written_s = None
        command = self._waiting.command
        if error.code in UNKNOWN_PEER:
            self._known = False
        if command is not None and (command.seq is None or error.code in FOR_A_PERSON):
            detail = f"{command.name} was not confirmed: {error.message}"
            self._waiting.drop_command(self._clock.now_s(), "link", detail)

    async def _idle(self, pause_s: float) -> None:
        """Wait before the next attempt to connect, keeping deadlines."""
        end_s = self._clock.now_s() + pause_s
        while self._clock.now_s() < end_s:
            self._waiting.expire(self._clock.now_s(), self._status)
            await self._pause.until(min([end_s, *(p.due_s for p in self._waiting.all())]))
        self._waiting.expire(self._clock.now_s(), self._status)

    def _trace(self, out: bool, data: bytes, id: str) -> None:
        if self._on_wire is not None:
            self._on_wire(Wire(self._clock.now_s(), self._name, out, data, id))
