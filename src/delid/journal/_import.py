"""Pictures of other programs become a recording: a folder with a table, or a rosbag2."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from delid.core import AMBIENT, RecordingError, Scalar, Started, TagsRead

from ._channels import topic_of
from ._part_files import PartFiles, PartLimits
from ._recording import CAMERA_TOPIC, Fact, Losses, RecordedFrame, RecordingHeader
from ._rosbag import bag_images
from ._scribe import Item, Scribe

FILE, TIME_S, TIME, CAMERA, LOOK = "file", "time_s", "time", "camera", "look"
COLUMNS = (FILE, TIME_S, TIME, CAMERA, LOOK)
"""Columns of the table with a meaning; every other one is a reading."""
FORMATS = {b"\xff\xd8\xff": "jpeg", b"\x89PNG": "png"}
FALSE_TRUE = {"false": False, "true": True}


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture to take in; ``wall_s`` is seconds since 1970 UTC, or since any moment of the maker's."""

    wall_s: float
    camera: str
    look: str
    source: str
    data: bytes


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was taken in."""

    frames: int
    readings: int
    cameras: tuple[str, ...]
    duration_s: float


def import_folder(folder: Path, table: Path, out: Path, header: RecordingHeader) -> ImportReport:
    """Take in the pictures that the CSV file ``table`` lists, with its further columns as readings of the PLC.

    Raises RecordingError ``import.table`` (with the line) or ``import.picture``.
    """
    rows = [_row(folder, table, number, cells) for number, cells in _cells(table)]
    rows.sort(key=lambda row: row[0].wall_s)
    if not rows:
        raise RecordingError(f"{table} lists no picture.", hint=f"Columns: {', '.join(COLUMNS)}.", code="import.table")
    with _Target(out, header, rows[0][0].wall_s) as target:
        for picture, readings in rows:
            target.readings(picture.wall_s, readings)
            target.picture(dataclasses.replace(picture, data=_read(folder / picture.source)))
    return target.report()


def import_bag(bag: Path, out: Path, header: RecordingHeader, topics: tuple[str, ...] = ()) -> ImportReport:
    """Take in the compressed images of a rosbag2 (folder, MCAP or SQLite file); of ``topics`` only, if any are named.

    Raises RecordingError ``import.foreign``, ``import.message``, ``import.picture`` or ``import.empty``.
    """
    target: _Target | None = None
    try:
        with closing(bag_images(bag)) as images:
            for topic, image in images:
                if topics and topic not in topics:
                    continue
                wall_s = image.stamp_ns / 1e9
                target = target or _Target(out, header, wall_s)
                target.picture(Picture(wall_s, camera_of(topic), AMBIENT, f"{topic}#{target.frames + 1}", image.data))
    except BaseException:
        if target is not None:
            target.drop()
        raise
    if target is None:
        raise RecordingError(
            f"{bag} holds no sensor_msgs/msg/CompressedImage{' of these topics' if topics else ''}.",
            hint="Record compressed images: `ros2 bag record /camera/image_raw/compressed`.",
            code="import.empty",
        )
    target.finish()
    return target.report()


def camera_of(topic: str) -> str:
    """``/cell/overview/image_raw/compressed`` is the camera ``cell_overview``."""
    parts = [p for p in topic.split("/") if p and p not in ("compressed", "image_raw", "image", "image_color")]
    return re.sub(r"[^A-Za-z0-9_.-]", "_", "_".join(parts)) or "camera"


class _Target:
    """The new recording; nothing is dropped here, because nobody waits. A failure leaves no file behind."""

    def __init__(self, out: Path, header: RecordingHeader, start_wall_s: float) -> None:
        self._start_wall_s, self._last_wall_s = start_wall_s, start_wall_s
        self._last_ns, self._number = int(start_wall_s * 1e9), 0
        self._files = PartFiles(out, header, PartLimits(), self._last_ns)
        self._out = out
        self._files.begin(self._last_ns)
        self._scribe = Scribe(self._files, {}, start_wall_s)
        self.frames = self._readings = 0
        self._cameras: dict[str, None] = {}
        self._fact(Started(0.0), start_wall_s)

    def __enter__(self) -> _Target:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.finish()
        else:
            self.drop()

    def picture(self, picture: Picture) -> None:
        image = cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_COLOR)
        kind = next((kind for start, kind in FORMATS.items() if picture.data.startswith(start)), "")
        if image is None or not kind:
            raise RecordingError(
                f"{picture.source} is no JPEG and no PNG.",
                hint="Other formats are not taken in.",
                code="import.picture",
            )
        height, width = image.shape[:2]
        self.frames += 1
        self._cameras.setdefault(picture.camera)
        at_s = picture.wall_s - self._start_wall_s
        frame = RecordedFrame(
            look_id=f"import.{picture.camera}", camera=picture.camera, captured_s=at_s, seq=self.frames,
            source=picture.source, sha256=hashlib.sha256(picture.data).hexdigest(), look=picture.look,
            width=width, height=height, encoded=picture.data, format=kind,
        )  # fmt: skip
        self._write("frames", CAMERA_TOPIC + picture.camera, frame, picture.wall_s)

    def readings(self, wall_s: float, values: dict[str, Scalar]) -> None:
        if values:
            self._readings += 1
            self._fact(TagsRead(wall_s - self._start_wall_s, values), wall_s)

    def finish(self) -> None:
        self._files.finish(Losses())

    def drop(self) -> None:
        self._files.out.abandon()
        for number in range(1, self._files.number + 1):
            self._files.path(number).unlink(missing_ok=True)

    def report(self) -> ImportReport:
        duration_s = round(self._last_wall_s - self._start_wall_s, 3)
        return ImportReport(self.frames, self._readings, tuple(self._cameras), duration_s)

    def _fact(self, fact: Fact, wall_s: float) -> None:
        self._write("facts", topic_of(fact), fact, wall_s)

    def _write(self, kind: str, topic: str, fact: Fact | RecordedFrame, wall_s: float) -> None:
        self._number += 1
        self._last_wall_s = max(self._last_wall_s, wall_s)
        self._last_ns = max(self._last_ns + 1, int(wall_s * 1e9))
        at_s = wall_s - self._start_wall_s
        self._scribe.write(Item(kind, topic, fact, self._last_ns, self._number, at_s, at_s, wall_s))
        self._files.turn(self._last_ns, Losses())


def _cells(table: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            for cells in rows:
                if None in cells or None in cells.values():
                    raise _table_error(table, rows.line_num, "has another number of cells than the first line")
                yield rows.line_num, {name.strip(): value.strip() for name, value in cells.items()}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{table} cannot be read: {error}.", code="import.table") from error


def _row(folder: Path, table: Path, number: int, cells: dict[str, str]) -> tuple[Picture, dict[str, Scalar]]:
    name = cells.get(FILE, "")
    if not name:
        raise _table_error(table, number, "names no file")
    if not (folder / name).is_file():
        raise _table_error(table, number, f"names {name!r}, which is not in {folder}")
    try:
        wall_s = float(cells[TIME_S]) if cells.get(TIME_S) else _utc_s(cells[TIME])
    except (KeyError, ValueError) as error:
        raise _table_error(
            table, number, "has no time: give time_s in seconds, or time as 2027-03-01T08:00:00Z"
        ) from error
    readings = {tag: _scalar(value) for tag, value in cells.items() if tag not in COLUMNS and value}
    camera = re.sub(r"[^A-Za-z0-9_.-]", "_", cells.get(CAMERA, "")) or "camera"
    return Picture(wall_s, camera, cells.get(LOOK) or AMBIENT, name, b""), readings


def _utc_s(text: str) -> float:
    when = datetime.datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError("no time zone")
    return when.timestamp()


def _scalar(text: str) -> Scalar:
    if text.lower() in FALSE_TRUE:
        return FALSE_TRUE[text.lower()]
    try:
        return float(text)
    except ValueError:
        return text


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error}.", code="import.picture") from error


def _table_error(table: Path, number: int, what: str) -> RecordingError:
    hint = f"Columns: {', '.join(COLUMNS)}; every other one is a reading."
    return RecordingError(f"{table}:{number}: the line {what}.", hint=hint, code="import.table")
