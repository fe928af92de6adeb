"""Tests of the built-in layout on random graphs."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symgrad.circuit.layered import (
    arrange_in_layers,
    count_crossings,
    layers_from_the_right,
    make_layers,
    reduce_crossings,
)


@st.composite
def boxes_and_edges(draw):
    count = draw(st.integers(1, 14))
    sizes = [(draw(st.integers(5, 90)), draw(st.integers(5, 60))) for _ in range(count)]
    pairs = [(i, j) for j in range(count) for i in range(j)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=25)) if pairs else []
    return sizes, edges


def rectangles(sizes, layout):
    return [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for (w, h), (x, y) in zip(sizes, layout.centres, strict=True)]


def on_curve(route):
    """Points on a route."""
    start, *rest = route
    for i in range(0, len(rest), 3):
        a, b, c = rest[i : i + 3]
        for k in range(21):
            t = k / 20
            s = 1 - t
            yield tuple(
                s**3 * p + 3 * s * s * t * q + 3 * s * t * t * r + t**3 * e
                for p, q, r, e in zip(start, a, b, c, strict=True)
            )
        start = c


@given(boxes_and_edges())
def test_boxes_do_not_overlap_and_lie_on_the_page(graph):
    sizes, edges = graph
    layout = arrange_in_layers(sizes, edges)
    found = rectangles(sizes, layout)
    for i, (left, top, right, bottom) in enumerate(found):
        assert left >= 0
        assert top >= 0
        assert right <= layout.width
        assert bottom <= layout.height
        for other in found[:i]:
            assert right < other[0] + 1e-6 or other[2] < left + 1e-6 or bottom < other[1] or other[3] < top


@given(boxes_and_edges())
def test_wires_run_through_no_box(graph):
    sizes, edges = graph
    layout = arrange_in_layers(sizes, edges)
    found = rectangles(sizes, layout)
    for (source, target), route in zip(edges, layout.routes, strict=True):
        for x, y in on_curve(route):
            for i, (left, top, right, bottom) in enumerate(found):
                inside = left + 0.01 < x < right - 0.01 and top < y < bottom
                assert not inside or i in (source, target)


@given(boxes_and_edges())
def test_wires_go_from_left_to_right_and_end_at_their_targets(graph):
    sizes, edges = graph
    layout = arrange_in_layers(sizes, edges)
    starts = {}
    for (source, target), route in zip(edges, layout.routes, strict=True):
        assert [x for x, _ in route] == sorted(x for x, _ in route)
        (x, y), (w, h) = layout.centres[target], sizes[target]
        assert route[-1][0] == pytest.approx(x - w / 2)
        assert abs(route[-1][1] - y) <= h / 2
        # The first route of a source starts there, others where they leave it.
        starts.setdefault(source, []).append(route[0])
    for source, found in starts.items():
        x, y = layout.centres[source]
        assert found[0] == pytest.approx((x + sizes[source][0] / 2, y))


@given(boxes_and_edges())
def test_sweeps_never_add_crossings(graph):
    sizes, edges = graph
    layers = make_layers(len(sizes), edges)
    before = count_crossings(layers)
    reduce_crossings(layers)
    assert count_crossings(layers) <= before


def test_crossings_are_counted():
    layers = make_layers(4, [(0, 3), (1, 2)])
    layers.order[:] = [[0, 1], [2, 3]]
    assert count_crossings(layers) == 1
    reduce_crossings(layers)
    assert count_crossings(layers) == 0


def test_cycles_are_refused():
    with pytest.raises(ValueError, match="cycle"):
        layers_from_the_right(2, [(0, 1), (1, 0)])


def test_long_edges_of_one_source_share_their_way():
    count = 400
    edges = [(i, i + 1) for i in range(1, count - 1)] + [(0, i) for i in range(1, count)]
    start = time.perf_counter()
    layers = make_layers(count, edges)
    assert len(layers.layer) < 2 * count
    arrange_in_layers([(10.0, 10.0)] * count, edges)
    assert time.perf_counter() - start < 5
