"""The cell file: cameras and calibration, motion, PLC, tools, places, limits, and the files in use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from delid.core import HazardLimits, State

from ._calibration import AnyCalibration, Calibration, CalibrationRef, XyzMm
from ._cell_models import Models
from ._keep_out import KeepOut
from ._ledger_settings import LedgerSettings
from ._looks import FineLook, LightLook, check_program
from ._pack import Name, Positive
from ._recordings import Recordings
from ._tool import Tool
from ._yaml import StrictModel

Range = tuple[float, float]


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


class CloseupSource(StrictModel):
    """The simulated camera at the tool: close-ups (KIND-N.jpg), placed as the simulated world and the flange stand."""

    kind: Literal["closeup"]
    path: Path
    world: Path | None = None
    """As for a scene."""
    noise_seed: int = 1


CameraSource = FolderSource | RecordingSource | DeviceSource | SceneSource | CloseupSource


class Camera(StrictModel):
    id: Name
    mount: Literal["fixed", "tool"] = "fixed"
    source: Annotated[CameraSource, Field(discriminator="kind")]
    size_px: tuple[int, int]
    """Width and height; a frame of another size is refused."""
    max_age_s: Positive = 1.0
    live_fps: Annotated[float, Field(gt=0, le=30)] = 1.0
    """Frames a second that people see while nothing looks; only the first camera's are shown."""
    frames: Annotated[int, Field(ge=1, le=10)] = 3
    """Frames fused for one judgement."""
    looks: list[LightLook] = []
    """The light program of a look at the pack; without one there is ambient light only."""
    fine_look: FineLook | None = None
    """How a camera at the tool looks at a fastener."""
    given_calibration: Annotated[AnyCalibration, Field(alias="calibration")]
    """The figures themselves, or the file that ``delid calibrate`` wrote."""

    @property
    def calibration(self) -> Calibration:
        """The figures; a file's are there once the whole cell has been loaded, ValueError before."""
        if isinstance(self.given_calibration, CalibrationRef):
            raise ValueError(f"the calibration of {self.id} stands in a file that has not been read")
        return self.given_calibration

    def calibrated(self, calibration: Calibration) -> Camera:
        """With the figures of its file; ValueError when they are for another mount."""
        camera = self.model_copy(update={"given_calibration": calibration})
        camera.check_mount()
        return camera

    def check_mount(self) -> None:
        """ValueError when fine look or calibration do not belong to the mount."""
        parts: dict[str, object] = {"fine_look": self.fine_look}
        if isinstance(self.given_calibration, Calibration):
            parts["tool_from_camera"] = self.given_calibration.tool_from_camera
        for key, value in parts.items():
            if (value is not None) != (self.mount == "tool"):
                raise ValueError(f"{key} belongs to a camera with mount: tool, and such a camera needs it")

    @model_validator(mode="after")
    def _fits_its_mount(self) -> Camera:
        check_program(self.looks)
        self.check_mount()
        at_tool = self.mount == "tool"
        if at_tool and self.looks:
            raise ValueError("a light program belongs to a fixed camera")
        return self


class MotionLimits(StrictModel):
    x_mm: Range
    y_mm: Range
    z_mm: Range
    feed_mm_s: Positive
    """Highest feed rate, mm/s."""


class Motion(StrictModel):
    driver: Literal["grbl", "klipper", "program"]
    port: str
    """Serial device; for a program robot also ``host:port``."""
    baud: Annotated[int, Field(gt=0)] = 115200
    parity: Literal["even", "odd", "none"] = "even"
    """Of a program robot on a serial device."""
    map: Path | None = None
    """Register map of a program robot."""
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
    jog_feed_mm_s: Annotated[float, Field(gt=0, le=250)] = 50.0
    """Reduced speed in the mode manual; ISO 10218-1 allows 250 mm/s at most."""
    jog_hold_s: Annotated[float, Field(ge=0.15, le=1)] = 0.3
    """Dead-man time of a jog: without a hold signal for so long the robot stops."""

    @model_validator(mode="after")
    def _map_for_programs_only(self) -> Motion:
        if (self.driver == "program") != (self.map is not None):
            raise ValueError("a program robot needs a map, and only a program robot has one")
        return self

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
    """The PLC over Modbus: TCP needs ``host``, RTU needs ``device``."""

    transport: Literal["tcp", "rtu"] = "tcp"
    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] = 502
    device: str | None = None
    """Serial port, for example /dev/serial/by-id/usb-RS485-if00."""
    baud: Annotated[int, Field(gt=0)] = 19200
    parity: Literal["even", "odd", "none"] = "even"
    stop_bits: Literal[1, 2] = 1
    map: Path
    poll_s: Positive = 0.05
    timeout_s: Positive = 0.4

    @model_validator(mode="after")
    def _says_where(self) -> Plc:
        if self.transport == "tcp" and (self.host is None or self.device is not None):
            raise ValueError("transport tcp needs host, and has no device")
        if self.transport == "rtu" and (self.device is None or self.host is not None):
            raise ValueError("transport rtu needs device, and has no host")
        return self


class Fixture(StrictModel):
    """Where the pack stands: centre of its base in the robot's frame (mm), turned about z (degrees)."""

    origin_mm: XyzMm
    rotation_deg: float = 0.0
    search_mm: Positive = 60.0
    """How far from there a pack may lie, along x and along y."""
    search_deg: Annotated[float, Field(gt=0, le=30)] = 5.0
    """How far it may be turned."""
    height_sigma_mm: Positive = 3.0
    """Standard deviation of the height of its lid: pack file, seat in the fixture, and heads above the lid."""


class Limits(StrictModel):
    """Where delid holds or aborts. Reactions are in the engine's interlock table."""

    contact_voltage_v: Positive = 60.0
    """Contact steps are refused above it (ISO 6469-4: 60 V DC)."""
    temperature_c: Positive = 60.0
    temperature_rise_c_per_min: Positive = 10.0
    """Rate of rise, over 20 s. At 1 K/s, the thermal runaway criterion of GB 38031, it shows after 7 s at most."""
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
    keep_out: list[KeepOut] = []
    """Where nothing of the robot may be: posts, clamps, racks."""
    limits: Limits = Limits()
    models: Models
    packs: Annotated[list[Path], Field(min_length=1)]
    recipes: Annotated[list[Path], Field(min_length=1)]
    times: Path | None = None
    """How long acts take here, as ``delid times learn`` wrote it."""
    health: Path | None = None
    """Rules for the state of health, the residual value and the route of a pack."""
    runs: Path
    """Folder for journals and recordings."""
    record: bool = True
    recordings: Recordings = Recordings()
    ledger: LedgerSettings | None = None
    """Where the batteries' record is kept; none if not given."""
    socket: Path | None = None
    """Unix socket for the panel; ``cell.sock`` in the runs folder if not given."""
    packml_numbers: dict[State, int] = {}
    """PackML state numbers of this PLC where they differ from PackTags."""

    @model_validator(mode="after")
    def _cameras_fit_together(self) -> CellFile:
        ids = [camera.id for camera in self.cameras]
        if len(set(ids)) != len(ids):
            raise ValueError("two cameras have the same id")
        if self.cameras[0].mount != "fixed":
            raise ValueError("the first camera is the one that looks at the whole pack: it must be fixed")
        if sum(camera.mount == "tool" for camera in self.cameras) > 1:
            raise ValueError("there can be one camera at the tool only")
        return self

    @property
    def overview(self) -> Camera:
        """The fixed camera that sees the whole pack."""
        return self.cameras[0]

    @property
    def tool_camera(self) -> Camera | None:
        """The camera at the tool, if there is one."""
        return next((camera for camera in self.cameras if camera.mount == "tool"), None)
