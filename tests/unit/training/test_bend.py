"""Dents and swellings laid over a scene: light follows from the slopes, and truth follows the shape."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from delid.training._bend import BENDS, bent, light_factors, lit
from delid.training._examples import Example
from delid.vision import DAMAGE_KINDS

STEP_MM = 5.0
LEFT, RIGHT = 3, 4
"""Where the first two raking lamps stand among the lights."""


def dome(side: int = 81, height_mm: float = 30.0) -> np.ndarray:
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    return np.asarray(height_mm * np.exp(-6 * (x * x + y * y)), np.float32)


def lid() -> Example:
    outline = np.array([[60, 40], [260, 40], [260, 200], [60, 200]], np.float32)
    values, coverage = np.full((240, 320, 6), 90, np.uint8), np.zeros((240, 320, len(DAMAGE_KINDS)), np.float32)
    return Example(values, coverage, np.zeros(len(DAMAGE_KINDS), np.float32), "a", outline, STEP_MM)


def test_a_flat_lid_keeps_its_light() -> None:
    factors = light_factors(np.random.default_rng(1), np.zeros((20, 30), np.float32), STEP_MM)
    assert factors.shape == (20, 30, 6)
    np.testing.assert_allclose(factors, 1.0, atol=1e-6)


def test_a_swelling_is_bright_where_it_faces_the_lamp_and_a_dent_the_other_way_round() -> None:
    for sign in (1, -1):
        factors = light_factors(np.random.default_rng(2), sign * dome(), STEP_MM)
        left_of_it, right_of_it = factors[40, 25], factors[40, 55]
        assert sign * (left_of_it[LEFT] - right_of_it[LEFT]) > 0.3
        assert sign * (right_of_it[RIGHT] - left_of_it[RIGHT]) > 0.3
        hall = abs(float(left_of_it[0] - right_of_it[0]))
        assert hall < 0.5 * abs(float(left_of_it[LEFT] - right_of_it[LEFT])), "the hall shows it less"


@pytest.mark.parametrize(("heading", "behind"), [(0.0, (50, 30)), (np.pi, (50, 70)), (-np.pi / 2, (30, 50))])
def test_a_block_throws_its_shadow_away_from_the_lamp(heading: float, behind: tuple[int, int]) -> None:
    raised = np.zeros((101, 101), np.float32)
    cv2.rectangle(raised, (45, 45), (55, 55), 40.0, -1)
    share = lit(raised, 1.0, heading, 1.0)  # the light falls at 45 degrees: a shadow as long as the block is high
    front = (100 - behind[0], 100 - behind[1])
    assert share[behind] < 0.1, "row and column of a place in the shadow"
    assert share[front] == 1.0
    assert share[50, 50] == 1.0, "the block's top is lit"


@pytest.mark.parametrize("kind", BENDS)
def test_truth_follows_the_shape_and_nothing_else_changes(kind: str) -> None:
    host = lid()
    lights, coverage, severity = bent(np.random.default_rng(5), kind, host, host.lights(), host.coverage)
    index = DAMAGE_KINDS.index(kind)
    assert 0.15 <= severity <= 1.0
    assert coverage[..., index].max() == 1.0
    assert not np.delete(coverage, index, axis=2).any()
    inside = np.zeros((240, 320), np.float32)
    cv2.fillPoly(inside, [np.round(host.outline_px).astype(np.int32)], 1.0)
    assert not coverage[inside == 0].any(), "only the lid is bent"
    np.testing.assert_array_equal(lights[inside == 0], host.lights()[inside == 0])
    relative = np.abs(lights / host.lights() - 1)
    covered = coverage[..., index] > 0
    assert relative[..., LEFT][covered].mean() > 4 * relative[..., LEFT][(inside > 0) & ~covered].mean()
    assert not host.coverage.any(), "the scene itself stays as it was"


def test_the_same_draw_bends_alike() -> None:
    host = lid()
    first, second = (bent(np.random.default_rng(9), "dent", host, host.lights(), host.coverage) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    assert first[2] == second[2]
