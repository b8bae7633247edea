"""The PLC program's commands: each a generator that runs a piece in every scan and returns what became of it.

A command returns None when it is done, else the failure. ``yield`` gives the scan back; time is simulated time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping

from delid.core import FailureKind

from ._machine import CLAMP_NL, Machine

Running = Generator[None, None, FailureKind | None]
Values = Mapping[str, float]

CLAMP_S = 1.0
AIR_FLOW_S = 1.0
FIT_TOOL_S = 6.0
HOLD_S = 1.0
RELEASE_S = 0.5
LAMP_S = 0.05
DRAIN_S = 20.0
SEARCH_S = 1.0
BREAK_S = 0.8
"""Time in which the torque climbs to its highest value."""
RUN_OUT_S = 2.2
RUN_OUT_DEG = 7200.0
"""Twenty turns of an M6 thread."""
SPINNING_NM = 0.8
MOTOR_W = 600.0


def _wait(machine: Machine, duration_s: float) -> Generator[None, None, None]:
    end_s = machine.sim_s + duration_s
    while machine.sim_s < end_s:
        yield


def close_clamp(machine: Machine, values: Values) -> Running:
    yield from _wait(machine, CLAMP_S)
    machine.air_nl += CLAMP_NL * (not machine.clamp_closed)
    machine.clamp_closed = True
    return None


def open_clamp(machine: Machine, values: Values) -> Running:
    if machine.carried_kg > 0:
        return FailureKind.REFUSED
    machine.air_nl += CLAMP_NL * machine.clamp_closed
    machine.clamp_closed = False
    yield from _wait(machine, CLAMP_S)
    return None


def start_extraction(machine: Machine, values: Values) -> Running:
    yield from _wait(machine, AIR_FLOW_S)
    machine.extraction_on = True
    return None


def stop_extraction(machine: Machine, values: Values) -> Running:
    machine.extraction_on = False
    yield from _wait(machine, AIR_FLOW_S)
    return None


def quench(machine: Machine, values: Values) -> Running:
    """Open the valve; done when something flows. Only the reset button closes it."""
    machine.quench_open = True
    yield
    return None


def extraction_full(machine: Machine, values: Values) -> Running:
    machine.extraction_on = machine.extraction_full = True
    yield from ()
    return None


def signal_quarantine(machine: Machine, values: Values) -> Running:
    machine.quarantine_lamp = machine.extraction_on = machine.extraction_full = True
    yield
    return None


def fit_tool(machine: Machine, values: Values) -> Running:
    """At the dock of the tool wanted; number 0 puts the tool at the flange away, at its own dock."""
    number = int(values["tool_number"])
    dock = machine.site.tools.get(number or machine.tool_number)
    if number == machine.tool_number:
        return None
    if dock is None:
        return FailureKind.TOOL_MISSING
    if machine.held is not None:
        return FailureKind.REFUSED
    if not machine.at_dock(dock):
        return FailureKind.MISALIGNED
    yield from _wait(machine, FIT_TOOL_S)
    if not machine.at_dock(dock):
        return FailureKind.MISALIGNED
    machine.tool_number = number
    return None


def unfasten(machine: Machine, values: Values) -> Running:
    """Loosen what is under the socket, and report the highest torque and the angle turned."""
    tool = machine.tool
    machine.torque_nm = machine.angle_deg = 0.0
    if tool is None or tool.kind != "nutrunner":
        return FailureKind.TOOL_MISSING
    impact = values["impact"] >= 1
    if not machine.clamp_closed or (impact and not tool.impact):
        return FailureKind.REFUSED
    machine.motor_w = MOTOR_W
    try:
        return (yield from _turn(machine, min(values["torque_nm"], tool.max_torque_nm or values["torque_nm"]), impact))
    finally:
        machine.motor_w = 0.0


def _turn(machine: Machine, limit_nm: float, impact: bool) -> Running:
    name, scenario = machine.under_socket(), machine.site.scenario
    if name is None:
        yield from _spin(machine, 0.1, 360.0, SEARCH_S)
        return FailureKind.NOT_FOUND
    if name in scenario.stripped:
        yield from _spin(machine, min(limit_nm, 1.5), 720.0, SEARCH_S)
        return FailureKind.STRIPPED
    needed_nm = machine.loosening_torque_nm(name)
    loosens = name not in scenario.seized_for_good and (limit_nm >= needed_nm or (impact and name in scenario.seized))
    yield from _spin(machine, min(limit_nm, needed_nm), 15.0 if loosens else 4.0, BREAK_S)
    if not loosens:
        return FailureKind.SEIZED
    yield from _spin(machine, SPINNING_NM, RUN_OUT_DEG, RUN_OUT_S)
    if machine.under_socket() != name:
        return FailureKind.SLIPPED
    machine.removed.append(name)
    return None


def _spin(machine: Machine, torque_nm: float, angle_deg: float, duration_s: float) -> Generator[None, None, None]:
    """Turn by ``angle_deg`` while the torque climbs to ``torque_nm``; the highest torque so far is kept."""
    start_s, start_deg, highest_nm = machine.sim_s, machine.angle_deg, machine.torque_nm
    while (share := min((machine.sim_s - start_s) / duration_s, 1.0)) < 1.0:
        machine.torque_nm = max(highest_nm, share * torque_nm)
        machine.angle_deg = start_deg + share * angle_deg
        yield
    machine.torque_nm, machine.angle_deg = max(highest_nm, torque_nm), start_deg + angle_deg


def hold_part(machine: Machine, values: Values) -> Running:
    if machine.tool is None or machine.tool.kind not in ("vacuum", "gripper"):
        return FailureKind.TOOL_MISSING
    yield from _wait(machine, HOLD_S)
    return None if machine.held is not None or machine.take() else FailureKind.NOT_FOUND


def release_part(machine: Machine, values: Values) -> Running:
    fell = not machine.let_go()
    yield from _wait(machine, RELEASE_S)
    return FailureKind.DROPPED if fell else None


def set_light(machine: Machine, values: Values) -> Running:
    """Lamps of the mask on, all others off. The outputs are confirmed: whether a lamp burns, no input says."""
    machine.lamps_on = int(values["lamps"])
    yield from _wait(machine, LAMP_S)
    return None


def drain(machine: Machine, values: Values) -> Running:
    machine.motor_w = MOTOR_W
    try:
        yield from _wait(machine, DRAIN_S)
    finally:
        machine.motor_w = 0.0
    return None


COMMANDS: dict[str, Callable[[Machine, Values], Running]] = {
    command.__name__: command
    for command in (
        close_clamp, open_clamp, start_extraction, stop_extraction, signal_quarantine, fit_tool, unfasten, hold_part,
        release_part, set_light, drain, quench, extraction_full,
    )
}  # fmt: skip
"""Commands by their names in the register map; reset_faults belongs to the safety logic, not to the machinery."""

NEEDS_PERMISSION = frozenset({"fit_tool", "unfasten", "hold_part", "drain"})
"""Refused, and ended while they run, without the motion permission. What holds a part is never let go by it."""
