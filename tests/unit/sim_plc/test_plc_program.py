"""delid_cell.st, the program for a real PLC: read strictly, held against the map, and run against the simulated PLC."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delid.config import REGISTERS_OF, RegisterMap, load_register_map
from delid.core import PACKTAGS_MODES, PACKTAGS_NUMBERS
from delid.sim.plc import Inputs, PlcLogic, load_site
from st_reader import Instance, Reader, StError, Unit, start

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "cell_configs/plc/delid_cell.st").read_text(encoding="utf-8")
_site = cache(load_site)


@pytest.fixture
def plc_map() -> RegisterMap:
    return load_register_map(ROOT / "cell_configs/plc/delid-1.yaml")


@pytest.fixture
def units() -> dict[str, Unit]:
    return Reader(TEXT).read().units


class Program:
    """DelidMain with its process image; ``scan`` is one turn of 10 ms."""

    def __init__(self) -> None:
        self.main, units = start(TEXT, "DelidMain")
        self._at = {v.address: name for name, v in units["DelidMain"].variables.items() if v.address}
        for name in ("di_estop_ok", "di_guard_closed"):
            self.main.values[name] = True
        self.beat = 0

    def set(self, **values: int | bool) -> None:
        self.main.values.update(values)

    def status(self) -> list[int]:
        return [self.main.values[self._at[f"%QW{n}"]] if f"%QW{n}" in self._at else 0 for n in range(32)]

    def write(self, address: int, words: list[int]) -> None:
        for n, word in enumerate(words, address):
            self.main.values[self._at[f"%QW{n}"]] = word

    def run(self, scans: int, *, beating: bool = True) -> None:
        for n in range(scans):
            if beating and n % 5 == 0:
                self.beat += 1
                self.set(ctl_heartbeat=self.beat & 0xFFFF)
            self.main.scan()

    def do(self, code: int, seq: int, scans: int = 1, **params: int) -> tuple[int, int, int, int]:
        """Send a command and run; the answer is ack, done, result and error."""
        self.set(cmd_code=code, cmd_seq=seq, **params)
        self.run(scans)
        status = self.status()
        return status[4], status[5], status[6], status[7]


@pytest.fixture
def program() -> Program:
    """Running, its faults reset."""
    program = Program()
    program.run(10)
    assert program.do(1, 1) == (1, 1, 2, 0)
    return program


# --- against the map ----------------------------------------------------------------------------------------------


def test_every_register_of_the_map_has_its_variable_and_no_other(units: dict[str, Unit], plc_map: RegisterMap) -> None:
    words = {v.address: name for name, v in units["DelidMain"].variables.items() if v.address.startswith("%QW")}
    for name, tag in plc_map.control.tags.items():
        assert words[f"%QW{tag.at}"] == f"ctl_{name}"
    command = {tag.at: name for name, tag in plc_map.command.tags.items()}
    command |= {plc_map.command.code_at: "code", plc_map.command.seq_at: "seq"}
    for at, name in command.items():
        assert words[f"%QW{at}"].startswith(f"cmd_{name.split('_')[0]}"), at
    status = {tag.at + n for tag in plc_map.status.tags.values() for n in range(REGISTERS_OF[tag.type])}
    mapped = {int(address[3:]) for address in words}
    block = range(plc_map.status.address, plc_map.status.address + plc_map.status.count)
    assert {at for at in mapped if at in block} == status
    handshake = ("magic", "version", "heartbeat", "heartbeat_echo", "ack_seq", "done_seq", "step_result", "error_code",
                 "stop_ack", "tool_number", "start_count")  # fmt: skip
    for name in handshake:
        assert words[f"%QW{plc_map.status.tags[name].at}"] == f"st_{name}"


def test_constants_are_those_of_the_map(units: dict[str, Unit], plc_map: RegisterMap) -> None:
    constants = {n: v.initial for n, v in units["DelidCell"].variables.items() if v.section == "VAR CONSTANT"}
    assert constants["WATCHDOG_MS"] == round(plc_map.watchdog_s * 1000)
    for result in ("busy", "done", "error", "cancelled"):
        assert constants[f"RESULT_{result.upper()}"] == plc_map.results[result]  # type: ignore[index]
    errors = {kind.value: number for number, kind in plc_map.errors.items()}
    assert (constants["ERROR_TIMEOUT"], constants["ERROR_REFUSED"]) == (errors["timeout"], errors["refused"])
    main = units["DelidMain"].variables
    assert (main["st_magic"].initial, main["st_version"].initial) == (plc_map.magic, plc_map.version)
    assert f"T#{constants['SCAN_MS']}ms" in Reader(TEXT).read().configuration


def test_the_program_knows_exactly_the_commands_of_the_map(plc_map: RegisterMap) -> None:
    body = TEXT[TEXT.index("CASE step OF") : TEXT.index("END_CASE")]
    labels = {int(n) for line in re.findall(r"^    ([\d, ]+):", body, re.MULTILINE) for n in line.split(",")}
    assert labels - {0} == {spec.code for spec in plc_map.commands.values()}
    for name, spec in plc_map.commands.items():
        assert re.search(rf"\b{spec.code}\b[\d, ]*: *\(\*[^*]*\b{name}\b", body) or f"{spec.code}:" in body, name


def test_state_numbers_are_those_of_packtags() -> None:
    body = TEXT[TEXT.index("CASE ctl_packml_state OF") :]
    found = {}
    for labels, names in re.findall(r"^    ([\d, ]+): \(\* ([A-Za-z]+(?:, [A-Za-z]+)*)", body, re.MULTILINE):
        found |= dict(zip(names.split(", "), (int(n) for n in labels.split(",")), strict=True))
    assert found == {state.value: number for state, number in PACKTAGS_NUMBERS.items()}


def test_flags_lie_where_the_map_has_them(program: Program, plc_map: RegisterMap) -> None:
    inputs = {"estop_ok": "di_estop_ok", "guard_closed": "di_guard_closed", "extraction_on": "di_air_flow",
              "clamp_closed": "di_clamp_closed", "vacuum_ok": "di_vacuum_ok", "grip_ok": "di_grip_ok",
              "smoke": "di_smoke", "quench_on": "di_quench_flow"}  # fmt: skip
    program.set(**dict.fromkeys(inputs.values(), False))
    program.run(1)
    for name, variable in inputs.items():
        before = program.status()[9]
        program.set(**{variable: True})
        program.run(1)
        assert before ^ program.status()[9] == 1 << (plc_map.status.tags[name].bit or 0), name
        program.set(**{variable: False})
        program.run(1)


# --- behaviour ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("alive", "stays"), [(49, True), (52, False)])
def test_the_watchdog_bites_after_half_a_second(program: Program, alive: int, stays: bool) -> None:
    program.run(1)
    program.run(alive, beating=False)
    assert program.main.do_motion_permitted is stays
    if not stays:
        program.run(20)
        assert not program.main.do_motion_permitted, "it stays latched when the heartbeat is back"
        assert program.do(1, 2) == (2, 2, 2, 0)
        assert program.main.do_motion_permitted


@pytest.mark.parametrize("name", ["di_estop_ok", "di_guard_closed"])
def test_circuit_and_guard_latch_until_a_reset_edge(program: Program, name: str) -> None:
    program.set(**{name: False})
    program.run(1)
    assert not program.main.do_motion_permitted
    assert program.do(1, 2) == (2, 2, 3, 8), "refused while the cause is there"
    program.set(di_reset_button=True)
    program.run(2)
    program.set(**{name: True})
    program.run(5)
    assert not program.main.do_motion_permitted, "a button that is held is no edge"
    program.set(di_reset_button=False)
    program.run(1)
    program.set(di_reset_button=True)
    program.run(1)
    assert program.main.do_motion_permitted


def test_a_command_runs_once_and_an_old_one_never() -> None:
    program = Program()
    program.set(cmd_code=4, cmd_seq=77, ctl_stop_seq=5)
    program.run(10)
    assert program.status()[4:9] == [77, 77, 0, 0, 5]
    assert not program.main.do_extraction, "what stood there at start is old"
    assert program.do(1, 78)[2] == 2
    assert program.do(4, 79, 5) == (79, 78, 1, 0)
    program.set(di_air_flow=True)
    assert program.do(4, 79) == (79, 79, 2, 0)
    program.set(di_air_flow=False)
    assert program.do(4, 79, 20) == (79, 79, 2, 0), "the same number again does nothing"


def test_clamp_waits_for_its_switch_and_gives_up(program: Program) -> None:
    assert program.do(2, 2, 100) == (2, 1, 1, 0)
    assert (program.main.do_clamp_close, program.main.do_clamp_open) == (True, False)
    program.run(500)
    assert program.status()[4:8] == [2, 2, 3, 7]
    program.set(ai_carried=5)
    assert program.do(3, 3) == (3, 3, 3, 8), "nothing is opened under a part that hangs"
    assert program.main.do_clamp_close
    program.set(ai_carried=0xFFF0, di_clamp_open=True)
    assert program.do(3, 4) == (4, 4, 2, 0)
    assert (program.main.do_clamp_close, program.main.do_clamp_open) == (False, True)


@pytest.mark.parametrize(("error", "answer"), [(0, (2, 0)), (4, (3, 4))])
def test_the_station_works_and_says_how_it_went(program: Program, error: int, answer: tuple[int, int]) -> None:
    program.set(di_station_done=True)  # left over from before
    assert program.do(10, 2, 3, cmd_torque=1200, cmd_impact=1) == (2, 1, 1, 0)
    assert program.main.do_station_run
    assert (program.main.ao_station_code, program.main.ao_station_torque, program.main.do_station_impact) == (
        10,
        1200,
        True,
    )
    program.set(di_station_done=False)
    program.run(50)
    program.set(di_station_done=True, ai_station_error=error)
    program.run(1)
    assert tuple(program.status()[4:8]) == (2, 2, *answer)
    assert not program.main.do_station_run


def test_without_permission_the_station_stops_but_a_part_is_released(program: Program) -> None:
    program.do(10, 2, 5)
    program.set(di_guard_closed=False)
    program.run(1)
    assert program.status()[4:8] == [2, 2, 3, 8]
    assert not program.main.do_station_run
    assert program.do(21, 3, 2) == (3, 2, 1, 0)
    assert program.main.do_station_run


def test_a_stop_ends_what_runs_and_voids_what_waits(program: Program) -> None:
    program.do(31, 2, 5)
    program.set(cmd_code=4, cmd_seq=3, ctl_stop_seq=9)
    program.run(1)
    assert program.status()[4:9] == [3, 3, 4, 0, 9]
    assert not program.main.do_station_run
    program.run(10)
    assert not program.main.do_extraction


@pytest.mark.parametrize(("code", "result"), [(0, (3, 8)), (99, (3, 8)), (30, (2, 0))])
def test_unknown_codes_are_refused(program: Program, code: int, result: tuple[int, int]) -> None:
    assert program.do(code, 2) == (2, 2, *result)
    assert program.main.do_quarantine is (code == 30)


def test_the_quench_opens_whatever_is_wrong_and_closes_by_hand_only(program: Program) -> None:
    program.set(di_estop_ok=False, di_guard_closed=False)
    program.run(60, beating=False)
    assert program.do(32, 2) == (2, 1, 1, 0), "not done before something flows"
    assert program.main.do_quench
    program.set(di_quench_flow=True)
    program.run(1)
    assert program.status()[4:8] == [2, 2, 2, 0]
    assert program.do(33, 3) == (3, 3, 2, 0)
    assert (program.main.do_extraction, program.main.do_extraction_full) == (True, True)
    program.set(di_estop_ok=True, di_guard_closed=True, di_air_flow=False)
    program.run(60)
    assert program.do(1, 4) == (4, 4, 2, 0)
    assert program.do(5, 5) == (5, 5, 2, 0)
    assert (program.main.do_quench, program.main.do_extraction_full) == (True, True), "delid does not end them"
    program.set(di_reset_button=True)
    program.run(1)
    assert (program.main.do_quench, program.main.do_extraction_full) == (False, False)


def test_a_quench_without_flow_is_an_error_and_stays_open(program: Program) -> None:
    assert program.do(32, 2, 300) == (2, 1, 1, 0)
    program.run(1)
    assert program.status()[4:8] == [2, 2, 3, 7]
    assert program.main.do_quench


def test_lamps_and_stack_light(program: Program) -> None:
    assert program.do(25, 2, 7, cmd_lamps=6) == (2, 2, 2, 0)
    assert program.main.ao_lamps == 6
    lit = {}
    for number in range(20):
        program.set(ctl_packml_state=number)
        program.run(1)
        main = program.main
        lit[number] = "".join(
            c for c in "gar" if main.values["do_stack_" + {"g": "green", "a": "amber", "r": "red"}[c]]
        )
    assert lit == {0: "r", 1: "r", 2: "", 3: "g", 4: "", 5: "a", 6: "g", 7: "r", 8: "r", 9: "r", 10: "a", 11: "a",
                   12: "g", 13: "a", 14: "g", 15: "", 16: "g", 17: "", 18: "r", 19: "r"}  # fmt: skip


def test_amber_says_that_this_is_not_production(program: Program) -> None:
    lit = {}
    for mode in (*PACKTAGS_MODES.values(), 0, 4):
        program.set(ctl_packml_state=6, ctl_unit_mode=mode)
        program.run(1)
        lit[mode] = (program.main.do_stack_green, program.main.do_stack_amber, program.main.do_stack_red)
    plain, unusual = (True, False, False), (True, True, False)
    assert lit == {1: plain, 2: unusual, 3: unusual, 0: plain, 4: plain}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["beat", "beat", "beat", "quiet", "estop", "guard", "stop", "button", "command", "command"]),
        st.integers(1, 60),
        st.sampled_from([0, 1, 1, 1, 32, 33, 99]),
    ),
    max_size=25,
)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(STEPS)
def test_it_does_what_the_simulated_plc_does(steps: list[tuple[str, int, int]]) -> None:
    """Handshake, latch and watchdog scan by scan; commands that need no machinery."""
    logic, program = PlcLogic(_site(ROOT / "fixtures/scenarios/vw-meb-82-clean.yaml")), Program()
    words: dict[str, Any] = {"beat": 0, "stop": 0, "seq": 0, "code": 0, "estop_ok": True, "guard_closed": True,
                             "button": False}  # fmt: skip
    now, beating = 100.0, True
    for what, number, code in [("beat", 5, 0), *steps]:
        beating = what != "quiet" if what in ("beat", "quiet") else beating
        words["estop_ok"] ^= what == "estop"
        words["guard_closed"] ^= what == "guard"
        words["button"] ^= what == "button"
        words["stop"] += what == "stop"
        if what == "command":
            words["seq"], words["code"] = words["seq"] + 1, code
        inputs = {"estop_ok": words["estop_ok"], "guard_closed": words["guard_closed"]}
        logic.apply(Inputs(reset_button=words["button"], **inputs))
        program.set(di_reset_button=words["button"], **{f"di_{name}": on for name, on in inputs.items()})
        for n in range(number):
            words["beat"] += beating and n % 5 == 0
            for plc in (logic, program):
                plc.write(100, [words["beat"], 6, words["stop"]])
                plc.write(110, [0, 0, 0, 0, words["code"], words["seq"]])
            logic.scan(now)
            program.set(di_quench_flow=program.main.do_quench)
            program.main.scan()
            machine, outputs = logic.machine, program.main
            assert (outputs.do_quench, outputs.do_extraction_full) == (machine.quench_open, machine.extraction_full)
            now = round(now + 0.01, 2)
            flags = 0b1_1100_0011
            assert [*program.status()[3:9], program.status()[9] & flags] == [
                *logic.status[3:9],
                logic.status[9] & flags,
            ]


# --- the reader itself --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("healthy := in_estop_ok", "healthy = in_estop_ok", "expected ':='"),
        ("healthy := in_estop_ok", "healthi := in_estop_ok", "not declared"),
        ("ack_seq := cmd_seq;", "cmd_seq := ack_seq;", "cannot be assigned"),
        ("ack_seq := cmd_seq;", "ack_seq := in_estop_ok;", "wants UINT, not BOOL"),
        ("    3: (* open_clamp", "    2: (* open_clamp", "stands twice"),
        ("END_FUNCTION_BLOCK", "", "PROGRAM is not declared in DelidCell"),
        ("cmd_seq := cmd_seq,", "", "called without"),
        ("st_flags := flags;", "st_flags := flags", "expected ';'"),
    ],
)
def test_a_text_that_is_not_plain_is_refused(old: str, new: str, words: str) -> None:
    assert old in TEXT
    with pytest.raises(StError, match=words):
        Reader(TEXT.replace(old, new, 1)).read()


def test_a_counter_that_leaves_its_type_is_an_error() -> None:
    unit = Reader("PROGRAM P VAR n : UINT := 65535; END_VAR n := n + 1; END_PROGRAM").read().units
    with pytest.raises(StError, match="65536"):
        Instance(unit["P"], unit).scan()


@pytest.mark.slow
def test_a_parser_of_iec_61131_takes_the_block() -> None:
    """blark's grammar, made for TwinCAT; the plain block is what moves from one tool to another."""
    from blark.parse import parse_source_code

    block = TEXT[TEXT.index("FUNCTION_BLOCK DelidCell") : TEXT.index("PROGRAM DelidMain")]
    assert parse_source_code(block).exception is None
    assert parse_source_code("FUNCTION_BLOCK F VAR b : INT; END_VAR b = := 2; END_FUNCTION_BLOCK").exception is not None
