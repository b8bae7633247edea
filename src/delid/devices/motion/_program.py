"""The driver of an industrial arm that runs stored programs on request, over Modbus TCP or RTU."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from delid.config import MotionLimits, ProgramMap, motion_capabilities
from delid.core import (
    Clock,
    DeviceError,
    Finished,
    LinkChanged,
    MotionError,
    MotionReported,
    MotionState,
    MotionVerb,
    PoseMm,
    Scalar,
    Wire,
)

from ..plc import (
    Backoff,
    Endpoint,
    ModbusLink,
    RtuEndpoint,
    StatusDecoder,
    TcpEndpoint,
    flags_request,
    next_number,
    read_request,
    stop_request,
    traffic_of,
)
from ._driver import Driver
from ._program_codec import ACTS, command_registers, control_request, move_params
from ._program_talk import Outgoing, ProgramTalk
from ._talk import STALE_S, Failed, Job, confirm_target
from ._view import is_idle, is_known, is_standing

CLOSE_S = 0.5
"""The longest that a closing driver waits for its last stop to be taken."""
POLL_S = 0.05
QUICK_POLL_S = 0.005
"""Between reads while something is under way; a robot answers within one of its own cycles."""


Parity = Literal["even", "odd", "none"]


def robot_endpoint(port: str, baud: int, parity: Parity = "even") -> Endpoint:
    """``host:port`` is Modbus TCP, anything else a serial device with RTU."""
    host, colon, number = port.rpartition(":")
    return TcpEndpoint(host, int(number)) if colon and number.isdigit() else RtuEndpoint(port, baud, parity)


class ProgramDriver(Driver[ProgramTalk]):
    """Moves an arm through programs stored in its own controller; one task runs ``run`` and owns the connection.

    Args:
        port: ``host:port``, or a serial device with ``baud`` and ``parity``.
        robot_map: registers, programs, states and errors; magic and version are checked at every connect.
        timeout_s: the longest that one exchange may take.

    The other arguments are those of GrblDriver. Cancelling a move stops the program. After a connect delid takes over
    the robot's numbers and its pause as they are, so that nothing begins to move.
    """

    kind = "program"
    line_verbs = frozenset({MotionVerb.CLEAR_FAULT, MotionVerb.HOME, MotionVerb.ENABLE})

    def __init__(
        self,
        port: str,
        baud: int,
        limits: MotionLimits,
        clock: Clock,
        *,
        robot_map: ProgramMap,
        tolerance_mm: float,
        on_link: Callable[[LinkChanged], None],
        on_report: Callable[[MotionReported], None],
        on_wire: Callable[[Wire], None] | None = None,
        on_traffic: Callable[[Wire], None] | None = None,
        name: str = "motion",
        timeout_s: float = 0.4,
        parity: Parity = "even",
    ) -> None:
        talk = ProgramTalk(name, clock, robot_map, self.view_changed, on_wire)
        capabilities = motion_capabilities(self.kind, limits, robot_map)
        super().__init__(
            talk, limits, tolerance_mm=tolerance_mm, on_link=on_link, on_report=on_report, capabilities=capabilities
        )
        self.scripts = SCRIPTS
        self._map, self._decoder = robot_map, StatusDecoder(robot_map)
        self._link = ModbusLink(robot_endpoint(port, baud, parity), timeout_s, clock, name, peer="the robot")
        self._link.on_traffic = traffic_of(name, clock, on_traffic)
        self._wake = asyncio.Event()
        self._backoff = Backoff()
        self._heartbeat = 0
        self._control_s = 0.0
        self._alive: tuple[int, float] = (0, 0.0)
        talk.wake = self._wake.set

    # --- the one owner task --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connect, poll, write what is asked, connect again; until cancelled. Leaves no program running unwatched."""
        try:
            while True:
                try:
                    await self._open()
                    await self._serve()
                except DeviceError as error:
                    self._link.close()
                    self.link_down(error.message)
                    await self.clock.sleep(self._backoff.next_s())
        finally:
            await self._close()

    async def _open(self) -> None:
        await self._link.open()
        self.talk.begin()
        tags = await self._read()
        for tag, wanted in (("magic", self._map.magic), ("version", self._map.version)):
            if tags[tag] != wanted:
                raise MotionError(
                    f"the robot runs another program: {tag} is {tags[tag]}, the map says {wanted}.",
                    hint="Load the robot program that belongs to the map, or name the right map.",
                    code="motion.wrong_map",
                    device=self.name,
                )
        self._alive = (int(tags["heartbeat"]), self.clock.now_s())
        self.talk.up = True
        self.talk.adopt(tags)
        self._backoff.reset()
        self.tell_link(True, "", self.talk.seq)

    async def _serve(self) -> None:
        talk, last_s = self.talk, self.clock.now_s()
        while True:
            self._wake.clear()
            await self._write_all(talk.urgent)
            if self.clock.now_s() - self._control_s >= POLL_S:
                await self._write_control()
            await self._write_all(talk.commands)
            talk.asked = True
            tags = await self._read()
            talk.read(tags)
            self._look_alive(int(tags["heartbeat"]))
            now_s = self.clock.now_s()
            talk.tick(now_s - last_s)
            last_s = now_s
            await self._pause(QUICK_POLL_S if talk.busy else POLL_S)

    async def _write_all(self, outgoing: list[Outgoing]) -> None:
        """Urgent writes that come meanwhile are sent in the next cycle, which follows at once."""
        while outgoing:
            write = outgoing.pop(0)
            self.talk.trace_out(write)
            await self._link.write(write.request)
            write.sent = True

    async def _write_control(self) -> None:
        self._heartbeat = (self._heartbeat + 1) & 0xFFFF
        self._control_s = self.clock.now_s()
        await self._link.write(control_request(self._map, self._heartbeat, self.talk.stop_seq, self.talk.pause))

    async def _read(self) -> dict[str, Scalar]:
        request = flags_request(self._map)
        flags = await self._link.read_flags(request) if request is not None else []
        return self._decoder.decode(await self._link.read(read_request(self._map)), flags)

    def _look_alive(self, heartbeat: int) -> None:
        now_s = self.clock.now_s()
        if heartbeat != self._alive[0]:
            self._alive = (heartbeat, now_s)
        elif now_s - self._alive[1] > STALE_S:
            raise MotionError("the robot answers, but its heartbeat stands still.", code="motion.stalled")

    async def _pause(self, pause_s: float) -> None:
        sleep = asyncio.ensure_future(self.clock.sleep(pause_s))
        wake = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait((sleep, wake), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleep.cancel()
            wake.cancel()

    async def _close(self) -> None:
        talk = self.talk
        if talk.up and not talk.view.standing:  # a task of its own, since this one is being cancelled
            stop = asyncio.create_task(self._link.write(stop_request(self._map, next_number(talk.stop_seq))))
            await asyncio.wait({stop}, timeout=CLOSE_S)
            stop.cancel()
            await asyncio.gather(stop, return_exceptions=True)
        self._link.close()
        talk.end("link", "the driver was closed")
        await asyncio.sleep(0)  # the transport lets go of its socket in the loop's next round

    # --- what the engine asks ------------------------------------------------------------------------------------

    async def perform_move(self, job: Job, to_mm: PoseMm, feed_mm_s: float) -> None:
        registers = command_registers(self._map, "run", self._map.move, move_params(to_mm, feed_mm_s))
        await self.talk.command(registers, job, "the move")
        view = await self.talk.fresh(is_idle, job, "the end of the move")
        confirm_target(view, to_mm, self.tolerance_mm)

    async def program(self, id: str, name: str, params: Mapping[str, float], deadline_s: float) -> Finished:
        """Run a stored program; done when the robot reports its end and stands."""

        async def perform(job: Job) -> None:
            await self.talk.command(command_registers(self._map, "run", name, params), job, f"program {name}")
            await self.talk.fresh(is_idle, job, "the standstill")

        return await self.motion(id, deadline_s, self.motion_refusal(), perform)

    def halt_unwatched(self, id: str) -> None:
        with contextlib.suppress(Failed):
            self.talk.send_stop(id)


async def _hold(talk: ProgramTalk, job: Job) -> None:
    talk.send_pause(True, job.id)
    await talk.fresh(lambda v: v.standing and v.state is not MotionState.MOVING, job, "the standstill")
    if talk.view.state is MotionState.FAULT:
        raise Failed("alarm", talk.view.fault)


async def _resume(talk: ProgramTalk, job: Job) -> None:
    if talk.view.state is not MotionState.HELD:
        raise Failed("refused", f"resume needs a finished hold; the robot is {talk.view.state.value}")
    talk.send_pause(False, job.id)
    await talk.fresh(lambda v: v.state in (MotionState.MOVING, MotionState.IDLE), job, "the resumed motion")


async def _stop(talk: ProgramTalk, job: Job) -> None:
    """End the program on its path; the position is kept. Whatever was not taken is void."""
    talk.stopping += 1
    try:
        number = talk.send_stop(job.id)
        await talk.wait(lambda: talk.view.stop_ack == number, job, "the robot's confirmation of the stop")
        talk.voided()
        if talk.job is not None:
            talk.job.fail("stopped", "stopped on request")
        await talk.fresh(is_standing, job, "the standstill")
        if talk.pause:
            talk.send_pause(False, "")
            await talk.fresh(is_known, job, "a status report")
    finally:
        talk.stopping -= 1


async def _clear_fault(talk: ProgramTalk, job: Job) -> None:
    if not talk.view.standing:
        raise Failed("refused", "clearing a fault needs a standing robot")
    await talk.command(command_registers(talk.map, ACTS[MotionVerb.CLEAR_FAULT]), job, "the reset")
    await talk.fresh(is_known, job, "a status report")


async def _enable(talk: ProgramTalk, job: Job) -> None:
    """Drives on. An arm that needs no homing is trusted from here on, if it says that it is referenced."""
    await talk.command(command_registers(talk.map, ACTS[MotionVerb.ENABLE]), job, "the enabling of the drives")
    view = await talk.fresh(is_idle, job, "the enabled state")
    if not talk.map.needs_homing and view.referenced:
        talk.trust()


async def _home(talk: ProgramTalk, job: Job) -> None:
    """The robot's own homing program; an arm that has none is only asked whether it is referenced."""
    job.homes = True
    if talk.map.needs_homing:
        await talk.command(command_registers(talk.map, ACTS[MotionVerb.HOME]), job, "homing")
    view = await talk.fresh(is_idle, job, "the end of homing")
    if not view.referenced:
        raise Failed("error", "the robot is not referenced")
    talk.trust()


SCRIPTS: dict[MotionVerb, Callable[[ProgramTalk, Job], Awaitable[None]]] = {
    MotionVerb.HOLD: _hold,
    MotionVerb.RESUME: _resume,
    MotionVerb.STOP: _stop,
    MotionVerb.CLEAR_FAULT: _clear_fault,
    MotionVerb.ENABLE: _enable,
    MotionVerb.HOME: _home,
}
