"""Runs, batteries, alarm history, recipes, photographs and the support bundle, over the API."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from fake_cell import FakeCell, frame_jpeg, frame_meta, running_cell, snapshot
from panel_rig import panel_client, run_of, running_panel, written_cell

CODE = "077PB0123456789"


@pytest.fixture
async def cell(tmp_path: Path) -> AsyncIterator[FakeCell]:
    async with running_cell(tmp_path / "cell.sock") as cell:
        yield cell


@pytest.fixture
async def panel(cell: FakeCell, tmp_path: Path, repository: Path) -> AsyncIterator[httpx.AsyncClient]:
    path = written_cell(tmp_path, repository)
    async with running_panel(tmp_path / "cell.sock", cell=path) as address, panel_client(address) as client:
        yield client


async def test_runs_are_listed_filtered_told_and_downloaded(panel: httpx.AsyncClient, tmp_path: Path) -> None:
    first, second = run_of(tmp_path / "runs"), run_of(tmp_path / "runs", code="another")
    listed = (await panel.get("/api/v1/runs")).json()
    assert [run["run"] for run in listed["runs"]] == [second, first], "newest first"
    found = listed["runs"][1]
    assert (found["outcome"], found["recipe"], found["by"]) == ("dismantled", "vw-meb-82/damaged", "mara")
    assert (found["pack"], found["hazard_class"], found["codes"]) == ("vw-meb-82", "B", [CODE])
    assert (found["alarms"], found["steps_done"], found["finished"]) == (1, 1, True)
    for query, expected in (
        ({"code": "077pb"}, [first]),
        ({"pack": "byd-blade"}, []),
        ({"outcome": "dismantled", "limit": 1}, [second]),
        ({"limit": 1, "offset": 1}, [first]),
        ({"since": 1e11}, []),
    ):
        page = (await panel.get("/api/v1/runs", params=query)).json()
        assert [run["run"] for run in page["runs"]] == expected, query
    told = (await panel.get(f"/api/v1/runs/{first}/timeline")).json()["lines"]
    assert [line["kind"] for line in told] == [
        "command", "run_started", "decision", "alarm", "answer", "step", "end", "run_ended",
    ]  # fmt: skip
    assert told[3]["text"] == "plc.guard: the guard is open"
    file = await panel.get(f"/api/v1/runs/{first}/files/journal.jsonl")
    assert file.content == (tmp_path / "runs" / first / "journal.jsonl").read_bytes()
    assert f'filename="{first}-journal.jsonl"' in file.headers["content-disposition"]


async def test_a_journal_that_was_changed_is_told_as_such(panel: httpx.AsyncClient, tmp_path: Path) -> None:
    run = run_of(tmp_path / "runs")
    path = tmp_path / "runs" / run / "journal.jsonl"
    path.write_text(path.read_text().replace("mara", "eve"))
    found = (await panel.get("/api/v1/runs")).json()["runs"][0]
    assert "was changed or damaged" in found["problem"]
    reply = await panel.get(f"/api/v1/runs/{run}/timeline")
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "journal.broken")


async def test_a_battery_is_found_by_its_code_or_by_a_run(panel: httpx.AsyncClient, tmp_path: Path) -> None:
    run = run_of(tmp_path / "runs")
    for query in ({"code": CODE}, {"run": run}):
        found = (await panel.get("/api/v1/battery", params=query)).json()
        assert (found["code"], found["pack"], found["outcome"]) == (CODE, "vw-meb-82", "dismantled")
        assert found["assessment"]["hazard_class"] == "B"
        assert [step["status"] for step in found["steps"]] == ["done"]
        assert found["answers"][0]["text"] == "mara: skip"
        assert found["config_sha256"] == "ab" * 32
    assert (await panel.get("/api/v1/battery", params={"code": "nobody's"})).status_code == 404


async def test_the_history_of_alarms_goes_over_all_runs(panel: httpx.AsyncClient, tmp_path: Path) -> None:
    run_of(tmp_path / "runs")
    run_of(tmp_path / "runs", alarm="gas")
    lines = (await panel.get("/api/v1/alarms/history")).json()["lines"]
    assert [line["text"] for line in lines] == ["plc.guard: gas", "plc.guard: the guard is open"]
    table = (await panel.get("/api/v1/alarms/history.csv")).text.splitlines()
    assert table[0] == "at,run,kind,code,text,by"
    assert len(table) == 3


async def test_trends_are_kept_of_what_the_cell_says(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    for torque in (1.0, 21.4, 3.0):
        cell.show(snapshot(tags=snapshot()["tags"] | {"torque_nm": torque}, vision={"infer_ms": 55.0}))
        await asyncio.sleep(0.1)
    found = (await panel.get("/api/v1/trends", params={"names": "torque_nm,inference_ms"})).json()
    series = {one["name"]: one for one in found["series"]}
    assert 21.4 in series["torque_nm"]["values"]
    assert series["torque_nm"]["unit"] == "Nm"
    assert 55.0 in series["inference_ms"]["values"]
    assert {"heartbeat_jitter_s", "state_gap_s", "robot_x_mm"} <= set(found["names"])


async def test_a_recipe_is_checked_drafted_compared_and_thrown_away(panel: httpx.AsyncClient) -> None:
    file = (await panel.get("/api/v1/recipes")).json()["recipes"][0]["file"]
    text = (await panel.get(f"/api/v1/recipes/{file}")).json()["text"]
    url = f"/api/v1/recipes/{file}"
    assert (await panel.post(f"{url}/check", json={"text": text})).json() == {"findings": []}
    wrong = text + "\nnonsense: 1\n"
    found = (await panel.post(f"{url}/check", json={"text": wrong})).json()["findings"]
    assert [(f["line"], f["code"]) for f in found] == [(len(wrong.splitlines()), "unknown_key")]
    assert (await panel.put(f"{url}/draft", json={"text": wrong})).status_code == 200
    assert (await panel.get(url)).json()["draft"] == wrong
    assert "+nonsense: 1" in (await panel.get(f"{url}/diff")).json()["lines"]
    assert [r["file"] for r in (await panel.get("/api/v1/recipes")).json()["recipes"] if r["has_draft"]] == [file]
    assert (await panel.delete(f"{url}/draft")).status_code == 200
    assert (await panel.get(f"{url}/diff")).status_code == 404


async def test_a_draft_that_the_checker_refuses_is_not_released(panel: httpx.AsyncClient, repository: Path) -> None:
    file = (await panel.get("/api/v1/recipes")).json()["recipes"][0]["file"]
    source = repository / "cell_configs" / "recipes" / f"{file}.yaml"
    before = source.read_bytes()
    await panel.put(f"/api/v1/recipes/{file}/draft", json={"text": before.decode() + "\nnonsense: 1\n"})
    reply = await panel.post(f"/api/v1/recipes/{file}/release", json={})
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "panel.refused")
    assert "unknown key" in reply.json()["error"]["message"]
    assert source.read_bytes() == before
    assert (await panel.get(f"/api/v1/recipes/{file}")).json()["draft"] is not None, "the draft is still there"


async def test_photographs_are_sent_taken_live_and_removed(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    url, jpeg = "/api/v1/packs/new-pack/photos", frame_jpeg()
    assert (await panel.post(f"{url}/live")).status_code == 409, "there is no picture yet"
    cell.server.publish_frame(jpeg, frame_meta())
    await asyncio.sleep(0.2)
    taken = (await panel.post(f"{url}/live")).json()["photos"]
    assert [p["bytes"] for p in taken] == [len(jpeg)]
    sent = await panel.put(f"{url}/lid.jpg", content=jpeg, headers={"Content-Type": "image/jpeg"})
    assert {p["name"] for p in sent.json()["photos"]} == {"lid.jpg", taken[0]["name"]}
    wrong = await panel.put(f"{url}/lid.jpg", content=jpeg, headers={"Content-Type": "text/html"})
    assert wrong.status_code == 415
    assert len((await panel.delete(f"{url}/lid.jpg")).json()["photos"]) == 1
    assert (await panel.delete(url)).status_code == 200
    assert (await panel.get(url)).json() == {"photos": []}


async def test_the_support_bundle_holds_no_secret(cell: FakeCell, panel: httpx.AsyncClient, tmp_path: Path) -> None:
    cell_file = tmp_path / "cell.yaml"
    cell_file.write_text(cell_file.read_text().replace("title: ", "title: rtsp://eye:hunter2@cam/ password=Xyzzy77 "))
    log = tmp_path / "panel" / "log" / "cell.log"
    log.parent.mkdir(parents=True)
    log.write_text(
        '{"event": "link", "api_key": "Plugh88"}\nAuthorization: Bearer Quux99Quux99\n#setup=Corge11Corge\n'
        "delid_0123456789ab_Grault22Grault22Grault22\nsteps 7\n"
    )
    reply = await panel.get("/api/v1/diagnostics/bundle")
    assert reply.status_code == 200
    with zipfile.ZipFile(io.BytesIO(reply.content)) as bundle:
        names = bundle.namelist()
        everything = "\n".join(bundle.read(name).decode() for name in names)
    assert {"diagnostics.json", "state.json", "events.json", "audit.json", "log/cell.log"} <= set(names)
    assert any(name.startswith("config/") for name in names)
    assert "steps 7" in everything
    assert "vw-meb-82" in everything
    for secret in ("hunter2", "Xyzzy77", "Plugh88", "Quux99", "Corge11", "Grault22", "$argon2", "PRIVATE KEY"):
        assert secret not in everything
    assert "Plugh88" not in (await panel.get("/api/v1/diagnostics/log")).text


async def test_diagnostics_tell_the_models_by_their_digests(panel: httpx.AsyncClient) -> None:
    found = (await panel.get("/api/v1/diagnostics")).json()
    assert found["problem"] == ""
    assert {m["name"] for m in found["models"]} >= {"pack_damage", "fasteners"}
    assert all(m["matches"] and len(m["sha256"]) == 64 for m in found["models"])
    assert found["versions"]["delid"]
    assert found["devices"]["plc"]["up"] is True


async def test_a_jog_ends_when_the_live_channel_of_its_page_is_cut(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    address = str(panel.base_url).replace("http", "ws").rstrip("/") + "/api/v1/live"
    jog = {"press": "finger-0001", "axis": "x", "direction": "+"}
    async with connect(address) as socket:
        live = json.loads(await socket.recv())["live"]
        assert (await panel.post("/api/v1/jog", json=jog | {"live": live})).status_code == 200
        assert (await panel.post("/api/v1/jog/finger-0001/keep")).status_code == 200
        socket.transport.abort()
    async with asyncio.timeout(5.0):
        while {"op": "end_jog", "press": "finger-0001"} not in cell.told:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    gone = await panel.post("/api/v1/jog", json=jog | {"live": live, "press": "finger-0002"})
    assert gone.status_code == 409
    assert [m["op"] for m in cell.told] == ["jog", "hold_jog", "end_jog"]


async def test_a_page_that_was_away_is_told_what_it_missed(cell: FakeCell, panel: httpx.AsyncClient) -> None:
    address = str(panel.base_url).replace("http", "ws").rstrip("/") + "/api/v1/live"
    async with connect(address) as socket:
        hello = json.loads(await socket.recv())
    cell.show(snapshot(packml="Held"))
    await asyncio.sleep(0.3)
    async with connect(f"{address}?series={hello['series']}&after={hello['last']}") as socket:
        kinds = []
        async with asyncio.timeout(5.0):
            while "transition" not in kinds:
                message = json.loads(await socket.recv())
                kinds += [message["event"]["kind"]] if message["type"] == "event" else []
