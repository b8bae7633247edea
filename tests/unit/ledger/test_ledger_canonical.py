"""Canonical JSON, quickly or carefully: the same bytes as RFC 8785 asks for."""

from __future__ import annotations

import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from delid.ledger._canonical import canonical, is_canonical, parse

NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(PLAIN)
@example([2.0**53, {"a": -1e21, "b": 1e20}])
def test_the_bytes_are_those_of_rfc_8785(data: object) -> None:
    assert canonical(data) == rfc8785.dumps(data)
    assert is_canonical(parse(canonical(data)), canonical(data))
