"""The training loop: a compiled step over minibatches, with a progress bar and a history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symgrad._compile import compile
from symgrad.derivative import grad
from symgrad.errors import BindingError
from symgrad.families.leaf import variable
from symgrad.initialize import initialize
from symgrad.optim import Updates, sgd
from symgrad.tensor import Tensor
from symgrad.train.minibatches import minibatches
from symgrad.train.schedules import Schedule, constant

Array = np.ndarray[Any, Any]


@dataclass
class History:
    """What a training run gave.

    `values` are the trained arrays in the nesting of the parameters, `loss` the loss of every step, `rate` its learning
    rate, `metrics` the metrics after every epoch by name ("loss" is the mean loss of the epoch).
    """

    values: Any
    loss: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)


def fit(
    loss: Tensor,
    params: Any,
    data: Mapping[Tensor, Array],
    *,
    optimizer: Callable[..., Updates] = sgd,
    learning_rate: float | Schedule = 0.1,
    epochs: int = 10,
    batch_size: int = 64,
    metrics: Mapping[str, Tensor] | None = None,
    validation: Mapping[Tensor, Array] | None = None,
    values: Any = None,
    seed: int = 0,
    progress: bool = True,
    backend: str = "llvm",
) -> History:
    """Train `params` to make `loss` small.

    Parameters
    ----------
    loss: a 0-d tensor of the parameters and the variables in `data`.
    params: a nesting of variables.
    data: for each data variable an array whose rows are the samples. Let the first size of these variables be an
        `sg.dim`, or the batch size (the last, smaller batch of an epoch is then left out).
    optimizer: one of `sg.optim`, or any function (params, grads, learning_rate) -> Updates.
    learning_rate: a number, or a schedule from `sg.train.schedules`.
    metrics, validation: 0-d tensors, evaluated on the arrays of `validation` after every epoch.
    values: arrays to start from, in the nesting of `params`; they are not changed. By default
        `sg.initialize(params, seed)`.
    seed: of the initial values and of the order of samples.
    progress: show a progress bar (tqdm if it is installed).

    >>> import symgrad as sg
    >>> N = sg.dim("N")
    >>> x, y = sg.variable("x", (N, 1)), sg.variable("y", (N, 1))
    >>> w = sg.variable("w", (1, 1), init="zeros")
    >>> xs = np.linspace(-1, 1, 20)[:, None]
    >>> run = fit(sg.nn.squared_error(x @ w, y), w, {x: xs, y: 3 * xs}, epochs=200, batch_size=5, progress=False)
    >>> bool(abs(run.values.item() - 3) < 1e-6)
    True
    """
    if metrics and validation is None:
        raise BindingError("metrics are evaluated on validation data: give validation={variable: array}")
    variables, arrays = list(data), [np.asarray(array) for array in data.values()]
    rate = variable("learning_rate", (), "float64")
    updates = optimizer(params, grad(loss, params), rate)
    step = compile([*variables, params, updates.state, rate], loss, updates=updates, backend=backend)
    names = list(metrics or {})
    measure = compile(
        [*(validation or {}), params], [metrics[name] for name in names] if metrics else [], backend=backend
    )
    state = _copied(initialize(params, seed) if values is None else values)
    memory = initialize(updates.state, seed)
    schedule = learning_rate if callable(learning_rate) else constant(learning_rate)
    generator = np.random.default_rng(seed)
    history = History(state)
    fixed = isinstance(variables[0].shape[0], int)
    with _Progress(epochs, progress) as bar:
        for _ in range(epochs):
            start = len(history.loss)
            for batch in minibatches(arrays, batch_size, generator, drop_last=fixed):
                now = schedule(len(history.loss))
                history.rate.append(now)
                history.loss.append(float(step(*batch, state, memory, now)))
            shown = {"loss": float(np.mean(history.loss[start:]))}
            if validation is not None:
                shown |= dict(zip(names, map(float, measure(*validation.values(), state)), strict=True))
            for name, value in shown.items():
                history.metrics.setdefault(name, []).append(value)
            bar.advance(shown)
    return history


def _copied(tree: Any) -> Any:
    import optree

    return optree.tree_map(lambda array: np.array(array), tree)


class _Progress:
    """A progress bar over epochs: tqdm's, or plain lines where tqdm is not installed."""

    def __init__(self, epochs: int, show: bool) -> None:
        self.epochs, self.show, self.done, self.bar = epochs, show, 0, None

    def __enter__(self) -> _Progress:
        if self.show:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                print("(install tqdm, or symgrad[train], for a progress bar)")
            else:
                self.bar = tqdm(total=self.epochs, unit="epoch")
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def advance(self, shown: Mapping[str, float]) -> None:
        self.done += 1
        if self.bar is not None:
            self.bar.set_postfix({name: f"{value:.4g}" for name, value in shown.items()})
            self.bar.update()
        elif self.show:
            print(f"epoch {self.done}/{self.epochs}  " + "  ".join(f"{k} {v:.4g}" for k, v in shown.items()))
