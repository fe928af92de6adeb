"""Agreement with the reference interpreter: how far two correct ways of computing a graph may be apart.

Every operation rounds, sums round once a term, and what comes later magnifies what came before. So the distance allowed
grows with the rounding unit of the coarsest floating dtype in the graph and with the largest finite value that occurs
anywhere in it; the factor stands for the number of operations and terms, and for slopes. Integers and bools, NaN and
infinities must be equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import symgrad as sg
from symgrad.dtypes import is_float
from symgrad.evaluate import evaluate_nodes
from symgrad.shapes import substitute
from symgrad.tensor import Tensor

Array = np.ndarray[Any, Any]

FACTOR = 1000.0


def distance_allowed(values: Mapping[Tensor, Array]) -> float:
    """Return how far a result may be from that of the interpreter, given the values of all nodes."""
    unit, largest = 0.0, 1.0
    for node, value in values.items():
        if is_float(node.dtype):
            unit = max(unit, float(np.finfo(node.dtype).eps))
            largest = max(largest, float(np.max(np.abs(value), where=np.isfinite(value), initial=0.0)))
    return FACTOR * unit * largest


def assert_agrees(got: Any, wanted: Array, distance: float, what: object = "") -> None:
    """Assert that an array is what the interpreter computed, up to a distance."""
    assert type(got) is np.ndarray, what
    assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape), what
    if is_float(wanted.dtype):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=distance, equal_nan=True, err_msg=str(what))
    else:
        np.testing.assert_array_equal(got, wanted, err_msg=str(what))


def assert_runs_as_evaluated(
    function: Callable[..., Sequence[Array]], outputs: Sequence[Tensor], bindings: Mapping[Tensor, Array]
) -> None:
    """Assert that a compiled function of all bound tensors returns, or raises, what the interpreter does.

    The arrays given must not change.
    """
    try:
        values = evaluate_nodes(outputs, bindings)
    except (IndexError, ValueError) as error:
        with np.testing.assert_raises(IndexError if isinstance(error, IndexError) else ValueError):
            function(*bindings.values())
        return
    distance = distance_allowed(values)
    given = [array.copy() for array in bindings.values()]
    results = function(*given)
    for before, after in zip(bindings.values(), given, strict=True):
        np.testing.assert_array_equal(after, before)
    for node, result in zip(outputs, results, strict=True):
        assert_agrees(result, values[node], distance, node)


def arrays_for(variables: Sequence[Tensor], sizes: Mapping[Any, int], seed: int) -> dict[Tensor, Array]:
    """Return random arrays for variables, given the run-time sizes."""
    generator = np.random.default_rng(seed)
    result: dict[Tensor, Array] = {}
    for x in variables:
        shape = tuple(substitute(size, sizes) for size in x.shape)
        if x.dtype.kind == "b":
            array = generator.random(shape) < 0.5
        elif x.dtype.kind == "i":
            array = generator.integers(-3, 4, shape)
        else:
            array = generator.uniform(-2, 2, shape)
        result[x] = np.asarray(array).astype(x.dtype)
    return result


def check(inputs: Sequence[Tensor], outputs: Sequence[Tensor], sizes: Mapping[Any, int] | None = None) -> Any:
    """Compile a graph, assert that it runs as it is evaluated on random arrays, and return the function."""
    function = sg.compile(list(inputs), list(outputs))
    assert_runs_as_evaluated(function, outputs, arrays_for(inputs, sizes or {}, 0))
    return function
