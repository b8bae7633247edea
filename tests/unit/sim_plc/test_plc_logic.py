"""The simulated PLC scan by scan: handshake, watchdog, latch, and what its tools find. Registers are spelled out."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from delid.config import RegisterMap
from delid.core import ManualClock
from delid.sim.plc import Inputs, PlcLogic, Scenario, Site, load_site

BUSY, DONE, ERROR, CANCELLED = 1, 2, 3, 4
SEIZED, STRIPPED, SLIPPED, NOT_FOUND, TOOL_MISSING, DROPPED, REFUSED, MISALIGNED = 1, 2, 3, 4, 5, 6, 8, 10
RESET, CLOSE_CLAMP, OPEN_CLAMP, EXTRACTION, FIT_TOOL, UNFASTEN, HOLD, RELEASE, DRAIN = 1, 2, 3, 4, 6, 10, 20, 21, 31
SOCKET, IMPACT, VACUUM, GRIPPER = 1, 2, 3, 4
DOCKS = {1: (2300, 150, -200), 2: (2300, 350, -200), 3: (2300, 550, -200), 4: (2300, 750, -200)}
# lid.01 of the VW pack at (-833.9, -703) on the fixture at (1100, 850, -600), lid 140 mm high, socket 180 mm long
LID_01 = (267.223, 147.872, -280.0)
LID_02 = (504.4, 147.0, -280.0)


class Rig:
    """A PLC with a beating heart on the other side; time goes on in scans of 10 ms."""

    def __init__(self, site: Site, **options: Any) -> None:
        self.clock = ManualClock(100.0)
        self.logic = PlcLogic(site, **options)
        self.beating, self.beats, self.seq, self.stop = True, 0, 0, 0
        self.logic.scan(self.clock.now_s())

    def run(self, duration_s: float) -> None:
        for n in range(round(duration_s / 0.01)):
            if self.beating and n % 5 == 0:
                self.beats += 1
                self.logic.write(100, [self.beats & 0xFFFF, 6, self.stop])
            self.clock.set(self.clock.now_s() + 0.01)
            self.logic.scan(self.clock.now_s())

    def send(self, code: int, *, torque_nm: float = 0, tool: int = 0, impact: int = 0, seq: int | None = None) -> None:
        self.seq = self.seq + 1 if seq is None else seq
        assert self.logic.write(110, [round(torque_nm * 100), tool, impact, 0, code, self.seq])

    def do(self, code: int, within_s: float = 20.0, **params: Any) -> int:
        """Send and wait for the end; 0 when done, else the error code."""
        self.send(code, **params)
        for _ in range(round(within_s / 0.02)):
            self.run(0.02)
            if self.at(5) == self.seq:
                assert self.at(4) == self.seq
                assert self.at(6) in (DONE, ERROR)
                return self.at(7)
        raise AssertionError("the command did not end")

    def at(self, register: int) -> int:
        return self.logic.status[register]

    def flag(self, bit: int) -> bool:
        return bool(self.at(9) >> bit & 1)

    @property
    def permitted(self) -> bool:
        return self.flag(6)

    def ready(self, tool: int = 0) -> Rig:
        """Reset, clamp closed, tool fitted."""
        self.run(0.1)
        assert self.do(RESET) == 0
        assert self.do(CLOSE_CLAMP) == 0
        if tool:
            self.fit(tool)
        return self

    def fit(self, tool: int) -> None:
        self.logic.flange_mm = DOCKS[tool]
        assert self.do(FIT_TOOL, tool=tool) == 0


@cache
def clean(repository: Path) -> Site:
    return load_site(repository / "fixtures/scenarios/vw-meb-82-clean.yaml")


def make_site(repository: Path, **changes: Any) -> Site:
    """The clean VW scenario with changes."""
    base = clean(repository)
    scenario = Scenario.model_validate(base.scenario.model_dump() | changes)
    return Site(**{name: getattr(base, name) for name in Site.__slots__} | {"scenario": scenario})


@pytest.fixture
def site(repository: Path) -> Site:
    return make_site(repository)


@pytest.fixture
def plc_map(site: Site) -> RegisterMap:
    return site.register_map


# --- identity and safety ------------------------------------------------------------------------------------------


def test_magic_version_and_heartbeats(site: Site) -> None:
    rig = Rig(site, start_count=9)
    rig.run(0.5)
    assert (rig.at(0), rig.at(1), rig.at(20)) == (0xDE11, 3, 9)
    before = rig.at(2)
    rig.run(0.1)
    assert rig.at(2) == before + 10
    assert rig.at(3) == rig.beats


def test_power_up_permits_nothing_until_a_reset(site: Site) -> None:
    rig = Rig(site)
    rig.run(1.0)
    assert rig.flag(8)
    assert rig.flag(7)
    assert not rig.permitted
    assert rig.do(RESET) == 0
    assert rig.permitted
    assert not rig.flag(7)


def test_watchdog_takes_the_permission_after_half_a_second_and_latches(site: Site) -> None:
    rig = Rig(site).ready()
    rig.beating = False
    rig.run(0.45)
    assert rig.permitted
    rig.run(0.1)
    assert not rig.permitted
    assert not rig.flag(8)
    rig.beating = True
    rig.run(1.0)
    assert rig.flag(8)
    assert rig.flag(7), "a heartbeat that is back resets nothing"
    assert not rig.permitted
    assert rig.do(RESET) == 0
    assert rig.permitted


def test_the_watchdog_runs_in_real_time_whatever_the_speed(site: Site) -> None:
    rig = Rig(site, speed=50.0).ready()
    rig.beating = False
    rig.run(0.45)
    assert rig.permitted
    rig.run(0.1)
    assert not rig.permitted


def test_a_simulator_that_stood_still_does_not_blame_the_heartbeat(site: Site) -> None:
    rig = Rig(site).ready()
    rig.clock.set(rig.clock.now_s() + 3.0)
    rig.logic.scan(rig.clock.now_s())
    assert rig.permitted


@pytest.mark.parametrize(("opened", "closed", "bit"), [
    (Inputs(estop_ok=False), Inputs(estop_ok=True), 0), (Inputs(guard_closed=False), Inputs(guard_closed=True), 1),
])  # fmt: skip
def test_estop_and_guard_latch(site: Site, opened: Inputs, closed: Inputs, bit: int) -> None:
    rig = Rig(site).ready()
    rig.logic.apply(opened)
    rig.run(0.02)
    assert not rig.flag(bit)
    assert not rig.permitted
    assert rig.do(RESET) == REFUSED, "the cause is not gone"
    rig.logic.apply(closed)
    rig.run(0.1)
    assert rig.flag(bit)
    assert not rig.permitted
    assert rig.do(RESET) == 0
    assert rig.permitted


def test_what_holds_a_part_stays_as_it_is_when_the_permission_goes(site: Site) -> None:
    rig = Rig(site).ready(VACUUM)
    rig.logic.flange_mm = (1100, 850, -310)
    assert rig.do(HOLD) == 0
    rig.logic.apply(Inputs(estop_ok=False))
    rig.run(1.0)
    assert rig.flag(4), "the vacuum holds"
    assert rig.flag(3), "the clamp holds"


# --- handshake ----------------------------------------------------------------------------------------------------


def test_a_command_is_taken_acknowledged_and_ended_under_its_number(site: Site) -> None:
    rig = Rig(site).ready()
    rig.send(EXTRACTION, seq=40)
    rig.run(0.02)
    assert (rig.at(4), rig.at(6)) == (40, BUSY)
    assert rig.at(5) != 40
    rig.run(1.1)
    assert (rig.at(4), rig.at(5), rig.at(6), rig.at(7)) == (40, 40, DONE, 0)
    assert rig.flag(2)


def test_a_stale_number_found_at_start_never_runs(site: Site) -> None:
    registers = {110: 0, 111: 0, 112: 0, 113: 0, 114: EXTRACTION, 115: 812, 102: 6}
    rig = Rig(site, retained=registers)
    assert (rig.at(4), rig.at(5), rig.at(8)) == (812, 812, 6)
    rig.stop = 6
    rig.run(2.0)
    assert not rig.flag(2)


def test_repeating_a_number_is_harmless(site: Site) -> None:
    rig = Rig(site).ready(SOCKET)
    rig.logic.flange_mm = LID_01
    assert rig.do(UNFASTEN, torque_nm=12) == 0
    done = rig.seq
    rig.send(UNFASTEN, torque_nm=12, seq=done)
    rig.run(5.0)
    assert (rig.at(4), rig.at(5), rig.at(6)) == (done, done, DONE), "run again it would say not_found"


def test_zero_is_no_sequence_number(site: Site) -> None:
    rig = Rig(site)
    rig.send(EXTRACTION, seq=0)
    rig.run(2.0)
    assert rig.at(4) == 0
    assert not rig.flag(2)


def test_a_command_waits_until_the_one_before_has_ended(site: Site) -> None:
    rig = Rig(site).ready()
    rig.send(EXTRACTION)
    rig.run(0.1)
    first = rig.seq
    rig.send(OPEN_CLAMP)
    rig.run(0.5)
    assert rig.at(4) == first
    rig.run(2.0)
    assert (rig.at(5), rig.flag(3)) == (rig.seq, False)


def test_stop_ends_the_running_command_and_is_acknowledged(site: Site) -> None:
    rig = Rig(site).ready()
    rig.send(DRAIN)
    rig.run(0.5)
    assert rig.at(6) == BUSY
    rig.stop = 1
    rig.run(0.06)
    assert (rig.at(5), rig.at(6), rig.at(8)) == (rig.seq, CANCELLED, 1)
    assert rig.do(EXTRACTION) == 0, "the next command runs as ever"


def test_stop_voids_a_command_that_is_not_taken_yet(site: Site) -> None:
    rig = Rig(site).ready()
    rig.send(EXTRACTION)
    rig.logic.write(102, [7])
    rig.stop = 7
    rig.run(2.0)
    assert (rig.at(4), rig.at(5), rig.at(6), rig.at(8)) == (rig.seq, rig.seq, CANCELLED, 7)
    assert not rig.flag(2)


def test_stop_without_a_command_is_acknowledged(site: Site) -> None:
    rig = Rig(site).ready()
    rig.stop = 3
    rig.run(0.06)
    assert (rig.at(6), rig.at(8)) == (DONE, 3)


def test_an_unknown_code_is_refused(site: Site) -> None:
    assert Rig(site).ready().do(999) == REFUSED


def test_the_status_block_cannot_be_written(site: Site) -> None:
    logic = PlcLogic(site)
    assert not logic.write(9, [0xFFFF])
    assert not logic.write(103, [1, 1]), "a block that runs over its end is refused whole"
    logic.scan(1.0)
    assert logic.status[8] == 0


@pytest.mark.parametrize("code", [FIT_TOOL, UNFASTEN, HOLD, DRAIN])
def test_nothing_that_works_on_the_pack_runs_without_permission(site: Site, code: int) -> None:
    rig = Rig(site)
    rig.run(0.1)
    assert rig.do(code, torque_nm=10, tool=1) == REFUSED


def test_losing_the_permission_ends_the_nutrunner(site: Site) -> None:
    rig = Rig(site).ready(SOCKET)
    rig.logic.flange_mm = LID_01
    rig.send(UNFASTEN, torque_nm=12)
    rig.run(1.0)
    rig.logic.apply(Inputs(guard_closed=False))
    rig.run(0.05)
    assert (rig.at(5), rig.at(6), rig.at(7)) == (rig.seq, ERROR, REFUSED)
    assert rig.logic.facts().removed == []


# --- tools --------------------------------------------------------------------------------------------------------


def test_tools_are_changed_at_their_docks_only(site: Site) -> None:
    rig = Rig(site).ready()
    rig.logic.flange_mm = (2300, 156, -200)
    assert rig.do(FIT_TOOL, tool=SOCKET) == MISALIGNED
    rig.logic.flange_mm = (2300, 154, -200)
    assert rig.do(FIT_TOOL, tool=SOCKET) == 0
    assert rig.at(15) == SOCKET
    assert rig.do(FIT_TOOL, tool=SOCKET) == 0, "already there"
    assert rig.do(FIT_TOOL, tool=IMPACT) == MISALIGNED
    assert rig.do(FIT_TOOL, tool=9) == TOOL_MISSING
    assert rig.do(FIT_TOOL, tool=0) == 0
    assert rig.at(15) == 0


def test_unfasten_takes_out_what_is_really_under_the_socket(site: Site) -> None:
    rig = Rig(site).ready(SOCKET)
    rig.logic.flange_mm = (LID_01[0] + 3.0, LID_01[1] - 2.0, LID_01[2] + 2.5)
    assert rig.do(UNFASTEN, torque_nm=12) == 0
    assert rig.logic.facts().removed == ["lid.01"]
    assert 630 <= rig.at(16) <= 855, "70 to 95 % of 9 N m"
    assert rig.at(17) == 7215
    assert rig.do(UNFASTEN, torque_nm=12) == NOT_FOUND


@pytest.mark.parametrize(("dx", "dy", "dz"), [(4.5, 0, 0), (3, 3, 0), (0, 0, 3.5), (0, 0, -3.5), (100, 100, 0)])
def test_a_socket_beside_or_above_the_head_finds_nothing(site: Site, dx: float, dy: float, dz: float) -> None:
    rig = Rig(site).ready(SOCKET)
    rig.logic.flange_mm = (LID_01[0] + dx, LID_01[1] + dy, LID_01[2] + dz)
    assert rig.do(UNFASTEN, torque_nm=12) == NOT_FOUND
    assert rig.logic.facts().removed == []


def test_without_a_robot_there_is_nothing_under_the_tool(site: Site) -> None:
    rig = Rig(site).ready(SOCKET)
    rig.logic.flange_mm = None
    assert rig.do(UNFASTEN, torque_nm=12) == NOT_FOUND


def test_unfasten_needs_nutrunner_clamp_and_enough_torque(site: Site) -> None:
    rig = Rig(site).ready(VACUUM)
    assert rig.do(UNFASTEN, torque_nm=12) == TOOL_MISSING
    rig.fit(SOCKET)
    rig.logic.flange_mm = LID_01
    assert rig.do(UNFASTEN, torque_nm=2) == SEIZED
    assert rig.at(16) == 200
    assert rig.do(OPEN_CLAMP) == 0
    assert rig.do(UNFASTEN, torque_nm=12) == REFUSED


def test_the_robot_that_leaves_early_leaves_the_bolt(site: Site) -> None:
    rig = Rig(site).ready(SOCKET)
    rig.logic.flange_mm = LID_01
    rig.send(UNFASTEN, torque_nm=12)
    rig.run(1.5)
    rig.logic.flange_mm = (LID_01[0], LID_01[1], -20.0)
    rig.run(5.0)
    assert (rig.at(6), rig.at(7)) == (ERROR, SLIPPED)
    assert rig.logic.facts().removed == []


def test_a_seized_bolt_yields_to_the_impact_tool(repository: Path) -> None:
    rig = Rig(make_site(repository, seized=["lid.01"])).ready(SOCKET)
    rig.logic.flange_mm = LID_01
    assert rig.do(UNFASTEN, torque_nm=12) == SEIZED
    assert rig.at(16) == 1200, "it reached the limit"
    assert rig.do(UNFASTEN, torque_nm=12, impact=1) == REFUSED, "this tool has no impact mechanism"
    rig.fit(IMPACT)
    rig.logic.flange_mm = (LID_01[0], LID_01[1], LID_01[2] + 20)
    assert rig.do(UNFASTEN, torque_nm=24) == SEIZED
    assert rig.do(UNFASTEN, torque_nm=24, impact=1) == 0
    assert rig.logic.facts().removed == ["lid.01"]


def test_enough_torque_breaks_a_seized_bolt_loose(repository: Path) -> None:
    rig = Rig(make_site(repository, seized=["lid.01"])).ready(IMPACT)
    rig.logic.flange_mm = (LID_01[0], LID_01[1], LID_01[2] + 20)
    assert rig.do(UNFASTEN, torque_nm=44) == SEIZED
    assert rig.do(UNFASTEN, torque_nm=46) == 0, "five times 9 N m"


@pytest.mark.parametrize(("key", "error"), [("stripped", STRIPPED), ("seized_for_good", SEIZED)])
def test_some_never_come_out(repository: Path, key: str, error: int) -> None:
    rig = Rig(make_site(repository, **{key: ["lid.01"]})).ready(IMPACT)
    rig.logic.flange_mm = (LID_01[0], LID_01[1], LID_01[2] + 20)
    assert rig.do(UNFASTEN, torque_nm=120, impact=1) == error
    assert rig.logic.facts().removed == []


# --- lid and modules ----------------------------------------------------------------------------------------------

ALL = [f"lid.{n:02d}" for n in range(1, 29)]


def lift(rig: Rig) -> None:
    rig.logic.flange_mm = (1100, 850, -310)
    assert rig.do(HOLD) == 0
    assert rig.flag(4)
    assert rig.at(14) == 0, "not lifted yet"
    rig.logic.flange_mm = (1100, 850, -280)
    rig.run(0.1)


def test_a_free_lid_is_lifted_and_its_weight_is_felt(repository: Path) -> None:
    rig = Rig(make_site(repository, removed_already=ALL)).ready(VACUUM)
    lift(rig)
    assert rig.at(14) == 280, "28 kg"
    assert not rig.logic.facts().lid_on
    rig.logic.flange_mm = (300, 1700, -150)
    assert rig.do(RELEASE) == 0
    assert not rig.flag(4)
    assert rig.at(14) == 0
    assert not rig.logic.facts().lid_on


def test_a_lid_with_one_bolt_left_stays_and_the_vacuum_slips(repository: Path) -> None:
    rig = Rig(make_site(repository, removed_already=ALL[1:])).ready(VACUUM)
    lift(rig)
    assert rig.at(14) == 0
    assert not rig.flag(4)
    assert rig.logic.facts().lid_on


def test_vacuum_needs_the_lid_under_it(site: Site) -> None:
    rig = Rig(site).ready(VACUUM)
    rig.logic.flange_mm = (1300, 850, -310)
    assert rig.do(HOLD) == NOT_FOUND
    rig.logic.flange_mm = (1100, 850, -300)
    assert rig.do(HOLD) == NOT_FOUND
    assert not rig.flag(4)


def test_a_lid_let_go_high_above_the_pack_falls(repository: Path) -> None:
    rig = Rig(make_site(repository, removed_already=ALL)).ready(VACUUM)
    lift(rig)
    rig.logic.flange_mm = (1100, 850, -100)
    rig.run(0.1)
    assert rig.do(RELEASE) == DROPPED


def test_modules_come_out_one_by_one_after_the_lid(repository: Path) -> None:
    rig = Rig(make_site(repository, removed_already=ALL)).ready(GRIPPER)
    first = (400, 520, -270)  # module 0 at (-700, -330); its upper face 110 mm above the base, gripper 220 mm long
    rig.logic.flange_mm = first
    assert rig.do(HOLD) == NOT_FOUND, "the lid is on"
    rig.fit(VACUUM)
    lift(rig)
    rig.logic.flange_mm = (300, 1700, -150)
    assert rig.do(RELEASE) == 0
    rig.fit(GRIPPER)
    rig.logic.flange_mm = first
    assert rig.do(HOLD) == 0
    assert rig.flag(5)
    assert not rig.flag(4)
    rig.logic.flange_mm = (400, 520, -240)
    rig.run(0.1)
    assert rig.at(14) == 300
    assert rig.logic.facts().modules_out == [0]
    rig.logic.flange_mm = (2300, 1600, -130)
    assert rig.do(RELEASE) == 0
    rig.logic.flange_mm = first
    assert rig.do(HOLD) == NOT_FOUND, "it is gone"


def test_no_tool_change_while_a_part_is_held(repository: Path) -> None:
    rig = Rig(make_site(repository, removed_already=ALL)).ready(VACUUM)
    lift(rig)
    rig.logic.flange_mm = DOCKS[SOCKET]
    assert rig.do(FIT_TOOL, tool=SOCKET) == REFUSED


# --- the world ----------------------------------------------------------------------------------------------------


def test_the_voltage_decays_once_the_disconnect_is_pulled(repository: Path) -> None:
    rig = Rig(make_site(repository, voltage={"pulled_at_s": 2.0}))
    rig.run(1.9)
    assert rig.at(10) == 4080
    rig.run(3.1)
    assert 1450 < rig.at(10) < 1560, "one time constant: 1.5 + 406.5 / e = 151 V"
    rig.run(20.0)
    assert rig.at(10) < 60


def test_only_a_person_pulls_it_where_the_scenario_says_so(repository: Path) -> None:
    rig = Rig(make_site(repository, voltage={"pulled_at_s": None}))
    rig.run(10.0)
    assert rig.at(10) == 4080
    rig.logic.apply(Inputs(disconnect_pulled=True))
    rig.run(20.0)
    assert rig.at(10) < 60


def test_timed_inputs_follow_simulated_time(repository: Path) -> None:
    timed = [{"at_s": 12, "set": {"guard_closed": False, "gas_ppm": 7}}, {"at_s": 20, "set": {"guard_closed": True}}]
    rig = Rig(make_site(repository, inputs=timed), speed=10.0)
    rig.run(1.1)
    assert rig.flag(1)
    rig.run(0.2)
    assert not rig.flag(1)
    assert rig.at(13) == 7
    rig.run(0.8)
    assert rig.flag(1)


def test_a_person_takes_out_what_could_not_be_loosened_once_the_rest_is_out(repository: Path) -> None:
    site = make_site(repository, removed_already=ALL[1:27], stripped=["lid.28"], by_hand_after_s=2)
    rig = Rig(site).ready(SOCKET)
    rig.run(5.0)
    assert "lid.28" not in rig.logic.facts().removed, "lid.01 is still in"
    rig.logic.flange_mm = LID_01
    assert rig.do(UNFASTEN, torque_nm=12) == 0
    assert "lid.28" not in rig.logic.facts().removed
    rig.run(2.1)
    assert sorted(rig.logic.facts().removed) == ALL


def test_readings_and_energy(repository: Path) -> None:
    rig = Rig(
        make_site(repository, pack_temperature_c=-4.5, isolation_ohm_per_v=90000, gas_ppm=31, smoke=True), speed=60
    )
    rig.run(60.0)
    assert rig.at(12) == 0x10000 - 45
    assert rig.at(11) == 65535, "it stops at the register's end"
    assert rig.at(13) == 31
    assert rig.flag(9)
    assert rig.at(18) == 0
    assert rig.at(19) == 1200, "120 W over an hour of simulated time is 120.0 Wh"


def test_the_meters_of_air_and_extraction_count_what_uses_them(repository: Path) -> None:
    rig = Rig(make_site(repository, removed_already=ALL), speed=60).ready(VACUUM)
    assert (rig.at(21), rig.at(22)) == (0, 8), "one stroke of the clamps"
    rig.run(1.0)
    assert (rig.at(22), rig.at(24)) == (8, 0), "what does not run uses nothing"
    assert rig.do(EXTRACTION) == 0
    before = rig.at(24)
    rig.run(1.2)
    assert rig.at(24) - before == 90, "450 W for 72 s of simulated time are 9.0 Wh"
    rig.logic.flange_mm = (1100, 850, -310)
    assert rig.do(HOLD) == 0
    rig.run(0.5)
    assert 8 + 30 <= rig.at(22) <= 8 + 33, "60 litres a minute while the ejector holds"
