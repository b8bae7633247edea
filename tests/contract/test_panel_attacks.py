"""What somebody might try, one test for each, and the refusal that it meets. On real ports, with real requests."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from delid.panel import Rate
from fake_cell import FakeCell
from panel_rig import ADMIN, code_of, panel_client, raw, run_of, set_up_panel

COMMANDS = "/api/v1/commands"
START = {"command": "Start", "held_s": 1.6}
EVIL = "https://evil.example"


async def test_cross_site_request_forgery(cell: FakeCell, admin: httpx.AsyncClient) -> None:
    """A foreign page has the browser send the operator's cookie along: by fetch, by form, by an old browser."""
    ways = (
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": str(admin.base_url).rstrip("/")},
        {"Origin": EVIL, "Content-Type": "text/plain"},
    )
    for headers in ways:
        for call in (COMMANDS, "/api/v1/stop", "/api/v1/session/logout"):
            reply = await admin.post(call, json=START, headers=headers)
            assert code_of(reply) == (403, "panel.foreign"), (headers, call)
    assert cell.told == []
    cookie = (await panel_login(admin)).headers["set-cookie"].lower()
    assert "samesite=strict" in cookie
    assert "httponly" in cookie


async def panel_login(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/api/v1/session/login", json={"name": ADMIN[0], "password": ADMIN[1]})


async def test_a_form_of_another_page_without_the_key(cell: FakeCell, admin: httpx.AsyncClient) -> None:
    """What a form can send without the browser asking first has no key, and is no JSON."""
    place = urlsplit(str(admin.base_url))
    body = b'{"command": "Start", "held_s": 9, "x": "="}'
    head = (
        f"POST {COMMANDS} HTTP/1.1\r\nHost: {place.netloc}\r\n"
        f"Cookie: delid_session={admin.cookies['delid_session']}\r\n"
        f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    assert b"422" in (await raw(str(admin.base_url), head.encode() + body)).split(b"\r\n")[0]
    assert cell.told == []


async def test_cross_origin_websocket(admin: httpx.AsyncClient) -> None:
    """A foreign page opens the live channel with the operator's cookie; or somebody without a login does."""
    address = str(admin.base_url).replace("http", "ws").rstrip("/") + "/api/v1/live"
    cookie = {"Cookie": f"delid_session={admin.cookies['delid_session']}"}
    for origin in (EVIL, "null", "http://127.0.0.1:1"):
        with pytest.raises(InvalidStatus) as caught:
            async with connect(address, origin=origin, additional_headers=cookie):
                pass
        assert caught.value.response.status_code == 403
    with pytest.raises(InvalidStatus):
        async with connect(address, additional_headers={**cookie, "Sec-Fetch-Site": "cross-site"}):
            pass
    assert await closed_with(address) == 4401
    assert await closed_with(address, additional_headers=cookie) == 1008, "a browser says where its page is from"
    own = str(admin.base_url).rstrip("/")
    async with connect(address, origin=own, additional_headers=cookie) as socket:
        assert '"hello"' in str(await socket.recv())
        await admin.post("/api/v1/session/logout")
        with pytest.raises(ConnectionClosed) as ended:
            await asyncio.wait_for(read_on(socket), 5.0)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 4401, "whoever logs out sees no more"


async def read_on(socket: ClientConnection) -> None:
    while True:
        await socket.recv()


async def closed_with(address: str, **options: object) -> int:
    async with connect(address, **options) as socket:  # type: ignore[arg-type]
        with pytest.raises(ConnectionClosed) as ended:
            await socket.recv()
        assert ended.value.rcvd is not None
        return ended.value.rcvd.code


async def test_session_fixation(address: str) -> None:
    """Somebody plants a session number before the login, and waits for the victim to log in with it."""
    async with panel_client(address) as client:
        client.cookies.set("delid_session", "planted-number-planted-number-planted")
        reply = await panel_login(client)
        number = reply.cookies["delid_session"]
        assert number != "planted-number-planted-number-planted"
        client.cookies.clear()
        again = await client.post(
            "/api/v1/session/login", json={"name": ADMIN[0], "password": ADMIN[1]},
            headers={"Cookie": f"delid_session={number}"},
        )  # fmt: skip
        assert again.cookies["delid_session"] != number
    async with panel_client(address) as other:
        for old in ("planted-number-planted-number-planted", number):
            other.cookies.set("delid_session", old)
            assert code_of(await other.get("/api/v1/state")) == (401, "panel.no_session")
            other.cookies.clear()


WAYS_OUT = (
"../journal.jsonl", "..%2f..%2fpanel%2fpanel.sqlite", "%2e%2e/%2e%2e/cell.yaml", "/etc/passwd", "journal.jsonl%00",
     "..\\..\\cell.yaml", "....//journal.jsonl", "panel.sqlite",
)  # fmt: skip


async def test_path_traversal_in_downloads(admin: httpx.AsyncClient, tmp_path: Path) -> None:
    run = run_of(tmp_path / "runs")
    assert code_of(await admin.get(f"/api/v1/runs/{run}/files/journal.jsonl")) == (200, "")
    files = (f"/api/v1/runs/{run}/files/{way}" for way in WAYS_OUT)
    for url in (*files, *(f"/api/v1/runs/{way}" for way in WAYS_OUT)):
        answer = await raw(str(admin.base_url), as_admin(admin, url))
        assert b" 404 " in answer.split(b"\r\n")[0], (url, answer[:200])
        assert b"SQLite" not in answer
        assert b"root:" not in answer


def as_admin(admin: httpx.AsyncClient, url: str) -> bytes:
    place, cookie = urlsplit(str(admin.base_url)), admin.cookies["delid_session"]
    lines = (f"GET {url} HTTP/1.1", f"Host: {place.netloc}", f"Cookie: delid_session={cookie}", "Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def test_a_link_in_the_folder_of_runs_is_no_way_out(admin: httpx.AsyncClient, tmp_path: Path) -> None:
    run = run_of(tmp_path / "runs")
    (tmp_path / "secret.mcap").write_text("secret")
    (tmp_path / "runs" / run / "recording.mcap").symlink_to(tmp_path / "secret.mcap")
    (tmp_path / "runs" / "elsewhere").symlink_to(tmp_path / "runs" / run)
    assert code_of(await admin.get(f"/api/v1/runs/{run}/files/recording.mcap")) == (404, "panel.not_found")
    assert code_of(await admin.get("/api/v1/runs/elsewhere")) == (404, "panel.not_found")


async def test_header_injection(cell: FakeCell, admin: httpx.AsyncClient, tmp_path: Path) -> None:
    """Line ends in what comes back in a head, and formulas in what is opened by a spreadsheet."""
    for name in ("a%0d%0aSet-Cookie:%20x=y", "a%0aX: y", 'a"; filename=evil.sh'):
        answer = await raw(str(admin.base_url), as_admin(admin, f"/api/v1/runs/{name.replace(' ', '%20')}/files/a"))
        head = answer.split(b"\r\n\r\n")[0].lower()
        assert b" 404 " in head.split(b"\r\n")[0]
        assert b"set-cookie" not in head
        assert b"evil" not in head
    for header in ("Idempotency-Key", "Origin", "Host", "Cookie"):
        place = urlsplit(str(admin.base_url))
        split = f"POST /api/v1/stop HTTP/1.1\r\nHost: {place.netloc}\r\n{header}: a\x00b\r\nContent-Length: 0\r\n\r\n"
        assert (await raw(str(admin.base_url), split.encode()))[9:12] in (b"400", b"403")
    run_of(tmp_path / "runs", alarm='=HYPERLINK("http://evil.example")')
    table = await admin.get("/api/v1/alarms/history.csv")
    assert "HYPERLINK" in table.text
    assert all(not cell.lstrip('"').startswith("=") for line in table.text.splitlines() for cell in line.split(","))


async def test_brute_force(address: str, admin: httpx.AsyncClient) -> None:
    """Passwords are tried: the same name is locked for this address, whatever comes; others can still log in."""
    async with panel_client(address) as client:
        codes = [
            code_of(await client.post("/api/v1/session/login", json={"name": "mara", "password": f"guess {n}"}))
            for n in range(8)
        ]
        assert codes[:5] == [(401, "panel.wrong_login")] * 5
        assert codes[5:] == [(429, "panel.locked_out")] * 3
        right = await panel_login(client)
        assert code_of(right) == (429, "panel.locked_out"), "the right one too, or it could be told from the others"
        unknown = await client.post("/api/v1/session/login", json={"name": "nobody here", "password": "guess"})
        assert code_of(unknown) == (401, "panel.wrong_login"), "as for a name that exists"
        assert (await client.post("/api/v1/stop")).status_code == 200
    for n in range(8):
        async with panel_client(address, headers={"Authorization": f"Bearer delid_aaaaaaaaaaaa_{n}"}) as program:
            assert (await program.get("/api/v1/state")).status_code == 401
    assert (await admin.get("/api/v1/state")).status_code == 200, "who is in stays in"


async def test_a_flood_of_requests(cell: FakeCell, path: Path) -> None:
    """Whoever asks without end is told to wait, and Stop still gets through."""
    rate = Rate(burst=20, per_s=1)
    async with set_up_panel(path, rate=rate) as address, panel_client(address) as client:
        codes = [(await client.get("/api/v1/state")).status_code for _ in range(60)]
        assert codes[0] == 401
        assert codes[-1] == 429
        assert (await client.post("/api/v1/stop")).status_code == 200
    assert cell.told == [{"op": "command", "command": "Stop", "by": "local panel"}]


async def test_stop_works_while_everything_else_is_locked(
    cell: FakeCell, address: str, admin: httpx.AsyncClient, tmp_path: Path
) -> None:
    """The session is locked, the name is locked out, requests are limited, and the panel's own file is broken."""
    await admin.post("/api/v1/session/lock")
    async with panel_client(address) as client:
        for n in range(6):
            await client.post("/api/v1/session/login", json={"name": "mara", "password": f"guess {n}"})
    (tmp_path / "panel" / "panel.sqlite").write_bytes(b"no database any more" * 1_000)
    (tmp_path / "panel" / "panel.sqlite-wal").unlink(missing_ok=True)
    for client in (admin, panel_client(address, headers={"Authorization": "Bearer delid_wrong_token"})):
        reply = await client.post("/api/v1/stop")
        assert (reply.status_code, reply.json()["accepted"]) == (200, True)
    await client.aclose()
    assert [m["command"] for m in cell.told] == ["Stop", "Stop"]
