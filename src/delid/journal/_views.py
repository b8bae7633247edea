"""What people see of a recording in a viewer: marks on pictures, curves of readings, the state, a log in words.

Everything here is derived from a fact that is recorded as well; nothing is read back from it. Pure.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from delid.config import Cell
from delid.core import Inspection, Looked, MotionReported, PointPx, Record, Scalar, TagsRead

from ._recording import ANNOTATIONS, CALIBRATION, CAMERA_TOPIC, LOG_TOPIC, ROBOT_TOPIC, STATE_TOPIC, TAGS_TOPIC, Fact
from ._schemas import CameraCalibration, ImageAnnotations, Log, MachineState, Robot, field_of, tags_type

View = tuple[str, Any]
"""A topic and a protobuf message."""

REMEMBERED = 64
"""Frames whose inspection may still come."""
WARNINGS = ("failure", "question", "alarm", "alarm_returned", "light")
"""Records that a person should see first."""
ERRORS = ("thermal_event",)
COLOURS = {
    "bolt": (0.2, 0.9, 0.2), "nut": (0.2, 0.8, 0.9), "empty": (0.7, 0.7, 0.7), "stripped": (1.0, 0.5, 0.0),
    "outline": (1.0, 1.0, 1.0), "damage": (1.0, 0.1, 0.1),
}  # fmt: skip
LINE_LOOP = 2
CENTRE = 0.5
"""Viewers count from the corner of the first pixel, delid from its centre."""
FASTENER_PX = 24.0


@dataclass(frozen=True, slots=True)
class LensFacts:
    """Pinhole camera as OpenCV has it: matrix row by row, distortion coefficients, size in pixels."""

    matrix: tuple[float, ...]
    distortion: tuple[float, ...]
    width: int
    height: int

    @property
    def model(self) -> str:
        """The name of the distortion's form, as viewers know it."""
        return "rational_polynomial" if len(self.distortion) > 5 else "plumb_bob"


def lenses_of(cell: Cell) -> dict[str, LensFacts]:
    """The calibration of every camera of a cell."""
    found = {}
    for camera in cell.spec.cameras:
        lens = camera.calibration
        matrix = tuple(float(v) for row in lens.matrix for v in row)
        found[camera.id] = LensFacts(matrix, tuple(lens.distortion), *camera.size_px)
    return found


def calibration_view(camera: str, lens: LensFacts, exposed_ns: int) -> View:
    """The lens of a camera at the time of a picture."""
    k = lens.matrix
    message = CameraCalibration(
        frame_id=camera, width=lens.width, height=lens.height, distortion_model=lens.model,
        D=lens.distortion or (0.0,) * 5, K=k, R=(1, 0, 0, 0, 1, 0, 0, 0, 1),
        P=(*k[0:3], 0, *k[3:6], 0, *k[6:9], 0),
    )  # fmt: skip
    message.timestamp.FromNanoseconds(exposed_ns)
    return CAMERA_TOPIC + camera + CALIBRATION, message


class Views:
    """Makes the messages for people of one recording; remembers which pictures were taken when."""

    def __init__(self) -> None:
        self._taken: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._tags: Any = None

    def saw(self, sha256: str, camera: str, exposed_ns: int) -> None:
        """A picture was recorded."""
        self._taken[sha256] = (camera, exposed_ns)
        if len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)

    def of(self, fact: Fact, at_s: float, log_ns: int) -> list[View]:
        """What viewers shall show of a fact."""
        match fact:
            case TagsRead(values=values):
                return [(TAGS_TOPIC, self._tags_message(at_s, values))]
            case MotionReported():
                return [(ROBOT_TOPIC, _robot(fact))]
            case Looked(inspections=inspections):
                return [view for found in inspections if (view := self._annotations(found)) is not None]
            case Record():
                return [*_state(fact, at_s), (LOG_TOPIC, _log(fact, log_ns))]
        return []

    def _tags_message(self, at_s: float, values: Mapping[str, Scalar]) -> Any:
        if self._tags is None:
            self._tags = tags_type(values)
        known = self._tags.DESCRIPTOR.fields_by_name
        plain = {name: value for tag, value in values.items() if (name := field_of(tag)) in known}
        return self._tags(**{**plain, "at_s": at_s})

    def _annotations(self, inspection: Inspection) -> View | None:
        taken = self._taken.get(inspection.frame.sha256)
        if taken is None:
            return None
        camera, exposed_ns = taken
        when = Timestamp()
        when.FromNanoseconds(exposed_ns)
        marks = ImageAnnotations(timestamp=when)
        _loop(marks, when, inspection.pack.outline_px, "outline")
        for damage in inspection.damage:
            x0, y0, x1, y1 = damage.box_px
            _loop(marks, when, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)), "damage")
            _text(marks, when, (x0, y0), f"{damage.kind.value} {damage.confidence:.2f}", "damage")
        for fastener in inspection.fasteners:
            circle = marks.circles.add(timestamp=when, diameter=FASTENER_PX, thickness=2.0)
            _place(circle.position, fastener.center_px)
            _paint(circle.outline_color, fastener.kind.value)
        return CAMERA_TOPIC + camera + ANNOTATIONS, marks


def _robot(report: MotionReported) -> Any:
    x, y, z = report.pose_mm or (float("nan"),) * 3
    return Robot(
        at_s=report.at_s, state=report.state.value, x_mm=x, y_mm=y, z_mm=z,
        position_trusted=report.position_trusted, fault=report.fault,
    )  # fmt: skip


def _state(record: Record, at_s: float) -> list[View]:
    if record.kind != "transition":
        return []
    data = record.data
    state = MachineState(at_s=at_s, packml=str(data.get("to", "")), cause=str(data.get("cause", "")))
    return [(STATE_TOPIC, state)]


def _log(record: Record, log_ns: int) -> Any:
    level = Log.ERROR if record.kind in ERRORS else Log.WARNING if record.kind in WARNINGS else Log.INFO
    words = ", ".join(f"{name} {value}" for name, value in record.data.items() if value not in ("", None, [], ()))
    message = Log(level=level, name=record.kind, message=f"{record.kind}: {words}")
    message.timestamp.FromNanoseconds(log_ns)
    return message


def _loop(marks: Any, when: Timestamp, corners: Iterable[PointPx], colour: str) -> None:
    points = tuple(corners)
    if not points:
        return
    loop = marks.points.add(timestamp=when, type=LINE_LOOP, thickness=3.0)
    for corner in points:
        _place(loop.points.add(), corner)
    _paint(loop.outline_color, colour)


def _text(marks: Any, when: Timestamp, at: PointPx, words: str, colour: str) -> None:
    text = marks.texts.add(timestamp=when, text=words, font_size=18.0)
    _place(text.position, at)
    _paint(text.text_color, colour)


def _place(point: Any, at: PointPx) -> None:
    point.x, point.y = at[0] + CENTRE, at[1] + CENTRE


def _paint(colour: Any, name: str) -> None:
    colour.r, colour.g, colour.b = COLOURS[name]
    colour.a = 1.0
