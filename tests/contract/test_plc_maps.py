"""Another plant's map, end to end: driver and simulated PLC read plant-b.yaml, and no line of Python knows it.

What goes over the wire is checked with numbers worked by hand from the file, in test_the_registers_of_plant_b.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from delid.config import RegisterMap, load_cell, load_register_map
from delid.core import Mode, State
from delid.devices.plc import TcpEndpoint, command_pdu, endpoint_of
from delid.engine import THERMAL_COMMANDS
from delid.sim import RobotFacts, World
from delid.sim.plc import set_inputs
from plc_kit import simulated
from plc_raw import driving, until

SOCKET_DOCK = (2300.0, 150.0, -200.0)
LID_01 = (266.1, 147.0, -280.0)


@pytest.fixture
def plant_b(repository: Path, tmp_path: Path) -> Path:
    """A scenario in a cell that differs from the demo cell in its map only."""
    cells = repository / "cell_configs/cells"
    spec = YAML(typ="safe").load(cells / "demo.yaml")
    spec["plc"]["map"] = "../plc/plant-b.yaml"
    text = json.dumps(spec).replace('"../', f'"{cells.parent}/')
    (tmp_path / "cell.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "scenario.yaml").write_text(
        json.dumps({"cell": "cell.yaml", "pack": "vw-meb-82", "pack_temperature_c": -12.5, "speed": 50}),
        encoding="utf-8",
    )
    return tmp_path / "scenario.yaml"


async def test_a_bolt_comes_out_through_another_plants_map(plant_b: Path, tmp_path: Path) -> None:
    cell = load_cell(tmp_path / "cell.yaml")
    world = World(tmp_path / "world")
    async with (
        simulated(plant_b, world.folder) as port,
        driving(port, cell.plc_map, timeout_s=1.0) as (driver, heard),
    ):
        await heard.link(True)
        refused = await driver.command("a", "unfasten", {"torque_nm": 12.3, "impact": 0}, 5.0)
        assert (refused.failure, refused.values["error_code"]) == ("refused", 908)
        for name, params, at in (
            ("reset_faults", {}, SOCKET_DOCK),
            ("close_clamp", {}, SOCKET_DOCK),
            ("fit_tool", {"tool_number": 1}, SOCKET_DOCK),
            ("unfasten", {"torque_nm": 12.3, "impact": 0}, LID_01),
        ):
            world.write_robot(RobotFacts(at))
            await asyncio.sleep(0.03)
            finished = await driver.command(name, name, params, 10.0)
            assert finished.ok, finished
        values = finished.values
        assert 6.3 <= float(values["torque_nm"]) <= 8.6
        assert (values["pack_temperature_c"], values["isolation_ohm_per_v"]) == (-12.5, 1000.0)
        assert (values["tool_number"], values["clamp_closed"], values["smoke"]) == (1, True, False)
        assert (values["estop_ok"], values["guard_closed"], values["motion_permitted"]) == (True, True, True)
        assert (values["ack_seq"], values["done_seq"], values["step_result"]) == (5, 5, 120)
        facts = world.read_plc()
        assert facts is not None
        assert facts.removed == ["lid.01"]


async def test_flags_and_state_numbers_of_another_plant(plant_b: Path, tmp_path: Path) -> None:
    numbers = load_cell(tmp_path / "cell.yaml").packml_numbers
    plc_map = load_cell(tmp_path / "cell.yaml").plc_map
    assert (numbers[State.EXECUTE], numbers[State.HELD]) == (13, 17)
    modes = load_cell(tmp_path / "cell.yaml").mode_numbers
    assert modes == {Mode.PRODUCTION: 40, Mode.MAINTENANCE: 41, Mode.MANUAL: 42}
    async with (
        simulated(plant_b, tmp_path / "world") as port,
        driving(port, plc_map, timeout_s=1.0) as (driver, heard),
    ):
        await heard.link(True)
        assert (await driver.command("a", "reset_faults", {}, 5.0)).ok

        def lit() -> set[str]:
            return {colour for colour in ("green", "amber", "red") if heard.tags[-1].values[f"stack_{colour}"]}

        for state, colours in ((State.EXECUTE, {"green"}), (State.HELD, {"amber"}), (State.ABORTED, {"red"})):
            driver.set_packml_state(numbers[state])
            await until(lambda colours=colours: lit() == colours)
        for mode, colours in ((Mode.MANUAL, {"green", "amber"}), (Mode.PRODUCTION, {"green"})):
            driver.set_packml_state(numbers[State.EXECUTE], modes[mode])
            await until(lambda colours=colours: lit() == colours)
        set_inputs(tmp_path / "world", guard_closed=False, smoke=True)
        await until(lambda: heard.tags[-1].values["smoke"])
        assert heard.tags[-1].values["guard_closed"] is False
        assert heard.tags[-1].values["motion_permitted"] is False
        stopped = await driver.cancel("stop", 2.0)
        assert stopped.ok
        for name in THERMAL_COMMANDS:  # with the guard open and without permission
            assert (await driver.command(name, name, {}, 5.0)).ok
        await until(lambda: heard.tags[-1].values["quench_on"])
        set_inputs(tmp_path / "world", reset_button=True)
        await until(lambda: not heard.tags[-1].values["quench_on"])


@pytest.mark.parametrize("name", ["delid-1", "plant-b"])
def test_both_maps_know_the_quench(repository: Path, name: str) -> None:
    plc_map = load_register_map(repository / f"cell_configs/plc/{name}.yaml")
    assert set(THERMAL_COMMANDS) <= set(plc_map.commands)
    flags = plc_map.flags.tags if plc_map.flags else {}
    assert "quench_on" in {*plc_map.status.tags, *flags}


def test_the_registers_of_plant_b(repository: Path) -> None:
    plc_map = load_register_map(repository / "cell_configs/plc/plant-b.yaml")
    # 4200: bit 3; 4201: 0; 4202: 12300 = 0x300C, low word first; 4204, 4205: 0; 4206: 7040 = 0x1B80; 4207: 0; 4208: 5
    assert command_pdu(plc_map, "unfasten", {"torque_nm": 12.3, "impact": 1}, 5) == bytes.fromhex(
        "10 1068 0009 12 0008 0000 300C 0000 0000 0000 1B80 0000 0005"
    )
    assert command_pdu(plc_map, "unfasten", {"torque_nm": 120, "impact": 0}, 6)[8:14] == bytes.fromhex("0000 D4C0 0001")


def test_a_cell_file_says_where_its_plc_is(plant_b: Path, tmp_path: Path) -> None:
    assert endpoint_of(load_cell(tmp_path / "cell.yaml").spec.plc) == TcpEndpoint("127.0.0.1", 15020)


def test_both_maps_know_the_same_commands(repository: Path) -> None:
    maps: list[RegisterMap] = [load_register_map(path) for path in (repository / "cell_configs/plc").glob("*.yaml")
                               if "commands:" in path.read_text() and "words_seen" not in path.read_text()]  # fmt: skip
    assert len(maps) >= 2
    assert len({frozenset((name, tuple(spec.params)) for name, spec in m.commands.items()) for m in maps}) == 1
