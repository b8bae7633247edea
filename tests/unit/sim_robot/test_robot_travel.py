"""Trapezoidal travel against the closed formulas of uniformly accelerated motion."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delid.sim.robot import Machine, Travel

MACHINE = Machine()


def test_a_long_move_takes_distance_over_speed_plus_one_ramp():
    # t = s/v + v/a for s >= v^2/a
    travel = Travel(MACHINE, (0, 0, 0), (1000, 0, 0), 500.0, begun_s=2.0)
    assert travel.end_s - 2.0 == pytest.approx(1000 / 500 + 500 / 2000)
    assert travel.speed(3.0) == 500.0


def test_a_short_move_never_reaches_its_speed():
    # t = 2 sqrt(s/a) for s < v^2/a, with peak sqrt(s a)
    travel = Travel(MACHINE, (0, 0, 0), (20, 0, 0), 500.0, begun_s=0.0)
    assert travel.end_s == pytest.approx(2 * math.sqrt(20 / 2000))
    assert travel.speed(travel.end_s / 2) == pytest.approx(math.sqrt(20 * 2000))


def test_the_slowest_axis_limits_the_path():
    travel = Travel(MACHINE, (0, 0, 0), (300, 0, -400), 10_000.0, begun_s=0.0)
    assert travel.speed_mm_s == pytest.approx(min(800 / 0.6, 400 / 0.8))
    assert travel.acceleration_mm_s2 == pytest.approx(min(2000 / 0.6, 1500 / 0.8))


def test_braking_takes_v_over_a_and_v_squared_over_2a():
    travel = Travel(MACHINE, (0, 0, 0), (1000, 0, 0), 500.0, begun_s=0.0)
    at_s = 1.0
    x_before = travel.position(at_s)[0]
    travel.brake(at_s)
    assert travel.end_s == pytest.approx(at_s + 500 / 2000)
    assert travel.position(travel.end_s)[0] - x_before == pytest.approx(500**2 / (2 * 2000))
    assert travel.position(99.0) == travel.position(travel.end_s)


def test_a_move_to_where_it_stands_takes_no_time():
    travel = Travel(MACHINE, (5, 6, -7), (5, 6, -7), 500.0, begun_s=3.0)
    assert (travel.end_s, travel.position(3.0)) == (3.0, (5, 6, -7))


coordinate = st.floats(0, 1500)


@given(st.tuples(coordinate, coordinate, st.floats(-600, 0)), st.floats(1, 2000), st.floats(0, 1))
def test_travel_keeps_to_its_line_its_limits_and_its_ends(target, speed, part):
    travel = Travel(MACHINE, (0, 0, 0), target, speed, begun_s=0.0)
    assert travel.position(0.0) == pytest.approx((0, 0, 0))
    assert travel.position(travel.end_s) == pytest.approx(target, abs=1e-6)
    at = travel.position(part * travel.end_s)
    assert math.dist(at, (0, 0, 0)) + math.dist(at, target) == pytest.approx(travel.length_mm, abs=1e-5)
    assert travel.speed(part * travel.end_s) <= speed + 1e-9


@given(st.floats(10, 1500), st.floats(1, 800), st.floats(0, 1))
def test_braking_never_passes_the_target(length, speed, part):
    travel = Travel(MACHINE, (0, 0, 0), (length, 0, 0), speed, begun_s=0.0)
    travel.brake(part * travel.end_s)
    assert travel.position(travel.end_s)[0] <= length + 1e-6
