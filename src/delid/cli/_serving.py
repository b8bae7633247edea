"""The cell's end of the panel connection: publishes state and frames, takes commands and answers."""

from __future__ import annotations

import asyncio
from typing import Any

import cv2

from delid.core import (
    AlarmAcknowledged,
    AlarmShelved,
    Answered,
    Command,
    Effect,
    Event,
    Fastener,
    Frame,
    OperatorCommanded,
    Record,
    UsageError,
)
from delid.engine import EngineState, Executor, snapshot
from delid.ipc import CellServer

Message = dict[str, Any]
ANSWERED = (OperatorCommanded, Answered, AlarmAcknowledged, AlarmShelved)
"""Events that a person waits for, and in VERDICTS the records that say what came of them."""
VERDICTS = ("command", "answer", "acknowledge", "shelve")
PUBLISH_S = 0.2
IDLE_FRAME_S = 1.0


class CellService:
    """Connects one executor with the panel over a Unix socket."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._server = CellServer(executor.cell.socket_path, executor.clock)
        self._waiting: list[asyncio.Future[Message]] = []
        executor.observers.append(self._turned)
        executor.frame_observers.append(self._framed)

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._server.run(self._handle))
                group.create_task(self._publish())
                group.create_task(self._executor.watch_camera(IDLE_FRAME_S))
        finally:
            self._server.close()

    def _snapshot(self) -> Message:
        executor = self._executor
        return snapshot(executor.state, executor.cell, executor.ports.log.run_id, executor.clock.wall_s())

    async def _publish(self) -> None:
        while True:
            self._server.publish_state(self._snapshot())
            await self._executor.clock.sleep(PUBLISH_S)

    async def _handle(self, message: Message) -> Message:
        """One request; the reply says what the engine made of it, not what was sent."""
        at_s, by = self._executor.clock.now_s(), str(message.get("by", "panel"))
        if message["op"] == "state":
            return {"ok": True, "state": self._snapshot()}
        event: Event
        if message["op"] == "command":
            try:
                event = OperatorCommanded(at_s, Command(message["command"]), by)
            except ValueError as error:
                names = ", ".join(c.value for c in Command)
                raise UsageError(f"there is no command {message['command']!r}", hint=f"Use one of {names}.") from error
        elif message["op"] == "acknowledge":
            event = AlarmAcknowledged(at_s, str(message["code"]), by)
        elif message["op"] == "shelve":
            duration_s = 60.0 * float(message["minutes"])
            event = AlarmShelved(at_s, str(message["code"]), by, str(message["reason"]), duration_s)
        else:
            event = Answered(at_s, str(message["question_id"]), str(message["answer"]), by)
        reply: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting.append(reply)
        self._executor.post(event)
        return await reply

    def _turned(self, state: EngineState, event: Event, effects: tuple[Effect, ...]) -> None:
        if isinstance(event, ANSWERED) and self._waiting:
            reply = self._waiting.pop(0)
            if not reply.done():
                reply.set_result(_verdict(state, effects))
        if any(isinstance(e, Record) for e in effects):
            self._server.publish_state(self._snapshot())

    def _framed(self, frame: Frame, camera: str) -> None:
        executor, state = self._executor, self._executor.state
        height, width = frame.image.shape[:2]
        seen = state.assessment if camera == executor.cell.spec.overview.id else None  # places are of its picture
        jpeg = frame.encoded if frame.encoded[:2] == b"\xff\xd8" else cv2.imencode(".jpg", frame.image)[1].tobytes()
        status = {t: state.progress[s.key].status.value for s in (state.plan.steps if state.plan else ())
                  for t in s.targets if len(s.targets) == 1}  # fmt: skip
        meta = {
            "camera": camera,
            "seq": frame.seq,
            "captured_wall_s": executor.clock.wall_s() - frame.age_s(executor.clock.now_s()),
            "width": width,
            "height": height,
            "outline_px": [list(p) for p in seen.pack.outline_px] if seen else [],
            "fasteners": [_fastener(f, status) for f in seen.fasteners] if seen else [],
            "damage": [
                {"kind": d.kind.value, "box_px": list(d.box_px), "severity": d.severity}
                for d in (seen.damage if seen else ())
            ],
        }
        self._server.publish_frame(jpeg, meta)


def _fastener(fastener: Fastener, status: dict[str, str]) -> Message:
    return {
        "id": fastener.id,
        "center_px": list(fastener.center_px),
        "kind": fastener.kind.value,
        "status": status.get(fastener.id, "todo"),
    }


def _verdict(state: EngineState, effects: tuple[Effect, ...]) -> Message:
    """Accepted or refused, from the record that the reducer made of the command or answer."""
    record = next(e for e in effects if isinstance(e, Record) and e.kind in VERDICTS)
    if record.data["accepted"]:
        return {"ok": True, "packml": state.packml.value}
    reasons = record.data.get("reasons") or ["the question is no longer open"]
    assert isinstance(reasons, list)
    return {
        "ok": False,
        "error": {"code": "refused", "message": "; ".join(reasons), "hint": "Remedy it and try again."},
    }
