"""Canonical JSON, quickly or carefully: the same bytes as RFC 8785 asks for."""

from __future__ import annotations

import datetime as dt

import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from delid.ledger import LegalHold, OperationDone
from delid.ledger._canonical import canonical, is_canonical, parse
from delid.ledger._entry import make_entry, read_entry, stamp
from delid.ledger._payload import Part, Scalar

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


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(TEXTS, st.booleans() | NUMBERS | TEXTS, max_size=5), TEXTS)
@example({"b": 1e-7, "a": 2.0, "c": 1e21}, "1e5")
@example({"\U0001f50b": 1, "\ufb33": 2}, "")
def test_what_an_entry_says_is_written_as_rfc_8785_asks(values: dict[str, Scalar], title: str) -> None:
    said = OperationDone(run="r", step="s", do="unfasten", title=title, status="done", values=values)
    assert said.said() == rfc8785.dumps(said.plain())
    assert list(said.__dict__) == sorted(said.__dict__)


def test_all_that_entries_hold_is_kept_by_name() -> None:
    def parts(kind: type[Part]) -> list[type[Part]]:
        return [kind, *(part for below in kind.__subclasses__() for part in parts(below))]

    tables = [field for part in parts(Part) for field in part.model_fields.values() if "Mapping" in str(field)]
    assert len(tables) > 5
    assert all(field.metadata for field in tables), "a table whose order is not that of its names"


@settings(max_examples=50, deadline=None)
@given(TEXTS, st.integers(0, 2**40), st.floats(0, 4e9))
@example('P-"yard"\\\n', 0, 1.9999999)
def test_the_bytes_of_an_entry_are_canonical_and_say_what_it_is(battery: str, seq: int, wall_s: float) -> None:
    said = LegalHold(on=True, reason="audit \u4e2d", by="p-1")
    made = make_entry(seq, stamp(wall_s), battery, seq + 1, said, "0f" * 16, b"\xab" * 32)
    assert made.body == rfc8785.dumps(dict(made.content))
    assert read_entry(made.body) == made
    assert (made.content["prev"], made.content["nonce"], made.payload) == ("ab" * 32, "0f" * 16, said.plain())
    exactly = dt.datetime.fromtimestamp(wall_s, dt.UTC).isoformat(timespec="milliseconds")
    assert made.at == exactly.replace("+00:00", "Z")
