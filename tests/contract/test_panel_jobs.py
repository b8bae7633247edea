"""Longer work from the panel: a changed recipe simulated, weighed and released, with the real commands behind it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from delid.config import load_cell, read_releases
from panel_rig import (
    ADMIN,
    changeable_cell,
    code_of,
    logged_in,
    panel_client,
    running_panel,
    set_up_panel,
    stand_in,
    step_up,
)

FILE = "nissan-leaf-24-standard"
URL = f"/api/v1/recipes/{FILE}"
WORDS = "    value: 11\n", "    value: 12\n"


@contextlib.asynccontextmanager
async def engineer(path: Path, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has given the PIN, at a panel of the cell in ``options``."""
    async with set_up_panel(path, **options) as address, panel_client(address) as client:
        await logged_in(client, *ADMIN)
        await step_up(client)
        yield client


async def ended(client: httpx.AsyncClient, reply: httpx.Response) -> dict[str, Any]:
    """A job at its end."""
    assert code_of(reply) == (200, "")
    job: dict[str, Any] = reply.json()
    async with asyncio.timeout(100.0):
        while job["state"] == "running":
            await asyncio.sleep(0.1)
            job = (await client.get(f"/api/v1/jobs/{job['id']}")).json()
    return job


@pytest.mark.slow
async def test_a_change_is_weighed_against_recordings_and_released_in_the_engineer_s_name(
    path: Path, tmp_path: Path, repository: Path
) -> None:
    cell_file = changeable_cell(tmp_path, repository)
    recipe = tmp_path / f"cell_configs/recipes/{FILE}.yaml"
    before = recipe.read_text()
    fields = {"runs", "good", "outcomes", "failures", "duration_s", "energy_wh", "person_s"}
    async with engineer(path, cell=cell_file) as client:
        assert code_of(await client.put(f"{URL}/draft", json={"text": before.replace(*WORDS, 1)})) == (200, "")
        tried = await ended(client, await client.post(f"{URL}/simulate", json={"runs": 2}))
        weighed = await ended(client, await client.post(f"{URL}/impact"))
        assert recipe.read_text() == before, "trying changes nothing that is in use"
        released = await ended(client, await client.post(f"{URL}/release", json={"note": "tighter lids"}))
        after = (await client.get(URL)).json()
        listed = {r["file"]: r for r in (await client.get("/api/v1/recipes")).json()["recipes"]}
    assert (tried["state"], tried["result"]["runs"]) == ("done", 2), tried["words"]
    assert fields <= set(tried["result"]), "what the page shows of it"
    assert weighed["state"] == "refused", weighed["words"]
    differ = [one for one in weighed["result"]["decisions"] if one["differences"]]
    assert differ, "the recorded run would be decided differently"
    assert {one["recording"] for one in differ} == {"recording"}
    assert any("12" in line for line in weighed["result"]["diff"])
    assert released["state"] == "done", released
    assert (after["text"], after["draft"]) == (before.replace(*WORDS, 1), None)
    assert listed[FILE]["has_draft"] is False
    last = read_releases(recipe)[-1]
    assert (last.by, last.note) == (ADMIN[0], "tighter lids")
    cell = load_cell(cell_file)
    assert all(cell.is_released(r) for r in cell.recipes), "production takes it"


REFUSED = {"check": {"code": 0}, "simulate": {"code": 1, "why": "2 of 20 runs did not end"}}


async def test_a_release_that_is_refused_leaves_all_as_it_was(path: Path, tmp_path: Path, repository: Path) -> None:
    cell_file = changeable_cell(tmp_path, repository)
    recipe = tmp_path / f"cell_configs/recipes/{FILE}.yaml"
    before = recipe.read_bytes()
    async with engineer(path, cell=cell_file, program=stand_in(**REFUSED)) as client:
        draft = before.decode().replace(*WORDS, 1)
        await client.put(f"{URL}/draft", json={"text": draft})
        job = await ended(client, await client.post(f"{URL}/release", json={}))
        assert (job["state"], job["result"]["why"]) == ("refused", "2 of 20 runs did not end")
        assert (await client.get(URL)).json()["draft"] == draft
    assert recipe.read_bytes() == before


async def test_a_draft_saved_while_another_is_released_stays(path: Path, tmp_path: Path, repository: Path) -> None:
    cell_file = changeable_cell(tmp_path, repository)
    program = stand_in(simulate={"sleep_s": 0.5})
    async with engineer(path, cell=cell_file, program=program) as client:
        first = (await client.get(URL)).json()["text"].replace(*WORDS, 1)
        await client.put(f"{URL}/draft", json={"text": first})
        begun = await client.post(f"{URL}/release", json={})
        assert code_of(await client.post(f"{URL}/simulate", json={"runs": 1})) == (409, "panel.busy")
        await client.put(f"{URL}/draft", json={"text": first + "# and more\n"})
        assert (await ended(client, begun))["state"] == "done"
        found = (await client.get(URL)).json()
        assert (found["text"], found["draft"]) == (first, first + "# and more\n")


async def test_a_panel_that_ends_in_the_middle_of_a_release_takes_the_draft_back(
    path: Path, tmp_path: Path, repository: Path
) -> None:
    cell_file = changeable_cell(tmp_path, repository)
    recipe = tmp_path / f"cell_configs/recipes/{FILE}.yaml"
    before = recipe.read_bytes()
    draft = before.decode().replace(*WORDS, 1)
    async with engineer(path, cell=cell_file, program=stand_in(check={"sleep_s": 60})) as client:
        await client.put(f"{URL}/draft", json={"text": draft})
        await client.post(f"{URL}/release", json={})
        assert recipe.read_bytes() == draft.encode()
    assert recipe.read_bytes() == before
    # And as after a kill: the draft stands where it is read, and nobody has said how the release went.
    recipe.write_text(draft)
    note = {"file": FILE, "path": str(recipe), "before": before.decode(), "draft": draft}
    (path.parent / "panel" / "releasing.json").write_text(json.dumps(note))
    async with running_panel(path, cell=cell_file) as address, panel_client(address) as client:
        found = (await client.get(URL)).json()
        assert (found["text"], found["draft"]) == (before.decode(), draft)
    assert not (path.parent / "panel" / "releasing.json").exists()
