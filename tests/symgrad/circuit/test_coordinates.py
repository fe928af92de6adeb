"""Tests of heights."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symgrad.circuit.coordinates import spread
from symgrad.circuit.layered import arrange_in_layers

numbers = st.floats(-100, 100)


@given(st.lists(st.tuples(numbers, st.floats(1, 50), st.floats(0.1, 10)), min_size=1, max_size=10))
def test_neighbours_keep_their_distance(items):
    wanted, extents, weights = (list(column) for column in zip(*items, strict=True))
    found = spread(wanted, extents, weights)
    for i in range(len(found) - 1):
        assert found[i + 1] - found[i] >= (extents[i] + extents[i + 1]) / 2 + 12 - 1e-6


def test_what_has_room_stays_where_it_wants_to_be():
    assert spread([0.0, 100.0, 300.0], [10, 10, 10], [1, 1, 1]) == pytest.approx([0, 100, 300])


def test_the_heavier_one_gives_way_less():
    heavy, light = spread([0.0, 0.0], [10, 10], [100.0, 1.0])
    assert abs(heavy) < abs(light)


def test_a_chain_is_straight():
    layout = arrange_in_layers([(10.0, 10.0 + i) for i in range(6)], [(i, i + 1) for i in range(5)])
    assert len({round(y, 9) for _, y in layout.centres}) == 1


def test_a_gate_stands_between_its_inputs():
    layout = arrange_in_layers([(10.0, 10.0)] * 3, [(0, 2), (1, 2)])
    (_, first), (_, second), (_, gate) = layout.centres
    assert gate == pytest.approx((first + second) / 2)
    assert first < second


def test_nothing_to_draw():
    assert arrange_in_layers([], []).centres == ()
