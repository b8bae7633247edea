"""Who may do what at the panel: set-up, login, roles, PIN, lock, tokens, users, audit; on a real port."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx

from delid.panel import Times
from fake_cell import FakeCell, idle
from panel_rig import ADMIN, code_of, logged_in, panel_client, running_panel, set_up_panel, step_up

COMMANDS = "/api/v1/commands"
START = {"command": "Start", "held_s": 1.6}


async def person(admin: httpx.AsyncClient, name: str, role: str) -> tuple[str, str]:
    """A new user who has chosen a password: ``(name, password)``; the PIN is 274951."""
    await step_up(admin)
    given = await admin.post("/api/v1/users", json={"name": name, "role": role})
    assert given.status_code == 200, given.text
    async with panel_client(str(admin.base_url)) as client:
        first = await logged_in(client, name, given.json()["password"])
        assert first["must_change"] is True
        assert code_of(await client.get("/api/v1/state")) == (403, "panel.must_change")
        chosen = {"old": given.json()["password"], "new": f"{role} sees 7 bolts", "pin": "274951"}
        assert code_of(await client.post("/api/v1/session/password", json=chosen)) == (200, "")
        assert (await client.get("/api/v1/session")).json()["must_change"] is False
    return name, chosen["new"]


async def test_the_first_admin_is_made_with_the_printed_code_only(path: Path, cell: FakeCell) -> None:
    codes: list[str] = []
    async with running_panel(path, open_as=None, on_set_up=codes.append) as address, panel_client(address) as client:
        before = (await client.get("/api/v1/session")).json()
        assert (before["set_up"], before["role"]) == (False, None)
        assert code_of(await client.post("/api/v1/session/login", json={"name": "admin", "password": "admin"})) == (
            409, "panel.not_set_up",
        )  # fmt: skip
        first = {"code": "guessed", "name": "mara", "password": "open the lid 4", "pin": "358142"}
        assert code_of(await client.post("/api/v1/session/set-up", json=first)) == (403, "panel.wrong_code")
        for wrong in ({"password": "short"}, {"password": "mara mara 12"}, {"pin": "123456"}, {"pin": "1111111"}):
            tried = await client.post("/api/v1/session/set-up", json=first | {"code": codes[0]} | wrong)
            assert code_of(tried) == (422, "panel.weak")
        made = await client.post("/api/v1/session/set-up", json=first | {"code": codes[0]})
        assert (made.status_code, made.json()["role"]) == (200, "admin")
        again = await client.post("/api/v1/session/set-up", json=first | {"code": codes[0], "name": "eve"})
        assert code_of(again) == (409, "panel.set_up")
        assert [u["name"] for u in (await client.get("/api/v1/users")).json()["users"]] == ["mara"]


ROLES = ("viewer", "operator", "engineer", "admin")
NEEDS: dict[tuple[str, str], tuple[str, bool]] = {
    ("GET", "/api/v1/state"): ("viewer", False),
    ("POST", "/api/v1/stop"): ("viewer", False),
    ("POST", "/api/v1/commands"): ("operator", False),
    ("POST", "/api/v1/alarms/acknowledge"): ("operator", False),
    ("POST", "/api/v1/jog"): ("engineer", True),
    ("DELETE", "/api/v1/packs/x/photos"): ("engineer", False),
    ("GET", "/api/v1/users"): ("admin", False),
    ("POST", "/api/v1/users"): ("admin", True),
}
BODIES: dict[str, Any] = {
    "/api/v1/commands": {"command": "Reset"},
    "/api/v1/jog": {"press": "finger-0001", "axis": "x", "direction": "+"},
    "/api/v1/users": {"name": "somebody", "role": "viewer"},
}


async def test_each_role_may_do_what_the_table_says_and_no_more(address: str, admin: httpx.AsyncClient) -> None:
    for rank, role in enumerate(ROLES):
        who = await person(admin, f"one-{role}", role)
        async with panel_client(address) as client:
            await logged_in(client, *who)
            for (method, path), (least, pin) in NEEDS.items():
                reply = await client.request(method, path, json=BODIES.get(path))
                may = rank >= ROLES.index(least)
                expected = (403, "panel.role") if not may else (403, "panel.step_up") if pin else (200, "")
                assert code_of(reply) == expected, (role, method, path, reply.text)


async def test_what_takes_the_pin_is_open_after_the_pin(cell: FakeCell, address: str, admin: httpx.AsyncClient) -> None:
    for mode in ("manual", "maintenance"):
        assert code_of(await admin.post("/api/v1/mode", json={"mode": mode})) == (403, "panel.step_up")
    assert code_of(await admin.post("/api/v1/session/step-up", json={"pin": "999999"})) == (403, "panel.wrong_pin")
    assert (await step_up(admin))["stepped_up"] is True
    assert code_of(await admin.post("/api/v1/mode", json={"mode": "manual"})) == (200, "")
    assert cell.told == [{"op": "mode", "mode": "manual", "by": ADMIN[0]}]


async def test_wrong_pins_end_the_session(admin: httpx.AsyncClient) -> None:
    for _ in range(5):
        assert code_of(await admin.post("/api/v1/session/step-up", json={"pin": "000001"}))[1] == "panel.wrong_pin"
    assert (await admin.get("/api/v1/session")).json()["role"] is None


async def test_an_idle_panel_locks_and_keeps_view_hold_and_stop(path: Path, cell: FakeCell) -> None:
    times = Times(idle_lock_s=0.4)
    async with set_up_panel(path, times=times) as address, panel_client(address) as client:
        await logged_in(client, *ADMIN)
        await asyncio.sleep(0.6)
        now = (await client.get("/api/v1/session")).json()
        assert (now["locked"], now["role"]) == (True, "admin")
        assert code_of(await client.get("/api/v1/state")) == (200, "")
        assert code_of(await client.post(COMMANDS, json=START)) == (403, "panel.locked")
        assert code_of(await client.post("/api/v1/hold")) == (200, "")
        assert code_of(await client.post("/api/v1/stop")) == (200, "")
        assert code_of(await client.post("/api/v1/session/touch")) == (403, "panel.locked")
        await step_up(client)
        assert code_of(await client.post(COMMANDS, json=START)) == (200, "")
    assert [m["command"] for m in cell.told] == ["Hold", "Stop", "Start"]


async def test_hold_and_stop_need_no_login_on_the_machine_itself_and_everything_else_does(
    cell: FakeCell, address: str
) -> None:
    async with panel_client(address) as client:
        for call in ("stop", "hold"):
            reply = await client.post(f"/api/v1/{call}")
            assert (reply.status_code, reply.json()["by"]) == (200, "local panel")
            act = await client.get(f"/api/v1/acts/{reply.json()['id']}")
            assert act.status_code == 200, "without a login it can be seen whether it was confirmed"
        for path in ("state", "runs", "diagnostics", "users", "audit", "events", "recipes", "trends"):
            assert code_of(await client.get(f"/api/v1/{path}")) == (401, "panel.no_session")
        assert code_of(await client.post(COMMANDS, json=START)) == (401, "panel.no_session")
        assert set((await client.get("/api/v1/status")).json()) == {"title", "packml", "mode", "waiting_for", "up"}
    assert [m["command"] for m in cell.told] == ["Stop", "Hold"]


async def test_the_same_key_does_a_thing_once(cell: FakeCell, admin: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "start-2026-0001"}
    replies = await asyncio.gather(*(admin.post(COMMANDS, json=START, headers=key) for _ in range(5)))
    assert {r.status_code for r in replies} == {200}
    assert len({r.json()["id"] for r in replies}) == 1
    assert sorted(r.headers.get("idempotency-replayed", "") for r in replies) == ["", *["true"] * 4]
    assert len(cell.told) == 1
    other = await admin.post(COMMANDS, json={"command": "Reset"}, headers=key)
    assert code_of(other) == (409, "panel.key_reused")
    for wrong in ("", "short", "x" * 81, "with spaces in it"):
        assert code_of(await admin.post(COMMANDS, json=START, headers={"Idempotency-Key": wrong}))[0] == 422
    assert len(cell.told) == 1


async def test_a_refused_call_may_be_tried_again_with_its_key(cell: FakeCell, admin: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "start-2026-0002"}
    cell.state = idle(reset_checklist=[{"name": "guard closed", "ok": False, "why": "it is open"}])
    assert code_of(await admin.post(COMMANDS, json=START, headers=key)) == (409, "panel.not_ready")
    cell.state = idle()
    assert code_of(await admin.post(COMMANDS, json=START, headers=key)) == (200, "")


async def test_a_token_has_its_scopes_its_role_and_an_end(address: str, admin: httpx.AsyncClient) -> None:
    wanted = {"title": "line computer", "role": "operator", "scopes": ["view", "alarms"], "days": 30}
    assert code_of(await admin.post("/api/v1/tokens", json=wanted)) == (403, "panel.step_up")
    await step_up(admin)
    for too_much in ({"role": "admin"}, {"scopes": ["admin"]}):
        assert code_of(await admin.post("/api/v1/tokens", json=wanted | too_much))[0] == 409
    assert code_of(await admin.post("/api/v1/tokens", json=wanted | {"days": 4000}))[0] == 422
    made = (await admin.post("/api/v1/tokens", json=wanted)).json()
    async with panel_client(address, headers={"Authorization": f"Bearer {made['text']}"}) as program:
        assert code_of(await program.get("/api/v1/state")) == (200, "")
        assert code_of(await program.post("/api/v1/alarms/acknowledge")) == (200, "")
        assert code_of(await program.post(COMMANDS, json=START)) == (403, "panel.scope")
        assert code_of(await program.get("/api/v1/users")) == (403, "panel.scope")
        assert code_of(await program.post("/api/v1/stop")) == (403, "panel.scope")
        listed = (await admin.get("/api/v1/tokens")).text
        assert made["text"].rsplit("_", 1)[1] not in listed
        assert code_of(await admin.delete(f"/api/v1/tokens/{made['token']['id']}")) == (200, "")
        assert code_of(await program.get("/api/v1/state")) == (401, "panel.no_session")


async def test_the_last_admin_stays_and_who_is_disabled_is_out_at_once(address: str, admin: httpx.AsyncClient) -> None:
    name, password = await person(admin, "olga", "operator")
    async with panel_client(address) as client:
        await logged_in(client, name, password)
        assert code_of(await admin.patch(f"/api/v1/users/{name}", json={"disabled": True})) == (200, "")
        assert code_of(await client.get("/api/v1/state")) == (401, "panel.no_session")
        again = await client.post("/api/v1/session/login", json={"name": name, "password": password})
        assert code_of(again) == (401, "panel.wrong_login")
    for method, body in (("DELETE", None), ("PATCH", {"role": "viewer"}), ("PATCH", {"disabled": True})):
        reply = await admin.request(method, f"/api/v1/users/{ADMIN[0]}", json=body)
        assert code_of(reply) == (409, "panel.last_admin")


async def test_every_act_is_in_the_audit_list_with_who_and_from_where(
    cell: FakeCell, address: str, admin: httpx.AsyncClient
) -> None:
    await admin.post(COMMANDS, json=START)
    async with panel_client(address) as client:
        await client.post("/api/v1/stop")
        await client.post(COMMANDS, json=START)
        await client.post("/api/v1/session/login", json={"name": "eve", "password": "let me in now"})
    await asyncio.sleep(0.2)
    audit = (await admin.get("/api/v1/audit")).json()
    assert audit["first_broken"] is None
    lines = [(r["who"], r["what"], r["status"], r["code"], r["address"]) for r in audit["lines"]]
    for expected in (
        (ADMIN[0], "command", 200, "", "127.0.0.1"),
        ("nobody", "stop", 200, "", "127.0.0.1"),
        ("nobody", "command", 401, "panel.no_session", "127.0.0.1"),
        ("nobody", "login", 401, "panel.wrong_login", "127.0.0.1"),
        (ADMIN[0], "login", 200, "", "127.0.0.1"),
    ):
        assert expected in lines
    assert "let me in now" not in str(audit)
    assert audit["lines"][-1]["what"] == "set_up"
