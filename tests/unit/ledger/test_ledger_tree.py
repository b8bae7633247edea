"""The Merkle tree of RFC 6962, against the vectors of Certificate Transparency and a tree built another way."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delid.ledger._tree import (
    Frontier,
    consistency_path,
    frontier_of,
    inclusion_path,
    is_consistent,
    leaf_hash,
    root_from_path,
    root_of,
)

# Inputs and roots of the reference implementation's merkle_tree_test (Certificate Transparency).
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(bytes.fromhex(text)) for text in INPUTS]


def slow_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1, word by word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def subtree_of(leaves: list[bytes]):  # type: ignore[no-untyped-def]
    return lambda level, number: slow_root(leaves[number << level : (number + 1) << level])


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]
    assert frontier_of(size, subtree_of(LEAVES)).root().hex() == ROOTS[size - 1]


def test_an_empty_tree_has_the_digest_of_nothing() -> None:
    assert Frontier().root() == hashlib.sha256(b"").digest()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 70), st.data())
def test_every_leaf_proves_that_it_is_in_the_tree_and_no_other_does(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(size)]
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(index, size, subtree_of(leaves))
    root = slow_root(leaves)
    assert len(path) <= (size - 1).bit_length()
    assert root_from_path(leaves[index], index, size, path) == root
    assert root_from_path(leaf_hash(b"other"), index, size, path) != root
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert root_from_path(leaves[index], other, size, path) != root
    assert root_from_path(leaves[index], index, size, [*path, root]) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 70), st.data())
def test_a_tree_proves_that_it_begins_with_an_earlier_one(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(size)]
    old = data.draw(st.integers(1, size))
    path = consistency_path(old, size, subtree_of(leaves))
    assert is_consistent(old, slow_root(leaves[:old]), size, slow_root(leaves), path)
    other = [*leaves[: old - 1], leaf_hash(b"other")]
    assert not is_consistent(old, slow_root(other), size, slow_root(leaves), path)
    if path:
        assert not is_consistent(old, slow_root(leaves[:old]), size, slow_root(leaves), path[:-1])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 70), max_size=6), st.integers(1, 4))
def test_many_leaves_at_once_complete_what_they_do_one_by_one(parts: list[int], levels: int) -> None:
    leaves = [leaf_hash(bytes([number % 256, number // 256])) for number in range(sum(parts))]
    at_once, singly, begin = Frontier(), Frontier(), 0
    for count in parts:
        part, begin = leaves[begin : begin + count], begin + count
        completed = [step for leaf in part for step in singly.push(leaf) if step[0] % levels == 0]
        assert sorted(at_once.extend(part, levels)) == sorted(completed)
        assert (at_once.size, at_once.peaks) == (singly.size, singly.peaks)
