"""Calibration: bins, expected calibration error, and the diagram."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delid.training._reliability import Bin, bins_of, reliability, reliability_svg


def test_bins_count_their_answers_and_the_error_is_weighted() -> None:
    found = reliability([0.95, 0.95, 0.95, 0.95, 0.25, 0.25], [True, True, True, False, False, False])
    assert [(b.low, b.high, b.count, b.accuracy) for b in found.bins] == [(0.2, 0.3, 2, 0.0), (0.9, 1.0, 4, 0.75)]
    assert found.ece == pytest.approx((4 * 0.20 + 2 * 0.25) / 6)
    assert found.worst == pytest.approx(0.25)
    assert found.count == 6


def test_the_ends_belong_to_the_first_and_the_last_bin() -> None:
    found = reliability([0.0, 0.1, 0.5, 1.0], [False, False, True, True], bins=2)
    assert [(b.low, b.count) for b in found.bins] == [(0.0, 3), (0.5, 1)]


def test_honest_confidence_has_almost_no_error_and_boasting_has() -> None:
    rng = np.random.default_rng(5)
    claimed = rng.uniform(0, 1, 20_000)
    right = rng.uniform(0, 1, 20_000) < claimed
    honest, boasting = reliability(claimed, right), reliability(claimed**0.3, right)
    assert honest.ece is not None
    assert boasting.ece is not None
    assert honest.ece < 0.02
    assert boasting.ece > 0.2


def test_nothing_to_count_and_wrong_input() -> None:
    empty = reliability([], [])
    assert (empty.bins, empty.count, empty.ece, empty.worst) == ((), 0, None, None)
    for confidence, correct in (([0.5], []), ([1.2], [True]), ([float("nan")], [True])):
        with pytest.raises(ValueError, match=r"answers|0\.\.1"):
            reliability(confidence, correct)


def test_the_plain_form_goes_there_and_back() -> None:
    plain = reliability([0.9, 0.4], [True, False]).as_dict()
    assert plain["count"] == 2
    assert bins_of(plain["bins"])[1] == Bin(0.8, 0.9, 1, 0.9, 1.0)  # type: ignore[arg-type]


def test_the_diagram_is_one_element_with_a_column_for_each_bin() -> None:
    found = reliability([0.95, 0.95, 0.25], [True, False, False])
    root = ET.fromstring(reliability_svg(found.bins, "Damage <all>", "ECE 0.1 & more"))
    assert root.tag.endswith("svg")
    assert len(root.findall("{*}g")) == 2
    assert "Damage <all>" in "".join(root.itertext())
    assert ET.fromstring(reliability_svg((), "nothing")).findall("{*}g") == []


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans())), st.integers(1, 30))
def test_every_answer_is_in_one_bin_and_the_error_in_its_range(answers: list[tuple[float, bool]], bins: int) -> None:
    found = reliability([c for c, _ in answers], [r for _, r in answers], bins)
    assert sum(b.count for b in found.bins) == len(answers) == found.count
    assert all(b.low - 1e-9 <= b.confidence <= b.high + 1e-9 for b in found.bins)
    assert found.ece is None or 0 <= found.ece <= (found.worst or 0) + 1e-9 <= 1 + 1e-9
