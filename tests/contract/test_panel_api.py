"""The panel's API on a real port, in front of a cell on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from delid.core import UsageError
from fake_cell import FakeCell, frame_jpeg, frame_meta, idle, running_cell, snapshot
from panel_rig import panel_client, running_panel


@pytest.fixture
async def cell(path: Path) -> AsyncIterator[FakeCell]:
    async with running_cell(path) as cell:
        yield cell


@pytest.fixture
async def panel(path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with running_panel(path) as address, panel_client(address) as client:
        yield client


def live(panel: httpx.AsyncClient, **options: Any) -> connect:
    address = str(panel.base_url).replace("http", "ws").rstrip("/")
    return connect(f"{address}/api/v1/live", compression=None, **options)


async def message_of(socket: ClientConnection, kind: str, deadline_s: float = 5.0) -> dict[str, Any]:
    """The next message of ``kind``; others are skipped."""
    async with asyncio.timeout(deadline_s):
        while True:
            data = await socket.recv()
            if isinstance(data, str) and (message := json.loads(data))["type"] == kind:
                return dict(message)


async def test_the_state_is_what_the_cell_says(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    cell.state = snapshot(waiting_for="the moon")
    reply = await panel.get("/api/v1/state")
    assert reply.status_code == 200
    assert reply.json().items() >= cell.state.items()


COMMANDS = "/api/v1/commands"
START = {"command": "Start", "held_s": 1.6}
STOP = "/api/v1/stop"


@pytest.mark.parametrize("command", ["Reset", "Hold", "Unhold", "Stop", "Clear", "Abort"])
async def test_a_command_reaches_the_cell(cell: FakeCell, panel: httpx.AsyncClient, command: str) -> None:
    calming = command in ("Stop", "Hold")
    reply = await (
        panel.post(f"/api/v1/{command.lower()}") if calming else panel.post(COMMANDS, json={"command": command})
    )
    assert reply.status_code == 200
    assert reply.json()["accepted"] is True
    assert cell.told == [{"op": "command", "command": command, "by": "panel"}]


async def test_an_answer_reaches_the_cell(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    reply = await panel.post("/api/v1/questions/q1/answer", json={"answer": "skip"})
    assert reply.status_code == 200
    assert cell.told == [{"op": "answer", "question_id": "q1", "answer": "skip", "by": "panel"}]


async def test_what_a_person_does_with_an_alarm_reaches_the_cell(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    assert (await panel.post("/api/v1/alarms/plc.guard/acknowledge")).status_code == 200
    assert (await panel.post("/api/v1/alarms/acknowledge")).status_code == 200
    shelf = {"reason": "new sensor", "minutes": 30}
    assert (await panel.post("/api/v1/alarms/plc.gas/shelve", json=shelf)).status_code == 200
    assert (await panel.post("/api/v1/alarms/plc.gas/unshelve")).status_code == 200
    assert cell.told == [
        {"op": "acknowledge", "code": "plc.guard", "by": "panel"},
        {"op": "acknowledge", "code": "*", "by": "panel"},
        {"op": "shelve", "code": "plc.gas", "by": "panel", "reason": "new sensor", "minutes": "30"},
        {"op": "shelve", "code": "plc.gas", "by": "panel", "reason": "", "minutes": "0"},
    ]
    for wrong in ({"minutes": -1}, {"minutes": 481}, {"minutes": "soon"}, {"reason": ""}):
        assert (await panel.post("/api/v1/alarms/plc.gas/shelve", json=shelf | wrong)).status_code == 422
    assert len(cell.told) == 4


async def test_what_a_person_tells_of_the_pack_reaches_the_cell(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    reply = await panel.post("/api/v1/pack", json={"capacity_ah": 185, "route": "reuse"})
    assert (reply.status_code, reply.json()["state"]) == (200, "accepted")
    nothing = {"voltage_v": "", "isolation_ohm_per_v": "", "impedance_mohm": ""}
    assert cell.told == [{"op": "told", **nothing, "capacity_ah": "185.0", "route": "reuse", "by": "panel"}]
    measured = {"capacity_ah": 185.0, "impedance_mohm": None, "by": "panel"}
    cell.show(snapshot(told={"measured": measured, "route": "reuse"}))
    act = f"/api/v1/acts/{reply.json()['id']}"
    async with asyncio.timeout(3):
        while (await panel.get(act)).json()["state"] == "accepted":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert (await panel.get(act)).json()["state"] == "confirmed"
    for wrong in ({"capacity_ah": -1}, {"capacity_ah": "much"}, {"route": "landfill"}, {"colour": 1}):
        assert (await panel.post("/api/v1/pack", json=wrong)).status_code == 422


async def test_start_passes_when_the_cell_is_ready(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    cell.state = idle()
    for held_s in (None, 0.0, 1.4):
        reply = await panel.post(COMMANDS, json={"command": "Start", "held_s": held_s})
        assert (reply.status_code, reply.json()["error"]["code"]) == (409, "panel.not_held")
    assert cell.told == []
    assert (await panel.post(COMMANDS, json=START)).status_code == 200
    assert [m["command"] for m in cell.told] == ["Start"]


async def test_start_is_refused_before_it_reaches_a_cell_that_is_not_ready(
    cell: FakeCell, panel: httpx.AsyncClient
) -> None:
    cell.state = idle(reset_checklist=[{"name": "guard closed", "ok": False, "why": "the guard is open"}])
    reply = await panel.post(COMMANDS, json=START)
    assert reply.status_code == 409
    assert "guard closed (the guard is open)" in reply.json()["error"]["message"]
    cell.state = snapshot()
    reply = await panel.post(COMMANDS, json=START)
    assert reply.status_code == 409
    assert reply.json()["error"]["code"] == "panel.not_allowed"
    assert cell.told == []


async def test_the_no_of_the_cell_comes_back_with_its_advice(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    cell.no = UsageError("Unhold is not allowed: the guard is open.", hint="Close the guard.", code="usage.refused")
    reply = await panel.post(COMMANDS, json={"command": "Unhold"})
    assert reply.status_code == 409
    assert reply.json() == {
        "ok": False,
        "error": {
            "code": "panel.refused",
            "message": "Unhold is not allowed: the guard is open.",
            "hint": "Close the guard.",
        },
    }


async def test_without_a_cell_the_answer_is_503_and_advice(panel: httpx.AsyncClient) -> None:
    for reply in (await panel.get("/api/v1/state"), await panel.post(STOP)):
        assert reply.status_code == 503
        error = reply.json()["error"]
        assert error["code"] == "ipc.no_answer"
        assert "delid cell" in error["hint"]
    health = (await panel.get("/api/v1/health")).json()
    assert health["ok"] is True
    assert health["cell_up"] is False


async def test_health_tells_whether_the_cell_is_heard(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    async with asyncio.timeout(5.0):
        async with live(panel) as socket:
            await message_of(socket, "state")
    health = (await panel.get("/api/v1/health")).json()
    assert health["cell_up"] is True
    assert health["cell_age_s"] < 1.0


@pytest.mark.parametrize(
    "body",
    [{}, {"command": "Explode"}, {"command": "Reset", "more": 1}, [], "Stop"],
    ids=["empty", "unknown", "extra", "list", "text"],
)
async def test_a_wrong_command_never_reaches_the_cell(cell: FakeCell, panel: httpx.AsyncClient, body: Any) -> None:
    reply = await panel.post(COMMANDS, json=body)
    assert reply.status_code == 422
    assert reply.json()["error"]["code"] == "panel.bad_request"
    assert cell.told == []


async def test_a_body_that_is_no_text_at_all_is_a_wrong_request(panel: httpx.AsyncClient) -> None:
    reply = await panel.post(COMMANDS, content=b"\x8e2\x1f", headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (422, "panel.bad_request")


FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "127.0.0.1.evil.example"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_a_foreign_page_is_refused(cell: FakeCell, panel: httpx.AsyncClient, headers: dict[str, str]) -> None:
    for reply in (
        await panel.post(STOP, headers=headers),
        await panel.get("/api/v1/state", headers=headers),
    ):
        assert reply.status_code == 403
        assert reply.json()["error"]["code"] == "panel.foreign"
    assert cell.told == []


async def test_a_foreign_page_cannot_listen(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with live(panel, origin="http://evil.example"):
            pass
    assert caught.value.response.status_code == 403


async def test_a_form_of_another_page_cannot_command(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    """Browsers send such a form without asking first; only JSON makes them ask."""
    reply = await panel.post(COMMANDS, content='{"command": "Reset"}', headers={"Content-Type": "text/plain"})
    assert reply.status_code == 422
    assert cell.told == []


async def test_large_bodies_are_refused(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    reply = await panel.post(COMMANDS, content=b" " * 20_000, headers={"Content-Type": "application/json"})
    assert reply.status_code == 413


async def test_every_answer_carries_the_security_headers(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    for path in ("/", "/api/v1/state", "/api/v1/health", "/nothing"):
        headers = (await panel.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in headers


async def test_a_panel_without_its_page_says_how_to_build_it(path: Path, tmp_path: Path) -> None:
    async with running_panel(path, static=tmp_path) as address, httpx.AsyncClient() as client:
        reply = await client.get(address)
    assert reply.status_code == 503
    assert "pip install" in reply.text


async def test_the_live_channel_brings_the_state_at_once_and_every_change(
    cell: FakeCell, panel: httpx.AsyncClient
) -> None:
    async with live(panel) as socket:
        assert (await message_of(socket, "state"))["state"]["packml"] == "Execute"
        cell.show(snapshot(packml="Holding"))
        async with asyncio.timeout(1.0):
            while (await message_of(socket, "state"))["state"]["packml"] != "Holding":
                pass


async def test_a_page_gets_the_next_frame_only_after_it_drew_the_last(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    jpeg = frame_jpeg()
    async with live(panel) as socket:
        cell.server.publish_frame(jpeg, frame_meta(1))
        first = await message_of(socket, "frame")
        assert first["meta"]["seq"] == 1
        assert 0 <= first["age_s"] < 5
        assert await socket.recv() == jpeg
        for number in range(2, 6):
            cell.server.publish_frame(jpeg, frame_meta(number))
            await asyncio.sleep(0.05)
        with pytest.raises(TimeoutError):
            await message_of(socket, "frame", 0.3)
        await socket.send("drawn")
        assert (await message_of(socket, "frame", 1.0))["meta"]["seq"] == 5


async def test_a_page_that_reads_nothing_does_not_slow_another(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    jpeg = bytes(400_000)
    async with live(panel, max_queue=1) as lazy, live(panel) as quick:
        for number in range(20):
            cell.server.publish_frame(jpeg, frame_meta(number))
            got = await message_of(quick, "frame", 2.0)
            assert got["meta"]["seq"] == number
            await quick.send("drawn")
        lazy.transport.abort()


async def test_the_page_is_told_when_the_cell_is_gone_and_when_it_is_back(path: Path, panel: httpx.AsyncClient) -> None:
    async with live(panel) as socket:
        async with running_cell(path):
            await message_of(socket, "state")
        gone = await message_of(socket, "cell_gone")
        assert gone["error"]["code"] == "ipc.no_state"
        assert gone["state"]["packml"] == "Execute", "the last state stays, marked as old"
        async with running_cell(path):
            assert (await message_of(socket, "state"))["state"]["packml"] == "Execute"


async def test_a_silent_line_still_has_a_heartbeat(panel: httpx.AsyncClient) -> None:
    async with live(panel) as socket:
        await message_of(socket, "heartbeat", 2.5)
        await socket.send(b"bytes where text is due")
        with pytest.raises(ConnectionClosed):
            await message_of(socket, "never", 5.0)
    assert (await panel.get("/api/v1/health")).status_code == 200


async def test_five_viewers_cost_the_cell_as_much_as_one(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    """The panel process asks the cell once, however many pages watch it."""
    jpeg, most = frame_jpeg(), 0
    async with contextlib.AsyncExitStack() as stack:
        viewers = [await stack.enter_async_context(live(panel)) for _ in range(5)]
        for number in range(5):
            cell.server.publish_frame(jpeg, frame_meta(number))
            for viewer in viewers:
                await message_of(viewer, "frame")
                await viewer.send("drawn")
            most = max(most, cell.server.waiting)
    assert most <= 2, "one reader of states and one of frames"
