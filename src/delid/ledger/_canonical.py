"""Canonical JSON (RFC 8785): one content, one row of bytes."""

from __future__ import annotations

import json
from typing import Any

import rfc8785

from delid.core import LedgerError

_ALL_DIGITS_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")
_PLAIN = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False)


def canonical(data: Any) -> bytes:
    """The canonical bytes of plain data; LedgerError ``ledger.content`` for what JSON cannot hold."""
    try:
        return quick(data) if _is_simple(data) else rfc8785.dumps(data)
    except rfc8785.CanonicalizationError as error:
        raise LedgerError(
            f"this cannot be written as canonical JSON: {error}.",
            hint="Use plain text, true, false, finite numbers, and whole numbers below 2^53.",
            code="ledger.content",
        ) from error


def surely_canonical(data: bytes) -> bool:
    """Whether JSON without spaces and with sorted keys is canonical for certain; False may also mean: look closely.

    Beyond ASCII the order of keys may differ, and RFC 8785 writes very large, very small and whole fractions in a way
    of its own. Letters that only look like such a number, as in a digest, cost a closer look and nothing else.
    """
    if not data.isascii() or b".0," in data or b".0}" in data or b".0]" in data:
        return False
    digits = data.translate(_ALL_DIGITS_ALIKE)
    return b"0e" not in digits and b"0000000000000000" not in digits


def parse(data: bytes) -> Any:
    """Plain data of JSON bytes; ValueError where they are none. Numbers that JSON does not know are refused."""
    return _READER.decode(data.decode())


def parse_canonical(data: bytes) -> Any:
    """Plain data of canonical bytes; ValueError where they say it in another form."""
    found = parse(data)
    if not is_canonical(found, data):
        raise ValueError("it is not in canonical form")
    return found


def is_canonical(found: Any, data: bytes) -> bool:
    """Whether ``data`` is the canonical form of ``found``, which was parsed from it."""
    if quick(found) == data:
        return True
    try:
        return rfc8785.dumps(found) == data
    except rfc8785.IntegerDomainError:
        return rfc8785.dumps(_as_doubles(found)) == data


def _as_doubles(found: Any) -> Any:
    """Whole numbers that only a double can stand for (RFC 8785, 3.2.2.3) as one; Python reads them as integers."""
    if isinstance(found, dict):
        return {key: _as_doubles(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_as_doubles(value) for value in found]
    return float(found) if type(found) is int and abs(found) >= 2**53 else found


def quick(data: Any) -> bytes:
    """The canonical bytes, many times faster, unless there are very large or small numbers or rare letters in keys.

    Whatever differs there differs from the canonical bytes, so that it serves to confirm them, never to make an entry.
    """
    return _PLAIN.encode(data).encode()


def _is_simple(data: Any) -> bool:
    """Whether Python writes it as RFC 8785 does: no whole or very large or small fractions, no rare letters in keys."""
    kind = type(data)
    if kind is str:
        return bool(data.isascii() or max(data) <= "\ud7ff")  # surrogates are refused by the careful way
    if kind is bool or data is None:
        return True
    if kind is int:
        return bool(-(2**53) < data < 2**53)
    if kind is float:
        return bool(1e-4 <= abs(data) < 1e15 and not data.is_integer())
    if kind is dict:
        return all(type(key) is str and key.isascii() and _is_simple(value) for key, value in data.items())
    return kind is list and all(map(_is_simple, data))


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


_READER = json.JSONDecoder(parse_constant=_no_number)
