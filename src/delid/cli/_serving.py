"""The cell's end of the panel connection: publishes state and frames, takes commands and answers."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2

from delid.core import Effect, Event, Fastener, Frame, ImageBgr, Record
from delid.engine import EngineState, Executor, snapshot
from delid.ipc import CellServer

from ._requests import EVENTS, verdict
from ._sight import Sight

Message = dict[str, Any]
PUBLISH_S = 0.2


class CellService:
    """Connects one executor with the panel over a Unix socket."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._server = CellServer(executor.cell.socket_path, executor.clock)
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._sight = Sight(executor.cell.spec.overview.id)
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        self._encoding: asyncio.Task[None] | None = None
        self._to_encode: tuple[ImageBgr, Message] | None = None
        executor.observers.append(self._turned)
        executor.frame_observers.append(self._framed)

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._server.run(self._handle))
                group.create_task(self._publish())
                group.create_task(self._executor.watch_camera(1.0 / self._executor.cell.spec.overview.live_fps))
        finally:
            if self._encoding is not None:
                self._encoding.cancel()
                await asyncio.gather(self._encoding, return_exceptions=True)
            self._encoder.shutdown(wait=True)
            self._server.close()

    def _snapshot(self) -> Message:
        executor = self._executor
        found = snapshot(executor.state, executor.cell, executor.ports.log.run_id, executor.clock.wall_s())
        recorder = executor.ports.log.recorder
        recording = dict(recorder.report()) if recorder is not None else None
        devices = self._sight.devices(found["devices"], executor.state, executor.clock.now_s())
        return found | {"vision": self._sight.timing, "devices": devices, "recording": recording}

    async def _publish(self) -> None:
        while True:
            self._server.publish_state(self._snapshot())
            await self._executor.clock.sleep(PUBLISH_S)

    async def _handle(self, message: Message) -> Message:
        """One request; the reply says what the engine made of it, not what was sent."""
        if message["op"] == "state":
            return {"ok": True, "state": self._snapshot()}
        event = EVENTS[message["op"]](self._executor.clock.now_s(), message)
        reply: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[id(event)] = reply
        try:
            self._executor.post(event)
            return await reply
        finally:
            del self._waiting[id(event)]

    def _turned(self, state: EngineState, event: Event, effects: tuple[Effect, ...]) -> None:
        self._sight.turned(event)
        reply = self._waiting.get(id(event))
        if reply is not None and not reply.done():
            reply.set_result(verdict(state, event, effects))
        if any(isinstance(e, Record) for e in effects):
            self._server.publish_state(self._snapshot())

    def _framed(self, frame: Frame, camera: str) -> None:
        self._sight.framed(frame, camera)
        executor, state = self._executor, self._executor.state
        height, width = frame.image.shape[:2]
        seen = state.assessment if camera == executor.cell.spec.overview.id else None  # places are of its picture
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
            ]
            + [
                {"kind": f"{d.kind.value}?", "box_px": list(d.box_px), "severity": d.severity}
                for d in (seen.unclear if seen else ())
            ],
        }
        if frame.encoded[:2] == b"\xff\xd8":
            self._server.publish_frame(frame.encoded, meta)
            return
        self._to_encode = (frame.image, meta)  # one that waits gives way to a newer one
        if self._encoding is None or self._encoding.done():
            self._encoding = asyncio.get_running_loop().create_task(self._encode())

    async def _encode(self) -> None:
        """Frames to JPEG, off the loop that runs the cell."""
        while self._to_encode is not None:
            (image, meta), self._to_encode = self._to_encode, None
            jpeg = await asyncio.get_running_loop().run_in_executor(self._encoder, _jpeg, image)
            self._server.publish_frame(jpeg, meta)


def _jpeg(image: ImageBgr) -> bytes:
    return cv2.imencode(".jpg", image)[1].tobytes()


def _fastener(fastener: Fastener, status: dict[str, str]) -> Message:
    return {
        "id": fastener.id,
        "center_px": list(fastener.center_px),
        "kind": fastener.kind.value,
        "status": status.get(fastener.id, "todo"),
    }
