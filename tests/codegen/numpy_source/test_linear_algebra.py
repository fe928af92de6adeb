"""Linear algebra: np.linalg's functions, vectors as vectors, and triangular systems without SciPy."""

import numpy as np
import pytest
import scipy.linalg

import symgrad as sg
from codegen.numpy_source import compile_source
from codegen.numpy_source.helpers import helper_source
from tests.codegen.numpy_source.written import expression, run, source, statements
from tests.graphs import assert_close

A, B, S = sg.variable("A", (3, 3)), sg.variable("B", (3, 2)), sg.variable("S", (2, 3, 3))
X = sg.variable("x", (3,))
N = sg.dim("N")
_generator = np.random.default_rng(0)
AT = {
    A: _generator.normal(size=(3, 3)) / 2 + 3 * np.eye(3),
    B: _generator.normal(size=(3, 2)),
    S: _generator.normal(size=(2, 3, 3)) / 2 + 3 * np.eye(3),
    X: _generator.normal(size=3),
}
L = sg.linalg


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (L.inv(A), "np.linalg.inv(A)"),
        (L.det(A + 1), "np.linalg.det(A + 1)"),
        (L.slogdet(A).sign, "np.linalg.slogdet(A)[0]"),
        (L.slogdet(S).logabsdet * 2, "np.linalg.slogdet(S)[1] * 2"),
        (L.cholesky(A), "np.linalg.cholesky(A)"),
        (L.cholesky(A, upper=True), "np.linalg.cholesky(A.T).T"),
        (L.solve(A, B), "np.linalg.solve(A, B)"),
        (L.solve(A, X), "np.linalg.solve(A, x)"),
        (L.solve(A.T, X + 1) - X, "np.linalg.solve(A.T, x + 1) - x"),
        (L.solve(S, X), "np.linalg.solve(S, x)"),
        (L.solve_triangular(A, B), "solve_triangular(A, B, lower=False)"),
        (L.solve_triangular(A, B, 1, lower=True), "solve_triangular(A, B, lower=True, transposed=True)"),
        (sg.tril(A), "np.tril(A)"),
        (sg.triu(A + B[:, :1], 1), "np.triu(A + B[:, 0:1], 1)"),
    ],
)
def test_texts(tensor, text):
    assert expression(tensor).replace("[:, :1]", "[:, 0:1]") == text
    used = {x: AT[x] for x in AT if x in sg.graph.topological_order([tensor])}
    got = run(source(*used, tensor), used)
    np.testing.assert_allclose(got[-1] if isinstance(got, tuple) else got, sg.evaluate(tensor, used), rtol=1e-12)


def test_the_gradient_of_a_solution_is_one_of_vectors():
    x = L.solve(A, X).named("x*")
    loss = sg.sum(x * x)
    assert statements(*sg.grad(loss, [A, X])) == [
        "x_2 = np.linalg.solve(A, x)",
        "dL_dx = 2 * x_2",
        "t1 = np.linalg.solve(A.T, dL_dx)",
        "return -np.outer(t1, x_2), t1",
    ]


def triangular_solver():
    return compile_source("import numpy as np\n\n\n" + helper_source("solve_triangular", "solve"))


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_triangular_systems_are_solved_by_substitution(lower, transposed, dtype):
    solve = triangular_solver()
    generator = np.random.default_rng(1)
    for n, k in [(5, 2), (1, 1), (0, 2), (3, 0)]:
        a, b = generator.normal(size=(n, n)).astype(dtype), generator.normal(size=(n, k)).astype(dtype)
        got = solve(a, b, lower, transposed)
        assert got.dtype == dtype
        assert got.shape == b.shape
        if b.size:
            wanted = scipy.linalg.solve_triangular(a, b, trans=int(transposed), lower=lower)
            np.testing.assert_allclose(got, wanted, rtol=1e-4 if dtype == "float32" else 1e-12)
    # Badly scaled rows would be exchanged by an elimination, which loses the small one.
    a, b = np.array([[1e-20, 0.0], [1.0, 1.0]]), np.array([[1e-20], [3.0]])
    if not lower:
        a = a.T
    wanted = [[1.0], [2.0]] if lower != transposed else [[-3.0e20 + 1], [3.0]]
    np.testing.assert_allclose(solve(a, b, lower, transposed), wanted, rtol=1e-15)


def test_batches_of_any_shape():
    a, b = np.zeros((2, 0, 3, 3)), np.zeros((2, 0, 3, 1))
    assert triangular_solver()(a, b, True).shape == b.shape
    x, y = sg.variable("x", (2, 1, 3, 3)), sg.variable("y", (4, 3, 2))
    tensor = L.solve_triangular(x, y, lower=True)
    generator = np.random.default_rng(2)
    arrays = {x: generator.normal(size=(2, 1, 3, 3)) + 3 * np.eye(3), y: generator.normal(size=(4, 3, 2))}
    np.testing.assert_allclose(run(source(tensor), arrays), sg.evaluate(tensor, arrays), rtol=1e-12)


EVERYTHING = {
    "inv": lambda x, b: L.inv(x),
    "det": lambda x, b: L.det(x),
    "slogdet": lambda x, b: L.slogdet(x).logabsdet * L.slogdet(x).sign,
    "cholesky": lambda x, b: L.cholesky(x @ x.mT + 4 * sg.eye(x.shape[-1], dtype=x.dtype)),
    "solve": lambda x, b: L.solve(x, b),
    "triangular": lambda x, b: L.solve_triangular(x, b, lower=True),
    "transposed": lambda x, b: L.solve_triangular(x, b, "T"),
    "norm": lambda x, b: L.norm(x) + L.norm(b, 1),
}


@pytest.mark.parametrize("name", EVERYTHING)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [(), (2,), (0,), (1, 2)])
@pytest.mark.parametrize("n", [3, 1, 0, N])
def test_functions_compute_what_the_interpreter_computes(name, dtype, batch, n):
    if name == "norm" and (batch or n == 0):
        batch, n = (), 2
    size = n if isinstance(n, int) else 4
    x, b = sg.variable("x", (*batch, n, n), dtype), sg.variable("b", (n,), dtype)
    generator = np.random.default_rng(3)
    arrays = {
        x: (generator.normal(size=(*batch, size, size)) / 2 + 3 * np.eye(size)).astype(dtype),
        b: generator.normal(size=size).astype(dtype),
    }
    y = EVERYTHING[name](x, b)
    outputs = [y, *sg.grad(sg.sum(sg.sin(y)), [x, b]), *sg.hvp(sg.sum(sg.sin(y)), [x, b], [x, b])]
    f = sg.compile([x, b], outputs, backend="numpy")
    precision = float(np.finfo(dtype).eps)
    for got, wanted in zip(f(*arrays.values()), sg.evaluate(outputs, arrays), strict=True):
        assert_close(got, wanted, precision, f.source)


@pytest.mark.parametrize("name", ["inv", "solve", "triangular"])
def test_singular_matrices_raise_and_change_nothing(name):
    x, b = sg.variable("x", (2, 2)), sg.variable("b", (2,))
    w = sg.variable("w", (2,))
    f = sg.compile([x, b, w], [], updates={w: w + 1, b: b + sg.sum(EVERYTHING[name](x, b))}, backend="numpy")
    arrays = np.zeros((2, 2)), np.ones(2), np.ones(2)
    with pytest.raises(sg.LinearAlgebraError, match="Singular"):
        f(*arrays)
    assert [array.tolist() for array in arrays[1:]] == [[1, 1], [1, 1]]
    with pytest.raises(np.linalg.LinAlgError):
        run(f.source, dict(zip((x, b, w), arrays, strict=True)))
