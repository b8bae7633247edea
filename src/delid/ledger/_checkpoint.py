"""A signed word about the whole ledger: so many entries, with this root."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ._canonical import canonical, parse_canonical
from ._keys import CHECKPOINT, PublicKey, SigningKey

NAMES = frozenset({"at", "key", "ledger", "root", "size", "v"})


@dataclass(frozen=True)
class Checkpoint:
    """The statement, as the bytes that were signed, and the signature.

    Its fields: ``at`` (RFC 3339), ``key`` (id of the key), ``ledger``, ``root`` (hex), ``size``, ``v``.
    """

    statement: bytes
    signature: bytes

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """The statement as plain data; ValueError where it is none."""
        found = parse_canonical(self.statement)
        if not isinstance(found, dict) or found.keys() != NAMES or found["v"] != 1:
            raise ValueError("it does not have the fields of a checkpoint")
        texts = all(type(found[name]) is str for name in ("at", "key", "ledger", "root"))
        if not texts or type(found["size"]) is not int or len(found["root"]) != 64:
            raise ValueError("its fields are of other types than those of a checkpoint")
        return found

    @property
    def size(self) -> int:
        return int(self.content["size"])

    @property
    def root(self) -> bytes:
        return bytes.fromhex(self.content["root"])

    @property
    def key(self) -> str:
        return str(self.content["key"])

    @property
    def ledger(self) -> str:
        return str(self.content["ledger"])

    @property
    def at(self) -> str:
        return str(self.content["at"])

    def signed_by(self, key: PublicKey) -> bool:
        return key.id == self.key and key.signed(CHECKPOINT, self.statement, self.signature)


def sign_checkpoint(ledger: str, size: int, root: bytes, at: str, key: SigningKey) -> Checkpoint:
    """Sign that the ledger has ``size`` entries with this root."""
    content = {"at": at, "key": key.public.id, "ledger": ledger, "root": root.hex(), "size": size, "v": 1}
    statement = canonical(content)
    return Checkpoint(statement, key.sign(CHECKPOINT, statement))
