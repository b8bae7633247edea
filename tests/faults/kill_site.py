"""The files of the cell in which the process is killed, and its PLC."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from ruamel.yaml import YAML

from delid.config import Cell, load_cell
from delid.sim.plc import PlcLogic
from plain_cell import plain_data

REPOSITORY = Path(__file__).resolve().parents[2]
PACK = "nissan-leaf-24"
TOOLS = ("fit_tool", "unfasten", "hold_part", "drain")


class CountingPlc(PlcLogic):
    """Notes each command at the moment in which the PLC takes it."""

    on_taken: Callable[[str], None] = staticmethod(lambda name: None)

    def _take_command(self) -> None:
        before = self._numbers.get("ack_seq")
        super()._take_command()
        if self._numbers["ack_seq"] != before:
            command = self._map.command
            code = self.writable[command.address + command.code_at - command.address]
            self.on_taken(self._names.get(code, ""))

    @property
    def working(self) -> bool:
        """A command runs that turns or switches a tool."""
        return self._step is not None and self._step.name in TOOLS


def build_cell(folder: Path) -> tuple[Cell, Path]:
    """The demonstration cell with one pack, without a recording; and the scenario of its simulated PLC."""
    demo = REPOSITORY / "cell_configs/cells/demo.yaml"
    data = YAML(typ="safe").load(demo.read_text(encoding="utf-8"))

    def absolute(path: str) -> str:
        return str((demo.parent / path).resolve())

    plain_data(data)["cameras"][0]["frames"] = 1
    data["plc"]["map"] = absolute(data["plc"]["map"])
    data["models"] = {key: absolute(value) for key, value in data["models"].items()}
    data["packs"] = [absolute(f"../packs/{PACK}.yaml")]
    data["recipes"] = [absolute(f"../recipes/{PACK}-standard.yaml")]
    data["health"] = absolute(data["health"])
    data["runs"], data["record"] = str(folder / "runs"), False
    file, scenario = folder / "cell.yaml", folder / "scenario.yaml"
    file.write_text(json.dumps(data), encoding="utf-8")
    scenario.write_text(json.dumps({"cell": str(file), "pack": PACK}), encoding="utf-8")
    return load_cell(file), scenario
