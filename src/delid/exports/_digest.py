"""The record's own hash: one digest over the digests of its entries, that anybody can make with ``sha256sum``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def record_sha256(leaves: Iterable[str]) -> str:
    """SHA-256 of the entries' digests (hex, as the ledger has them), in their order, each with a line feed after it."""
    return hashlib.sha256("".join(f"{leaf}\n" for leaf in leaves).encode("ascii")).hexdigest()
