"""Nests of one structure get the kernel of the first, with their own buffers and sizes."""

import numpy as np
import pytest

import symgrad as sg
from codegen.kernels.lower import lower_nest
from codegen.program.build import build
from codegen.program.levels import arrange
from codegen.program.nest import Nest
from codegen.program.prepare import prepare
from codegen.program.rows import cut_axis
from codegen.program.schedule import schedule
from codegen.program.storage import assign_storage
from codegen.program.structure import Lowering
from symgrad.evaluate import evaluate

N = sg.dim("N")
x, y = sg.variable("x", (4, 3)), sg.variable("y", (4, 3))
series = sg.variable("series", (6, 4, 3))
rows = sg.variable("rows", (N, 3))


def lowered(inputs, outputs):
    """Return what nests are lowered to with and without memory of earlier ones."""
    ends = prepare(outputs)
    steps = schedule(ends, {}, [])
    levels = arrange(steps.steps)
    storage = assign_storage(steps, levels, inputs, list(dict.fromkeys(ends)))
    lowering = Lowering()
    for nest in (step for level in levels for chain in level for step in chain.steps):
        if isinstance(nest, Nest):
            memory = storage.memory | {node: storage.parts[node] for node in nest.made if node in storage.parts}
            for cut in {None, cut_axis(nest)}:
                yield lowering.lower(nest, memory, cut), lower_nest(nest, memory, cut)


@pytest.mark.parametrize(
    "outputs",
    [
        [sg.tanh(x) * y, sg.tanh(y) * x, sg.tanh(x) * x],
        [sg.sum(sg.exp(series[t]) @ x.T) * sg.tanh(series[t]) + series[5 - t] for t in range(6)],
        [sg.softmax(rows[:, :2]), sg.max(rows, 1), sg.max(rows[1:], 1), rows[0] * 2, rows[-1] * 2],
        [sg.sum(x, 0) + 1, sg.sum(y, 0) + 1, sg.sum(x, 0) + 2.0, sg.mean(x * 0.0), sg.mean(x * -0.0)],
        [x[i] * y[j] for i in range(3) for j in range(3)],
    ],
)
def test_a_nest_gets_what_it_would_get_alone(outputs):
    pairs = list(lowered([x, y, series, rows], outputs))
    for shared, alone in pairs:
        assert repr(shared.nest) == repr(alone.finish())
        assert shared.buffers == tuple(alone.buffers)
        assert shared.sizes == tuple(alone.sizes)
    assert pairs


def test_equal_layers_are_one_object():
    weights = [sg.variable(f"w{i}", (3, 3)) for i in range(5)]
    h = x
    for weight in weights:
        h = sg.tanh(h @ weight)
    calls = build([x, *weights], [h], {}).calls
    assert len({call.symbol for call in calls}) < len(calls)


def test_steps_of_a_series():
    h = sg.zeros((4, 3))
    for t in range(6):
        h = sg.tanh(h * series[t] + series[0, t % 4, 0] + series[5 - t])
    gradient = sg.grad(sg.sum(h * h), series)
    array = np.random.default_rng(0).normal(size=(6, 4, 3))
    for got, wanted in zip(
        sg.compile([series], [h, gradient])(array), evaluate([h, gradient], {series: array}), strict=True
    ):
        np.testing.assert_allclose(got, wanted, rtol=1e-12)
