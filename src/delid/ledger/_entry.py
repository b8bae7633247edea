"""One entry: what it says, its place in the chain, and the very bytes that the proof is about."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from delid.core import LedgerError

from ._canonical import canonical, parse
from ._kinds import KINDS
from ._payload import Payload
from ._tree import leaf_hash

VERSION = 1
FIRST_PREV = b"\0" * 32
FIELDS = frozenset({"at", "battery", "kind", "nonce", "number", "payload", "prev", "seq", "v"})
FORM = b'{"at":"%b","battery":%b,"kind":"%b","nonce":"%b","number":%d,"payload":%b,"prev":"%b","seq":%d,"v":%d}'
"""The canonical JSON of an entry, its fields in their order."""
OF_THE_SITE = ""
"""``battery`` of entries that belong to no battery."""


def stamp(wall_s: float) -> str:
    """RFC 3339 in UTC with milliseconds."""
    second, rest = divmod(round(wall_s * 1e6), 1_000_000)
    return f"{_second(second)}.{rest // 1000:03d}Z"


@functools.lru_cache(maxsize=8)
def _second(since_1970: int) -> str:
    return dt.datetime.fromtimestamp(since_1970, dt.UTC).isoformat().removesuffix("+00:00")


def seconds_of(at: str) -> float:
    """Seconds since 1970 UTC of such a text."""
    return dt.datetime.fromisoformat(at).timestamp()


class Row(NamedTuple):
    """The columns of the table of entries."""

    seq: int
    at: str
    battery: str
    number: int
    kind: str
    body: bytes
    leaf: bytes


class Entry(Row):
    """One entry of a ledger, or of an export.

    Attributes:
        seq: running number in the ledger, from 0.
        at: when it was written, RFC 3339, UTC.
        battery: identity of the battery or module, empty for entries of the site.
        number: running number among the entries of this battery, from 0.
        kind: name of what it says, see ``KINDS``.
        body: its canonical JSON, the bytes that are hashed.
        leaf: SHA-256 of a zero byte and the body.
    """

    @functools.cached_property
    def content(self) -> Mapping[str, Any]:
        """Everything that the entry holds, as plain data."""
        found: Mapping[str, Any] = parse(self.body)
        return found

    @property
    def payload(self) -> Mapping[str, Any]:
        """What it says, as plain data."""
        payload: Mapping[str, Any] = self.content["payload"]
        return payload

    @property
    def prev(self) -> bytes:
        """The leaf hash of the entry before it."""
        return bytes.fromhex(self.content["prev"])

    @property
    def wall_s(self) -> float:
        """When it was written, seconds since 1970 UTC."""
        return seconds_of(self.at)

    @functools.cached_property
    def typed(self) -> Payload:
        """What it says, as a model; LedgerError ``ledger.kind`` where this version of delid does not know it."""
        model = KINDS.get(self.kind)
        try:
            if model is not None:
                return model.model_validate(self.payload)
        except ValidationError as error:
            raise _unknown(self.seq, self.kind) from error
        raise _unknown(self.seq, self.kind)


def make_entry(seq: int, at: str, battery: str, number: int, payload: Payload, nonce: str, prev: bytes) -> Entry:
    """The next entry of a chain. ``nonce``, 32 hex digits, keeps its hash from telling what it says."""
    said, name = payload.said(), _name(battery)
    kind, before = payload.kind.encode(), prev.hex().encode()
    body = FORM % (at.encode(), name, kind, nonce.encode(), number, said, before, seq, VERSION)
    return Entry(seq, at, battery, number, payload.kind, body, leaf_hash(body))


@functools.lru_cache(maxsize=64)
def _name(battery: str) -> bytes:
    return canonical(battery)


def read_entry(body: bytes) -> Entry:
    """The entry of its bytes; ValueError where they are none. Neither chain nor form is checked."""
    content = parse(body)
    if not isinstance(content, dict) or content.keys() != FIELDS or not isinstance(content["payload"], dict):
        raise ValueError("it does not have the fields of an entry")
    texts, numbers = ("at", "battery", "kind", "nonce", "prev"), ("number", "seq", "v")
    if not all(type(content[name]) is str for name in texts) or not all(type(content[n]) is int for n in numbers):
        raise ValueError("its fields are of other types than those of an entry")
    if content["v"] != VERSION:
        raise ValueError(f"it is of version {content['v']}, and this is {VERSION}")
    seq, at, battery, number, kind = (content[name] for name in ("seq", "at", "battery", "number", "kind"))
    return Entry(seq, at, battery, number, kind, body, leaf_hash(body))


def _unknown(seq: int, kind: str) -> LedgerError:
    return LedgerError(
        f"entry {seq} of the kind {kind} is of another version.",
        hint="Read it as plain data, or use the version of delid that wrote it.",
        code="ledger.kind",
    )
