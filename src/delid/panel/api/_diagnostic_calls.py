"""Diagnostics: devices, versions, models, the log, and a bundle to send with secrets removed."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import Response

from delid import __version__
from delid.core import DelidError

from .._models import Health, Strict
from ..access import Role, Scope
from ..files import Job, log_tail, model_facts, support_bundle, versions
from ._asking import panel_of, person_in
from ._calls import Calls

CALLS = Calls("diagnostics", Scope.DIAGNOSTICS)


class ModelOut(Strict):
    name: str
    folder: str
    sha256: str | None
    """Of the model file as it lies there."""
    matches: bool
    """It is what its manifest says."""
    facts: dict[str, Any]


class DiagnosticsOut(Strict):
    cell: str | None
    config_sha256: str | None
    devices: dict[str, dict[str, Any]]
    interlocks: list[dict[str, Any]]
    versions: dict[str, str]
    models: list[ModelOut]
    panel: dict[str, Any]
    """Watchers, age of the cell's last word, sessions, jobs, memory."""
    problem: str
    """Why the cell file cannot be read, if so."""


class LogOut(Strict):
    lines: list[str]
    """The last lines of the log of ``delid serve``, oldest first."""


class JobOut(Strict):
    """Longer work. ``refused``: it answered no; the reasons are in ``result``."""

    id: str
    what: str
    by: str
    at: float
    state: str
    """running, done, refused or failed."""
    ended_at: float | None
    result: Any
    words: str


@CALLS.get("/health", None, Health, idle=True)
async def health(request: Request) -> Health:
    """Whether the panel is alive, and whether it hears the cell."""
    live = panel_of(request).live
    up = live.state is not None and live.error is None
    return Health(ok=True, version=__version__, cell_up=up, cell_age_s=live.cell_age_s)


@CALLS.get("/diagnostics", Role.VIEWER, DiagnosticsOut)
async def diagnostics(request: Request) -> DiagnosticsOut:
    """Devices, versions, models by their hashes."""
    return DiagnosticsOut(**await _diagnostics(request))


@CALLS.get("/diagnostics/log", Role.ENGINEER, LogOut)
async def log(request: Request, lines: Annotated[int, Query(ge=1, le=2_000)] = 200) -> LogOut:
    """The end of the log."""
    panel = panel_of(request)
    found = await asyncio.get_running_loop().run_in_executor(panel.pool, log_tail, panel.settings.data / "log", lines)
    return LogOut(lines=found)


@CALLS.get(
    "/diagnostics/bundle", Role.ENGINEER, response_class=Response,
    answers={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
                   "description": "A zip archive."}},
)  # fmt: skip
async def bundle(request: Request) -> Response:
    """A zip archive to send to whoever helps: diagnostics, state, events, configuration, log. No secret is in it."""
    panel = panel_of(request)
    parts = {
        "diagnostics.json": await _diagnostics(request),
        "state.json": panel.live.state,
        "events.json": [event.model_dump() for event in panel.events.after(0)],
        "audit.json": [dict(row) for row in panel.access.audit.page(limit=500)],
    }
    texts = dict((await panel.files.cell()).texts) if panel.settings.cell else {}
    log_folder = panel.settings.data / "log"
    content = await asyncio.get_running_loop().run_in_executor(panel.pool, support_bundle, parts, texts, log_folder)
    headers = {"Content-Disposition": 'attachment; filename="delid-support.zip"'}
    return Response(content, media_type="application/zip", headers=headers)


@CALLS.get("/jobs/{job}", Role.VIEWER, JobOut, scope=Scope.VIEW)
async def one_job(request: Request, job: str) -> JobOut:
    """Longer work by its number: a lesson, a simulation."""
    return job_out(panel_of(request).jobs.find(job))


def job_out(job: Job) -> JobOut:
    return JobOut(
        id=job.id, what=job.what, by=job.by, at=job.at_s, state=job.state, ended_at=job.ended_s, result=job.result,
        words=job.words,
    )  # fmt: skip


async def _diagnostics(request: Request) -> dict[str, Any]:
    panel, person = panel_of(request), person_in(request)
    state = panel.live.state or {}
    found: dict[str, Any] = {
        "cell": None, "config_sha256": None, "devices": state.get("devices", {}), "versions": versions(),
        "interlocks": state.get("interlocks", []), "models": [], "problem": "",
        "panel": {
            "watchers": panel.live.watchers, "cell_age_s": panel.live.cell_age_s,
            "open": panel.access.open_as is not None,
            "seen_as": person.name,
            "job": panel.jobs.running.what if panel.jobs.running else None,
        },
    }  # fmt: skip
    try:
        cell = await panel.files.cell()
    except DelidError as error:
        return found | {"problem": error.message}
    facts = await asyncio.get_running_loop().run_in_executor(panel.pool, model_facts, cell)
    return found | {"cell": cell.spec.cell, "config_sha256": cell.sha256, "models": facts}
