"""A panel process with a cell in front of it, many clients at once, and what that does to the panel's memory."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from fake_cell import FakeCell, frame_jpeg, frame_meta, idle, running_cell

CALLS = ("/api/v1/state", "/api/v1/status", "/api/v1/session", "/api/v1/events", "/api/v1/alarms", "/api/v1/trends",
         "/api/v1/health", "/api/v1/audit", "/api/v1/acts/nothing", "/api/v1/nothing")  # fmt: skip
SERVE = """
import sys
from pathlib import Path
from delid.panel import Cost, PanelSettings, Rate, Role, bind, create_app, serve_panel
folder = Path(sys.argv[1])
settings = PanelSettings(socket=folder / "cell.sock", data=folder / "panel", open_as=Role.ADMIN, rate=Rate(1e9, 1e9))
bound = bind("127.0.0.1", 0)
(folder / "port").write_text(str(bound.getsockname()[1]))
serve_panel(create_app(settings), bound)
"""


@dataclass(frozen=True, slots=True)
class PanelProcess:
    address: str
    pid: int

    @property
    def memory_kib(self) -> int:
        """What the process holds of the machine's memory now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])  # type: ignore[index]

    @property
    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))


@contextlib.asynccontextmanager
async def panel_process(folder: Path) -> AsyncIterator[tuple[PanelProcess, FakeCell]]:
    """The panel in a process of its own, in open mode, with a fake cell in this one."""
    async with running_cell(folder / "cell.sock") as cell:
        cell.state = idle()
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVE, str(folder))
        try:
            port = await _port(folder / "port")
            found = PanelProcess(f"http://127.0.0.1:{port}", process.pid)
            await _answers(found.address)
            yield found, cell
        finally:
            process.terminate()
            await process.wait()


async def requests(address: str, count: int, clients: int) -> dict[int, int]:
    """``count`` requests of all kinds by ``clients`` at once, one in ten a command; answers by status."""
    numbers = iter(range(count))
    answers: dict[int, int] = {}

    async def client() -> None:
        async with httpx.AsyncClient(base_url=address, timeout=60.0) as http:
            for number in numbers:
                if number % 10 == 9:
                    reply = await http.post("/api/v1/stop", headers={"Idempotency-Key": f"load-{number:08d}"})
                else:
                    reply = await http.get(CALLS[number % len(CALLS)])
                answers[reply.status_code] = answers.get(reply.status_code, 0) + 1

    await asyncio.gather(*(client() for _ in range(clients)))
    return answers


async def frames(cell: FakeCell, count: int, every_s: float) -> None:
    """A live image meanwhile."""
    jpeg = frame_jpeg()
    for number in range(count):
        cell.server.publish_frame(jpeg, frame_meta(number))
        await asyncio.sleep(every_s)


async def _port(path: Path) -> str:
    end_s = time.monotonic() + 90.0
    while not (path.is_file() and path.read_text()):  # noqa: ASYNC240
        if time.monotonic() > end_s:
            raise AssertionError("the panel did not start")
        await asyncio.sleep(0.05)
    return path.read_text()  # noqa: ASYNC240


async def _answers(address: str) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=60.0) as http:
        end_s = time.monotonic() + 90.0
        while time.monotonic() < end_s:
            with contextlib.suppress(httpx.TransportError):
                if (await http.get("/api/v1/health")).status_code == 200:
                    return
            await asyncio.sleep(0.1)
    raise AssertionError("the panel does not answer")
