"""Requests made up from the API's own description: no fault of the server, no answer that is not described."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from delid.panel import Rate
from fake_cell import idle, run_of, running_cell, running_panel, written_cell

LONGEST_S = 20
EXAMPLES = 2
"""Of each call; on a quiet machine that takes a quarter of the time."""
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LEFT_OUT = (
    "--exclude-path",
    "/api/v1/session/logout",
    "--exclude-path-regex",
    "(teach|simulate|impact|release|archive)$",
)
"""Longer work is a process of its own, and schemathesis makes no archives; those calls are tried elsewhere."""


async def made_up_requests(address: str, description: Path, seconds: float, examples: int) -> tuple[int, str]:
    """Exit code and report of schemathesis, for a while."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "run", str(description), "--url", address, "--checks", CHECKS,
        "--phases", "fuzzing", "--max-examples", str(examples), "--max-time", f"{seconds:g}", *LEFT_OUT,
        "--generation-deterministic", "--no-shrink", "--no-color",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd="/",
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(errors="replace")


@pytest.mark.slow
async def test_every_answer_is_described_and_none_is_a_fault(tmp_path: Path, repository: Path) -> None:
    run_of(tmp_path / "runs")
    async with running_cell(tmp_path / "cell.sock") as cell:
        cell.state = idle()
        options = {"cell": written_cell(tmp_path, repository), "rate": Rate(1e6, 1e6)}
        async with running_panel(tmp_path / "cell.sock", **options) as address:
            code, report = await made_up_requests(address, repository / "docs" / "openapi.json", LONGEST_S, EXAMPLES)
    assert code == 0, report[-6000:]
    passed = re.search(r"(\d+) passed", report)
    assert passed, report[-3000:]
    assert int(passed[1]) >= 40
