"""Fasteners of several views, one list."""

from __future__ import annotations

import math

import numpy as np
import pytest

from delid.core import Fastener, FastenerKind
from delid.vision import merge_fasteners

BOLT, EMPTY = FastenerKind.BOLT, FastenerKind.EMPTY


def at(x: float, y: float, radius: float | None, confidence: float = 0.9, kind: FastenerKind = BOLT) -> Fastener:
    return Fastener("lid.01", kind, (1.0, 2.0), (x, y), confidence, radius)


def test_the_surer_view_counts_more_and_two_are_surer_than_one() -> None:
    (found,) = merge_fasteners([[at(0, 0, 1.0)], [at(1.5, 0, 2.0)]])
    assert found.center_mm == (0.3, 0.0), "weights 1 and 1/4"
    assert found.uncertainty_mm == pytest.approx(1 / math.sqrt(1 + 1 / 4), abs=0.01)
    assert found.confidence == 0.9


def test_views_of_one_camera_share_its_calibration() -> None:
    (found,) = merge_fasteners([[at(0, 0, 1.0)], [at(1, 0, 1.0)], [at(0.5, 0, 1.0)]], ["top", "top", "top"])
    assert (found.center_mm, found.uncertainty_mm) == ((0.5, 0.0), 1.0)


def test_merged_circles_hold_95_of_100_when_the_single_ones_do() -> None:
    rng = np.random.default_rng(5)
    inside, errors = [], {"one": [], "merged": []}
    for _ in range(2000):
        radii = rng.uniform(0.5, 3.0, 3)
        views = [[at(*rng.normal(0, radius / 2.4477, 2), radius)] for radius in radii]
        (found,) = merge_fasteners(views)
        assert found.center_mm is not None
        assert found.uncertainty_mm is not None
        error = math.hypot(*found.center_mm)
        inside.append(error <= found.uncertainty_mm)
        errors["merged"].append(error)
        errors["one"].append(math.hypot(*(views[0][0].center_mm or (0, 0))))
    assert 0.93 <= np.mean(inside) <= 0.97
    assert np.median(errors["merged"]) < 0.6 * np.median(errors["one"])


def test_one_of_three_that_disagrees_is_left_out_and_lowers_the_confidence() -> None:
    (found,) = merge_fasteners([[at(0, 0, 1.0)], [at(20, 0, 1.0)], [at(0.2, 0, 1.0)]])
    assert found.center_mm == (0.1, 0.0)
    assert found.uncertainty_mm == pytest.approx(0.71)
    assert found.confidence == pytest.approx(0.6)


def test_one_against_one_is_as_uncertain_as_they_lie_apart() -> None:
    (found,) = merge_fasteners([[at(0, 0, 1.0)], [at(20, 0, 1.5)]])
    assert found.center_mm == (0.0, 0.0), "the surer one"
    assert found.uncertainty_mm == 20.0
    assert found.confidence == pytest.approx(0.45)


def test_kinds_by_votes() -> None:
    (found,) = merge_fasteners([[at(0, 0, 1.0, 0.9, EMPTY)], [at(0, 0, 1.0, 0.5)], [at(0, 0, 1.0, 0.3)]])
    assert (found.kind, found.confidence) == (EMPTY, 0.3)


def test_a_view_that_measured_nothing_does_not_move_one_that_did() -> None:
    (found,) = merge_fasteners([[at(7, 7, None)], [at(0, 0, 1.0)]])
    assert (found.center_mm, found.uncertainty_mm) == ((0.0, 0.0), 1.0)
    (unmeasured,) = merge_fasteners([[at(7, 7, None)], [at(0, 0, None)]])
    assert (unmeasured.center_mm, unmeasured.uncertainty_mm) == ((7, 7), None)


def test_what_only_one_view_shows_is_kept_in_the_order_of_the_ids() -> None:
    second = Fastener("lid.02", EMPTY, (5.0, 5.0), (9.0, 9.0), 0.8, 2.0)
    assert merge_fasteners([[second], [at(0, 0, 1.0)]]) == (at(0, 0, 1.0), second)
    assert merge_fasteners([]) == ()
