"""The protobuf messages of a recording, described in code so that no compiler is needed to build delid."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from foxglove_schemas_protobuf.CameraCalibration_pb2 import CameraCalibration
from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
from foxglove_schemas_protobuf.ImageAnnotations_pb2 import ImageAnnotations
from foxglove_schemas_protobuf.Log_pb2 import Log
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from delid.core import Scalar

__all__ = [
    "CameraCalibration",
    "Clock",
    "CompressedImage",
    "FrameMeta",
    "ImageAnnotations",
    "Json",
    "Log",
    "MachineState",
    "Robot",
    "WireBytes",
    "field_of",
    "tags_type",
]

_KINDS = {
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "string": FieldDescriptorProto.TYPE_STRING,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "uint64": FieldDescriptorProto.TYPE_UINT64,
}

MESSAGES: dict[str, tuple[tuple[str, str], ...]] = {
    # An event, effect or record: at_s is the run's monotonic clock, json the fact with its type.
    "Json": (("double", "at_s"), ("string", "id"), ("string", "json")),
    # Bytes on a wire; for Modbus the PDU.
    "WireBytes": (("double", "at_s"), ("string", "device"), ("bool", "out"), ("bytes", "data"), ("string", "id")),
    # What the image message beside it does not say; both have the same MCAP sequence number.
    "FrameMeta": (
        ("double", "captured_s"), ("string", "look_id"), ("string", "camera"), ("uint64", "seq"), ("string", "source"),
        ("string", "sha256"), ("string", "look"), ("uint64", "width"), ("uint64", "height"),
    ),
    # Time passes: the run's monotonic clock, and the wall clock as it stood, set back or not.
    "Clock": (("double", "at_s"), ("double", "wall_s")),
    # For curves: where the robot stands, and the state of the machine.
    "Robot": (
        ("double", "at_s"), ("string", "state"), ("double", "x_mm"), ("double", "y_mm"), ("double", "z_mm"),
        ("bool", "position_trusted"), ("string", "fault"),
    ),
    "MachineState": (("double", "at_s"), ("string", "packml"), ("string", "cause")),
}  # fmt: skip
"""Message name to its fields, numbered from 1 in this order. Fields are only ever added at the end."""


def _describe(file_name: str, messages: Mapping[str, Sequence[tuple[str, str]]]) -> FileDescriptorProto:
    file = FileDescriptorProto(name=file_name, package="delid", syntax="proto3")
    for name, members in messages.items():
        message = file.message_type.add(name=name)
        for number, (kind, member) in enumerate(members, start=1):
            message.field.add(name=member, number=number, type=_KINDS[kind], label=FieldDescriptorProto.LABEL_OPTIONAL)
    return file


_POOL = DescriptorPool()
_POOL.Add(_describe("delid.proto", MESSAGES))


def _message(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"delid.{name}"))


Json: Any = _message("Json")
WireBytes: Any = _message("WireBytes")
FrameMeta: Any = _message("FrameMeta")
Clock: Any = _message("Clock")
Robot: Any = _message("Robot")
MachineState: Any = _message("MachineState")


def tags_type(values: Mapping[str, Scalar]) -> Any:
    """The message ``delid.Tags`` of a register map: a field for each tag, so that viewers can draw each as a curve."""
    fields = {"at_s": "double"} | {field_of(name): _kind(value) for name, value in values.items()}
    pool = DescriptorPool()
    pool.Add(_describe("delid_tags.proto", {"Tags": [(kind, name) for name, kind in fields.items()]}))
    return GetMessageClass(pool.FindMessageTypeByName("delid.Tags"))


def field_of(tag: str) -> str:
    """A tag's name as protobuf allows it."""
    return re.sub(r"[^A-Za-z0-9_]", "_", tag)


def _kind(value: Scalar) -> str:
    if isinstance(value, bool):
        return "bool"
    return "string" if isinstance(value, str) else "double"
