"""The machinery behind the PLC: pack, tools, vacuum, gripper, sensors, moved by simulated time. No I/O."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

from delid.config import Tool

from ._scenario import Inputs, Site, XyzMm

CAPTURE_MM = 4.0
"""How far from a head's middle a socket still slips over it."""
SEAT_MM = 3.0
"""How far above or below a face a tool still reaches it."""
GRIP_MM = 60.0
"""How far from the lid's grip place the vacuum tool still lies flat."""
MODULE_MM = 15.0
"""How far from a module's middle the gripper still takes it."""
DOCK_MM = 5.0
LIFTED_MM = 5.0
"""A part that is held is carried when the flange has risen by this."""
DROP_MM = 50.0
"""A part let go higher than this above where it was held, over the pack, falls."""
NEAR_PACK_MM = 300.0
EJECTOR_NL_MIN = 60.0
"""What the vacuum ejector draws while it holds a part; an assumption, as are all powers here."""
CLAMP_NL = 8.0
"""Compressed air for one stroke of the clamps."""
SEIZED_FACTOR = 5.0
"""A seized fastener breaks loose at this many times its nominal torque."""


@dataclass(slots=True)
class Held:
    """A part at the tool: the lid (``module`` None) or a module, and the flange height where it was taken."""

    module: int | None
    flange_z_mm: float
    kg: float
    at_mm: tuple[float, float]


class Machine:
    """State of the cell's machinery. The PLC's program (commands) switches it, ``advance`` lets time pass."""

    def __init__(self, site: Site) -> None:
        self.site, scenario = site, site.scenario
        self.flange_mm: XyzMm | None = None
        self.sim_s = 0.0
        self.inputs = Inputs(
            estop_ok=True,
            guard_closed=True,
            smoke=scenario.smoke,
            gas_ppm=scenario.gas_ppm,
            pack_temperature_c=scenario.pack_temperature_c,
            isolation_ohm_per_v=scenario.isolation_ohm_per_v,
            disconnect_pulled=False,
        )
        self._put_pack_in()
        self.pack_number = 1
        self.tool_number = 0
        self.clamp_closed = self.extraction_on = self.quarantine_lamp = False
        self.extraction_full = self.quench_open = False
        self.lamps_on = 0
        self.torque_nm = self.angle_deg = self.energy_wh = 0.0
        self.air_nl = self.extraction_wh = 0.0
        self.motor_w = 0.0
        self._timed = sorted(scenario.inputs, key=lambda timed: timed.at_s)

    def _put_pack_in(self) -> None:
        """The pack of the scenario, as nobody has worked on it."""
        scenario = self.site.scenario
        self.removed = list(scenario.removed_already)
        self.lid_on = True
        self.modules_out: list[int] = []
        self.held: Held | None = None
        closed_v = scenario.voltage.closed_v
        self.voltage_v = self.site.nominal_voltage_v if closed_v is None else closed_v
        self._all_but_stuck_s: float | None = None

    # --- what is where --------------------------------------------------------------------------------------------

    @property
    def tool(self) -> Tool | None:
        return self.site.tools.get(self.tool_number)

    @property
    def lamps_burning(self) -> int:
        """Bit mask of the lamps that are switched on and not dead."""
        dead = sum(1 << (lamp - 1) for lamp in set(self.site.scenario.dead_lamps))
        return self.lamps_on & ~dead

    @property
    def tip_mm(self) -> XyzMm | None:
        """The tool point, straight below the flange."""
        if self.flange_mm is None:
            return None
        x, y, z = self.flange_mm
        return x, y, z - (self.tool.length_mm if self.tool else 0.0)

    @property
    def carried_kg(self) -> float:
        if self.held is None or self.flange_mm is None:
            return 0.0
        return self.held.kg if self._risen_mm() > LIFTED_MM or not self._on_pack() else 0.0

    def under_socket(self) -> str | None:
        """The fastener that the socket sits on."""
        tip = self.tip_mm
        if tip is None or not self.lid_on:
            return None
        for name, (x, y, z) in self.site.fasteners.items():
            if name not in self.removed and math.dist(tip[:2], (x, y)) <= CAPTURE_MM and abs(tip[2] - z) <= SEAT_MM:
                return name
        return None

    def at_dock(self, tool: Tool) -> bool:
        if self.flange_mm is None or tool.dock_mm is None:
            return False
        return math.dist(self.flange_mm, tool.dock_mm) <= DOCK_MM

    def loosening_torque_nm(self, name: str) -> float:
        """Breakaway torque: 70 to 95 % of the nominal one, the same for a fastener in every run."""
        nominal = self.site.nominal_torque_nm[name]
        if name in self.site.scenario.seized:
            return SEIZED_FACTOR * nominal
        return nominal * (0.70 + 0.25 * (zlib.crc32(name.encode()) % 1000) / 1000)

    # --- what tools do --------------------------------------------------------------------------------------------

    def take(self) -> bool:
        """Vacuum or gripper on: true if there is a part under it that it can hold."""
        tip, tool = self.tip_mm, self.tool
        if tip is None or tool is None or self.flange_mm is None:
            return False
        at = (tip[0], tip[1])
        if tool.kind == "vacuum" and self.lid_on and self.site.grip_mm is not None:
            if math.dist(at, self.site.grip_mm) <= GRIP_MM and abs(tip[2] - self.site.lid_z_mm) <= SEAT_MM:
                self.held = Held(None, self.flange_mm[2], self.site.lid_kg, at)
        elif tool.kind == "gripper" and not self.lid_on and abs(tip[2] - self.site.module_z_mm) <= 2 * SEAT_MM:
            for number, module in enumerate(self.site.modules_mm):
                if number not in self.modules_out and math.dist(at, module) <= MODULE_MM:
                    self.held = Held(number, self.flange_mm[2], self.site.module_kg, at)
        return self.held is not None

    def let_go(self) -> bool:
        """Vacuum or gripper off; false if the part fell."""
        held, self.held = self.held, None
        if held is None or self.flange_mm is None:
            return True
        over_pack = math.dist(self.flange_mm[:2], held.at_mm) < NEAR_PACK_MM
        fell = over_pack and self.flange_mm[2] - held.flange_z_mm > DROP_MM
        if over_pack and not fell and held.module is None:
            self.lid_on = True
        elif over_pack and not fell and held.module in self.modules_out:
            self.modules_out.remove(held.module)
        return not fell

    # --- time -----------------------------------------------------------------------------------------------------

    def apply(self, change: Inputs) -> None:
        """Inputs as the world sets them; keys left out stay."""
        if change.pack_number > self.pack_number:
            self.pack_number = change.pack_number
            self.inputs = self.inputs.model_copy(update={"disconnect_pulled": False})
            self._put_pack_in()
        given = change.model_dump(exclude_none=True, exclude={"removed", "pack_number"})
        self.inputs = self.inputs.model_copy(update=given)
        self.removed += [name for name in change.removed if name not in self.removed]

    def advance(self, dt_s: float) -> None:
        """Let ``dt_s`` simulated seconds pass."""
        self.sim_s += dt_s
        while self._timed and self._timed[0].at_s <= self.sim_s:
            self.apply(self._timed.pop(0).set)
        self._discharge(dt_s)
        self._carry()
        self._take_out_by_hand()
        extraction_w = 450.0 * self.extraction_on * (1 + self.extraction_full)
        power_w = 120.0 + extraction_w + 80.0 * (self.held is not None) + self.motor_w
        self.energy_wh += power_w * dt_s / 3600.0
        self.extraction_wh += extraction_w * dt_s / 3600.0
        if self.held is not None and self.tool is not None and self.tool.kind == "vacuum":
            self.air_nl += EJECTOR_NL_MIN * dt_s / 60.0

    def _discharge(self, dt_s: float) -> None:
        voltage = self.site.scenario.voltage
        pulled = voltage.pulled_at_s is not None and self.sim_s >= voltage.pulled_at_s
        if (pulled or self.inputs.disconnect_pulled) and self.voltage_v > voltage.residual_v:
            above_v = self.voltage_v - voltage.residual_v
            self.voltage_v = voltage.residual_v + above_v * math.exp(-dt_s / voltage.decay_s)

    def _risen_mm(self) -> float:
        if self.held is None or self.flange_mm is None:
            return 0.0
        return self.flange_mm[2] - self.held.flange_z_mm

    def _on_pack(self) -> bool:
        """True while the part that is held is still where it belongs."""
        module = self.held.module if self.held else None
        return self.lid_on if module is None else module not in self.modules_out

    def _carry(self) -> None:
        """A part that is held comes along when the flange rises; a lid that is still fastened stays, the cup slips."""
        if self.held is None or self.flange_mm is None or not self._on_pack() or self._risen_mm() <= LIFTED_MM:
            return
        if self.held.module is not None:
            self.modules_out.append(self.held.module)
        elif set(self.site.fasteners) <= set(self.removed):
            self.lid_on = False
        else:
            self.held = None

    def _take_out_by_hand(self) -> None:
        scenario = self.site.scenario
        stuck = {*scenario.seized, *scenario.seized_for_good, *scenario.stripped}
        left = set(self.site.fasteners) - set(self.removed)
        if scenario.by_hand_after_s is None or not left or not left <= stuck:
            self._all_but_stuck_s = None
            return
        if self._all_but_stuck_s is None:
            self._all_but_stuck_s = self.sim_s
        if self.sim_s - self._all_but_stuck_s >= scenario.by_hand_after_s:
            self.removed += sorted(left)
