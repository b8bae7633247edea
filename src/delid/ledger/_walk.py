"""Checking entries one after the other: bytes, chain, running numbers, form. The first bad one is named."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ._canonical import is_canonical
from ._entry import FIRST_PREV, VERSION, read_entry
from ._key_book import KEY_KINDS, Broken, KeyBook
from ._kinds import KINDS
from ._payloads_site import LedgerBegun
from ._stored_tree import BLOCK_LEVELS
from ._tree import Frontier, leaf_hash

HEAD = re.compile(
    rb'\{"at":"([0-9TZ:.-]{24})","battery":"([^"\\\x00-\x1f]*)","kind":"([a-z_]+)","nonce":"[0-9a-f]{32}",'
    rb'"number":(0|[1-9][0-9]*),"payload":\{'
)
"""How the canonical JSON of an entry begins; one whose battery needs escapes is read with more care."""
PLAIN_KINDS = {kind.encode(): kind for kind in KINDS if kind not in KEY_KINDS}
BESIDE = ("seq", "at", "battery", "number", "kind")


class Row(NamedTuple):
    """An entry as it is kept.

    Attributes:
        body: its bytes.
        leaf: the digest that stands beside them.
        beside: in a database, what its columns repeat: seq, at, battery, number, kind.
        fault: why it could not even be read.
    """

    body: bytes
    leaf: bytes
    beside: tuple[Any, ...] | None = None
    fault: str = ""


class Walk:
    """Goes through a ledger from its first entry. ``take`` raises Broken at the first one that is bad.

    The place of each entry and all its bytes are checked; ``deep`` also reads what stands inside the payloads.
    """

    def __init__(self, *, deep: bool = False) -> None:
        self._deep = deep
        self.tree = Frontier()
        self.keys = KeyBook()
        self.blocks: list[tuple[int, int, bytes]] = []
        """Level, number and root of the blocks that a database keeps."""
        self._last = FIRST_PREV
        self._numbers: dict[str, int] = {}

    def copy(self) -> Walk:
        """A walk that goes on from here by itself."""
        other = Walk(deep=self._deep)
        other.tree, other.keys, other._last = self.tree.copy(), self.keys.copy(), self._last
        other._numbers = self._numbers.copy()
        return other

    def take(self, rows: Sequence[Row]) -> None:
        """The next entries, in the order of their numbers."""
        if not self._deep and self._quickly(rows):
            return
        for at, row in enumerate(rows):
            self._carefully(row, rows[at + 1] if at + 1 < len(rows) else None)

    def _push(self, leaf: bytes) -> None:
        self.blocks += self.tree.extend([leaf], BLOCK_LEVELS)

    # --- many at once: nothing is changed where anything is unusual ---------------------------------------------------

    def _quickly(self, rows: Sequence[Row]) -> bool:
        """Everything but the inside of the payloads, which the digests cover; False where one is to be looked at."""
        last, size, known, fresh = self._last, self.tree.size, self._numbers, dict[bytes, tuple[str, int]]()
        leaves: list[bytes] = []
        begin, sha256, tail = HEAD.match, hashlib.sha256, f'","seq":%d,"v":{VERSION}}}'.encode()
        for body, leaf, beside, fault in rows:
            head = begin(body)
            if head is None or fault or sha256(b"\0" + body).digest() != leaf:
                return False
            if not body.endswith(b'},"prev":"' + last.hex().encode() + tail % size):
                return False
            at, name, kind, said = head.groups()
            if (met := fresh.get(name)) is None and (met := _met(name, known)) is None:
                return False
            battery, number = met
            if int(said) != number or (named := PLAIN_KINDS.get(kind)) is None:
                return False
            if beside is not None and beside != (size, at.decode(), battery, number, named):
                return False
            fresh[name] = battery, number + 1
            leaves.append(leaf)
            last, size = leaf, size + 1
        known.update(fresh.values())
        self._last = last
        self.blocks += self.tree.extend(leaves, BLOCK_LEVELS)
        return True

    # --- one by one: what is wrong with it, and whether its neighbour is to blame -------------------------------------

    def _carefully(self, row: Row, following: Row | None) -> None:
        size = self.tree.size
        content = self._read(row, size)
        if content["prev"] != self._last.hex():
            raise self._parted(row, following)
        beside = tuple(content[name] for name in BESIDE)
        if row.beside is not None and row.beside != beside:
            name, kept = next((n, k) for n, k, s in zip(BESIDE, row.beside, beside, strict=True) if k != s)
            raise Broken(size, f"beside it stands {name} {kept!r}, and it says {content[name]!r}")
        battery, due = content["battery"], self._numbers.get(content["battery"], 0)
        if content["number"] != due:
            raise Broken(size, f"it is number {content['number']} of {battery!r}, and {due} is due")
        if size == 0 and content["kind"] != LedgerBegun.kind:
            raise Broken(0, "a ledger begins with its name")
        if content["kind"] in KEY_KINDS:
            self.keys.take(size, content["kind"], content["payload"])
        self._numbers[battery] = due + 1
        self._last = row.leaf
        self._push(row.leaf)

    def _read(self, row: Row, size: int) -> Mapping[str, Any]:
        if row.beside is not None and row.beside[0] != size:
            raise Broken(size, f"it is missing: entry {row.beside[0]} follows on entry {size - 1}")
        if row.fault:
            raise Broken(size, row.fault)
        content = read_whole(row, size)
        if content["seq"] != size:
            raise Broken(size, f"in its place stands entry {content['seq']}")
        return content

    def _parted(self, row: Row, following: Row | None) -> Broken:
        """Two neighbours do not know each other: the entry after them tells which of the two is the stranger."""
        size = self.tree.size
        if not size:
            return Broken(0, "it is not the first of a ledger")
        if following is not None and f'"prev":"{row.leaf.hex()}"'.encode() in following.body:
            return Broken(size - 1, f"it is not the one that entry {size} was written after")
        return Broken(size, f"it does not follow on entry {size - 1}")


def _met(name: bytes, known: Mapping[str, int]) -> tuple[str, int] | None:
    """A battery and the number that is due; None where its name is none."""
    try:
        battery = name.decode()
    except UnicodeDecodeError:
        return None
    return battery, known.get(battery, 0)


def read_whole(row: Row, seq: int) -> Mapping[str, Any]:
    """What the row's bytes say; Broken where they do not give its digest, or are not in the form of an entry."""
    if leaf_hash(row.body) != row.leaf:
        raise Broken(seq, "its bytes do not give the digest that stands beside them")
    try:
        content = read_entry(row.body).content
        fits = is_canonical(content, row.body)
    except (ValueError, RecursionError) as error:
        raise Broken(seq, f"it cannot be read: {error}") from error
    if not fits:
        raise Broken(seq, "it is not in canonical form")
    return content
