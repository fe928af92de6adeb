"""Learning-rate schedules at their marked points."""

from __future__ import annotations

import pytest

from symgrad.train import schedules


def test_constant():
    assert schedules.constant(0.3)(0) == schedules.constant(0.3)(10**6) == 0.3


def test_step_falls_by_a_factor():
    rate = schedules.step(0.8, every=5, factor=0.25)
    assert [rate(t) for t in (0, 4, 5, 9, 10)] == pytest.approx([0.8, 0.8, 0.2, 0.2, 0.05])


def test_cosine_starts_high_is_half_in_the_middle_and_ends_at_zero():
    rate = schedules.cosine(2.0, 100)
    assert [rate(0), rate(50), rate(100), rate(150)] == pytest.approx([2.0, 1.0, 0.0, 0.0])


def test_linear_falls_in_a_straight_line():
    rate = schedules.linear(1.0, 4)
    assert [rate(t) for t in range(6)] == pytest.approx([1.0, 0.75, 0.5, 0.25, 0.0, 0.0])


def test_inverse_sqrt():
    rate = schedules.inverse_sqrt(3.0)
    assert [rate(0), rate(3), rate(8)] == pytest.approx([3.0, 1.5, 1.0])


def test_warm_up_climbs_to_the_schedule():
    rate = schedules.warm_up(schedules.linear(1.0, 10), 2)
    assert [rate(0), rate(1), rate(2)] == pytest.approx([0.5, 0.9, 0.8])
