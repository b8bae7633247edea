"""Requests made up from the API's own description: no fault of the server, no answer that is not described."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest

from delid.panel import Rate
from fake_cell import idle, running_cell
from panel_rig import changeable_cell, running_panel, stand_in

LONGEST_S = 60.0
EXAMPLES = int(os.environ.get("DELID_SCHEMA_EXAMPLES", "2"))
"""Of each call, with names of things that are there and with names that are not."""
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
PHOTO = "/api/v1/packs/{pack}/photos/{name}"
HOOKS = Path(__file__).with_name("schema_hooks.py")


async def made_up_requests(address: str, description: Path, there: object) -> tuple[int, str]:
    """Exit code and report of schemathesis."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "run", str(description), "--url", address, "--checks", CHECKS,
        "--phases", "fuzzing", "--max-examples", str(EXAMPLES), "--generation-deterministic", "--no-shrink",
        "--no-color",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd="/",
        env=os.environ | {"SCHEMATHESIS_HOOKS": str(HOOKS), "DELID_THERE": json.dumps(there)},
    )  # fmt: skip
    try:
        async with asyncio.timeout(LONGEST_S * max(1, EXAMPLES / 2)):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out.decode(errors="replace")


@pytest.mark.slow
async def test_every_call_answers_as_described_and_never_with_a_fault(tmp_path: Path, repository: Path) -> None:
    """Longer work is done by a stand-in; the real commands behind it have tests of their own."""
    description = repository / "docs" / "openapi.json"
    calls = sum(len(methods) for methods in json.loads(description.read_text())["paths"].values())
    cell_file = changeable_cell(tmp_path, repository)
    run = next((tmp_path / "runs").iterdir()).name
    there = {
        "*": {"pack": "vw-meb-82", "file": "vw-meb-82-standard", "run": run, "code": "plc.guard", "question": "q-17"},
        PHOTO: {"pack": "vw-meb-82", "name": "lid.jpg"},
        "/api/v1/runs/{run}/files/{name}": {"run": run, "name": "journal.jsonl"},
    }
    async with running_cell(tmp_path / "cell.sock") as cell:
        cell.state = idle()
        options = {"cell": cell_file, "rate": Rate(1e6, 1e6), "program": stand_in()}
        async with running_panel(tmp_path / "cell.sock", **options) as address:
            code, report = await made_up_requests(address, description, there)
    print(report[-3000:])
    assert code == 0, report[-6000:]
    passed = re.search(r"(\d+) passed", report)
    assert passed, report[-3000:]
    assert int(passed[1]) == calls, "every call was tried"
