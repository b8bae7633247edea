"""A program robot's map as bytes and facts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pymodbus.pdu import ModbusPDU

from delid.config import ProgramMap
from delid.core import MotionState, MotionVerb, PlcError, PoseMm, Scalar

from ..plc import encode_block, pdu_bytes, stop_request, write_request
from ._talk import Failed
from ._view import View

_STATES: dict[str, MotionState] = {
    "unpowered": MotionState.FAULT,
    "idle": MotionState.IDLE,
    "running": MotionState.MOVING,
    "pausing": MotionState.MOVING,
    "paused": MotionState.HELD,
    "stopping": MotionState.MOVING,
    "homing": MotionState.HOMING,
    "safeguard": MotionState.DOOR,
    "fault": MotionState.FAULT,
}


@dataclass(frozen=True, slots=True)
class ProgramView(View):
    """What a program robot last said of itself. Numbers are those of the map."""

    ack_seq: int = 0
    done_seq: int = 0
    stop_ack: int = 0
    start_count: int = 0
    heartbeat: int = 0
    result: str = ""
    error: str = ""
    referenced: bool = False


def observe(view: ProgramView, robot_map: ProgramMap, tags: Mapping[str, Scalar]) -> ProgramView:
    """The view after one read of the status block. Trust goes with a fault, a restart and a lost reference."""
    name = robot_map.states.get(int(tags["state"]), "")
    state = _STATES.get(name, MotionState.UNKNOWN)
    results = {number: result for result, number in robot_map.results.items()}
    code = int(tags["error_code"])
    error = robot_map.errors.get(code, f"error {code}, which the map does not name") if code else ""
    restarted = view.reports > 0 and view.start_count != tags["start_count"]
    sound = state not in (MotionState.FAULT, MotionState.UNKNOWN) and bool(tags["referenced"]) and not restarted
    return ProgramView(
        state=state,
        standing=not tags["moving"],
        pose_mm=(float(tags["x_mm"]), float(tags["y_mm"]), float(tags["z_mm"])),
        position_trusted=view.position_trusted and sound,
        fault=_fault(name, error) if state is MotionState.FAULT else "",
        reports=view.reports + 1,
        ack_seq=int(tags["ack_seq"]),
        done_seq=int(tags["done_seq"]),
        stop_ack=int(tags["stop_ack"]),
        start_count=int(tags["start_count"]),
        heartbeat=int(tags["heartbeat"]),
        result=results.get(int(tags["result"]), ""),
        error=error,
        referenced=bool(tags["referenced"]),
    )


def _fault(name: str, error: str) -> str:
    return "the drives are switched off" if name == "unpowered" else error or "the robot reports a fault"


def command_registers(
    robot_map: ProgramMap, act: str, program: str = "", params: Mapping[str, float] | None = None
) -> list[int]:
    """The command block without its sequence number; raises Failed ``refused`` for what the map does not have."""
    code = next((code for name, code in robot_map.acts.items() if name == act), None)
    spec = robot_map.programs.get(program)
    given = dict(params or {})
    if code is None:
        raise Failed("refused", f"the robot's map has no act {act!r}")
    if act == "run" and (spec is None or set(given) != set(spec.params)):
        takes = f"takes {', '.join(spec.params) or 'nothing'}" if spec else "is not in the robot's map"
        raise Failed("refused", f"program {program!r} {takes}")
    block = robot_map.command
    try:
        registers = encode_block(robot_map, block, given | ({"program": spec.number} if spec else {}))
    except PlcError as error:
        raise Failed("refused", error.message) from error
    registers[block.code_at - block.address] = code
    return registers


def command_request(robot_map: ProgramMap, registers: list[int], seq: int) -> ModbusPDU:
    """Function code 16 over the whole command block, the sequence number last."""
    return write_request(robot_map, robot_map.command.address, [*registers[:-1], seq])


def pause_request(robot_map: ProgramMap, pause: bool) -> ModbusPDU:
    """Function code 16 on the pause register alone."""
    return write_request(robot_map, robot_map.control.tags["pause"].at, [int(pause)])


def control_request(robot_map: ProgramMap, heartbeat: int, stop_seq: int, pause: bool) -> ModbusPDU:
    """Function code 16 over the whole control block."""
    values = {"heartbeat": heartbeat, "stop_seq": stop_seq, "pause": int(pause)}
    return write_request(robot_map, robot_map.control.address, encode_block(robot_map, robot_map.control, values))


def program_move_pdu(robot_map: ProgramMap, to_mm: PoseMm, feed_mm_s: float, seq: int) -> bytes:
    """The bytes of a move's write, from the function code on."""
    registers = command_registers(robot_map, "run", robot_map.move, move_params(to_mm, feed_mm_s))
    return pdu_bytes(command_request(robot_map, registers, seq))


def program_verb_pdu(robot_map: ProgramMap, verb: MotionVerb, number: int) -> bytes:
    """The bytes of a verb's write; ``number`` is the sequence number, or for stop the stop number."""
    if verb is MotionVerb.STOP:
        return pdu_bytes(stop_request(robot_map, number))
    if verb in (MotionVerb.HOLD, MotionVerb.RESUME):
        return pdu_bytes(pause_request(robot_map, verb is MotionVerb.HOLD))
    return pdu_bytes(command_request(robot_map, command_registers(robot_map, ACTS[verb]), number))


def move_params(to_mm: PoseMm, feed_mm_s: float) -> dict[str, float]:
    x, y, z = to_mm
    return {"x_mm": x, "y_mm": y, "z_mm": z, "feed_mm_s": feed_mm_s}


ACTS = {MotionVerb.CLEAR_FAULT: "reset", MotionVerb.ENABLE: "enable", MotionVerb.HOME: "home"}
