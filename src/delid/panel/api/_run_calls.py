"""Runs, batteries, trends: what was, read from journals and recordings."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Path, Query, Request
from fastapi.responses import FileResponse

from .._models import Seconds, Strict
from .._refusals import refusal
from .._trends import thinned, unit_of
from ..access import Role, Scope
from ..files import RunSummary
from ._asking import panel_of
from ._calls import Calls

CALLS = Calls("runs", Scope.VIEW)
Run = Annotated[str, Path(max_length=200, description="The name of a run.")]
Since = Annotated[float, Query(ge=0, description="seconds since 1970-01-01 UTC")]
Points = Annotated[int, Query(ge=10, le=6_000)]
Names = Annotated[str, Query(max_length=2_000, description="names of series with commas between them; empty: all")]


class RunOut(Strict):
    run: str
    began_at: Seconds | None
    ended_at: Seconds | None
    """The last entry of its journal."""
    started: bool
    """Somebody pressed Start; else it was a reset only."""
    finished: bool
    """Its end stands in the journal."""
    outcome: str
    reason: str
    by: str
    mode: str
    pack: str | None
    hazard_class: str | None
    codes: list[str]
    recipe: str | None
    steps: int
    steps_done: int
    alarms: int
    questions: int
    recording_bytes: int | None
    problem: str
    """Why its journal cannot be read, if so."""


class RunsOut(Strict):
    runs: list[RunOut]
    more: bool


class TimelineLine(Strict):
    seq: int
    """Of the journal entry."""
    at: Seconds
    kind: str
    text: str
    data: dict[str, Any]


class TimelineOut(Strict):
    run: RunOut
    lines: list[TimelineLine]


class FileOut(Strict):
    name: str
    bytes: int


class FilesOut(Strict):
    files: list[FileOut]


class Series(Strict):
    name: str
    unit: str
    at: list[float]
    values: list[float | None]
    """As many as ``at``; null where there was none."""


class TrendsOut(Strict):
    names: list[str]
    """All series that there are."""
    series: list[Series]


class BatteryOut(Strict):
    """One pack's record, as far as the journals of this cell tell it."""

    code: str | None
    pack: str | None
    runs: list[RunOut]
    assessment: dict[str, Any] | None
    """The last look at it."""
    outcome: str
    steps: list[dict[str, Any]]
    """Each step of the last run that was begun, with how it ended."""
    alarms: list[TimelineLine]
    answers: list[TimelineLine]
    """What people decided."""
    config_sha256: str | None
    """Of the configuration that the last run was made with."""


@CALLS.get("/runs", Role.VIEWER, RunsOut)
async def runs(
    request: Request,
    pack: Annotated[str, Query(max_length=64)] = "",
    outcome: Annotated[str, Query(max_length=64)] = "",
    code: Annotated[str, Query(max_length=200, description="part of a code on the pack")] = "",
    since: Since = 0.0,
    until: Since = 1e12,
    started: Annotated[bool, Query(description="only those that somebody started")] = True,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> RunsOut:
    """Runs, newest first."""

    def wanted(run: RunSummary) -> bool:
        return (
            (not pack or run.pack == pack)
            and (not outcome or run.outcome == outcome)
            and (not code or any(code.casefold() in c.casefold() for c in run.codes))
            and since <= (run.began_s or 0.0) <= until
            and (run.started or bool(run.problem) or not started)
        )

    found, more = await panel_of(request).runs.search(wanted, offset, limit)
    return RunsOut(runs=[_run(run) for run in found], more=more)


@CALLS.get("/runs/{run}", Role.VIEWER, RunOut)
async def one_run(request: Request, run: Run) -> RunOut:
    """One run in short."""
    return _run(await panel_of(request).runs.summary(run))


@CALLS.get("/runs/{run}/timeline", Role.VIEWER, TimelineOut)
async def timeline(request: Request, run: Run) -> TimelineOut:
    """What happened in a run, in order."""
    panel = panel_of(request)
    summary = await panel.runs.summary(run)
    return TimelineOut(run=_run(summary), lines=[TimelineLine(**line) for line in await panel.runs.timeline(run)])


@CALLS.get("/runs/{run}/files", Role.VIEWER, FilesOut)
async def run_files(request: Request, run: Run) -> FilesOut:
    """The files of a run that can be downloaded."""
    return FilesOut(files=[FileOut(name=n, bytes=size) for n, size in await panel_of(request).runs.files(run)])


@CALLS.get(
    "/runs/{run}/files/{name}", Role.VIEWER, response_class=FileResponse,
    answers={
        200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
                          "application/x-ndjson": {"schema": {"type": "string"}}}, "description": "The file."},
        206: {"description": "A part of it."},
        416: {"description": "There is no such part."},
    },
)  # fmt: skip
async def download(request: Request, run: Run, name: Annotated[str, Path(max_length=100)]) -> FileResponse:
    """Download a file of a run."""
    path, media_type = await panel_of(request).runs.file(run, name)
    return FileResponse(path, media_type=media_type, filename=f"{run}-{name}")


@CALLS.get("/runs/{run}/trends", Role.VIEWER, TrendsOut)
async def run_trends(request: Request, run: Run, names: Names = "torque_nm", points: Points = 2_000) -> TrendsOut:
    """Readings of a run's recording as series, for example the torque of every bolt."""
    wanted = [name for name in names.split(",") if name]
    times, found = await panel_of(request).runs.curve(run, wanted)
    series = [_series(name, *thinned(list(zip(times, values, strict=True)), points)) for name, values in found.items()]
    return TrendsOut(names=sorted(found), series=series)


@CALLS.get("/trends", Role.VIEWER, TrendsOut)
async def trends(request: Request, names: Names = "", since: Since = 0.0, points: Points = 600) -> TrendsOut:
    """Series of the last 20 minutes: readings, robot, inference time, heartbeat jitter, ages."""
    found = panel_of(request).trends
    wanted = [name for name in names.split(",") if name] or found.names()
    series = [_series(name, *found.series(name, since, points)) for name in wanted if name in found.names()]
    return TrendsOut(names=found.names(), series=series)


@CALLS.get("/battery", Role.VIEWER, BatteryOut)
async def battery(
    request: Request,
    code: Annotated[str, Query(max_length=200, description="the code on the pack")] = "",
    run: Annotated[str, Query(max_length=200, description="or a run that it was in")] = "",
) -> BatteryOut:
    """One pack's record, by its code or by a run."""
    return await battery_of(panel_of(request), code, run)


def _run(found: RunSummary) -> RunOut:
    plain = asdict(found)
    return RunOut(began_at=plain.pop("began_s"), ended_at=plain.pop("ended_s"), **plain)


def _series(name: str, times: list[float], values: list[float | None]) -> Series:
    finite = [v if v is not None and math.isfinite(v) else None for v in values]
    return Series(name=name, unit=unit_of(name), at=times, values=finite)


async def battery_of(panel: Any, code: str, run: str) -> BatteryOut:
    """Raises PanelError ``panel.not_found`` where no run is about it."""
    if run:
        found = [await panel.runs.summary(run)]
    elif code:
        found, _ = await panel.runs.search(lambda r: code in r.codes, 0, 100)
    else:
        raise refusal("panel.bad_request", "Name a code or a run.")
    if not found:
        raise refusal("panel.not_found", f"No run of this cell has seen the code {code!r}.")
    last = next((r for r in found if r.started), found[0])
    lines = [TimelineLine(**line) for line in await panel.runs.timeline(last.run)]
    entries = await panel.runs.entries(last.run)
    looks = [e.data["event"]["assessment"] for e in entries if (e.data.get("event") or {}).get("type") == "Looked"]
    steps = {line.data["key"]: line.data | {"at": line.at} for line in lines if line.kind == "step"}
    return BatteryOut(
        code=code or next(iter(last.codes), None), pack=last.pack, runs=[_run(r) for r in found],
        assessment=looks[-1] if looks else None, outcome=last.outcome, steps=list(steps.values()),
        alarms=[line for line in lines if line.kind == "alarm"],
        answers=[line for line in lines if line.kind == "answer"],
        config_sha256=next((e.data["config_sha256"] for e in entries if e.kind == "run_started"), None),
    )  # fmt: skip
