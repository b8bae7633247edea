"""The protobuf messages of a recording, described in code so that no compiler is needed to build delid."""

from __future__ import annotations

from typing import Any

from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

__all__ = ["CompressedImage", "FrameMeta", "Json", "WireBytes"]

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
}  # fmt: skip
"""Message name to its fields, numbered from 1 in this order. Fields are only ever added at the end."""


def _describe() -> FileDescriptorProto:
    file = FileDescriptorProto(name="delid.proto", package="delid", syntax="proto3")
    for name, members in MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (kind, member) in enumerate(members, start=1):
            message.field.add(name=member, number=number, type=_KINDS[kind], label=FieldDescriptorProto.LABEL_OPTIONAL)
    return file


_POOL = DescriptorPool()
_POOL.Add(_describe())


def _message(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"delid.{name}"))


Json: Any = _message("Json")
WireBytes: Any = _message("WireBytes")
FrameMeta: Any = _message("FrameMeta")
