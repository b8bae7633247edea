"""What ``delid calibrate`` reads and writes: touched points, robot poses, calibration files."""

from __future__ import annotations

import csv
import getpass
import hashlib
import importlib.metadata
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field
from ruamel.yaml import YAML

from delid.config import CalibrationFile, StrictModel, read_document
from delid.core import Clock, ConfigError, Frame, UsageError
from delid.vision import FlangePose, Pair, read_frame, robot_from_flange

M = TypeVar("M", bound=BaseModel)

HEADER = "# Written by delid calibrate. Do not edit the figures: calibrate again instead.\n"


class PairRow(StrictModel):
    """A point: its pixel and where the robot touched it."""

    name: str = ""
    u_px: float
    v_px: float
    x_mm: float
    y_mm: float
    z_mm: float


class PairsFile(StrictModel):
    pairs: Annotated[list[PairRow], Field(min_length=1)]


class PoseRow(StrictModel):
    """Where the flange stood when a picture was taken, turned about the robot's fixed x, then y, then z axis."""

    image: Path
    x_mm: float
    y_mm: float
    z_mm: float
    rx_deg: float
    ry_deg: float
    rz_deg: float


class PosesFile(StrictModel):
    poses: Annotated[list[PoseRow], Field(min_length=1)]


def read_pairs(path: Path) -> list[Pair]:
    """From a CSV file with the columns of PairRow, or YAML with a list ``pairs``; raises ConfigError."""
    rows = _rows(path, "pairs", PairRow, PairsFile)
    return [
        Pair(row.name or f"point {n}", (row.u_px, row.v_px), (row.x_mm, row.y_mm, row.z_mm))
        for n, row in enumerate(rows, start=1)
    ]


def read_poses(path: Path) -> list[FlangePose]:
    """From a CSV file with the columns of PoseRow, or YAML with a list ``poses``; raises ConfigError, FrameError."""
    return [_pose(row, path.parent) for row in _rows(path, "poses", PoseRow, PosesFile)]


def read_pictures(paths: list[Path]) -> list[Frame]:
    """Named by their file names; raises FrameError."""
    return [read_frame(path, source=path.name) for path in paths]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_calibration(path: Path, file: CalibrationFile) -> None:
    """The file whole or not at all."""
    yaml = YAML(typ="safe")
    yaml.default_flow_style = None
    yaml.width = 110
    out = StringIO()
    out.write(HEADER)
    yaml.dump(file.model_dump(mode="json", exclude_none=True), out)
    draft = path.with_name(path.name + ".part")
    draft.write_text(out.getvalue(), encoding="utf-8")
    draft.replace(path)


def made_now(clock: Clock, by: str | None) -> dict[str, Any]:
    """Time, person and version, for the file."""
    moment = datetime.fromtimestamp(round(clock.wall_s()), UTC)
    return {"made": moment, "by": by or getpass.getuser(), "delid": importlib.metadata.version("delid")}


def parse_xyz(text: str) -> tuple[float, float, float]:
    """``x,y,z`` in mm; raises UsageError."""
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"{text!r} is not x,y,z in millimetres.") from error
    return x, y, z


def _pose(row: PoseRow, folder: Path) -> FlangePose:
    at_mm, turn_deg = (row.x_mm, row.y_mm, row.z_mm), (row.rx_deg, row.ry_deg, row.rz_deg)
    return FlangePose(read_frame(folder / row.image, source=row.image.name), robot_from_flange(at_mm, turn_deg))


def _rows(path: Path, key: str, row: type[M], file: type[BaseModel]) -> list[M]:
    if path.suffix.lower() != ".csv":
        return list(getattr(read_document(path).validate(file), key))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError([f"{path}:1: no such file"], code="config.missing") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}:1: cannot be read: {error}"], code="config.unreadable") from error
    return _csv_rows(path, text, row)


def _csv_rows(path: Path, text: str, row: type[M]) -> list[M]:
    """Comma-separated; or by semicolons with decimal commas, as spreadsheets write it in some places."""
    semicolons = ";" in text.partition("\n")[0]
    reader = csv.DictReader(StringIO(text), delimiter=";" if semicolons else ",", skipinitialspace=True)
    rows, findings = [], []
    for values in reader:
        given = {str(k).strip(): (v or "").strip() for k, v in values.items() if k is not None}
        if semicolons:
            given = {k: v.replace(",", ".") if k not in ("name", "image") else v for k, v in given.items()}
        try:
            rows.append(row.model_validate(given))
        except ValueError as error:
            faults = error.errors() if hasattr(error, "errors") else [{"loc": (), "msg": str(error)}]
            findings += [f"{path}:{reader.line_num}: {'.'.join(map(str, f['loc']))}: {f['msg']}" for f in faults]
    if findings or not rows:
        wanted = ", ".join(row.model_fields)
        raise ConfigError(findings or [f"{path}:1: no rows; the columns are {wanted}"], code="config.invalid")
    return rows
