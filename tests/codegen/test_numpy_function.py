"""Functions of NumPy source: the same calls, checks and results as compiled ones."""

import numpy as np
import pytest

import symgrad as sg

X = sg.variable("X", (sg.dim("N"), 3))
W = sg.variable("W", (3, 2))
LOSS = sg.sum(sg.tanh(X @ W))


def _arrays(rows: int = 4) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.standard_normal((rows, 3)), generator.standard_normal((3, 2))


def test_values_nesting_and_updates_are_those_of_the_llvm_back_end() -> None:
    results = []
    for backend in ("numpy", "llvm"):
        f = sg.compile([X, {"W": W}], {"loss": LOSS, "T": W.T}, updates={W: W - sg.grad(LOSS, W)}, backend=backend)
        x, w = _arrays()
        out = f(x, {"W": w})
        results.append((out["loss"], out["T"], w))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_results_are_arrays_of_their_own() -> None:
    f = sg.compile([W], [W, W.T, sg.sum(W)], backend="numpy")
    w = _arrays()[1]
    same, turned, total = f(w)
    assert not np.shares_memory(same, w)
    assert not np.shares_memory(turned, w)
    assert isinstance(total, np.ndarray)


def test_arguments_are_checked() -> None:
    f = sg.compile([X, W], LOSS, backend="numpy")
    x, w = _arrays()
    with pytest.raises(sg.DtypeError, match="declared float64, the array given is float32"):
        f(x.astype("float32"), w)
    with pytest.raises(sg.ShapeError):
        f(x[:, :2], w)
    with pytest.raises(sg.BindingError, match="takes 2 arguments"):
        f(x)


def test_an_index_out_of_range_is_an_error() -> None:
    labels = sg.variable("labels", (2,), dtype="int64")
    f = sg.compile([W, labels], sg.take(W, labels, axis=0), backend="numpy")
    with pytest.raises(sg.IndexRangeError):
        f(_arrays()[1], np.array([0, 3]))


def test_an_index_out_of_range_leaves_all_arguments_as_they_were() -> None:
    labels, v = sg.variable("labels", (3,), dtype="int64"), sg.variable("v", (3,))
    picked = sg.take_along_axis(W, labels[:, None], 1)[:, 0]
    f = sg.compile([W, labels, v], [], updates={W: W + 1, v: v + picked}, backend="numpy")
    w, u = np.ones((3, 2)), np.ones(3)
    with pytest.raises(sg.IndexRangeError):
        f(w, np.array([0, 1, 2]), u)
    assert (w == 1).all()
    assert (u == 1).all()


def test_a_singular_matrix_is_an_error() -> None:
    a = sg.variable("A", (2, 2))
    f = sg.compile([a], sg.linalg.inv(a), backend="numpy")
    with pytest.raises(sg.LinearAlgebraError, match="Singular matrix"):
        f(np.ones((2, 2)))


def test_source_runs_by_itself() -> None:
    source = sg.compile([X, W], LOSS, backend="numpy").source
    assert "symgrad" not in source
    namespace: dict[str, object] = {}
    exec(source, namespace)
    x, w = _arrays()
    np.testing.assert_allclose(namespace["f"](x, w), np.tanh(x @ w).sum(), rtol=1e-12)  # type: ignore[operator]
