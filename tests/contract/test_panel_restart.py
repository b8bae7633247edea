"""What a panel knows of the one before it: sessions, and what was done with which idempotency key."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from fake_cell import FakeCell
from panel_rig import ADMIN, code_of, logged_in, panel_client, running_panel, set_up_panel, step_up

COMMANDS = "/api/v1/commands"
START = {"command": "Start", "held_s": 1.6}
KEY = {"Idempotency-Key": "start-2026-0003"}
REPLAYED = "idempotency-replayed"


@contextlib.asynccontextmanager
async def first_panel(path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with set_up_panel(path) as address, panel_client(address) as client:
        await logged_in(client, *ADMIN)
        yield client


@contextlib.asynccontextmanager
async def next_panel(path: Path, before: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """Another process would find the same: the folder of data, and the cookie in the browser."""
    async with running_panel(path, open_as=None) as address, panel_client(address) as client:
        client.cookies.set("delid_session", before.cookies["delid_session"])
        yield client


async def test_a_session_outlives_the_panel_process_but_the_pin_does_not(path: Path, cell: FakeCell) -> None:
    async with first_panel(path) as before:
        assert (await step_up(before))["stepped_up"] is True
    async with next_panel(path, before) as client:
        now = (await client.get("/api/v1/session")).json()
        assert (now["name"], now["role"], now["stepped_up"]) == (ADMIN[0], "admin", False)


async def test_a_key_is_remembered_over_a_restart(path: Path, cell: FakeCell) -> None:
    async with first_panel(path) as before:
        done = await before.post(COMMANDS, json=START, headers=KEY)
    async with next_panel(path, before) as client:
        again = await client.post(COMMANDS, json=START, headers=KEY)
        assert (again.status_code, again.json(), again.headers[REPLAYED]) == (200, done.json(), "true")
        other = await client.post(COMMANDS, json={"command": "Reset"}, headers=KEY)
        assert code_of(other) == (409, "panel.key_reused")
    assert len(cell.told) == 1


async def test_a_refused_call_is_no_memory(path: Path, cell: FakeCell) -> None:
    async with first_panel(path) as before:
        assert code_of(await before.post(COMMANDS, json={"command": "Start"}, headers=KEY))[1] == "panel.not_held"
    async with next_panel(path, before) as client:
        assert code_of(await client.post(COMMANDS, json=START, headers=KEY)) == (200, "")
    assert [m["command"] for m in cell.told] == ["Start"]


async def test_what_a_panel_died_in_is_not_done_twice(path: Path, cell: FakeCell) -> None:
    """The key is on the disk, its answer is not: nobody knows whether the cell was told."""
    async with first_panel(path) as before:
        assert code_of(await before.post(COMMANDS, json=START, headers=KEY)) == (200, "")
    forget_answers(path)
    async with next_panel(path, before) as client:
        assert code_of(await client.post(COMMANDS, json=START, headers=KEY)) == (409, "panel.unsure")
        for _ in range(2):
            stopped = await client.post("/api/v1/stop", headers={"Idempotency-Key": "stop-2026-0001"})
            assert code_of(stopped) == (200, "")
    assert [m["command"] for m in cell.told] == ["Start", "Stop"]


def forget_answers(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path.parent / "panel" / "panel.sqlite")) as file, file:
        file.execute("UPDATE replies SET status = NULL, body = NULL")


async def test_passwords_and_tokens_are_never_kept(path: Path, cell: FakeCell) -> None:
    token = {"title": "line computer", "role": "viewer", "scopes": ["view"], "days": 30}
    async with first_panel(path) as before:
        await step_up(before)
        made = await before.post("/api/v1/tokens", json=token, headers=KEY)
        assert code_of(made) == (200, "")
        assert (await before.post("/api/v1/tokens", json=token, headers=KEY)).json() == made.json()
    secret = made.json()["text"].rsplit("_", 1)[1].encode()
    for file in (path.parent / "panel").glob("panel.sqlite*"):
        assert secret not in file.read_bytes()
    async with next_panel(path, before) as client:
        await step_up(client)
        assert code_of(await client.post("/api/v1/tokens", json=token, headers=KEY)) == (409, "panel.done_before")
        assert len((await client.get("/api/v1/tokens")).json()["tokens"]) == 1


async def test_a_file_of_the_first_version_is_taken_over(path: Path, cell: FakeCell) -> None:
    async with first_panel(path) as before:
        pass
    with contextlib.closing(sqlite3.connect(path.parent / "panel" / "panel.sqlite")) as file, file:
        file.executescript("DROP TABLE replies; PRAGMA user_version = 1;")
    async with next_panel(path, before) as client:
        replies = await asyncio.gather(*(client.post(COMMANDS, json=START, headers=KEY) for _ in range(3)))
        assert {r.status_code for r in replies} == {200}
    assert len(cell.told) == 1


@pytest.mark.parametrize("age_s", [23 * 3600.0, 25 * 3600.0])
async def test_a_key_is_kept_for_a_day(path: Path, cell: FakeCell, age_s: float) -> None:
    async with first_panel(path) as before:
        await before.post(COMMANDS, json=START, headers=KEY)
    with contextlib.closing(sqlite3.connect(path.parent / "panel" / "panel.sqlite")) as file, file:
        file.execute("UPDATE replies SET at_s = at_s - ?", (age_s,))
    async with next_panel(path, before) as client:
        again = await client.post(COMMANDS, json=START, headers=KEY)
        assert (REPLAYED in again.headers) is (age_s < 24 * 3600.0)
    assert len(cell.told) == (1 if age_s < 24 * 3600.0 else 2)
