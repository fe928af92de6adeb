"""Kernels that call LAPACK, in whole compiled functions: values, failures, threads, memory."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import LinearAlgebraError
from tests.codegen.agreement import assert_runs_as_evaluated
from tests.symgrad.families.cases import CASES

N, M = sg.dim("N"), sg.dim("M")
GENERATOR = np.random.default_rng(0)
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])


def regular(*shape, dtype="float64"):
    """Return matrices whose inverses, and those of both their triangles, are of moderate size."""
    return (GENERATOR.normal(size=shape) / (2 * max(shape[-1], 1) ** 0.5) + 3 * np.eye(shape[-1])).astype(dtype)


def symmetric(*shape, dtype="float64"):
    a = regular(*shape, dtype=dtype)
    return ((a + np.swapaxes(a, -1, -2)) / 2).astype(dtype)


def everything(a, b):
    """Return every operation of the family on matrices (symmetric where it matters) and right-hand sides."""
    slogdet = np.linalg.slogdet(a)
    return [
        np.linalg.inv(a),
        np.linalg.solve(a, b),
        np.linalg.cholesky(a),
        np.linalg.det(a),
        slogdet[0],
        slogdet[1],
        *(sg.linalg.solve_triangular(a, b, trans, lower) for trans in (0, 1) for lower in (False, True)),
    ]


def agrees(variables, outputs, arrays, function=None):
    function = function or sg.compile(variables, outputs)
    assert_runs_as_evaluated(function, outputs, dict(zip(variables, arrays, strict=True)))
    return function


# values ---------------------------------------------------------------------------------------------------------------

LINEAR_ALGEBRA = [
    case
    for case in CASES
    if any(word in case.name for word in ("inv ", "det", "chol", "solve")) and case.differentiable
]


@pytest.mark.parametrize("case", LINEAR_ALGEBRA, ids=lambda case: case.name)
def test_values_and_two_derivatives_of_every_case(case):
    variables = [sg.variable(f"x{i}", array.shape, array.dtype.name) for i, array in enumerate(case.arrays)]
    y = case.build(*variables)
    loss = sg.sum(sg.sin(y) * np.random.default_rng(1).normal(size=y.shape))
    first = sg.grad(loss, variables)
    second = sg.grad(sum(sg.sum(sg.square(g)) for g in first), variables)
    agrees(variables, [y, *first, *second], case.arrays)


@DTYPES
@pytest.mark.parametrize("batch", [(), (1,), (4,), (0,), (2, 3), (2, 0)])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 8, 33])
def test_orders_and_batches(n, batch, dtype):
    a, b = sg.variable("a", (*batch, n, n), dtype), sg.variable("b", (*batch, n, 4), dtype)
    arrays = [symmetric(*batch, n, n, dtype=dtype), GENERATOR.normal(size=(*batch, n, 4)).astype(dtype)]
    agrees([a, b], everything(a, b), arrays)


@DTYPES
@pytest.mark.parametrize("n", [100, 301])
def test_large_matrices(n, dtype):
    a, b = sg.variable("a", (n, n), dtype), sg.variable("b", (n, n + 7), dtype)
    arrays = [symmetric(n, n, dtype=dtype), GENERATOR.normal(size=(n, n + 7)).astype(dtype)]
    outputs = everything(a, b)
    del outputs[3]  # the determinant itself overflows
    agrees([a, b], outputs, arrays)


@DTYPES
def test_rows_are_exchanged(dtype):
    """Matrices without any order of rows, so that every elimination exchanges many."""
    a, b = sg.variable("a", (20, 6, 6), dtype), sg.variable("b", (20, 6, 3), dtype)
    x, y = np.stack([GENERATOR.permutation(regular(6, 6)) for _ in range(20)]), GENERATOR.normal(size=(20, 6, 3))
    outputs = [np.linalg.inv(a), np.linalg.solve(a, b), np.linalg.solve(a, b[..., :1]), *np.linalg.slogdet(a)]
    agrees([a, b], outputs, [x.astype(dtype), y.astype(dtype)])


@pytest.mark.parametrize("columns", [0, 1, 2, 70])
def test_columns(columns):
    a, b = sg.variable("a", (2, 5, 5)), sg.variable("b", (2, 5, columns))
    outputs = [np.linalg.solve(a, b), sg.linalg.solve_triangular(a, b), sg.linalg.solve_triangular(a, b, 1, True)]
    agrees([a, b], outputs, [regular(2, 5, 5), GENERATOR.normal(size=(2, 5, columns))])


@pytest.mark.parametrize(
    "select",
    [
        lambda s: s.transpose((0, 1, 3, 2)),
        lambda s: s.transpose((1, 0, 2, 3)),
        lambda s: s.transpose((1, 0, 3, 2))[::-1],
        lambda s: s[:, :, :4, :4],
        lambda s: s[:, ::2, 1:5, 1:5],
        lambda s: s[..., ::-1, ::-1],
        lambda s: s[..., ::2, ::2],
        lambda s: s[:, :1],
        lambda s: sg.broadcast_to(s[0, 0], (3, 2, 6, 6)),
        lambda s: sg.broadcast_to(s[:, :1], (2, 3, 6, 6)),
        lambda s: s + 0.25,
        lambda s: sg.concatenate([s, s], 0),
    ],
)
def test_views(select):
    s = sg.variable("s", (2, 3, 6, 6))
    a = select(s)
    b = a[..., ::-1, :3]
    agrees([s], everything(a, b), [symmetric(2, 3, 6, 6)])


def test_arrays_that_are_not_contiguous():
    a, b = sg.variable("a", (4, 4)), sg.variable("b", (4, 2))
    function = sg.compile([a, b], everything(a, b))
    base = symmetric(8, 8)
    x, y = base[::2, ::2], base.T[1::2, 3:5]
    for got, wanted in zip(function(x, y), function(x.copy(), y.copy()), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_one_triangle_is_read():
    a, b = sg.variable("a", (4, 4)), sg.variable("b", (4, 3))
    lower = [np.linalg.cholesky(a), sg.linalg.solve_triangular(a, b, 0, True), sg.linalg.solve_triangular(a.T, b)]
    function = sg.compile([a, b], lower)
    x, y = symmetric(4, 4), GENERATOR.normal(size=(4, 3))
    poisoned = np.where(np.tri(4, dtype=bool), x, np.nan)
    for got, wanted in zip(function(poisoned, y), function(x, y), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_run_time_sizes():
    a, b = sg.variable("a", (M, N, N)), sg.variable("b", (M, N, 3))
    outputs = everything(a, b)
    function = sg.compile([a, b], outputs)
    turned = sg.compile([a, b], [np.linalg.inv(a.transpose((0, 2, 1))), np.linalg.solve(a.transpose((0, 2, 1)), b)])
    for m, n in ((2, 3), (0, 3), (3, 0), (1, 1), (5, 17), (2, 3)):
        arrays = [symmetric(m, n, n), GENERATOR.normal(size=(m, n, 3))]
        agrees([a, b], outputs, arrays, function)
        np.testing.assert_allclose(turned(*arrays)[0], np.linalg.inv(arrays[0]).swapaxes(1, 2), rtol=1e-9, atol=1e-12)


def test_second_derivatives_of_a_log_likelihood():
    """Cholesky, triangular solutions and log-determinants as statistics composes them."""
    x, y, w = sg.variable("x", (5, 2)), sg.variable("y", (5,)), sg.variable("w", (2,))
    distances = sg.sum(sg.square((x[:, None] - x[None]) * w), 2)
    kernel = sg.exp(-0.5 * distances) + 0.5 * sg.constant(np.eye(5))
    factor = np.linalg.cholesky(kernel)
    z = sg.linalg.solve_triangular(factor, y[:, None], lower=True)
    loss = 0.5 * sg.sum(sg.square(z)) + sg.sum(sg.log(sg.diagonal(factor)))
    other = 0.5 * (y @ np.linalg.solve(kernel, y)) + 0.5 * np.linalg.slogdet(kernel)[1]
    arrays = [GENERATOR.normal(size=shape) for shape in ((5, 2), (5,), (2,))]
    outputs = [loss, *sg.grad(loss, [x, y, w]), sg.hessian(loss, w), other, *sg.grad(other, [x, y, w])]
    outputs.append(sg.hessian(other, w))
    function = agrees([x, y, w], outputs, arrays)
    results = function(*arrays)
    for one, two in zip(results[:5], results[5:], strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-8, atol=1e-10)


# determinants at the edge ---------------------------------------------------------------------------------------------


@DTYPES
def test_determinants_of_singular_and_extreme_matrices(dtype):
    a = sg.variable("a", (7, 2, 2), dtype)
    big = np.finfo(dtype).max / 4
    x = np.array(
        [
            [[0, 0], [0, 0]],
            [[1, 2], [2, 4]],
            [[0, 1], [1, 0]],
            [[big, 0], [0, 1 / big]],
            [[-big, 0], [0, -big]],
            [[1e-30, 0], [0, -1e-30]],
            [[-3, 0], [0, 0]],
        ],
        dtype,
    )
    sign, logabsdet, det = sg.compile([a], [*np.linalg.slogdet(a), np.linalg.det(a)])(x)
    with np.errstate(all="ignore"):
        wanted = np.linalg.slogdet(x)
        product = np.linalg.det(x)
    np.testing.assert_array_equal(sign, wanted[0])
    np.testing.assert_allclose(logabsdet, wanted[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(det, product, rtol=1e-4)


# failures -------------------------------------------------------------------------------------------------------------

REFUSED = {
    "inv": (lambda a, b: np.linalg.inv(a), "inv: matrix [2] of the batch is singular"),
    "solve": (lambda a, b: np.linalg.solve(a, b), "solve: matrix [2] of the batch is singular"),
    "one column": (lambda a, b: np.linalg.solve(a, b[..., :1]), "solve: matrix [2] of the batch is singular"),
    "cholesky": (lambda a, b: np.linalg.cholesky(a), "cholesky: matrix [2] of the batch is not positive definite"),
    "triangle": (
        lambda a, b: sg.linalg.solve_triangular(a, b),
        "solve_triangular: matrix [2] of the batch is singular",
    ),
}


@DTYPES
@pytest.mark.parametrize("name", REFUSED)
def test_matrices_that_are_refused(name, dtype):
    a, b = sg.variable("a", (4, 3, 3), dtype), sg.variable("b", (4, 3, 2), dtype)
    build, message = REFUSED[name]
    node = build(a, b)
    function = sg.compile([a, b], node)
    x, y = symmetric(4, 3, 3, dtype=dtype), np.ones((4, 3, 2), dtype)
    good = function(x, y)
    bad = x.copy()
    bad[2] = np.diag([1, 0, 2])
    with pytest.raises(LinearAlgebraError) as raised:
        function(bad, y)
    assert str(raised.value).startswith(message)
    assert f"built at {__file__}:" in str(raised.value)
    with pytest.raises(np.linalg.LinAlgError):
        sg.evaluate(node, {a: bad, b: y})
    np.testing.assert_array_equal(function(x, y), good)


def test_a_single_matrix_has_no_number():
    a = sg.variable("a", (2, 2))
    with pytest.raises(LinearAlgebraError, match=r"^cholesky: the matrix is not positive definite, built at "):
        sg.compile([a], np.linalg.cholesky(a))(-np.eye(2))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (1, 0), (2, 2), (0, 2), None])
@pytest.mark.parametrize("n", [3, 70])
def test_values_that_are_not_finite_do_no_harm(place, value, n):
    """As in NumPy they give NaN, or something else that is not finite, or the matrix is refused."""
    a, b = sg.variable("a", (n, n)), sg.variable("b", (n, 2))
    x = symmetric(n, n)
    x[place if place is not None else ...] = value
    for output in everything(a, b):
        function = sg.compile([a, b], output)
        try:
            with np.errstate(all="ignore"):
                wanted = sg.evaluate(output, {a: x, b: np.ones((n, 2))})
        except LinearAlgebraError:
            with pytest.raises(LinearAlgebraError):
                function(x, np.ones((n, 2)))
            continue
        got = function(x, np.ones((n, 2)))
        assert np.isnan(got).any() == np.isnan(wanted).any()


def test_sizes_that_lapack_cannot_count_are_refused():
    a, b = sg.variable("a", (1, 1)), sg.variable("b", (1, 1))
    wide = sg.broadcast_to(b, (1, 2**31))
    with pytest.raises(sg.ShapeError, match="too large for LAPACK"):
        sg.compile([a, b], sg.sum(np.linalg.solve(a, wide)))


# updates --------------------------------------------------------------------------------------------------------------


def test_nothing_is_overwritten_before_everything_has_succeeded():
    a, w, v = sg.variable("a", (3, 3)), sg.variable("w", (3, 2)), sg.variable("v", (3, 3))
    updates = {w: np.linalg.solve(a, w), v: v * 2 + 1}
    function = sg.compile([a, w, v], [np.linalg.cholesky(a), sg.sum(v)], updates)
    for bad in (np.zeros((3, 3)), -np.eye(3)):
        arrays = [bad, np.arange(6.0).reshape(3, 2), np.ones((3, 3))]
        before = [array.copy() for array in arrays]
        with pytest.raises(LinearAlgebraError):
            function(*arrays)
        for array, old in zip(arrays, before, strict=True):
            np.testing.assert_array_equal(array, old)
    good = [symmetric(3, 3), np.arange(6.0).reshape(3, 2), np.ones((3, 3))]
    wanted = np.linalg.solve(good[0], good[1])
    function(*good)
    np.testing.assert_allclose(good[1], wanted)
    np.testing.assert_array_equal(good[2], np.full((3, 3), 3.0))


def test_a_matrix_may_be_replaced_by_its_inverse():
    a = sg.variable("a", (2, 3, 3))
    x = regular(2, 3, 3)
    wanted = np.linalg.inv(x)
    function = sg.compile([a], np.linalg.det(a), {a: np.linalg.inv(a)})
    np.testing.assert_allclose(function(x), 1 / np.linalg.det(wanted))
    np.testing.assert_allclose(x, wanted)


# threads --------------------------------------------------------------------------------------------------------------


def test_many_threads_call_at_once():
    a, b = sg.variable("a", (N, 7, 7)), sg.variable("b", (N, 7, 2))
    function = sg.compile([a, b], everything(a, b))
    arrays = [(symmetric(n, 7, 7), GENERATOR.normal(size=(n, 7, 2))) for n in (3, 50, 1, 20)]
    wanted = [function(*pair) for pair in arrays]
    broken = (np.zeros((9, 7, 7)), np.zeros((9, 7, 2)))

    def work(number):
        if number % 5 == 0:
            with pytest.raises(LinearAlgebraError):
                function(*broken)
            return
        for got, right in zip(function(*arrays[number % 4]), wanted[number % 4], strict=True):
            np.testing.assert_array_equal(got, right)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(200)))


# looking --------------------------------------------------------------------------------------------------------------


def test_records_and_texts():
    a, b = sg.variable("a", (2, 3, 3)), sg.variable("b", (2, 3, 4))
    function = sg.compile([a, b], [np.linalg.solve(a, b), np.linalg.inv(a)])
    first, second = function.kernels
    assert {first.formula, second.formula} == {"k0 = linalg.solve(a, b)", "k1 = inv(a)"}
    solve = first if "solve" in first.formula else second
    assert solve.flops == 2 * (18 + 2 * 9 * 4)
    assert solve.bytes == 8 * (18 + 24 + 24)
    assert solve.loops == ((2, 3, 4),)
    assert "@sg.solve.float64(" in function.llvm_ir
    assert "sg.dgetrf" in function.assembly
    assert "np.linalg.solve(a, b)" in function.source
