"""Every function of the formula book, on both back ends, both float types, with broadcasting and empty sizes.

Values are compared with the reference interpreter, which tests/symgrad/functions checks against mpmath and finite
differences.
"""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.elementwise import apply
from symgrad.functions import FUNCTIONS

SHAPES = {
    "numbers": ((), (), ()),
    "one long row": ((257,), (257,), (257,)),
    "broadcast": ((5, 1), (7,), (3, 1, 1)),
    "empty": ((0, 3), (3,), ()),
}

SPECIAL = {
    # Orders are whole numbers; machine code knows polygamma at and above +0.
    "polygamma": [np.array([0.0, 1.0, 2.0, 5.0]), np.array([np.nan, np.inf, 0.0, 1.0])],
}
"""Where not all combinations of special values make sense: those of each argument that do."""


def _arguments(function, shapes, dtype):
    generator = np.random.default_rng(len(function.name))
    bools = {"select": 1, "logical": function.arity}.get(function.signature, 0)
    variables, arrays = [], []
    for i, (low, high) in enumerate(function.domain):
        kind = "bool" if i < bools else dtype
        variables.append(sg.variable("xyz"[i], shapes[i], dtype=kind))
        values = generator.uniform(low, high, shapes[i])
        arrays.append(values > (low + high) / 2 if kind == "bool" else values.astype(dtype))
    return variables, [np.asarray(array, variable.dtype) for array, variable in zip(arrays, variables, strict=True)]


def _value_slopes_and_curvatures(function, variables):
    """Return the function and, if it has slopes, those of a weighted sum of it and of a weighted sum of these."""
    y = apply(function, *variables)
    results = [y]
    floats = [x for x in variables if x.dtype.kind == "f"]
    if y.dtype.kind == "f":
        slopes = sg.grad(sg.sum(y * 1.25), floats)
        curvatures = sg.grad(sum((sg.sum(slope * 0.75) for slope in slopes), start=sg.constant(0.0, y.dtype)), floats)
        results += [*slopes, *curvatures]
    return results


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_slope_and_curvature(name, dtype, backend):
    function = FUNCTIONS[name]
    for shapes in SHAPES.values():
        variables, arrays = _arguments(function, shapes, dtype)
        results = _value_slopes_and_curvatures(function, variables)
        expected = sg.evaluate(results, dict(zip(variables, arrays, strict=True)))
        found = sg.compile(variables, results, backend=backend)(*arrays)
        tolerance = {"float64": 2e-13, "float32": 1e-5}[dtype]
        for a, b in zip(found, expected, strict=True):
            assert a.dtype == b.dtype
            assert a.shape == b.shape
            scale = np.abs(b[np.isfinite(b)]).max(initial=1.0) if b.dtype.kind == "f" else 1.0
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_that_are_not_finite(name, dtype, backend):
    function = FUNCTIONS[name]
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0])
    grids = np.meshgrid(*SPECIAL.get(name, [special] * function.arity), indexing="ij")
    bools = {"select": 1, "logical": function.arity}.get(function.signature, 0)
    variables, arrays = [], []
    for i, grid in enumerate(grids):
        kind = "bool" if i < bools else dtype
        variables.append(sg.variable("xyz"[i], grid.shape, dtype=kind))
        arrays.append(grid.astype(kind))
    y = apply(function, *variables)
    expected = sg.evaluate(y, dict(zip(variables, arrays, strict=True)))
    found = sg.compile(variables, y, backend=backend)(*arrays)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
