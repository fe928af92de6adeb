"""What is stored: what must be, and what is dear and needed often; everything else is computed where it is used."""

import pytest

import symgrad as sg
from codegen.program.prepare import prepare
from codegen.program.realize import is_source, realized_nodes, work_of
from symgrad.graph import topological_order

x, y = sg.variable("x", (4, 3)), sg.variable("y", (3,))


def realized(*outputs):
    """Return the stored nodes but for outputs and sources."""
    order = topological_order(outputs)
    return {node for node in realized_nodes(order, outputs) if node not in outputs and not is_source(node)}


def test_sources():
    assert is_source(x)
    assert is_source(sg.constant([1.0, 2.0]))
    assert not is_source(sg.constant(1.0))
    assert not is_source(sg.arange(3))


def test_cheap_and_single_uses_are_not_stored():
    assert realized(sg.exp(x) + 1, x * 2 - x) == set()
    cheap = x + 1
    assert realized(cheap * 2, cheap * 3) == set()


def test_what_is_dear_and_used_often_is_stored():
    dear = sg.exp(x)
    assert realized(dear + 1, dear * 2) == {dear}
    assert realized(dear.T + 1, dear[:, ::-1] * 2) == {dear}
    assert realized((dear + x) * dear) == {dear}
    turned = dear.T
    assert realized(turned + 1, turned * 2) == {dear}


def test_what_is_dear_and_repeated_is_stored():
    dear = sg.exp(y)
    assert realized(x + dear) == {dear}
    assert realized(sg.broadcast_to(dear, (4, 3)) * x) == {dear}
    assert realized(x + dear.reshape((1, 3))) == {dear}
    assert realized(x + (y + 1)) == set()
    number = sg.exp(sg.variable("t"))
    assert realized(x + number) == set()


def test_results_of_kernels_of_their_own_and_what_they_read():
    total = sg.sum(x, 0)
    assert realized(total + 1) == {total}
    product = x @ sg.exp(y)
    assert realized(product + 1) == {product, sg.exp(y)}
    assert realized(sg.exp(x).T @ sg.ones(4) + 1) >= {sg.exp(x)}
    places = sg.cast(y, "int64")
    assert realized(sg.take(x, places, 0) + 1) == {places}


@pytest.mark.parametrize("step", [lambda t: t + 1.5 * x, lambda t: sg.sin(t), lambda t: t + t[::-1]])
def test_trees_of_operations_are_bounded(step):
    node = x
    for _ in range(500):
        node = step(node)
    (node,) = prepare([node])
    stored = realized_nodes(topological_order([node]), [node])
    depth, work = {}, {}
    for n in topological_order([node]):
        below = [m for m in set(n.inputs) if m not in stored]
        depth[n] = 1 + max((depth[m] for m in below), default=0)
        work[n] = work_of(n) + sum(work[m] for m in below)
    assert max(depth.values()) <= 62
    assert max(work.values()) <= 2 * 160 + 8
