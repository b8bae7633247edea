"""The Merkle tree of RFC 6962 over the entries: roots, and short proofs against them. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

EMPTY_ROOT = hashlib.sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""Level and number of a complete subtree (level 0 are the leaves) to its hash."""


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962, section 2.1: the zero byte keeps leaves and nodes apart."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """What is needed of a tree to make it grow: the hashes of its complete subtrees, the largest first."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def push(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf; returns level, number and hash of each subtree that it completes, above the leaf itself."""
        completed = []
        at, level = self.size, 0
        while at & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            at, level = at >> 1, level + 1
            completed.append((level, at, leaf))
        self.peaks.append(leaf)
        self.size += 1
        return completed

    def extend(self, leaves: Sequence[bytes], levels: int) -> list[tuple[int, int, bytes]]:
        """Add leaves; returns what ``push`` does, of the levels that are multiples of ``levels`` only.

        Blocks that become complete subtrees are reduced level by level, which is several times as quick.
        """
        completed, at = list[tuple[int, int, bytes]](), 0
        while (left := len(leaves) - at) > 0:
            aligned = (self.size & -self.size).bit_length() - 1 if self.size else levels
            level = min(aligned, left.bit_length() - 1, levels)
            found = self._carry(_reduced(leaves[at : at + (1 << level)]), level)
            completed += [step for step in found if step[0] % levels == 0 and step[0]]
            at += 1 << level
        return completed

    def _carry(self, found: bytes, level: int) -> list[tuple[int, int, bytes]]:
        """Add a complete subtree; returns it and those that it completes."""
        at = self.size >> level
        self.size += 1 << level
        completed = [(level, at, found)]
        while at & 1:
            found = node_hash(self.peaks.pop(), found)
            at, level = at >> 1, level + 1
            completed.append((level, at, found))
        self.peaks.append(found)
        return completed

    def root(self) -> bytes:
        """The root of what has been pushed."""
        if not self.peaks:
            return EMPTY_ROOT
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = node_hash(peak, found)
        return found

    def copy(self) -> Frontier:
        return Frontier(self.size, self.peaks.copy())


def _reduced(row: Sequence[bytes]) -> bytes:
    """The root over two to the power of any number of leaves."""
    sha256 = hashlib.sha256
    while len(row) > 1:
        row = [sha256(b"\1" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    tree = Frontier()
    for leaf in leaves:
        tree.push(leaf)
    return tree.root()


def frontier_of(size: int, subtree: Subtree) -> Frontier:
    """The frontier of a tree of ``size`` leaves whose complete subtrees can be asked for."""
    peaks, begin = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            peaks.append(subtree(level, begin >> level))
            begin += 1 << level
    return Frontier(size, peaks)


def inclusion_path(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """The audit path of leaf ``index`` in a tree of ``size`` leaves, the nearest sibling first; O(log size)."""
    return _path(index, 0, size, subtree)


def _path(index: int, begin: int, end: int, subtree: Subtree) -> list[bytes]:
    if end - begin == 1:
        return []
    middle = begin + _split(end - begin)
    if index < middle:
        return [*_path(index, begin, middle, subtree), _root(middle, end, subtree)]
    return [*_path(index, middle, end, subtree), _root(begin, middle, subtree)]


def _root(begin: int, end: int, subtree: Subtree) -> bytes:
    """The root over the leaves ``begin`` to ``end``; ``begin`` lies at a multiple of their number's power of two."""
    count = end - begin
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return subtree(level, begin >> level)
    middle = begin + _split(count)
    return node_hash(_root(begin, middle, subtree), _root(middle, end, subtree))


def _split(count: int) -> int:
    """The largest power of two below ``count``."""
    return 1 << ((count - 1).bit_length() - 1)


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an audit path leads to (RFC 9162, section 2.1.3.2); None where its length does not fit."""
    if not 0 <= index < size:
        return None
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def consistency_path(old: int, size: int, subtree: Subtree) -> list[bytes]:
    """The proof that the tree of ``size`` leaves begins with the one of ``old`` leaves (RFC 6962, section 2.1.2)."""
    if not 0 < old < size:
        return []
    return _consistency(old, 0, size, True, subtree)


def _consistency(old: int, begin: int, end: int, whole: bool, subtree: Subtree) -> list[bytes]:
    if old == end - begin:
        return [] if whole else [_root(begin, end, subtree)]
    middle = begin + _split(end - begin)
    if old <= middle - begin:
        return [*_consistency(old, begin, middle, whole, subtree), _root(middle, end, subtree)]
    rest = _consistency(old - (middle - begin), middle, end, False, subtree)
    return [*rest, _root(begin, middle, subtree)]


def is_consistent(old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether ``path`` shows that the tree of ``size`` begins with that of ``old`` (RFC 9162, section 2.1.4.2)."""
    if old == size:
        return not path and old_root == root
    if not 0 < old < size:
        return False
    steps = list(path) if old & (old - 1) else [old_root, *path]
    if not steps:
        return False
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, step)
        at, last = at >> 1, last >> 1
    return first == old_root and second == root and last == 0
