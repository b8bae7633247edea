"""A cell file becomes a running cell: drivers, vision, log and engine wired together."""

from __future__ import annotations

import importlib.metadata
import random
from collections.abc import Callable
from pathlib import Path

import structlog

from delid.config import Cell
from delid.core import Clock, Event, RecordingError, Started, Wire
from delid.devices.motion import open_motion
from delid.devices.plc import PlcDriver, endpoint_of
from delid.engine import Executor, Ports, RecorderPort, RunLog
from delid.journal import (
    RECORDING_FILE,
    Keeper,
    LastRun,
    NoRecorder,
    RecordingWriter,
    find_last,
    header_of,
    keep_rules_of,
    lenses_of,
    limits_of,
)
from delid.vision import Inspector

from ._cameras import open_one
from ._ledger_feed import open_feeder

QUIET_MARGIN_S = 0.1
"""How much longer than the PLC's watchdog time it is left without a heartbeat at start: some scans, and braking."""


def assemble(cell: Cell, clock: Clock) -> Executor:
    """Everything a cell needs, connected; nothing is opened on the wire before the executor runs.

    Raises ModelError, CameraError, ConfigError, JournalError or LedgerError.
    """
    for line in cell.old_calibrations(clock.wall_s()):
        structlog.get_logger().warning(line)
    spec = cell.spec
    inspector = Inspector.load(cell, clock=clock)
    runs = cell.resolve(spec.runs)
    runs.mkdir(parents=True, exist_ok=True)
    last = find_last(runs)
    camera = open_one(cell, spec.overview, clock)
    close = open_one(cell, spec.tool_camera, clock) if spec.tool_camera else None
    log = _run_log(cell, runs, inspector, clock)
    executor: Executor

    def post(event: Event) -> None:
        executor.post(event)

    def wire(sent: Wire) -> None:
        if log.recorder is not None:
            log.recorder.wire(sent)

    def traffic(heard: Wire) -> None:
        if log.recorder is not None:
            log.recorder.traffic(heard)

    plc = _plc(cell, clock, post, wire, traffic)
    feeder = open_feeder(cell, runs, clock, post)
    motion = open_motion(
        spec.motion, clock, robot_map=cell.robot_map, on_link=post, on_report=post, on_wire=wire, on_traffic=traffic
    )
    ports = Ports(plc, motion, camera, inspector, log, close)
    executor = Executor(cell, ports, clock, lambda at_s: _started(at_s, last))
    if feeder is not None:
        log.reader = feeder
        executor.companions.append(feeder.run)
    return executor


def _plc(
    cell: Cell,
    clock: Clock,
    post: Callable[[Event], None],
    wire: Callable[[Wire], None],
    traffic: Callable[[Wire], None],
) -> PlcDriver:
    spec = cell.spec.plc
    return PlcDriver(
        endpoint_of(spec), cell.plc_map, clock, jitter=random.Random(cell.spec.cell), poll_s=spec.poll_s,
        timeout_s=spec.timeout_s, on_link=post, on_tags=post, on_wire=wire, on_traffic=traffic,
        quiet_s=cell.plc_map.watchdog_s + QUIET_MARGIN_S,
    )  # fmt: skip


def _started(at_s: float, last: LastRun | None) -> Started:
    """The first event, with what the run before has left."""
    if last is None or last.ended:
        return Started(at_s, left=last.left if last else None)
    return Started(at_s, last.run_id, last.step, left=last.left)


def _run_log(cell: Cell, runs: Path, inspector: Inspector, clock: Clock) -> RunLog:
    """Journals and recordings of the runs; older recordings are tidied up whenever one begins."""
    keeper = Keeper(runs, keep_rules_of(cell.spec.recordings), clock)

    def record(folder: Path) -> RecorderPort | None:
        keeper.tidy_soon(folder)
        return _recorder(cell, folder, inspector, clock)

    return RunLog(runs, cell.spec.cell, clock, record)


def _recorder(cell: Cell, folder: Path, inspector: Inspector, clock: Clock) -> RecorderPort | None:
    """The recorder of the next run; one that cannot be made does not keep the cell from running."""
    if not cell.spec.record:
        return None
    versions = {name: importlib.metadata.version(name) for name in ("onnxruntime", "opencv-python")}
    header = header_of(cell, folder.name, importlib.metadata.version("delid"), inspector.models, versions)
    path, limits = folder / RECORDING_FILE, limits_of(cell.spec.recordings)
    try:
        return RecordingWriter(path, clock, header, lenses=lenses_of(cell), limits=limits)
    except RecordingError as error:
        structlog.get_logger().error("recording.none", error=str(error))
        return NoRecorder(error.message)
