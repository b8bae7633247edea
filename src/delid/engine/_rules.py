"""What the cell file fixes for the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from delid.config import Camera, Cell
from delid.core import AMBIENT, PoseMm
from delid.planning import Level, any_tool_level

from ._after_halt import THERMAL_COMMANDS


@dataclass(frozen=True, slots=True)
class Light:
    """One light of the cell's light program; ``mask`` is what the PLC's lamps are set to, 0 is ambient light."""

    name: str
    mask: int
    settle_s: float


@dataclass(frozen=True, slots=True)
class Rules:
    """What the cell file fixes for the whole life of the process."""

    travel_feed_mm_s: float
    approach_feed_mm_s: float
    safe_z_mm: float
    park_mm: PoseMm
    frames: int
    contact_voltage_v: float
    temperature_c: float
    gas_ppm: float
    tags_max_age_s: float = 1.0
    temperature_rise_c_per_min: float = 10.0
    isolation_ohm_per_v: float = 100.0
    frame_max_age_s: float = 1.0
    hold_timeout_s: float = 3.0
    stop_timeout_s: float = 3.0
    home_timeout_s: float = 60.0
    command_timeout_s: float = 15.0
    move_timeout_s: float = 60.0
    look_timeout_s: float = 20.0
    decide_timeout_s: float = 30.0
    light_timeout_s: float = 3.0
    level: Level | None = field(default=None, compare=False, repr=False)
    """The keep-out zones at travel height, for the engine's own ways to the park position."""
    lights: tuple[Light, ...] = ()
    """The light program of a look at the pack, ambient light last; empty where the cell switches no lamps."""
    can_hold: bool = True
    """Whether the robot can hold a motion and go on."""
    needs_homing: bool = True
    """Whether the robot's position has to be found by homing."""
    can_jog: bool = False
    """Whether the robot can creep while somebody holds on."""
    limits_mm: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Axis to the cell's own lowest and highest position of the flange, robot frame."""
    jog_feed_mm_s: float = 50.0
    """The reduced speed: no jog is faster."""
    jog_hold_s: float = 0.3
    """The dead-man time of a jog."""
    thermal_commands: tuple[str, ...] = THERMAL_COMMANDS
    """What this cell's PLC can do in a thermal event."""
    knows_health: bool = False
    """Whether the cell has rules that make something of a state of health."""
    empty_confidence: float = 0.6
    """A fastener's kind counts only when the look is at least this sure. A cell takes it from the manifest of the
    fastener model, which has it from validation data."""

    @classmethod
    def of(cls, cell: Cell, empty_confidence: float) -> Rules:
        motion, limits = cell.spec.motion, cell.spec.limits
        return cls(
            travel_feed_mm_s=motion.travel_feed_mm_s,
            approach_feed_mm_s=motion.approach_feed_mm_s,
            safe_z_mm=motion.safe_z_mm,
            park_mm=motion.park_mm,
            frames=cell.spec.cameras[0].frames,
            empty_confidence=empty_confidence,
            contact_voltage_v=limits.contact_voltage_v,
            temperature_c=limits.temperature_c,
            gas_ppm=limits.gas_ppm,
            temperature_rise_c_per_min=limits.temperature_rise_c_per_min,
            isolation_ohm_per_v=limits.isolation_ohm_per_v,
            frame_max_age_s=max(camera.max_age_s for camera in cell.spec.cameras),
            hold_timeout_s=motion.hold_timeout_s,
            home_timeout_s=motion.home_timeout_s,
            can_hold=cell.motion_capabilities.hold,
            needs_homing=cell.motion_capabilities.needs_homing,
            can_jog=cell.motion_capabilities.jog,
            limits_mm=cell.motion_capabilities.axes_mm,
            jog_feed_mm_s=min(motion.jog_feed_mm_s, motion.limits.feed_mm_s),
            jog_hold_s=motion.jog_hold_s,
            level=any_tool_level(cell.spec) if cell.spec.keep_out else None,
            lights=_lights(cell.spec.overview),
            knows_health=cell.health is not None,
            thermal_commands=tuple(name for name in THERMAL_COMMANDS if name in cell.plc_map.commands),
        )


def _lights(camera: Camera) -> tuple[Light, ...]:
    """The frames that are judged are taken last, so that the cell is left in ambient light."""
    if not any(look.mask for look in camera.looks):
        return ()
    lights = [Light(look.name, look.mask, look.settle_ms / 1000) for look in camera.looks]
    return tuple(sorted(lights, key=lambda light: light.name == AMBIENT))
