"""Scenario files: what is refused, with which words, and that those of the demonstration can be finished."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

import delid.sim.plc as face
from delid.core import ConfigError
from delid.sim.plc import Inputs, Machine, load_site, set_inputs
from delid.sim.plc._scenario import read_inputs

NAMES = (
    "byd-blade-clean", "byd-blade-damaged", "nissan-leaf-24-clean", "nissan-leaf-24-damaged", "stranger",
    "vw-meb-82-burn", "vw-meb-82-clean", "vw-meb-82-damaged",
)  # fmt: skip


def test_the_face_is_what_it_is() -> None:
    assert face.__all__ == [
        "COMMANDS", "Inputs", "Machine", "PlcLogic", "Running", "Scenario", "Site", "TimedInputs", "Voltage",
        "block_values", "flag_bits", "load_site", "run_plc", "serve", "serve_rtu", "set_inputs", "site_of",
        "status_registers",
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_of_the_demonstration_loads(repository: Path, name: str) -> None:
    site = load_site(repository / f"fixtures/scenarios/{name}.yaml")
    assert site.fasteners
    assert set(site.nominal_torque_nm) == set(site.fasteners)
    assert set(site.tools) == {1, 2, 3, 4}


def test_no_scenario_is_forgotten_here(repository: Path) -> None:
    assert sorted(p.stem for p in (repository / "fixtures/scenarios").glob("*.yaml")) == sorted(NAMES)


def test_places_are_in_the_robots_frame_and_all_of_a_pack_stands_beside_its_nominal_place(repository: Path) -> None:
    site = load_site(repository / "fixtures/scenarios/vw-meb-82-clean.yaml")
    assert site.fasteners["lid.01"] == pytest.approx((266.1 + 1.123, 147.0 + 0.872, -460.0))
    assert site.grip_mm == pytest.approx((1100 + 1.123, 850 + 0.872))
    assert site.modules_mm[0] == pytest.approx((400 + 1.123, 520 + 0.872))
    assert (site.lid_z_mm, site.module_z_mm) == (-460, -490)


def test_a_turned_fixture_turns_the_pack(repository: Path, tmp_path: Path) -> None:
    text = (repository / "cell_configs/cells/demo.yaml").read_text()
    text = text.replace("rotation_deg: 0", "rotation_deg: 90").replace("../", f"{repository}/cell_configs/")
    (tmp_path / "cell.yaml").write_text(text)
    (tmp_path / "s.yaml").write_text("cell: cell.yaml\npack: vw-meb-82\n")
    site = load_site(tmp_path / "s.yaml")
    assert site.fasteners["lid.01"] == pytest.approx((1100 + 703, 850 - 833.9, -460.0))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("pack: vw-meb-82\ncolour: red\n", "s.yaml:3: colour: unknown key"),
        ("title: nothing\n", "give either pack or fasteners"),
        ("pack: tesla\n", "pack: the cell demo has no pack 'tesla'; it has vw-meb-82, nissan-leaf-24, byd-blade"),
        ("pack: vw-meb-82\nseized: [lid.99]\n", "seized: the pack has no fastener 'lid.99'"),
        ("pack: vw-meb-82\ninputs: [{at_s: 1, set: {lights: true}}]\n", "unknown key"),
        ("pack: vw-meb-82\nspeed: 0\n", "s.yaml:3: speed: input should be greater than 0"),
    ],
)
def test_a_bad_scenario_says_where_and_what(repository: Path, tmp_path: Path, body: str, words: str) -> None:
    (tmp_path / "s.yaml").write_text(f"cell: {repository}/cell_configs/cells/demo.yaml\n{body}")
    with pytest.raises(ConfigError) as caught:
        load_site(tmp_path / "s.yaml")
    assert words in str(caught.value)


def test_inputs_are_merged_and_removed_ones_add_up(tmp_path: Path) -> None:
    set_inputs(tmp_path, estop_ok=False)
    set_inputs(tmp_path, removed=["lid.01"], gas_ppm=3.0)
    set_inputs(tmp_path, removed=["lid.02"], estop_ok=True)
    assert read_inputs(tmp_path) == Inputs(estop_ok=True, gas_ppm=3.0, removed=["lid.01", "lid.02"])


def test_what_was_done_to_a_pack_is_not_done_to_the_next(tmp_path: Path) -> None:
    set_inputs(tmp_path, removed=["lid.01"], disconnect_pulled=True, gas_ppm=3.0)
    set_inputs(tmp_path, pack_number=2)
    assert read_inputs(tmp_path) == Inputs(gas_ppm=3.0, disconnect_pulled=False, pack_number=2)
    set_inputs(tmp_path, removed=["lid.02"])
    assert read_inputs(tmp_path) == Inputs(gas_ppm=3.0, disconnect_pulled=False, pack_number=2, removed=["lid.02"])


def test_the_next_pack_is_as_the_first_one_was(repository: Path) -> None:
    machine = Machine(load_site(repository / "fixtures/scenarios/nissan-leaf-24-damaged.yaml"))
    before = (list(machine.removed), machine.lid_on, machine.voltage_v)
    machine.apply(Inputs(removed=["lid.01", "lid.02"]))
    machine.advance(30.0)
    machine.lid_on, machine.modules_out = False, [3]
    assert machine.voltage_v < before[2]
    machine.apply(Inputs(removed=["lid.01", "lid.02"]))
    assert not machine.lid_on, "the same number: the same pack"
    machine.apply(Inputs(pack_number=2, removed=["lid.07"]))
    assert (machine.removed, machine.lid_on, machine.voltage_v) == ([*before[0], "lid.07"], *before[1:])
    assert machine.modules_out == []


def test_an_unknown_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        set_inputs(tmp_path, lights=True)
    assert read_inputs(tmp_path) is None


def test_a_half_written_inputs_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "inputs.json").write_text('{"estop_ok": fal')
    assert read_inputs(tmp_path) is None
