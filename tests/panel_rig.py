"""A panel in front of a cell, on a real port, people and programs who use it, and what it finds on the disk."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import uvicorn

from delid.core import SystemClock
from delid.journal import Journal
from delid.panel import Cost, PanelSettings, Role, bind, create_app
from delid.panel._serve import server_config
from fake_cell import Message, snapshot
from plain_cell import without_ledger

CHEAP = Cost(passes=1, memory_kib=64, lanes=1)
"""Passwords of tests are not worth guessing."""
ADMIN = ("mara", "open the lid 4")
PIN = "358142"
STAND_IN = """
import json, sys, time
answers = json.loads(sys.argv[1])
word = sys.argv[3]
if word in answers:
    time.sleep(answers[word].get("sleep_s", 0))
    print(json.dumps(answers[word]))
    sys.exit(answers[word].get("code", 0))
"""
"""In the place of ``delid``: ``recipe WORD ...`` is answered as the test says."""


@contextlib.asynccontextmanager
async def running_panel(path: Path, port: int = 0, **options: Any) -> AsyncIterator[str]:
    """The panel of the cell at ``path``, on a free port if none is given; yields its address without the last slash.

    In open mode, unless ``open_as`` is None; ``options`` are those of PanelSettings.
    """
    given = {"data": path.parent / "panel", "open_as": Role.ADMIN, "cost": CHEAP} | options
    app = create_app(PanelSettings(socket=path, **given))
    with bind("127.0.0.1", port) as bound:
        server = uvicorn.Server(server_config(app))
        task = asyncio.create_task(server.serve(sockets=[bound]))
        try:
            async with asyncio.timeout(10.0):
                while not server.started:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


def panel_client(address: str, **options: Any) -> httpx.AsyncClient:
    """A client that gives each state-changing call a key of its own, unless the call has one."""

    async def add_key(request: httpx.Request) -> None:
        if request.method not in ("GET", "HEAD") and "idempotency-key" not in request.headers:
            request.headers["Idempotency-Key"] = uuid.uuid4().hex

    return httpx.AsyncClient(base_url=address, timeout=10.0, event_hooks={"request": [add_key]}, **options)


@contextlib.asynccontextmanager
async def set_up_panel(path: Path, **options: Any) -> AsyncIterator[str]:
    """A panel that asks for a login, with one user: ADMIN."""
    codes: list[str] = []
    async with running_panel(path, open_as=None, on_set_up=codes.append, **options) as address:
        async with panel_client(address) as client:
            first = {"code": codes[0], "name": ADMIN[0], "password": ADMIN[1], "pin": PIN}
            assert (await client.post("/api/v1/session/set-up", json=first)).status_code == 200
            await client.post("/api/v1/session/logout")
        yield address


async def logged_in(client: httpx.AsyncClient, name: str, password: str) -> Message:
    """Log in; the answer of the panel."""
    reply = await client.post("/api/v1/session/login", json={"name": name, "password": password})
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


async def step_up(client: httpx.AsyncClient, pin: str = PIN) -> Message:
    """Give the PIN; the answer of the panel."""
    reply = await client.post("/api/v1/session/step-up", json={"pin": pin})
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def written_cell(folder: Path, repository: Path) -> Path:
    """The demonstration cell as a file in ``folder``, with runs of its own there."""
    text = without_ledger((repository / "cell_configs/cells/demo.yaml").read_text())
    text = text.replace("runs: ../../runs", f"runs: {folder / 'runs'}")
    text = text.replace("../../", f"{repository}/").replace("../", f"{repository}/cell_configs/")
    path = folder / "cell.yaml"
    path.write_text(text)
    return path


def run_of(runs: Path, alarm: str = "the guard is open", code: str = "077PB0123456789", name: str = "") -> str:
    """A run that was started, had an alarm and a question, and was finished; its name."""

    def record(kind: str, **data: Any) -> Message:
        return {"type": "Record", "kind": kind, "data": data}

    def turn(event: Message, *effects: Message) -> Message:
        return {"event": event, "effects": list(effects), "packml": "Execute"}

    count = len(list(runs.glob("*"))) if runs.is_dir() else 0
    name = name or f"20261122T0{count:05d}.000-demo"
    (runs / name).mkdir(parents=True)
    seen = snapshot()["assessment"] | {"codes": [{"text": code}]}
    with Journal(runs / name, SystemClock()) as journal:
        start = record("command", by="mara", command="Start", accepted=True, reasons=[])
        journal.append("turn", turn({"type": "OperatorCommanded"}, start))
        journal.append("run_started", {"cell": "demo", "config_sha256": "ab" * 32})
        journal.append("turn", turn({"type": "Looked", "assessment": seen}))
        journal.append("turn", turn({"type": "Ticked"}, record("decision", recipe="vw-meb-82/damaged")))
        journal.append("turn", turn({"type": "Ticked"}, record("alarm", code="plc.guard", text=alarm)))
        step = record("step", key="vw-meb-82/damaged/lid", status="done", detail="confirmed")
        answer = record("answer", by="mara", answer="skip", id="q1", accepted=True)
        journal.append("turn", turn({"type": "Answered"}, answer, step))
        journal.append("turn", turn({"type": "Ticked"}, record("end", outcome="dismantled", reason="all", steps=1)))
        journal.append("run_ended", {"outcome": "dismantled"})
    return name


def code_of(reply: httpx.Response) -> tuple[int, str]:
    """Status, and the code of a refusal."""
    return reply.status_code, "" if reply.is_success else reply.json()["error"]["code"]


async def raw(address: str, request: bytes) -> bytes:
    """The answer to bytes that no client would send."""
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(65_536), 5.0)
    writer.close()
    await writer.wait_closed()
    return answer


def changeable_cell(folder: Path, repository: Path) -> Path:
    """A cell whose recipes may change, with a recorded run of a Nissan Leaf."""
    shutil.copytree(repository / "cell_configs", folder / "cell_configs")
    path = written_cell(folder, repository)
    text = path.read_text().replace(f"{repository}/cell_configs", f"{folder}/cell_configs")
    path.write_text(text)
    run = run_of(folder / "runs")
    shutil.copy(repository / "fixtures/recordings/nissan-leaf-24-clean.mcap", folder / "runs" / run / "recording.mcap")
    return path


def stand_in(**answers: Any) -> tuple[str, ...]:
    """A program for PanelSettings: ``recipe WORD`` prints ``answers[WORD]`` and ends with the ``code`` in it."""
    return (sys.executable, "-c", STAND_IN, json.dumps(answers))
