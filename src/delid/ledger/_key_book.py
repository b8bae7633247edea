"""Which key signs since when, as the entries themselves say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ._keys import KEY, PublicKey, endorsement
from ._payloads_site import KeyChanged, LedgerBegun

KEY_KINDS: dict[str, type[LedgerBegun] | type[KeyChanged]] = {c.kind: c for c in (LedgerBegun, KeyChanged)}


class Broken(Exception):
    """Entry ``seq`` is not what was written."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"entry {seq}: {why}")
        self.seq, self.why = seq, why


@dataclass(frozen=True, slots=True)
class _Span:
    since: int
    key: PublicKey


class KeyBook:
    """Takes the first entry and those that change the key; raises Broken for one that may not."""

    def __init__(self) -> None:
        self.ledger = ""
        self._spans: list[_Span] = []

    def copy(self) -> KeyBook:
        other = KeyBook()
        other.ledger, other._spans = self.ledger, self._spans.copy()
        return other

    def key_at(self, size: int) -> PublicKey | None:
        """The key that signs a ledger of so many entries."""
        return next((span.key for span in reversed(self._spans) if span.since < size), None)

    def take(self, seq: int, kind: str, payload: Mapping[str, Any]) -> None:
        try:
            said = KEY_KINDS[kind].model_validate(payload)
        except ValueError as error:
            raise Broken(seq, f"it names no key: {error}") from error
        key = PublicKey(bytes.fromhex(said.public_key))
        if key.id != said.key:
            raise Broken(seq, "the id of its key is not that of the key")
        if isinstance(said, LedgerBegun) is not (seq == 0):
            raise Broken(seq, "a ledger begins once, with its name")
        if isinstance(said, LedgerBegun):
            self.ledger = said.ledger
        else:
            self._vouched(seq, said, key)
        self._spans.append(_Span(seq, key))

    def _vouched(self, seq: int, said: KeyChanged, key: PublicKey) -> None:
        before = self._spans[-1].key if self._spans else None
        if before is None or said.previous != before.id:
            raise Broken(seq, f"it follows on the key {said.previous}, which was not in force")
        if said.endorsement is None:
            if said.reason == "routine":
                raise Broken(seq, "the key before it does not vouch for it")
        elif not before.signed(KEY, endorsement(self.ledger, key, before.id), bytes.fromhex(said.endorsement)):
            raise Broken(seq, "the key before it did not sign this")
