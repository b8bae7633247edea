"""Thresholds are a pure choice from figures."""

from __future__ import annotations

import numpy as np
import pytest

from delid.training._thresholds import (
    MOST_ALARMS,
    auroc,
    damage_threshold,
    judged,
    min_lead,
    min_score,
    rule_out,
    temperature,
)
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


def test_ruled_out_is_only_what_lies_well_below_all_that_was_there() -> None:
    assert rule_out(np.linspace(0.2, 0.9, 15)) == pytest.approx(0.2 / 1.8)
    assert rule_out(np.concatenate([[0.01], np.full(39, 0.6)])) == pytest.approx(0.6 / 1.4), "one of 40 may be lost"
    assert rule_out(np.empty(0)) == 0.0, "what nobody has seen is never ruled out"


def test_damage_threshold_parts_two_clean_groups() -> None:
    assert damage_threshold(np.array([0.7, 0.9]), np.array([0.1, 0.3])) == pytest.approx(0.5)


def test_damage_threshold_stays_quiet_even_where_more_alarms_would_score_higher() -> None:
    there = np.linspace(0.4, 1.0, 40)
    absent = np.concatenate([np.full(40, 0.1), np.linspace(0.41, 0.6, 10)])
    cut = damage_threshold(there, absent)
    assert (absent >= cut).mean() <= MOST_ALARMS
    loud = np.sum(there >= 0.405) * 2 / (len(there) + np.sum(there >= 0.405) + np.sum(absent >= 0.405))
    quiet = np.sum(there >= cut) * 2 / (len(there) + np.sum(there >= cut) + np.sum(absent >= cut))
    assert loud > quiet, "or there would be nothing to give up"


def test_temperature_takes_back_what_a_network_claims_too_much() -> None:
    rng = np.random.default_rng(4)
    honest = rng.normal(0, 2, 4000)
    true = rng.uniform(size=4000) < 1 / (1 + np.exp(-honest))
    assert temperature(honest, true) == pytest.approx(1.0, abs=0.12)
    assert temperature(2.5 * honest, true) == pytest.approx(2.5, rel=0.12)
    assert temperature(0.6 * honest, true) == pytest.approx(0.6, rel=0.12)


def test_the_lead_of_a_pack_is_that_on_the_next_one() -> None:
    vector = np.array([1.0, 0.2, 0, 0], np.float32)
    found = judged(gallery(), vector, 3)
    assert found.pack == "a"
    assert found.lead == pytest.approx(0.8 / np.linalg.norm(vector))
    alone = judged(Gallery({"b": gallery().prototypes["b"]}), vector, 3)
    assert (alone.pack, alone.lead) == ("b", 2.0)


def test_auroc_of_a_perfect_and_of_no_order() -> None:
    assert auroc(np.array([0.9, 0.8]), np.array([0.1])) == 1.0
    assert auroc(np.array([0.5]), np.array([0.5])) == 0.5
    assert np.isnan(auroc(np.array([]), np.array([0.5])))
