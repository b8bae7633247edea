"""What a register map may not say, each with its own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from delid.config import Plc, RegisterMap

Change = dict[str, Any]


def changed(base: dict[str, Any], change: Change) -> dict[str, Any]:
    """``change`` laid over ``base``, folder by folder."""
    merged = dict(base)
    for key, value in change.items():
        merged[key] = (
            changed(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        )
    return merged


@pytest.fixture
def plant_b(repository: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(repository / "cell_configs/plc/plant-b.yaml")
    return loaded


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": {"owner": "delid"}}, "Input should be 'plc'"),
        ({"control": {"owner": "plc"}}, "Input should be 'delid'"),
        ({"status": {"tags": {"ack_seq": {"type": "int16"}}}}, "ack_seq carries 0..65535"),
        ({"status": {"tags": {"heartbeat_echo": {"scale": 0.1}}}}, "heartbeat_echo carries 0..65535"),
        ({"control": {"tags": {"stop_seq": {"offset": 1}}}}, "stop_seq carries 0..65535"),
        ({"flags": {"tags": {"estop_ok": {"at": 2004}}}}, "flag 'estop_ok' at 2004 lies outside 2005..2028"),
        ({"flags": {"tags": {"gas_ppm": {"at": 2010}}}}, "'gas_ppm' is both a flag and in the status block"),
        ({"status": {"area": "holding", "address": 4090, "count": 40, "tags": {}}}, "overlap at register 4100"),
        ({"commands": {"drain": {"code": 7010}}}, "shares its code 7010"),
        ({"states": {"Held": 13}}, "shares its number 13"),
        ({"results": {"busy": 100}}, "five different numbers"),
    ],
)
def test_a_map_that_cannot_work_is_refused(plant_b: dict[str, Any], change: Change, words: str) -> None:
    RegisterMap.model_validate(plant_b)
    bad = changed(plant_b, change)
    if change.get("status", {}).get("area"):
        bad["status"]["tags"] = {name: tag | {"at": 4091} for name, tag in bad["status"]["tags"].items()}
    with pytest.raises(ValidationError, match=words):
        RegisterMap.model_validate(bad)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"transport": "tcp"}, "tcp needs host"),
        ({"transport": "tcp", "host": "a", "device": "/dev/x"}, "has no device"),
        ({"transport": "rtu", "host": "a"}, "rtu needs device"),
        ({"transport": "rtu", "device": "/dev/x", "host": "a"}, "has no host"),
        ({"transport": "rtu", "device": "/dev/x", "parity": "mark"}, "parity"),
    ],
)
def test_a_cell_says_one_way_to_its_plc(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Plc.model_validate({"map": "a.yaml"} | given)


def test_a_serial_plc_has_the_usual_settings() -> None:
    spec = Plc.model_validate({"transport": "rtu", "device": "/dev/x", "map": "a.yaml"})
    assert (spec.baud, spec.parity, spec.stop_bits) == (19200, "even", 1)
