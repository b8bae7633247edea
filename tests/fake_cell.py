"""A cell that says what a test tells it to say, on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from delid.core import UsageError
from delid.ipc import CellServer

Message = dict[str, Any]


def _step(key: str, title: str, do: str, status: str, target: str | None = None, detail: str = "") -> Message:
    return {
        "key": f"vw-meb-82/damaged/{key}",
        "title": title,
        "do": do,
        "targets": [target] if target else [],
        "status": status,
        "detail": detail,
    }


def steps() -> list[Message]:
    """A plan in the middle: done, failed and left out, one active, the rest to do."""
    bolts = {3: ("failed", "seized at 21.4 Nm"), 5: ("skipped", "left for a person"), 9: ("active", "")}
    found = [
        _step("inspect", "Look at the pack", "inspect", "done"),
        _step("voltage", "Check that the pack is dead", "measure", "done", detail="3.2 V"),
    ]
    for number in range(1, 23):
        status, detail = bolts.get(number, ("done" if number < 9 else "todo", ""))
        target = f"lid.{number:02d}"
        found.append(_step(f"lid_bolts/{target}", f"Loosen lid bolt {number}", "unfasten", status, target, detail))
    found.append(_step("lift_lid", "Lift the lid and set it on the rack", "lift", "todo"))
    return found


def snapshot(**changes: Any) -> Message:
    """A cell at work; ``changes`` replace fields."""
    plan_steps = steps()
    return {
        "cell": "demo",
        "title": "Demonstration cell",
        "at": time.time(),
        "run": "2026-11-22-0007",
        "packml": "Execute",
        "allowed": ["Stop", "Hold", "Suspend", "Abort", "Complete"],
        "phase": "working",
        "waiting_for": "Loosen lid bolt 9",
        "reset_checklist": [],
        "question": None,
        "assessment": {
            "pack": {
                "status": "known",
                "model": "vw-meb-82",
                "confidence": 0.94,
                "candidates": [{"model": "vw-meb-82", "score": 0.94}, {"model": "byd-blade", "score": 0.41}],
            },
            "damage": [
                {"kind": "dent", "confidence": 0.93, "severity": 0.42, "box_px": [900, 500, 1060, 640]},
                {"kind": "corrosion", "confidence": 0.81, "severity": 0.2, "box_px": [400, 760, 520, 840]},
            ],
            "hazard_class": "B",
            "hazard_reasons": ["dent, severity 0.42", "corrosion, severity 0.20"],
            "frames": 3,
            "agreeing": 3,
        },
        "candidates": [
            {
                "recipe": "vw-meb-82/standard",
                "accepted": False,
                "reasons": ["dent severity 0.42 is over its limit 0.30"],
            },
            {"recipe": "vw-meb-82/damaged", "accepted": True, "reasons": ["serves vw-meb-82, hazard class B, dent"]},
            {"recipe": "vw-meb-82/quarantine", "accepted": False, "reasons": ["serves hazard class C only"]},
        ],
        "refusal": None,
        "plan": {
            "recipe": "vw-meb-82/damaged",
            "pack": "vw-meb-82",
            "hazard_class": "B",
            "estimate_s": 412.0,
            "steps": plan_steps,
        },
        "current_step": "vw-meb-82/damaged/lid_bolts/lid.09",
        "steps_done": sum(s["status"] == "done" for s in plan_steps),
        "steps_total": len(plan_steps),
        "told": None,
        "health": None,
        "alarms": [],
        "devices": {
            "plc": {"up": True, "detail": "", "age_s": 0.05},
            "motion": {
                "up": True,
                "detail": "",
                "age_s": 0.1,
                "state": "moving",
                "pose_mm": [1102.4, 846.1, -412.0],
                "position_trusted": True,
            },
            "camera": {"up": True, "detail": "", "age_s": 0.3},
            "model": {"up": True, "detail": "", "age_s": 12.0, "state": "ready"},
        },
        "tags": {
            "pack_voltage_v": 3.2,
            "pack_temperature_c": 23.4,
            "gas_ppm": 2,
            "isolation_ohm_per_v": 812,
            "torque_nm": 12.4,
            "carried_kg": 0.0,
            "guard_closed": True,
            "estop_ok": True,
            "extraction_on": True,
            "clamp_closed": True,
            "vacuum_ok": False,
            "smoke": False,
        },
        "tags_age_s": 0.05,
        **changes,
    }


def idle(**changes: Any) -> Message:
    """A cell that is ready to start."""
    points = ["PLC connected", "Robot connected", "Position known", "Camera connected", "Guard closed", "Pack clamped"]
    ready: Message = {
        "packml": "Idle",
        "allowed": ["Start", "Stop", "Abort"],
        "phase": "",
        "waiting_for": "Start by a person",
        "reset_checklist": [{"name": name, "ok": True, "why": ""} for name in points],
        "assessment": None,
        "candidates": [],
        "plan": None,
        "current_step": None,
        "steps_done": 0,
        "steps_total": 0,
    }
    return snapshot(**(ready | changes))


QUESTION: Message = {
    "id": "q-17",
    "text": "Bolt lid.09 does not turn. What shall the cell do?",
    "answers": ["impact", "skip", "stop"],
    "step": "vw-meb-82/damaged/lid_bolts/lid.09",
    "target": "lid.09",
    "reasons": ["seized: 21.4 Nm without turning", "1 of 2 tries with the impact tool is left"],
}


def frame_meta(seq: int = 1, **changes: Any) -> Message:
    """What was found in the picture of ``frame_jpeg``."""
    status = {s["targets"][0]: s["status"] for s in steps() if s["targets"]}
    kinds = {2: "nut", 5: "stripped", 7: "empty"}
    return {
        "camera": "overview",
        "seq": seq,
        "captured_wall_s": time.time(),
        "width": 1600,
        "height": 1200,
        "outline_px": [[260, 330], [1340, 330], [1340, 870], [260, 870]],
        "fasteners": [
            {"id": target, "center_px": list(_place(n)), "kind": kinds.get(n, "bolt"), "status": status[target]}
            for n, target in enumerate(sorted(status), 1)
        ],
        "damage": snapshot()["assessment"]["damage"],
        **changes,
    }


def _place(number: int) -> tuple[float, float]:
    row, column = divmod(number - 1, 11)
    return 300.0 + column * 100.0, 360.0 + row * 480.0


def frame_jpeg() -> bytes:
    """A grey lid on a darker floor, with a gradient, 1600 x 1200."""
    image = np.full((1200, 1600, 3), 70, np.uint8)
    image[330:870, 260:1340] = np.linspace(120, 160, 1080, dtype=np.uint8)[None, :, None]
    for number in range(1, 23):
        x, y = _place(number)
        cv2.circle(image, (int(x), int(y)), 14, (60, 60, 60), -1)
    return cv2.imencode(".jpg", image)[1].tobytes()


class FakeCell:
    """Publishes ``state`` and answers requests from it; what it was told is in ``told``."""

    def __init__(self, server: CellServer) -> None:
        self.server = server
        self.state = snapshot()
        self.told: list[Message] = []
        self.no: UsageError | None = None

    async def handle(self, message: Message) -> Message:
        if message["op"] == "state":
            return {"ok": True, "state": self.state}
        self.told.append(message)
        if self.no:
            raise self.no
        return {"ok": True, "packml": self.state["packml"]}

    def show(self, state: Message) -> None:
        self.state = state
        self.server.publish_state(state)

    async def told_within(self, deadline_s: float = 3.0, op: str = "") -> Message:
        """The first message that tells the cell something, or the first of this kind."""
        async with asyncio.timeout(deadline_s):
            while not (found := [m for m in self.told if op in ("", m["op"])]):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return copy.deepcopy(found[0])


@contextlib.asynccontextmanager
async def running_cell(path: Path) -> AsyncIterator[FakeCell]:
    """A fake cell at ``path`` that publishes its state five times a second."""
    cell = FakeCell(CellServer(path))

    async def publish() -> None:
        while True:
            cell.server.publish_state(cell.state)
            await asyncio.sleep(0.2)

    tasks = [asyncio.create_task(cell.server.run(cell.handle)), asyncio.create_task(publish())]
    try:
        yield cell
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        cell.server.close()
