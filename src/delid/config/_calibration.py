"""How a camera was calibrated: the few figures a cell needs, and the file that says where they are from."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from ._pack import Name, Positive
from ._yaml import StrictModel

XyzMm = tuple[float, float, float]
Row = tuple[float, float, float, float]
PoseMatrix = tuple[Row, Row, Row, Row]
Matrix = tuple[XyzMm, XyzMm, XyzMm]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Calibration(StrictModel):
    """Pinhole camera as OpenCV has it, and where it stands: a fixed one in the robot's frame, one at the tool in the
    flange's. The matrix maps camera mm to mm there."""

    matrix: Matrix
    distortion: list[float] = []
    robot_from_camera: PoseMatrix | None = None
    tool_from_camera: PoseMatrix | None = None
    """Of a camera at the tool; the flange's axes are the robot's, its origin is the position that moves name."""
    uncertainty_mm: Positive | None = None
    """Radius around a calibrated point on the fixture that holds the true one 95 times of 100; 1 mm is assumed."""

    @model_validator(mode="after")
    def _stands_somewhere(self) -> Calibration:
        if (self.robot_from_camera is None) == (self.tool_from_camera is None):
            raise ValueError("give either robot_from_camera or, for a camera at the tool, tool_from_camera")
        return self

    def at(self, flange_mm: XyzMm) -> Calibration:
        """A camera at the tool as a fixed one, while the flange stands at ``flange_mm``."""
        rows = self.tool_from_camera
        if rows is None:
            raise ValueError("this camera is not at the tool")
        moved = [(*row[:3], row[3] + shift) for row, shift in zip(rows, (*flange_mm, 0.0), strict=True)]
        return self.model_copy(update={"robot_from_camera": tuple(moved), "tool_from_camera": None})


class CalibrationRef(StrictModel):
    """A calibration that ``delid calibrate`` wrote."""

    file: Path
    max_age_days: Positive | None = None
    """An older calibration gives a warning when the cell is loaded."""


def _form(value: Any) -> str:
    return "file" if isinstance(value, CalibrationRef) or (isinstance(value, dict) and "file" in value) else "inline"


AnyCalibration = Annotated[
    Annotated[Calibration, Tag("inline")] | Annotated[CalibrationRef, Tag("file")], Discriminator(_form)
]


class Board(StrictModel):
    """A printed ChArUco board, counted in squares."""

    squares: tuple[Annotated[int, Field(ge=4, le=40)], Annotated[int, Field(ge=4, le=40)]] = (11, 8)
    square_mm: Positive = 30.0
    marker_part: Annotated[float, Field(gt=0.3, lt=0.95)] = 0.7
    """Side of a marker as a part of its square's."""
    dictionary: Literal["DICT_4X4_250", "DICT_5X5_250", "DICT_6X6_250"] = "DICT_5X5_250"


class CalibrationImage(StrictModel):
    """One picture that went into it. ``rms_px`` is its reprojection error."""

    file: str
    sha256: Digest
    rms_px: Annotated[float, Field(ge=0)]


class Lens(StrictModel):
    """Intrinsics, with what they rest on."""

    matrix: Matrix
    distortion: list[float]
    rms_px: Annotated[float, Field(ge=0)]
    coverage: Annotated[float, Field(ge=0, le=1)]
    """Part of the picture in which the board was seen."""
    board: Board
    images: list[CalibrationImage]


class Standing(StrictModel):
    """Where the camera stands, with what that rests on."""

    robot_from_camera: PoseMatrix | None = None
    tool_from_camera: PoseMatrix | None = None
    method: Literal["plane", "hand_eye"]
    points: Annotated[int, Field(ge=1)]
    rms_px: Annotated[float, Field(ge=0)]
    uncertainty_mm: Positive
    """Radius around a calibrated point on the fixture that holds the true one 95 times of 100."""
    evidence_sha256: list[Digest]
    """Digests of the pairs or poses, and of the pictures."""

    @model_validator(mode="after")
    def _stands_somewhere(self) -> Standing:
        if (self.robot_from_camera is None) == (self.tool_from_camera is None):
            raise ValueError("give either robot_from_camera or tool_from_camera")
        return self


class CalibrationFile(StrictModel):
    """What ``delid calibrate`` writes: first the lens, then where the camera stands."""

    calibration: Name
    version: Literal[1] = 1
    made: datetime
    """Of the last step, with time zone."""
    by: str
    delid: str
    size_px: tuple[Annotated[int, Field(gt=0)], Annotated[int, Field(gt=0)]]
    lens: Lens
    standing: Standing | None = None

    @model_validator(mode="after")
    def _time_has_a_zone(self) -> CalibrationFile:
        if self.made.tzinfo is None:
            raise ValueError("made needs a time zone, for example 2027-03-01T08:00:00Z")
        return self

    def calibration_of(self) -> Calibration:
        """As a cell uses it; ValueError where nobody has said yet where the camera stands."""
        if self.standing is None:
            raise ValueError("only the lens is calibrated; run `delid calibrate plane` or `delid calibrate hand-eye`")
        return Calibration(
            matrix=self.lens.matrix,
            distortion=self.lens.distortion,
            robot_from_camera=self.standing.robot_from_camera,
            tool_from_camera=self.standing.tool_from_camera,
            uncertainty_mm=self.standing.uncertainty_mm,
        )

    def age_days(self, wall_s: float) -> float:
        """Days since it was made, at ``wall_s`` seconds after 1970-01-01 UTC."""
        return (wall_s - self.made.timestamp()) / 86400
