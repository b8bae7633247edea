"""The scenario file: which pack stands in the cell, what is wrong with it, and what happens when."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from delid.config import CellFile, PackFile, RegisterMap, StrictModel, Tool, load_register_map, load_yaml_model
from delid.core import ConfigError, FastenerKind

XyzMm = tuple[float, float, float]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
INPUTS_FILE = "inputs.json"


class Inputs(StrictModel):
    """What the world outside does to the PLC. A key that is left out stays as it is."""

    estop_ok: bool | None = None
    guard_closed: bool | None = None
    smoke: bool | None = None
    gas_ppm: NotNegative | None = None
    pack_temperature_c: float | None = None
    isolation_ohm_per_v: NotNegative | None = None
    reset_button: bool | None = None
    """A hand on the PLC's own reset button; pressing it clears the fault latch and closes the quench valve."""
    disconnect_pulled: bool | None = None
    """A person has pulled the service disconnect."""
    removed: list[str] = []
    """Fasteners that a person has taken out by hand."""
    pack_number: Annotated[int, Field(ge=1)] = 1
    """A higher number than before: the next pack was put in, as the scenario describes the first."""


class TimedInputs(StrictModel):
    at_s: NotNegative
    """Simulated time since the start."""
    set: Inputs


class Voltage(StrictModel):
    """Voltage at the service terminals: ``closed_v`` until the disconnect is pulled, then it decays."""

    closed_v: NotNegative | None = None
    """The pack's nominal voltage if not given."""
    pulled_at_s: NotNegative | None = 0.0
    """When the service disconnect is pulled; null if only a person does it (``disconnect_pulled``)."""
    residual_v: NotNegative = 1.5
    decay_s: Positive = 3.0
    """Time constant of the discharge."""


class Scenario(StrictModel):
    """One simulated pack in one cell. Relative paths are relative to the scenario file."""

    title: str = ""
    cell: Path
    """Cell file: tools, fixture, packs and register map are taken from it."""
    pack: str | None = None
    """Id of one of the cell's packs, or path to a pack file."""
    fasteners: dict[str, XyzMm] = {}
    """For a pack without a pack file: fastener id to place of its head in the robot's frame, mm."""
    seized: list[str] = []
    """Break loose only with the impact mechanism, or above five times the nominal torque."""
    seized_for_good: list[str] = []
    """No tool of the cell turns them."""
    stripped: list[str] = []
    """The socket turns, the fastener does not."""
    removed_already: list[str] = []
    shift_mm: tuple[float, float] = (0.0, 0.0)
    """How far the pack really stands from its place in the fixture, robot frame."""
    dead_lamps: list[Annotated[int, Field(ge=1, le=16)]] = []
    """Lamps that stay dark although the PLC switches them."""
    by_hand_after_s: Positive | None = None
    """A person takes out what is seized or stripped this long (simulated) after every other fastener is out."""
    voltage: Voltage = Voltage()
    isolation_ohm_per_v: NotNegative = 1000.0
    pack_temperature_c: float = 23.0
    gas_ppm: NotNegative = 0.0
    smoke: bool = False
    inputs: list[TimedInputs] = []
    speed: Positive = 1.0
    """Simulated seconds in a real second; the watchdog always runs in real time."""

    @model_validator(mode="after")
    def _one_pack(self) -> Scenario:
        if (self.pack is None) == (not self.fasteners):
            raise ValueError("give either pack or fasteners")
        return self


@dataclass(frozen=True, slots=True)
class Site:
    """What the simulated PLC knows of its cell, in the robot's frame."""

    scenario: Scenario
    register_map: RegisterMap
    tools: dict[int, Tool]
    fasteners: dict[str, XyzMm]
    kinds: dict[str, str]
    nominal_torque_nm: dict[str, float]
    lid_z_mm: float
    grip_mm: tuple[float, float] | None
    """Where the vacuum tool takes hold; None where there is no lid that is known."""
    lid_kg: float
    modules_mm: tuple[tuple[float, float], ...]
    module_kg: float
    module_z_mm: float
    """Height of the modules' upper faces."""
    nominal_voltage_v: float


def load_site(path: Path | str) -> Site:
    """A scenario with the cell, pack and register map that it names; raises ConfigError."""
    path = Path(path)
    scenario = load_yaml_model(path, Scenario)
    cell_path = (path.parent / scenario.cell).resolve()
    cell = load_yaml_model(cell_path, CellFile)
    register_map = load_register_map(cell_path.parent / cell.plc.map)
    if scenario.pack is None:
        site = _stranger(scenario, register_map, cell)
    else:
        site = site_of(scenario, register_map, cell, _find_pack(path, scenario.pack, cell_path, cell))
    for key in ("seized", "seized_for_good", "stripped", "removed_already"):
        for name in getattr(scenario, key):
            if name not in site.fasteners:
                raise ConfigError([f"{path}:1: {key}: the pack has no fastener {name!r}"], code="config.invalid")
    return site


def read_inputs(world_dir: Path) -> Inputs | None:
    """The inputs that a person has set, None where nobody has or the file is being written."""
    try:
        return Inputs.model_validate_json((world_dir / INPUTS_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValidationError):
        return None


def set_inputs(world_dir: Path, **changes: bool | float | list[str]) -> None:
    """Press a button of the simulated world: merge ``changes`` (fields of Inputs) into its inputs file.

    ``removed`` is added to what was removed before from the same pack.
    Raises pydantic's ValidationError for an unknown field.
    """
    before = (read_inputs(world_dir) or Inputs()).model_dump(exclude_none=True)
    if changes.get("pack_number", before["pack_number"]) != before["pack_number"]:
        before = before | {"removed": [], "disconnect_pulled": False}
    removed = changes.get("removed", [])
    changes["removed"] = [*before["removed"], *(removed if isinstance(removed, list) else [])]
    text = Inputs.model_validate(before | changes).model_dump_json(exclude_none=True, indent=1)
    part = world_dir / f"{INPUTS_FILE}.{os.getpid()}.part"
    part.write_text(text, encoding="utf-8")
    os.replace(part, world_dir / INPUTS_FILE)


def _find_pack(path: Path, name: str, cell_path: Path, cell: CellFile) -> PackFile:
    if name.endswith((".yaml", ".yml")):
        return load_yaml_model(path.parent / name, PackFile)
    packs = [load_yaml_model(cell_path.parent / pack, PackFile) for pack in cell.packs]
    for pack in packs:
        if pack.pack == name:
            return pack
    known = ", ".join(pack.pack for pack in packs)
    raise ConfigError([f"{path}:1: pack: the cell {cell.cell} has no pack {name!r}; it has {known}"])


def site_of(scenario: Scenario, register_map: RegisterMap, cell: CellFile, pack: PackFile) -> Site:
    """The simulated cell with a pack of a pack file in its fixture."""
    base, lid_z_mm = cell.fixture.origin_mm, cell.fixture.origin_mm[2] + pack.height_mm

    def real(at_mm: tuple[float, float]) -> tuple[float, float]:
        (x, y), (shift_x, shift_y) = _to_robot(cell, at_mm), scenario.shift_mm
        return x + shift_x, y + shift_y

    places = {name: real(at) for name, at in pack.fastener_places().items()}
    modules = pack.modules.positions_mm if pack.modules else []
    return Site(
        scenario=scenario,
        register_map=register_map,
        tools={tool.number: tool for tool in cell.tools.values()},
        fasteners={name: (x, y, lid_z_mm) for name, (x, y) in places.items()},
        kinds={name: pack.groups[name.rsplit(".", 1)[0]].kind.value for name in places},
        nominal_torque_nm={name: pack.groups[name.rsplit(".", 1)[0]].torque_nm for name in places},
        lid_z_mm=lid_z_mm,
        grip_mm=real(pack.lid.grip_mm),
        lid_kg=pack.lid.mass_kg,
        modules_mm=tuple(real(at) for at in modules),
        module_kg=pack.modules.mass_kg if pack.modules else 0.0,
        module_z_mm=base[2] + pack.modules.size_mm[2] if pack.modules else base[2],
        nominal_voltage_v=pack.nominal_voltage_v,
    )


def _stranger(scenario: Scenario, register_map: RegisterMap, cell: CellFile) -> Site:
    return Site(
        scenario=scenario,
        register_map=register_map,
        tools={tool.number: tool for tool in cell.tools.values()},
        fasteners=dict(scenario.fasteners),
        kinds=dict.fromkeys(scenario.fasteners, FastenerKind.BOLT.value),
        nominal_torque_nm=dict.fromkeys(scenario.fasteners, 9.0),
        lid_z_mm=max(z for _, _, z in scenario.fasteners.values()),
        grip_mm=None,
        lid_kg=0.0,
        modules_mm=(),
        module_kg=0.0,
        module_z_mm=cell.fixture.origin_mm[2],
        nominal_voltage_v=400.0,
    )


def _to_robot(cell: CellFile, at_mm: tuple[float, float]) -> tuple[float, float]:
    """From the pack's frame to the robot's: turned about z, then moved to the fixture."""
    turn, (x, y) = math.radians(cell.fixture.rotation_deg), at_mm
    origin_x, origin_y, _ = cell.fixture.origin_mm
    return (
        origin_x + x * math.cos(turn) - y * math.sin(turn),
        origin_y + x * math.sin(turn) + y * math.cos(turn),
    )
