"""Thresholds are a pure choice from figures."""

from __future__ import annotations

import numpy as np
import pytest

from delid.training._thresholds import auroc, damage_threshold, judged, min_confidence, min_lead, min_score, without
from delid.vision import Gallery


def gallery() -> Gallery:
    return Gallery({"a": np.eye(4, dtype=np.float32)[:1], "b": np.eye(4, dtype=np.float32)[1:2]})


def test_min_score_lies_in_the_middle_between_known_and_strangers() -> None:
    assert min_score(np.array([0.9, 0.8]), np.array([0.2, 0.4])) == pytest.approx(0.6)


def test_min_score_gives_up_one_known_pack_rather_than_accept_two_strangers() -> None:
    known, strangers = np.array([0.3, 0.9, 0.9, 0.9, 0.9]), np.array([0.5, 0.6])
    assert 0.6 < min_score(known, strangers) < 0.9


def test_the_lead_is_half_of_the_smallest_and_never_large() -> None:
    assert min_lead(np.array([0.08, 0.5])) == pytest.approx(0.04)
    assert min_lead(np.array([0.9])) == 0.05
    assert min_lead(np.array([-0.2, 0.5])) == 0.0


def test_damage_threshold_parts_two_clean_groups() -> None:
    assert damage_threshold(np.array([0.7, 0.9]), np.array([0.1, 0.3])) == pytest.approx(0.5)


def test_damage_threshold_stays_quiet_even_where_more_alarms_would_score_higher() -> None:
    there = np.linspace(0.4, 1.0, 40)
    absent = np.concatenate([np.full(40, 0.1), np.linspace(0.41, 0.6, 10)])
    cut = damage_threshold(there, absent)
    assert (absent >= cut).mean() <= 0.04


def test_min_confidence_is_the_lowest_with_which_no_present_fastener_counts_as_gone() -> None:
    probabilities = np.array([[0.55, 0, 0.45, 0], [0.3, 0.1, 0.6, 0], [0.05, 0, 0.95, 0], [0.9, 0, 0.1, 0]])
    assert min_confidence(probabilities, np.array([0, 0, 2, 0]), empty=2) == pytest.approx(0.65)
    assert min_confidence(probabilities, np.array([0, 2, 2, 0]), empty=2) == pytest.approx(0.4)
    assert min_confidence(probabilities, np.array([0, 2, 0, 0]), empty=2) == 0.95


def test_a_pack_that_is_not_taught_is_judged_by_the_others() -> None:
    vector = np.array([1.0, 0.2, 0, 0], np.float32)
    assert judged(gallery(), vector, 3).pack == "a"
    assert judged(without(gallery(), "a"), vector, 3).pack == "b"


def test_auroc_of_a_perfect_and_of_no_order() -> None:
    assert auroc(np.array([0.9, 0.8]), np.array([0.1])) == 1.0
    assert auroc(np.array([0.5]), np.array([0.5])) == 0.5
    assert np.isnan(auroc(np.array([]), np.array([0.5])))
