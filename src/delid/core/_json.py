"""Frozen facts to plain JSON data and back, by their type hints. A union of facts carries a ``type`` key."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

T = TypeVar("T")

LEAVE_OUT_NONE = types.MappingProxyType({"leave_out_none": True})
"""Metadata of a field that is not written while it is None, so that older files and newer ones compare equal."""
LEAVE_OUT_DEFAULT = types.MappingProxyType({"leave_out_default": True})
"""The same for a field that is not written while it has its default."""


PLAIN = frozenset({str, int, float, bool, type(None)})


def to_plain(value: Any, tagged: bool = False) -> Any:
    """Plain data (dict, list, str, int, float, bool, None) of a fact; facts inside unions are tagged."""
    cls = type(value)
    if cls in PLAIN:
        return value
    if (layout := _layout(typing.cast(Hashable, cls))) is not None:
        out = {"type": cls.__name__} if tagged else {}
        for name, held_tagged, optional in layout:
            held = getattr(value, name)
            if optional is None or not _left_out(optional, held):
                out[name] = to_plain(held, held_tagged)
        return out
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(v, tagged) for v in value]
    return value


@cache
def _layout(cls: Hashable) -> tuple[tuple[str, bool, dataclasses.Field[Any] | None], ...] | None:
    """Of a fact: each field's name, whether what it holds is tagged, and the field itself if it may be left out."""
    if not dataclasses.is_dataclass(cls):
        return None
    hints = _hints(typing.cast(type, cls))
    return tuple(
        (field.name, _is_fact_union(hints[field.name]), field if field.metadata else None)
        for field in dataclasses.fields(cls)
    )


def _left_out(field: dataclasses.Field[Any], held: Any) -> bool:
    """True for a field that says nothing and that older files do not have."""
    if field.metadata.get("leave_out_default"):
        made = field.default_factory
        return bool(held == (field.default if made is dataclasses.MISSING else made()))
    return held is None and bool(field.metadata.get("leave_out_none"))


def to_json(value: Any, tagged: bool = False) -> str:
    """One line of JSON with sorted keys; non-finite numbers are refused."""
    return json.dumps(
        to_plain(value, tagged), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False
    )


def from_plain(kind: Any, data: Any) -> Any:
    """The fact of type ``kind`` from plain data; raises KeyError, TypeError or ValueError when it does not fit."""
    read = _reader(kind)
    return data if read is None else read(data)


def from_json(kind: type[T] | Any, text: str | bytes) -> Any:
    """The fact of type ``kind`` (a class or a union of classes) from one line of JSON."""
    return from_plain(kind, json.loads(text))


Read = Callable[[Any], Any]


@cache
def _reader(kind: Hashable) -> Read | None:
    """What makes a ``kind`` of plain data, worked out once for each kind; None where the data is it already."""
    origin = get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _union_reader(get_args(kind))
    if origin is tuple:
        return _tuple_reader(get_args(kind))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        value = _reader(get_args(kind)[1])
        return dict if value is None else lambda data: {key: value(item) for key, item in data.items()}
    if dataclasses.is_dataclass(kind):
        return _fact_reader(typing.cast(type, kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return _float if kind is float else None


def _float(data: Any) -> Any:
    return float(data) if isinstance(data, int) and not isinstance(data, bool) else data


def _tuple_reader(args: tuple[Any, ...]) -> Read:
    if len(args) == 2 and args[1] is Ellipsis:
        item = _reader(args[0])
        return tuple if item is None else lambda data: tuple([item(one) for one in data])
    items = [_reader(arg) for arg in args]
    return lambda data: tuple([one if read is None else read(one) for read, one in zip(items, data, strict=True)])


def _fact_reader(cls: type) -> Read:
    names = {f.name for f in dataclasses.fields(cls)}
    readers: dict[str, Read | None] = {}

    def read(data: Any) -> Any:
        if not readers:  # not before it is needed: a fact may hold facts of its own kind
            readers.update((name, _reader(hint)) for name, hint in _hints(cls).items() if name in names)
        given = {}
        for name, value in data.items():
            if name in readers:
                reader = readers[name]
                given[name] = value if reader is None else reader(value)
        return cls(**given)

    return read


def _union_reader(options: tuple[Any, ...]) -> Read | None:
    facts = {typing.cast(type, o).__name__: o for o in options if dataclasses.is_dataclass(o)}
    rest = [o for o in options if o is not type(None)]
    other = _reader(rest[0]) if len(rest) == 1 and not facts else None
    if not facts:
        return None if other is None else lambda data: None if data is None else other(data)
    only = next(iter(facts.values())) if len(facts) == 1 else None

    def read(data: Any) -> Any:
        if isinstance(data, dict):
            reader = _reader(typing.cast(Hashable, only or facts[data["type"]]))
        else:
            reader = None if data is None or len(rest) > 1 else _reader(rest[0])
        return data if reader is None else reader(data)

    return read


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _is_fact_union(hint: Any) -> bool:
    """True where a field may hold one of several facts, directly or as items of a tuple."""
    if get_origin(hint) is tuple:
        return any(_is_fact_union(arg) for arg in get_args(hint) if arg is not Ellipsis)
    if get_origin(hint) in (typing.Union, types.UnionType):
        return sum(dataclasses.is_dataclass(o) for o in get_args(hint)) > 1
    return False
