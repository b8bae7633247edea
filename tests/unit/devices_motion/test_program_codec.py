"""A program robot's map: golden bytes worked out by hand from the map's table, and status blocks as facts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from delid.config import ProgramMap, load_program_map
from delid.core import MotionState, MotionVerb
from delid.devices.motion import wire_of
from delid.devices.motion._program_codec import ProgramView, command_registers, observe
from delid.devices.motion._talk import Failed

SOUND = {
    "state": 1, "error_code": 0, "start_count": 3, "referenced": True, "moving": False, "x_mm": 1.5, "y_mm": 2.0,
    "z_mm": -3.0, "ack_seq": 4, "done_seq": 4, "stop_ack": 0, "heartbeat": 9, "result": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def arm() -> ProgramMap:
    return load_program_map(Path(__file__).parents[3] / "cell_configs/motion/program-robot-1.yaml")


def test_a_move_is_one_write_with_the_number_last(arm: ProgramMap) -> None:
    wire = wire_of("program", arm)
    wire.begin(6)
    # FC 16 at 110, 12 registers, 24 bytes: program 10, spare, x 100000, y 50000, z -10000 (um), feed 3000 (0.1 mm/s),
    # option 0, code 1, sequence 7
    assert wire.move((100.0, 50.0, -10.0), 300.0) == bytes.fromhex(
        "10 006E 000C 18 000A 0000 000186A0 0000C350 FFFFD8F0 0BB8 0000 0001 0007"
    )


def test_the_bytes_of_every_verb(arm: ProgramMap) -> None:
    wire = wire_of("program", arm)
    nothing = "0000 0000 00000000 00000000 00000000 0000 0000"
    assert wire.verb(MotionVerb.STOP) == bytes.fromhex("10 0065 0001 02 0001")
    assert wire.verb(MotionVerb.STOP) == bytes.fromhex("10 0065 0001 02 0002")
    assert wire.verb(MotionVerb.HOLD) == bytes.fromhex("10 0066 0001 02 0001")
    assert wire.verb(MotionVerb.RESUME) == bytes.fromhex("10 0066 0001 02 0000")
    for number, (verb, code) in enumerate(
        [(MotionVerb.CLEAR_FAULT, 2), (MotionVerb.ENABLE, 3), (MotionVerb.HOME, 4)], start=1
    ):
        assert wire.verb(verb) == bytes.fromhex(f"10 006E 000C 18 {nothing} {code:04X} {number:04X}")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (0, MotionState.FAULT), (1, MotionState.IDLE), (2, MotionState.MOVING), (3, MotionState.MOVING),
        (4, MotionState.HELD), (5, MotionState.MOVING), (6, MotionState.HOMING), (7, MotionState.DOOR),
        (8, MotionState.FAULT), (99, MotionState.UNKNOWN),
    ],
)  # fmt: skip
def test_every_state_of_the_map(arm: ProgramMap, state: int, expected: MotionState) -> None:
    assert observe(ProgramView(), arm, SOUND | {"state": state}).state is expected


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, True),
        ({"state": 2, "moving": True}, True),
        ({"state": 7}, True),
        ({"state": 8, "error_code": 3}, False),
        ({"state": 0}, False),
        ({"state": 99}, False),
        ({"referenced": False}, False),
        ({"start_count": 4}, False),
    ],
)
def test_what_costs_the_trust_in_the_position(arm: ProgramMap, change: dict[str, float], kept: bool) -> None:
    trusted = replace(observe(ProgramView(), arm, SOUND), position_trusted=True)
    assert observe(trusted, arm, SOUND | change).position_trusted is kept


def test_a_fault_is_told_in_the_maps_words(arm: ProgramMap) -> None:
    assert observe(ProgramView(), arm, SOUND | {"state": 8, "error_code": 3}).fault == "collision or overload detected"
    assert "77" in observe(ProgramView(), arm, SOUND | {"state": 8, "error_code": 77}).fault
    assert observe(ProgramView(), arm, SOUND | {"state": 0}).fault == "the drives are switched off"


@pytest.mark.parametrize(
    ("program", "params", "words"),
    [
        ("dance", {}, "is not in the robot's map"),
        ("retract", {}, "takes feed_mm_s"),
        ("retract", {"feed_mm_s": 1e9}, "does not fit its register"),
        ("move_to", {"x_mm": 1.0}, "takes x_mm, y_mm, z_mm, feed_mm_s"),
    ],
)
def test_what_the_map_does_not_have_is_refused(
    arm: ProgramMap, program: str, params: dict[str, float], words: str
) -> None:
    with pytest.raises(Failed, match=words) as refused:
        command_registers(arm, "run", program, params)
    assert refused.value.failure == "refused"
