"""The training loop on problems whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg

SAMPLES = 64


def _regression(rows):
    """Return a linear regression with an exact answer: loss, parameters, data."""
    x, y = sg.variable("x", (rows, 3)), sg.variable("y", (rows,))
    params = {"w": sg.variable("w", (3,), init="zeros"), "b": sg.variable("b", (), init="zeros")}
    inputs = np.random.default_rng(0).standard_normal((SAMPLES, 3))
    targets = inputs @ [1.0, -2.0, 3.0] + 0.5
    return sg.nn.squared_error(x @ params["w"] + params["b"], y), params, {x: inputs, y: targets}


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
def test_finds_the_answer(backend):
    loss, params, data = _regression(sg.dim("N"))
    run = sg.train.fit(loss, params, data, epochs=60, batch_size=16, progress=False, backend=backend)
    np.testing.assert_allclose(run.values["w"], [1, -2, 3], atol=1e-6)
    np.testing.assert_allclose(run.values["b"], 0.5, atol=1e-6)
    assert len(run.loss) == len(run.rate) == 60 * 4
    assert run.metrics["loss"][-1] < 1e-9 < run.metrics["loss"][0]


@pytest.mark.parametrize("optimizer", [sg.optim.momentum, sg.optim.rmsprop, sg.optim.adam, sg.optim.adamw])
def test_every_optimizer_lowers_the_loss(optimizer):
    loss, params, data = _regression(sg.dim("N"))
    run = sg.train.fit(
        loss, params, data, optimizer=optimizer, learning_rate=0.02, epochs=40, batch_size=8, progress=False
    )
    assert run.metrics["loss"][-1] < run.metrics["loss"][0] / 10


def test_last_batch_counts_with_a_run_time_size_and_is_left_out_with_a_fixed_one():
    for rows, steps in ((sg.dim("N"), 3), (24, 2)):
        loss, params, data = _regression(rows)
        assert len(sg.train.fit(loss, params, data, epochs=1, batch_size=24, progress=False).loss) == steps


def test_schedules_and_metrics_are_followed():
    loss, params, data = _regression(sg.dim("N"))
    run = sg.train.fit(
        loss,
        params,
        data,
        learning_rate=sg.train.schedules.linear(0.1, 8),
        epochs=2,
        batch_size=16,
        metrics={"error": loss},
        validation=data,
        progress=False,
    )
    np.testing.assert_allclose(run.rate, 0.1 * (1 - np.arange(8) / 8))
    expected = sg.evaluate(loss, data | {params["w"]: run.values["w"], params["b"]: run.values["b"]})
    np.testing.assert_allclose(run.metrics["error"][-1], expected, rtol=1e-9)


def test_same_seed_same_run_and_given_values_are_not_changed():
    loss, params, data = _regression(sg.dim("N"))
    start = {"w": np.ones(3), "b": np.array(1.0)}
    first, second = (sg.train.fit(loss, params, data, values=start, seed=3, epochs=2, progress=False) for _ in range(2))
    assert first.loss == second.loss
    np.testing.assert_array_equal(start["w"], np.ones(3))


def test_metrics_without_validation_data_are_refused():
    loss, params, data = _regression(sg.dim("N"))
    with pytest.raises(sg.BindingError, match="give validation"):
        sg.train.fit(loss, params, data, metrics={"error": loss}, progress=False)


def test_progress_is_shown(capsys):
    loss, params, data = _regression(sg.dim("N"))
    sg.train.fit(loss, params, data, epochs=2)
    shown = capsys.readouterr()
    assert "2/2" in shown.out + shown.err
    assert "loss" in shown.out + shown.err
