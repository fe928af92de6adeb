"""Schedules: order, sharing of loops, checks and updates."""

import pytest
from hypothesis import given

import symgrad as sg
from codegen.program.build import _own_result
from codegen.program.checks import index_checks
from codegen.program.nest import Nest
from codegen.program.prepare import prepare
from codegen.program.schedule import Check, Single, schedule
from codegen.program.verify import verify_schedule
from symgrad.graph import topological_order
from tests.graphs import graphs

N = sg.dim("N")
X, W = sg.variable("X", (32, 10)), sg.variable("W", (10, 5))
labels = sg.variable("labels", (32,), "int64")
a, b, c = (sg.variable(name, (7,)) for name in "abc")


def scheduled(outputs, updates=None):
    prepared = [_own_result(node) for node in prepare([*outputs, *(updates or {}).values()])]
    values = dict(zip(updates or {}, prepared[len(outputs) :], strict=True))
    result = schedule(prepared[: len(outputs)], values)
    verify_schedule(result, prepared[: len(outputs)], values)
    return result


def kinds(result):
    return [type(step).__name__ for step in result.steps]


@given(graphs())
def test_schedules_of_random_graphs_are_right(graph):
    scheduled([output * 1 for output in graph.with_gradients().outputs])


def test_a_loss_and_its_gradient_pass_once_over_the_scores():
    scores = X @ W
    loss = sg.nn.cross_entropy(scores, labels)
    result = scheduled([loss, sg.grad(loss, X)])
    assert kinds(result) == ["Check", "Single", "Nest", "Nest", "Single"]


@pytest.mark.parametrize(
    "outputs",
    [
        [sg.softmax(X)],
        [sg.log_softmax(X), sg.softmax(X), sg.logsumexp(X, 1)],
        [(X - X.mean(1, keepdims=True)) / sg.std(X, 1, keepdims=True)],
        [X * 2, sg.sum(X), sg.max(X), sg.exp(X)],
        [sg.sum(X, 0), sg.max(X, 0), X + 1],
        [sg.sum(X, 1), sg.sum(X)],
    ],
)
def test_rows_and_totals_share_one_kernel(outputs):
    assert kinds(scheduled(outputs)) == ["Nest"]


def test_nests_that_a_later_result_brings_together_are_merged():
    assert kinds(scheduled([sg.softmax(X) + sg.softmax(X + 1)])) == ["Nest"]


def test_a_result_that_needs_a_total_waits_for_it():
    result = scheduled([X / sg.sum(X)])
    assert kinds(result) == ["Nest", "Nest"]


def test_checks_come_first():
    others = sg.variable("others", (9,), "int32")
    result = scheduled([sg.exp(X), X[labels], sg.sum(X[others]), X[labels] * 2])
    assert kinds(result)[:2] == ["Check", "Check"]
    assert "Check" not in kinds(result)[2:]


def test_a_check_of_what_is_computed_comes_after_it():
    places = sg.cumsum(labels)
    result = scheduled([X[places]])
    assert kinds(result) == ["Single", "Check", "Nest"]


def test_checks_of_what_is_not_needed_are_made():
    checks = index_checks(topological_order([X[labels]]))
    result = schedule([sg.exp(X)], {}, checks)
    assert kinds(result) == ["Check", "Nest"]


def test_updates_are_done_in_place_where_nobody_reads_the_old_values_later():
    step = {a: a - 0.1 * b, b: b * 2, c: c + 1}
    result = scheduled([sg.sum(a)], step)
    assert result.copies == {}
    targets = [root.target for step in result.steps for root in step.roots]
    assert set(targets) == {None, a, b, c}
    assert targets.index(a) < targets.index(b)


@pytest.mark.parametrize(
    ("updates", "copies"),
    [
        ({a: b + 1, b: a + 1}, 1),
        ({a: b + 1, b: c + 1, c: a + 1}, 1),
        ({a: a[::-1] + 1}, 1),
        ({a: sg.cumsum(a)}, 1),
        ({a: a + 1, b: a + 1}, 1),
        ({a: sg.sum(a) + a}, 0),
        ({a: a * 2, b: a[::-1] + b}, 0),
    ],
)
def test_other_updates_are_copied(updates, copies):
    assert len(scheduled([], updates).copies) == copies


def test_updates_come_after_every_check():
    places = sg.cumsum(labels)
    result = scheduled([], {a: a + 1, c: c + sg.sum(X[places])})
    last_check = max(i for i, step in enumerate(result.steps) if isinstance(step, Check))
    assert all(root.target is None for step in result.steps[:last_check] for root in step.roots)


def test_orders_do_not_depend_on_addresses():
    def order():
        x = sg.variable("x", (5, N))
        outputs = prepare([x[labels % 2], x[labels % 3], sg.softmax(x) + sg.sum(x, 0), sg.exp(x) @ sg.ones((N,))])
        return [[str(root.node) for root in step.roots] for step in schedule(outputs, {}).steps]

    first = order()
    keep = [sg.variable(f"other{i}", (i,)) for i in range(1000)]
    assert order() == first
    assert len(keep) == 1000


def test_many_results_take_few_kernels():
    x = X
    for i in range(300):
        x = sg.tanh(x) * (1 + i)
    steps = scheduled([x]).steps
    assert 2 < len(steps) < 30
    assert all(isinstance(step, Nest) and step.work <= 400 for step in steps)
    assert sum(isinstance(step, Single) for step in steps) == 0
