"""The simulated PLC's program: one scan after the other, with the time passed in. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from delid.core import PACKTAGS_MODES, PACKTAGS_NUMBERS, FailureKind, FastenerKind, Mode, State

from .._world import PackFacts, PlcFacts
from ._commands import COMMANDS, NEEDS_PERMISSION, Running
from ._machine import Machine
from ._registers import block_values, flag_bits, status_registers
from ._scenario import Inputs, Site, XyzMm

LONGEST_SCAN_S = 0.1
"""A scan that came later than this means that the simulator itself stood still, not that the heartbeat did."""


UNUSUAL = (Mode.MAINTENANCE, Mode.MANUAL)
"""In these modes amber burns in every state: the cell does not do what people expect of it."""
GREEN = (State.STARTING, State.EXECUTE, State.UNHOLDING, State.UNSUSPENDING, State.COMPLETING)
AMBER = (State.HOLDING, State.HELD, State.SUSPENDING, State.SUSPENDED)
RED = (State.STOPPING, State.ABORTING, State.ABORTED, State.CLEARING)
"""Colours of the stack light (IEC 60073: green normal, amber abnormal, red hazardous); a latched fault is red too."""


@dataclass(slots=True)
class _Step:
    name: str
    seq: int
    running: Running


class PlcLogic:
    """A PLC with the handshake of the register map, a watchdog, latched faults and a simulated cell behind it.

    Put the robot's flange into ``flange_mm`` and inputs into ``apply``, call ``write`` and ``read`` as the bus does,
    and ``scan`` with a rising time (real seconds: the watchdog watches real heartbeats). ``speed`` is simulated
    seconds in a real second.

    Args:
        start_count: what the status tag of that name shows; another number after every start.
        retained: registers that survived a restart, as ``writable`` of the instance before; a sequence number found
            in them is adopted and never run.
    """

    def __init__(
        self, site: Site, *, speed: float = 1.0, start_count: int = 1, retained: dict[int, int] | None = None
    ) -> None:
        self.machine = Machine(site)
        self._map, self._speed = site.register_map, speed
        blocks = (self._map.control, self._map.command)
        self.writable: dict[int, int] = {
            at: 0 for block in blocks for at in range(block.address, block.address + block.count)
        }
        self.writable.update(retained or {})
        self._numbers: dict[str, float] = {
            "magic": self._map.magic, "version": self._map.version, "start_count": start_count & 0xFFFF,
            "step_result": self._map.results["idle"],
        }  # fmt: skip
        self._states = {number: state for state, number in (PACKTAGS_NUMBERS | self._map.states).items()}
        self._modes = {number: mode for mode, number in (PACKTAGS_MODES | self._map.modes).items()}
        self.packml: State | None = None
        self.mode: Mode | None = None
        self._names = {spec.code: name for name, spec in self._map.commands.items()}
        self._error_codes = {kind: code for code, kind in self._map.errors.items()}
        self._last_scan_s: float | None = None
        self._last_beat: float | None = None
        self._beat_age_s: float | None = None
        self._fault = True
        self._pressed = True
        self._step: _Step | None = None
        self._status = status_registers(self._map, self._numbers)
        self._flags = flag_bits(self._map, self._numbers)

    # --- the bus --------------------------------------------------------------------------------------------------

    @property
    def status(self) -> list[int]:
        """The status block as of the last scan."""
        return list(self._status)

    @property
    def flags(self) -> list[bool]:
        """The flag block as of the last scan; empty where the map has none."""
        return list(self._flags)

    def write(self, address: int, values: list[int]) -> bool:
        """Registers as the bus writes them; false, and nothing written, where the PLC takes none."""
        if not all(at in self.writable for at in range(address, address + len(values))):
            return False
        self.writable.update(zip(range(address, address + len(values)), values, strict=True))
        return True

    # --- the program ----------------------------------------------------------------------------------------------

    @property
    def flange_mm(self) -> XyzMm | None:
        return self.machine.flange_mm

    @flange_mm.setter
    def flange_mm(self, at_mm: XyzMm | None) -> None:
        self.machine.flange_mm = at_mm

    def apply(self, change: Inputs) -> None:
        self.machine.apply(change)

    @property
    def motion_permitted(self) -> bool:
        return self._healthy() and not self._fault

    def facts(self) -> PlcFacts:
        """What the rest of the simulated world may see."""
        machine = self.machine
        return PlcFacts(
            motion_permitted=self.motion_permitted,
            estop_ok=bool(machine.inputs.estop_ok),
            guard_closed=bool(machine.inputs.guard_closed),
            removed=list(machine.removed),
            lid_on=machine.lid_on,
            modules_out=list(machine.modules_out),
            lamps=machine.lamps_burning,
        )

    def pack(self) -> PackFacts:
        """Where the fasteners really are, and what they are."""
        site = self.machine.site
        kinds = site.kinds | dict.fromkeys(site.scenario.stripped, FastenerKind.STRIPPED.value)
        return PackFacts(dict(site.fasteners), kinds)

    def scan(self, now_s: float) -> None:
        """One cycle: inputs, watchdog, stop, command, outputs."""
        passed_s = 0.0 if self._last_scan_s is None else now_s - self._last_scan_s
        control = block_values(self._map, self._map.control, self._block(self._map.control.address))
        if self._last_scan_s is None:
            self._adopt(control["stop_seq"])
        self._last_scan_s = now_s
        self.machine.advance(passed_s * self._speed)
        self.packml = self._states.get(int(control["packml_state"]))
        self.mode = self._modes.get(int(control.get("unit_mode", 0)))
        self._watch(control["heartbeat"], passed_s)
        self._obey_stop(control["stop_seq"])
        self._take_command()
        self._run_step()
        self._show(control["heartbeat"])

    def _block(self, address: int) -> list[int]:
        block = self._map.control if address == self._map.control.address else self._map.command
        return [self.writable[at] for at in range(block.address, block.address + block.count)]

    def _adopt(self, stop_seq: float) -> None:
        """What stands in the registers at start is old: it counts as done, so that it never runs."""
        seq = self.writable[self._map.command.seq_at]
        self._numbers |= {"ack_seq": seq, "done_seq": seq, "stop_ack": stop_seq}

    def _watch(self, heartbeat: float, passed_s: float) -> None:
        if self._last_beat is not None and heartbeat != self._last_beat:
            self._beat_age_s = 0.0
        elif self._beat_age_s is not None:
            self._beat_age_s += min(passed_s, LONGEST_SCAN_S)
        self._last_beat = heartbeat
        if not self._healthy():
            self._fault = True
        pressed = bool(self.machine.inputs.reset_button)
        if pressed and not self._pressed:
            self._fault = not self._healthy()
            self.machine.quench_open = self.machine.extraction_full = False
        self._pressed = pressed

    def _watchdog_ok(self) -> bool:
        return self._beat_age_s is not None and self._beat_age_s <= self._map.watchdog_s

    def _healthy(self) -> bool:
        inputs = self.machine.inputs
        return bool(inputs.estop_ok and inputs.guard_closed) and self._watchdog_ok()

    def _obey_stop(self, stop_seq: float) -> None:
        """A changed stop number ends the running command and voids one that is written but not yet taken."""
        if stop_seq == self._numbers["stop_ack"]:
            return
        if self._step is not None:
            self._step.running.close()
            self._end(self._step.seq, "cancelled")
        seq = self.writable[self._map.command.seq_at]
        if seq not in (self._numbers["ack_seq"], 0):
            self._numbers["ack_seq"] = seq
            self._end(seq, "cancelled")
        self._numbers["stop_ack"] = stop_seq

    def _take_command(self) -> None:
        command = self._map.command
        registers = self._block(command.address)
        seq = registers[command.seq_at - command.address]
        if self._step is not None or seq in (self._numbers["ack_seq"], 0):
            return
        self._numbers |= {"ack_seq": seq, "step_result": self._map.results["busy"], "error_code": 0}
        name = self._names.get(registers[command.code_at - command.address], "")
        if name == "reset_faults":
            self._fault = not self._healthy()
            self._end(seq, "error" if self._fault else "done", FailureKind.REFUSED if self._fault else None)
        elif name not in COMMANDS:
            self._end(seq, "error", FailureKind.REFUSED)
        else:
            values = block_values(self._map, command, registers)
            self._step = _Step(name, seq, COMMANDS[name](self.machine, values))

    def _run_step(self) -> None:
        step = self._step
        if step is None:
            return
        if step.name in NEEDS_PERMISSION and not self.motion_permitted:
            step.running.close()
            self._end(step.seq, "error", FailureKind.REFUSED)
            return
        try:
            next(step.running)
        except StopIteration as ended:
            self._end(step.seq, "error" if ended.value else "done", ended.value)

    def _end(self, seq: int, result: str, failure: FailureKind | None = None) -> None:
        self._step = None
        code = self._error_codes.get(failure, self._error_codes.get(FailureKind.REFUSED, 0)) if failure else 0
        results = {str(name): word for name, word in self._map.results.items()}
        self._numbers |= {"done_seq": seq, "step_result": results[result], "error_code": code}

    def _show(self, heartbeat: float) -> None:
        machine, inputs = self.machine, self.machine.inputs
        self._numbers["heartbeat"] = (int(self._numbers.get("heartbeat", 0)) + 1) & 0xFFFF
        vacuum = machine.tool is not None and machine.tool.kind == "vacuum"
        values = self._numbers | {
            "heartbeat_echo": heartbeat,
            "estop_ok": bool(inputs.estop_ok), "guard_closed": bool(inputs.guard_closed), "smoke": bool(inputs.smoke),
            "quench_on": machine.quench_open,
            "extraction_on": machine.extraction_on, "clamp_closed": machine.clamp_closed,
            "vacuum_ok": machine.held is not None and vacuum, "grip_ok": machine.held is not None and not vacuum,
            "motion_permitted": self.motion_permitted, "fault_latched": self._fault, "watchdog_ok": self._watchdog_ok(),
            "pack_voltage_v": machine.voltage_v, "isolation_ohm_per_v": inputs.isolation_ohm_per_v or 0.0,
            "pack_temperature_c": inputs.pack_temperature_c or 0.0, "gas_ppm": inputs.gas_ppm or 0.0,
            "carried_kg": machine.carried_kg, "tool_number": machine.tool_number,
            "torque_nm": machine.torque_nm, "angle_deg": machine.angle_deg, "energy_wh": machine.energy_wh,
            "air_nl": machine.air_nl, "extraction_wh": machine.extraction_wh,
            "stack_green": self.packml in GREEN and not self._fault,
            "stack_amber": self.packml in AMBER or self.mode in UNUSUAL,
            "stack_red": self.packml in RED or self._fault,
        }  # fmt: skip
        self._status, self._flags = status_registers(self._map, values), flag_bits(self._map, values)
