"""The driver that a cell file names."""

from __future__ import annotations

from collections.abc import Callable

from delid.config import Motion, ProgramMap
from delid.core import Clock, LinkChanged, MotionReported, Wire

from ._grbl import GrblDriver
from ._interface import MotionDriver
from ._klipper import KlipperDriver
from ._program import ProgramDriver


def open_motion(
    spec: Motion,
    clock: Clock,
    *,
    robot_map: ProgramMap | None = None,
    on_link: Callable[[LinkChanged], None],
    on_report: Callable[[MotionReported], None],
    on_wire: Callable[[Wire], None] | None = None,
    on_traffic: Callable[[Wire], None] | None = None,
) -> MotionDriver:
    """Make the driver; nothing is opened before its ``run``. A program robot needs its map.

    ``on_wire`` gets the bytes that effects send, ``on_traffic`` everything in both directions, polling included.
    """
    if spec.driver == "program" and robot_map is not None:
        return ProgramDriver(
            spec.port, spec.baud, spec.limits, clock, robot_map=robot_map, tolerance_mm=spec.tolerance_mm,
            on_link=on_link, on_report=on_report, on_wire=on_wire, on_traffic=on_traffic, parity=spec.parity,
        )  # fmt: skip
    serial = KlipperDriver if spec.driver == "klipper" else GrblDriver
    driver: KlipperDriver | GrblDriver = serial(
        spec.port, spec.baud, spec.limits, clock, tolerance_mm=spec.tolerance_mm,
        on_link=on_link, on_report=on_report, on_wire=on_wire,
    )  # fmt: skip
    driver.talk.on_traffic = on_traffic
    return driver
