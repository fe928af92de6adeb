"""Plans: what is needed, how often, in which order, and whose memory a result is."""

import symgrad as sg
from codegen.numpy_source.plan import Plan
from symgrad.families.leaf import Variable

X, W = sg.variable("X", (4, 3)), sg.variable("W", (3, 2))


def test_names_are_not_operations():
    h = (X @ W).named("h")
    plan = Plan([h + h, h.named("again")])
    product = plan.meant(h)
    assert plan.meant(h.named("again")) is product
    assert plan.names[product] == "h"
    assert plan.uses[product] == 3


def test_arguments_and_numbers_have_no_names_of_their_own():
    plan = Plan([X.named("data") * sg.constant(2.0).named("two")])
    assert plan.names == {}


def test_order_is_complete_and_late():
    a = (X @ W).named("a")
    mask = (X > 0).named("mask")
    b = (a * 2).named("b")
    c = sg.where(mask[:, :2], b, 0).named("c")
    plan = Plan([a, c])
    order = [plan.names.get(node) for node in plan.order([a, c]) if node in plan.names]
    assert order == ["a", "mask", "b", "c"]


def test_the_backward_pass_goes_layer_by_layer():
    V = sg.variable("V", (2, 2))
    h = sg.tanh(X @ W).named("h")
    y = (h @ V).named("y")
    loss = sg.sum(y * y).named("L")
    gradients = sg.grad(loss, [W, V])
    plan = Plan([loss, *gradients], [(g, n) for g, n in zip(gradients, ("dW", "dV"), strict=True)])
    forward = set(plan.order([loss]))
    order = [plan.names[node] for node in plan.backward_order(gradients, forward) if node in plan.names]
    assert order == ["dL/dy", "dL/dh", "dV", "dW"] or order == ["dL/dy", "dV", "dL/dh", "dW"]


def test_owners_of_memory():
    plan = Plan([X.T[0], sg.broadcast_to(X * 2, (5, 4, 3)), X * 2, (X * 2).T])
    assert plan.owner(X.T[0]) == (X, True)
    assert isinstance(plan.owner(X.T[0])[0].operation, Variable)
    assert plan.owner(X * 2) == (X * 2, False)
    assert plan.owner((X * 2).T) == (X * 2, False)
    assert plan.owner(sg.broadcast_to(X * 2, (5, 4, 3))) == (X * 2, True)


def test_a_chain_of_any_length():
    x = y = sg.variable("x")
    for _ in range(5000):
        y = sg.sin(y)
    assert len(Plan([y]).order([y])) == 5001
    assert x in Plan([y]).order([y])
