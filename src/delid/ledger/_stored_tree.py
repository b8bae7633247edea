"""The tree of a stored ledger, read in blocks of 256 hashes."""

from __future__ import annotations

from sqlalchemy import Connection, select

from delid.core import LedgerError

from ._tables import entries, nodes
from ._tree import node_hash

BLOCK_LEVELS = 8
BLOCK = 1 << BLOCK_LEVELS
"""Every subtree of so many entries, and of so many of these, has its root stored."""


class StoredTree:
    """Hashes of complete subtrees. What was read is kept, so that proofs near each other share it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._blocks: dict[tuple[int, int], list[list[bytes]]] = {}

    def subtree(self, level: int, number: int) -> bytes:
        """The hash of the complete subtree; LedgerError ``ledger.broken`` where stored hashes are missing."""
        base, inner = level - level % BLOCK_LEVELS, level % BLOCK_LEVELS
        block = number >> (BLOCK_LEVELS - inner)
        levels = self._blocks.get((base, block))
        if levels is None:
            levels = self._blocks[base, block] = _levels(self._read(base, block))
        at = number - (block << (BLOCK_LEVELS - inner))
        if inner >= len(levels) or at >= len(levels[inner]):
            raise LedgerError(
                f"hashes of the ledger are missing near entry {number << level}.",
                hint="Run: delid ledger verify, and keep the database as it is.",
                code="ledger.broken",
            )
        return levels[inner][at]

    def _read(self, base: int, block: int) -> list[bytes]:
        begin, end = block * BLOCK, (block + 1) * BLOCK
        if base == 0:
            number = entries.c.seq
            query = select(entries.c.leaf).where(number >= begin, number < end).order_by(number)
        else:
            number = nodes.c.number
            query = select(nodes.c.hash).where(nodes.c.level == base, number >= begin, number < end).order_by(number)
        return [bytes(found) for found in self._connection.execute(query).scalars()]


def _levels(hashes: list[bytes]) -> list[list[bytes]]:
    levels = [hashes]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(*below[at : at + 2]) for at in range(0, len(below) - 1, 2)])
    return levels
