"""The decoder keeps its last answer; what it gives must not depend on that."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from delid.config import load_register_map
from delid.core import PlcError
from delid.devices.plc import StatusDecoder, decode_status


@pytest.mark.parametrize("name", ["delid-1", "plant-b"])
def test_every_answer_reads_as_if_it_were_the_first(repository: Path, name: str) -> None:
    plc_map = load_register_map(repository / f"cell_configs/plc/{name}.yaml")
    chance, decoder = random.Random(name), StatusDecoder(plc_map)
    registers = [0] * plc_map.status.count
    flags = [False] * (plc_map.flags.count if plc_map.flags else 0)
    before = decoder.decode(registers, flags)
    for _ in range(300):
        for _ in range(chance.randrange(4)):
            registers[chance.randrange(len(registers))] = chance.choice([0, 1, 0x7F00, 0x8000, 0xBFFF])
            if flags:
                flags[chance.randrange(len(flags))] ^= True
        kept = dict(before)
        now = decoder.decode(registers, flags)
        assert now == decode_status(plc_map, list(registers), list(flags))
        assert before == kept, "an answer that was given does not change any more"
        before = now


def test_flags_of_plant_b(repository: Path) -> None:
    plc_map = load_register_map(repository / "cell_configs/plc/plant-b.yaml")
    flags = [False] * 24
    flags[0] = flags[1] = True
    values = decode_status(plc_map, [0] * 40, flags)
    assert (values["estop_ok"], values["guard_closed"], values["smoke"]) == (True, False, True)
    with pytest.raises(PlcError, match=r"24 flags, the answer 40 and 8\."):
        decode_status(plc_map, [0] * 40, flags[:8])


def test_values_of_plant_b(repository: Path) -> None:
    plc_map = load_register_map(repository / "cell_configs/plc/plant-b.yaml")
    registers = [0] * 40
    registers[20:22] = [0x4240, 0x000F]  # 1,000,000 mV, low word first
    registers[24] = 275  # 27.5 - 40 degC
    registers[26:28] = [0x0000, 0xC0A0]  # -5.0 as float32, low word first
    registers[8:10] = [0xFFFF, 0x0000]
    values = decode_status(plc_map, registers, [False] * 24)
    assert (values["pack_voltage_v"], values["pack_temperature_c"], values["carried_kg"]) == (1000.0, -12.5, -5.0)
    assert values["ack_seq"] == 65535
