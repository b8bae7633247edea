"""The cell file: cameras and calibration, motion, PLC, tools, places, limits, and the files in use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from delid.core import HazardLimits, State

from ._pack import Name, Positive
from ._yaml import StrictModel

XyzMm = tuple[float, float, float]
Range = tuple[float, float]


class Calibration(StrictModel):
    """Pinhole camera as OpenCV has it; ``robot_from_camera`` maps camera mm to robot mm."""

    matrix: tuple[XyzMm, XyzMm, XyzMm]
    distortion: list[float] = []
    robot_from_camera: tuple[
        tuple[float, float, float, float],
        tuple[float, float, float, float],
        tuple[float, float, float, float],
        tuple[float, float, float, float],
    ]


class FolderSource(StrictModel):
    """Images of a folder, in the order of their names."""

    kind: Literal["folder"]
    path: Path
    loop: bool = False


class RecordingSource(StrictModel):
    """The frames of a recording."""

    kind: Literal["recording"]
    path: Path
    loop: bool = False


class DeviceSource(StrictModel):
    """A camera that OpenCV opens: an index, a device path or a stream address."""

    kind: Literal["device"]
    device: int | str
    fps: Positive | None = None


class SceneSource(StrictModel):
    """The simulated camera: a rendered scene, composed from the state of the simulated world."""

    kind: Literal["scene"]
    path: Path
    world: Path | None = None
    """Folder shared with the simulated PLC and robot; ``world`` in the runs folder if not given."""
    noise_seed: int = 1


class Camera(StrictModel):
    id: Name
    source: Annotated[FolderSource | RecordingSource | DeviceSource | SceneSource, Field(discriminator="kind")]
    size_px: tuple[int, int]
    """Width and height; a frame of another size is refused."""
    max_age_s: Positive = 1.0
    frames: Annotated[int, Field(ge=1, le=10)] = 3
    """Frames fused for one judgement."""
    calibration: Calibration


class MotionLimits(StrictModel):
    x_mm: Range
    y_mm: Range
    z_mm: Range
    feed_mm_s: Positive
    """Highest feed rate, mm/s."""


class Motion(StrictModel):
    driver: Literal["grbl"]
    port: str
    baud: Annotated[int, Field(gt=0)] = 115200
    limits: MotionLimits
    travel_feed_mm_s: Positive
    approach_feed_mm_s: Positive
    safe_z_mm: float
    """Height of the tool flange for travel, robot frame."""
    park_mm: XyzMm
    """Where the robot stands out of the camera's view."""
    tolerance_mm: Positive = 0.2
    home_timeout_s: Positive = 60.0
    hold_timeout_s: Positive = 3.0

    @model_validator(mode="after")
    def _places_are_reachable(self) -> Motion:
        for name, value, (low, high) in (
            ("park_mm x", self.park_mm[0], self.limits.x_mm),
            ("park_mm y", self.park_mm[1], self.limits.y_mm),
            ("park_mm z", self.park_mm[2], self.limits.z_mm),
            ("safe_z_mm", self.safe_z_mm, self.limits.z_mm),
        ):
            if not low <= value <= high:
                raise ValueError(f"{name} = {value:g} lies outside its limits {low:g}..{high:g}")
        return self


class Plc(StrictModel):
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 502
    map: Path
    poll_s: Positive = 0.05
    timeout_s: Positive = 0.4


class Fixture(StrictModel):
    """Where the pack stands: centre of its base in the robot's frame (mm), turned about z (degrees)."""

    origin_mm: XyzMm
    rotation_deg: float = 0.0


class Tool(StrictModel):
    number: Annotated[int, Field(ge=1, le=99)]
    kind: Literal["nutrunner", "vacuum", "gripper", "cutter", "drain"]
    length_mm: Positive
    """From the robot's flange to the tool point."""
    dock_mm: XyzMm
    """Flange position at the tool changer."""
    socket_mm: Positive | None = None
    max_torque_nm: Positive | None = None
    impact: bool = False


class Limits(StrictModel):
    """Where delid holds or aborts. Reactions are in the engine's interlock table."""

    contact_voltage_v: Positive = 60.0
    """Contact steps are refused above it (ISO 6469-4: 60 V DC)."""
    temperature_c: Positive = 60.0
    gas_ppm: Positive = 50.0
    isolation_ohm_per_v: Positive = 100.0
    swelling_severity: Annotated[float, Field(ge=0, le=1)] = 0.5
    dent_severity: Annotated[float, Field(ge=0, le=1)] = 0.8

    def hazard_limits(self) -> HazardLimits:
        return HazardLimits(
            swelling_severity=self.swelling_severity,
            dent_severity=self.dent_severity,
            temperature_c=self.temperature_c,
            gas_ppm=self.gas_ppm,
            isolation_ohm_per_v=self.isolation_ohm_per_v,
        )


class Models(StrictModel):
    pack_damage: Path
    """Folder with model.onnx and manifest.yaml."""
    fasteners: Path
    gallery: Path
    """Folder with one prototype file for each taught pack."""


class CellFile(StrictModel):
    """One robot cell. Relative paths are relative to this file."""

    cell: Name
    title: str = ""
    cameras: Annotated[list[Camera], Field(min_length=1)]
    motion: Motion
    plc: Plc
    fixture: Fixture
    tools: dict[Name, Tool]
    places: dict[Name, XyzMm]
    """Named places in the robot's frame: where lids and modules are set down."""
    limits: Limits = Limits()
    models: Models
    packs: Annotated[list[Path], Field(min_length=1)]
    recipes: Annotated[list[Path], Field(min_length=1)]
    runs: Path
    """Folder for journals and recordings."""
    record: bool = True
    socket: Path | None = None
    """Unix socket for the panel; ``cell.sock`` in the runs folder if not given."""
    packml_numbers: dict[State, int] = {}
    """PackML state numbers of this PLC where they differ from PackTags."""
