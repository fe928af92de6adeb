"""Every operation: value against NumPy, derivatives of both modes against finite differences, batching, dtypes, run-time sizes."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module

import numpy as np
import pytest

import symgrad as sg
from symgrad import families
from symgrad.derivative.higher import forward_jacobian, reverse_jacobian
from symgrad.graph import topological_order
from symgrad.tensor import LinearOperation, Operation
from tests.symgrad.families.cases import CASES, Case
from tests.symgrad.numeric import finite_difference, variables

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
differentiable = pytest.mark.parametrize("case", [c for c in CASES if c.differentiable], ids=lambda case: case.name)


def built(case: Case) -> tuple[list[sg.Tensor], sg.Tensor, dict[sg.Tensor, np.ndarray]]:
    tensors = variables(*case.arrays)
    return tensors, case.build(*tensors), dict(zip(tensors, case.arrays, strict=True))


def scalar(y: sg.Tensor) -> sg.Tensor:
    """Return a curved function of all entries, each with another weight."""
    weights = np.random.default_rng(7).normal(size=y.shape)
    return sg.sum(weights * sg.sin(y if y.dtype.kind == "f" else y.astype("float64")))


def rounding(case: Case) -> dict[str, float]:
    """Return how far two exact ways of computing the same may lie apart."""
    return {"rtol": 1e-3 * case.tolerance, "atol": 1e-5 * case.tolerance}


def test_every_operation_has_cases() -> None:
    for module in pkgutil.iter_modules(families.__path__):
        import_module(f"symgrad.families.{module.name}")
    operations = set()
    pending = [Operation]
    while pending:
        operation = pending.pop()
        pending.extend(operation.__subclasses__())
        if operation.__module__.startswith("symgrad.families") and "infer" in vars(operation):
            operations.add(operation)
    # The adjoints have theirs through the derivatives of the cases.
    tried = set()
    for case in CASES:
        tensors, y, _ = built(case)
        graphs = [y]
        if case.differentiable and y.dtype.kind == "f":
            graphs.append(sg.grad(scalar(y), next(x for x in tensors if x.dtype.kind == "f")))
        tried |= {type(node.operation) for node in topological_order(graphs)}
    N = sg.dim("N")
    tried |= {type(node.operation) for node in topological_order([sg.mean(sg.variable("x", (N,)))])}
    assert operations - tried == set()
    assert all(inspect.getdoc(operation) for operation in operations)
    assert LinearOperation not in operations


@every_case
def test_value_is_numpys(case: Case) -> None:
    _, y, values = built(case)
    found = sg.evaluate(y, values)
    with np.errstate(all="ignore"):
        wanted = np.asarray(case.reference(*case.arrays))
    assert found.shape == y.shape == wanted.shape
    assert found.dtype == y.dtype == wanted.dtype
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)


@every_case
def test_equal_structure_is_the_same_tensor(case: Case) -> None:
    tensors = variables(*case.arrays)
    assert case.build(*tensors) is case.build(*tensors)


@every_case
def test_float32_stays_float32(case: Case) -> None:
    if case.name in ("a constant", "a counter", "cast from integers", "cast down and up", "one_hot"):
        pytest.skip("float64 by NumPy's rules")
    arrays = [array.astype("float32") if array.dtype == "float64" else array for array in case.arrays]
    tensors = variables(*arrays)
    y = case.build(*tensors)
    values = dict(zip(tensors, arrays, strict=True))
    found = sg.evaluate(y, values)
    with np.errstate(all="ignore"):
        wanted = np.asarray(case.reference(*case.arrays))
    assert found.dtype == ("float32" if wanted.dtype == "float64" else wanted.dtype)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    if y.dtype == "float32":
        floating = [x for x in tensors if x.dtype == "float32"]
        gradients = sg.evaluate(sg.grad(sg.sum(sg.sin(y)), floating), values)
        assert all(gradient.dtype == "float32" for gradient in gradients)


@differentiable
def test_gradient_is_the_finite_difference(case: Case) -> None:
    tensors, y, values = built(case)
    loss = scalar(y)
    floating = [x for x in tensors if x.dtype.kind == "f"]
    fixed = {x: a for x, a in values.items() if x not in floating}
    at = [values[x] for x in floating]
    direction = [np.random.default_rng(i).normal(size=a.shape) for i, a in enumerate(at)]
    gradients = sg.evaluate(sg.grad(loss, floating), values)
    assert [g.shape for g in gradients] == [a.shape for a in at]
    slope = sum(np.sum(g * d) for g, d in zip(gradients, direction, strict=True))
    wanted = finite_difference(
        lambda arrays: sg.evaluate(loss, fixed | dict(zip(floating, arrays, strict=True))), at, direction
    )
    np.testing.assert_allclose(slope, wanted, rtol=case.tolerance, atol=case.tolerance)
    np.testing.assert_allclose(sg.evaluate(sg.jvp(loss, floating, direction), values), slope, **rounding(case))


@differentiable
def test_second_derivative_is_the_finite_difference(case: Case) -> None:
    tensors, y, values = built(case)
    floating = [x for x in tensors if x.dtype.kind == "f"]
    fixed = {x: a for x, a in values.items() if x not in floating}
    at = [values[x] for x in floating]
    first, second = ([np.random.default_rng(10 * k + i).normal(size=a.shape) for i, a in enumerate(at)] for k in (1, 2))
    loss = scalar(y)
    gradient = sg.grad(loss, floating)
    products = sg.evaluate(sg.hvp(loss, floating, first), values)
    found = sum(np.sum(p * d) for p, d in zip(products, second, strict=True))
    along = sum((sg.sum(g * d) for g, d in zip(gradient, second, strict=True)), start=sg.constant(0.0))
    wanted = finite_difference(
        lambda arrays: sg.evaluate(along, fixed | dict(zip(floating, arrays, strict=True))), at, first
    )
    np.testing.assert_allclose(found, wanted, rtol=case.tolerance, atol=case.tolerance)
    # Reverse over reverse is the same number.
    reverse = sg.evaluate(sg.grad(along, floating), values)
    again = sum(np.sum(r * d) for r, d in zip(reverse, first, strict=True))
    np.testing.assert_allclose(again, found, **rounding(case))


@differentiable
def test_jacobians_of_both_modes_agree(case: Case) -> None:
    tensors, y, values = built(case)
    if y.dtype.kind != "f":
        pytest.skip("no derivative")
    for x in tensors:
        if x.dtype.kind != "f":
            continue
        forward, reverse = sg.evaluate([forward_jacobian(y, x), reverse_jacobian(y, x)], values)
        assert forward.shape == reverse.shape == (*y.shape, *x.shape)
        np.testing.assert_allclose(forward, reverse, **rounding(case))
        tangent = np.random.default_rng(3).normal(size=x.shape)
        moved = sg.evaluate(sg.jvp(y, x, tangent), values)
        np.testing.assert_allclose(np.tensordot(forward, tangent, tangent.ndim), moved, **rounding(case))


@differentiable
def test_hessian_is_the_jacobian_of_the_gradient(case: Case) -> None:
    """Batching goes through the derivatives of operations, which no case uses directly, too."""
    tensors, y, values = built(case)
    if y.dtype.kind != "f":
        pytest.skip("no derivative")
    x = next(x for x in tensors if x.dtype.kind == "f")
    loss = scalar(y)
    hessian = sg.evaluate(sg.hessian(loss, x), values)
    vector = np.random.default_rng(5).normal(size=x.shape)
    product = sg.evaluate(sg.hvp(loss, x, vector), values)
    np.testing.assert_allclose(np.tensordot(hessian, vector, vector.ndim), product, **rounding(case))


N = sg.dim("N")
RUN_TIME = {
    "rows and columns": lambda x: (x * x.sum(0)).mean(),
    "softmax": lambda x: sg.sum(sg.softmax(x, 0) * x),
    "matmul": lambda x: sg.sum(sg.sin(x.T @ x)),
    "outer": lambda x: sg.sum(sg.sin(x @ x.T)),
    "reshape": lambda x: sg.sum(sg.sin(x.reshape(-1, 1) * x.reshape(1, -1))),
    "slice": lambda x: sg.sum(x[1:] * x[:-1]),
    "every other": lambda x: sg.sum(x[::2] ** 2),
    "backwards": lambda x: sg.sum(x[::-1] * x),
    "concatenate": lambda x: sg.sum(sg.sin(sg.concatenate([x, x * 2, x[:2]]))),
    "pad": lambda x: sg.sum(sg.sin(sg.pad(x, ((1, 2), (0, 0)), constant_values=1))),
    "cumprod": lambda x: sg.sum(sg.cumprod(x, 0)),
    "prod": lambda x: sg.sum(sg.prod(x, 0)),
    "max": lambda x: sg.max(x, 0).sum() * x.std(),
    "var": lambda x: sg.var(x, ddof=1),
    "a counter": lambda x: sg.sum(x * sg.arange(x.shape[0])[:, None]),
    "the last": lambda x: sg.sum(x[-1] * x[0]),
    "diagonal": lambda x: sg.sum(sg.diagonal(x @ x.T) ** 2),
    "einsum": lambda x: sg.einsum("ni,mi,nj->", x, x, x),
    "take": lambda x: sg.sum(sg.take(x, [0, 1, 1], 0) ** 2),
    "inverse": lambda x: sg.sum(sg.sin(sg.linalg.inv(x @ x.T + 2 * sg.eye(x.shape[0])))),
    "log-determinant": lambda x: sg.linalg.slogdet(x @ x.T + 2 * sg.eye(x.shape[0])).logabsdet,
    "factor": lambda x: sg.sum(sg.linalg.cholesky(x @ x.T + 2 * sg.eye(x.shape[0])) ** 2 * x[:, :1]),
    "solution": lambda x: sg.sum(sg.sin(sg.linalg.solve(x @ x.T + 2 * sg.eye(x.shape[0]), x))),
    "solution for a vector": lambda x: sg.sum(sg.linalg.solve(x @ x.T + 2 * sg.eye(x.shape[0]), x[:, 0]) ** 2),
    "triangle": lambda x: sg.sum(sg.linalg.solve_triangular(x @ x.T + 2 * sg.eye(x.shape[0]), x) ** 2),
    "norm": lambda x: sg.sum(sg.linalg.norm(x, axis=0) * sg.linalg.norm(x)),
    "tile": lambda x: sg.sum(sg.sin(sg.tile(x, (2, 1)) + sg.repeat(x, 2, 0))),
}


@pytest.mark.parametrize("name", list(RUN_TIME))
def test_run_time_sizes_give_what_plain_sizes_give(name: str) -> None:
    free = sg.variable("x", (N, 3))
    loss = RUN_TIME[name](free)
    gradient = sg.grad(loss, free)
    products = sg.hvp(loss, free, free)
    for rows in (2, 5):
        array = np.random.default_rng(rows).normal(size=(rows, 3))
        plain = sg.variable("x", (rows, 3))
        same = RUN_TIME[name](plain)
        found = sg.evaluate([loss, gradient, products], {free: array})
        wanted = sg.evaluate([same, sg.grad(same, plain), sg.hvp(same, plain, plain)], {plain: array})
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
