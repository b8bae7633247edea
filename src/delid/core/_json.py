"""Frozen facts to plain JSON data and back, by their type hints. A union of facts carries a ``type`` key."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

T = TypeVar("T")

LEAVE_OUT_NONE = types.MappingProxyType({"leave_out_none": True})
"""Metadata of a field that is not written while it is None, so that older files and newer ones compare equal."""
LEAVE_OUT_DEFAULT = types.MappingProxyType({"leave_out_default": True})
"""The same for a field that is not written while it has its default."""


def to_plain(value: Any, tagged: bool = False) -> Any:
    """Plain data (dict, list, str, int, float, bool, None) of a fact; facts inside unions are tagged."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        cls = type(value)
        out = {"type": cls.__name__} if tagged else {}
        hints = _hints(cls)
        for field in dataclasses.fields(cls):
            held = getattr(value, field.name)
            if not _left_out(field, held):
                out[field.name] = to_plain(held, _is_fact_union(hints[field.name]))
        return out
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(v, tagged) for v in value]
    return value


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
    origin = get_origin(kind)
    if kind is Any or kind is object:
        return data
    if origin in (typing.Union, types.UnionType):
        return _from_union(get_args(kind), data)
    if origin is tuple:
        args = get_args(kind)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(from_plain(args[0], item) for item in data)
        return tuple(from_plain(arg, item) for arg, item in zip(args, data, strict=True))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        value_kind = get_args(kind)[1]
        return {key: from_plain(value_kind, item) for key, item in data.items()}
    if dataclasses.is_dataclass(kind):
        hints = _hints(typing.cast(type, kind))
        names = {f.name for f in dataclasses.fields(kind)}
        return typing.cast(type, kind)(**{k: from_plain(hints[k], v) for k, v in data.items() if k in names})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    return data


def from_json(kind: type[T] | Any, text: str | bytes) -> Any:
    """The fact of type ``kind`` (a class or a union of classes) from one line of JSON."""
    return from_plain(kind, json.loads(text))


def _from_union(options: tuple[Any, ...], data: Any) -> Any:
    if data is None and type(None) in options:
        return None
    facts = [o for o in options if dataclasses.is_dataclass(o)]
    if isinstance(data, dict) and facts:
        if len(facts) == 1:
            return from_plain(facts[0], data)
        by_name = {typing.cast(type, o).__name__: o for o in facts}
        return from_plain(by_name[data["type"]], data)
    rest = [o for o in options if o is not type(None)]
    return from_plain(rest[0], data) if len(rest) == 1 else data


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
