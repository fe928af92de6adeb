"""Python's operators, methods and NumPy's protocols: all build the graphs of the functions in sg."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad import numpy_names
from symgrad.errors import DtypeError, GraphError

x, y = sg.variable("x", (2, 3)), sg.variable("y", (3,))
n, b, c = sg.variable("n", (2, 3), "int64"), sg.variable("b", (3,), "bool"), sg.variable("c", (3,), "bool")
AT = {
    x: np.random.default_rng(0).normal(size=(2, 3)),
    y: np.array([0.5, 2.0, -1.0]),
    n: np.arange(6).reshape(2, 3) - 2,
    b: np.array([True, False, True]),
    c: np.array([False, False, True]),
}
ARITHMETIC = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.lt, operator.le,
    operator.gt, operator.ge,
]  # fmt: skip


@pytest.mark.parametrize("function", ARITHMETIC, ids=lambda f: f.__name__)
def test_binary_operators_are_pythons_on_both_sides(function: Any) -> None:
    for left, right in [
        (x, y),
        (x, 2.0),
        (2, x),
        (x, AT[y]),
        (AT[y], x),
        (n, n * 0 + 2),
        (np.float64(2.0), x),
        (x, [1, 2, 3]),
    ]:
        arrays = [AT.get(v) if isinstance(v, sg.Tensor) else v for v in (left, right)]
        arrays = [sg.evaluate(v, AT) if a is None else a for v, a in zip((left, right), arrays, strict=True)]
        with np.errstate(all="ignore"):
            wanted = function(*(np.asarray(a) if isinstance(a, list) else a for a in arrays))
        found = sg.evaluate(function(left, right), AT)
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)


def test_powers_and_matrix_products() -> None:
    for exponent in (2, 3, -1, 0.5, 0, 1, 2.5):
        wanted = np.abs(AT[x]) ** exponent
        np.testing.assert_allclose(sg.evaluate(abs(x) ** exponent, AT), wanted, rtol=1e-14)
    np.testing.assert_allclose(sg.evaluate(2**y, AT), 2 ** AT[y])
    np.testing.assert_allclose(sg.evaluate(x @ y, AT), AT[x] @ AT[y])
    np.testing.assert_allclose(sg.evaluate(AT[x] @ y, AT), AT[x] @ AT[y])
    np.testing.assert_allclose(sg.evaluate(y @ AT[x].T, AT), AT[y] @ AT[x].T)
    assert (x**2, x**1, x**0.5) == (sg.square(x), x, sg.sqrt(x))
    assert (x**0).shape == x.shape


def test_unary_operators() -> None:
    assert -x is sg.negative(x)
    assert +x is x
    assert abs(x) is sg.absolute(x)
    assert ~b is sg.logical_not(b)


def test_logic_is_for_bools() -> None:
    assert sg.evaluate([b & c, b | c, b ^ c, True & b, b | [True, False, False]], AT)[0].tolist() == [
        False,
        False,
        True,
    ]
    for use in (lambda: n & n, lambda: n | 1, lambda: ~n, lambda: b & 2, lambda: 1.5 ^ b):
        with pytest.raises(DtypeError, match="are for bool tensors"):
            use()


METHODS = {
    "T": lambda a: a.T,
    "mT": lambda a: a.mT,
    "reshape": lambda a: a.reshape(3, 2),
    "reshape to a tuple": lambda a: a.reshape((6, -1)),
    "transpose": lambda a: a.transpose(),
    "transpose by axes": lambda a: a.transpose(1, 0),
    "transpose by a tuple": lambda a: a.transpose((1, 0)),
    "swapaxes": lambda a: a.swapaxes(0, 1),
    "ravel": lambda a: a.ravel(),
    "flatten": lambda a: a.flatten(),
    "squeeze": lambda a: a[:1].squeeze(0),
    "sum": lambda a: a.sum(1),
    "prod": lambda a: a.prod(axis=0, keepdims=True),
    "mean": lambda a: a.mean(-1),
    "var": lambda a: a.var(axis=0, ddof=1),
    "std": lambda a: a.std(),
    "max": lambda a: a.max(axis=1),
    "min": lambda a: a.min(),
    "argmax": lambda a: a.argmax(1),
    "argmin": lambda a: a.argmin(),
    "any": lambda a: (a > 0).any(axis=1),
    "all": lambda a: (a > 0).all(),
    "cumsum": lambda a: a.cumsum(axis=1),
    "cumprod": lambda a: a.cumprod(),
    "dot": lambda a: a.dot(a.T),
    "take": lambda a: a.take([0, 2], axis=1),
    "clip": lambda a: a.clip(-0.5, 0.5),
    "clip below": lambda a: a.clip(min=0.0),
    "repeat": lambda a: a.repeat(2, axis=0),
    "astype": lambda a: a.astype("float32"),
    "trace": lambda a: np.trace(a),
    "index": lambda a: a[1, ::-1],
    "ndim": lambda a: a * a.ndim,
    "size": lambda a: a * a.size,
    "len": lambda a: a * len(a),
}


@pytest.mark.parametrize("name", list(METHODS))
def test_methods_are_those_of_arrays(name: str) -> None:
    found, wanted = sg.evaluate(METHODS[name](x), AT), np.asarray(METHODS[name](AT[x]))
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_numpys_functions_build_the_same_graphs() -> None:
    assert np.exp(x) is sg.exp(x)
    assert np.add(AT[y], x) is sg.add(AT[y], x)
    assert np.sum(x, axis=1) is sg.sum(x, 1)
    assert np.add.reduce(x, axis=1) is np.sum(x, axis=1)
    assert np.maximum.reduce(x) is sg.max(x, 0)
    assert np.logical_or.reduce(b) is sg.any(b, 0)
    assert np.concatenate([x, AT[x]]) is sg.concatenate([x, AT[x]])
    assert np.where(b, y, 0) is sg.where(b, y, 0)
    assert np.matmul(x, y) is x @ y
    assert np.einsum("ij,j->i", x, y) is sg.einsum("ij,j->i", x, y)
    assert np.clip(x, 0, 1) is np.clip(x, a_min=0, a_max=1) is np.clip(x, min=0, max=1) is sg.clip(x, 0, 1)
    assert np.reshape(x, (3, 2)) is np.reshape(x, shape=(3, 2)) is x.reshape(3, 2)
    assert np.sum(x, dtype="float32") is sg.sum(x.astype("float32"))
    assert np.less(x, 1) is (x < 1)


def test_a_dtype_is_the_one_that_is_computed_in() -> None:
    single = sg.variable("single", (3,), "float32")
    array = np.array([1e8, 1.0, -1e8], "float32")
    for build in (
        lambda v: np.sum(v, dtype="float64"),
        lambda v: np.mean(v, dtype="float64"),
        lambda v: np.add.reduce(v, dtype="float64"),
        lambda v: np.cumsum(v, dtype="float64"),
        lambda v: np.multiply(v, v, dtype="float64"),
        lambda v: np.zeros_like(v, dtype="int32"),
    ):
        found, wanted = sg.evaluate(build(single), {single: array}), build(array)
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)
    assert np.mean(x, axis=0, dtype="float32").dtype == "float32"


def test_numpys_names_for_the_same() -> None:
    assert np.absolute(x) is np.abs(x) is abs(x)


@pytest.mark.parametrize("name", sorted(set(numpy_names.__all__) & set(dir(np))))
def test_every_name_of_numpys_is_sent_to_its_namesake(name: str) -> None:
    """NumPy's own function, given tensors, comes to the function of the same name here."""
    function = getattr(np, name)
    if name in ("arange", "eye", "full", "ones", "zeros"):
        pytest.skip("takes no tensor")
    arguments: dict[str, tuple[Any, ...]] = {
        "broadcast_to": (y, (2, 3)), "clip": (x, 0, 1), "concatenate": ([x, x],), "concat": ([x, x],), "einsum": ("ij->", x),
        "expand_dims": (x, 0), "full_like": (x, 2), "moveaxis": (x, 0, 1), "pad": (x, 1), "repeat": (x, 2), "reshape": (x, 6),
        "split": (x, 2), "stack": ([x, x],), "swapaxes": (x, 0, 1), "take": (x, [0]), "tile": (x, 2), "tensordot": (x, y, 1),
        "take_along_axis": (x, np.zeros((2, 1), int), 1), "where": (b, y, y), "trace": (x,), "permute_dims": (x, (1, 0)),
    }  # fmt: skip
    if name in arguments:
        given = arguments[name]
    elif isinstance(function, np.ufunc):
        given = (x, y)[: function.nin]
    else:
        given = (y, y) if name in ("dot", "inner", "outer", "vdot") else (x,)
    found = function(*given)
    wanted = getattr(numpy_names, name)(*given)
    assert found == wanted


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: np.exp(x, out=np.zeros((2, 3))), "np.exp on symbolic tensors takes neither out= nor where="),
        (lambda: np.add(x, y, where=AT[b]), "takes neither out= nor where="),
        (lambda: np.add.accumulate(x), r"np.add \(accumulate\) is not available"),
        (lambda: np.add.at(AT[x], 0, y), "is not available"),
        (lambda: np.gcd(n, n), r"np.gcd \(__call__\) is not available"),
        (lambda: np.sort(x), "np.sort is not available for symbolic tensors"),
        (lambda: np.linalg.svd(x), "np.linalg.svd is not available"),
        (lambda: np.sum(x, where=AT[b]), "where"),
        (lambda: np.sum(x, out=np.zeros(())), "out"),
        (lambda: np.add.reduce(x, initial=1.0), "initial"),
        (lambda: np.multiply.outer(x, y), r"np.multiply \(outer\) is not available"),
    ],
)
def test_what_numpy_cannot_do_with_tensors(use: Any, message: str) -> None:
    with pytest.raises((GraphError, TypeError), match=message):
        use()


def test_arrays_give_way_to_tensors() -> None:
    assert isinstance(AT[x] * x, sg.Tensor)
    assert isinstance(AT[x] @ x.T, sg.Tensor)
    assert isinstance(np.float32(2) * x, sg.Tensor)
    assert (AT[x] > x).dtype == "bool"
    array = AT[x].copy()
    with pytest.raises((GraphError, TypeError)):
        array += x


@pytest.mark.parametrize("wrong", [None, {"a": 1}, object(), len])
def test_other_operands_are_type_errors(wrong: Any) -> None:
    for function in (*ARITHMETIC, operator.matmul, operator.pow):
        for arguments in ((x, wrong), (wrong, x)):
            with pytest.raises(TypeError):
                function(*arguments)


def test_other_types_may_answer_themselves() -> None:
    class Other:
        def __radd__(self, other: Any) -> str:
            return "mine"

        __rmatmul__ = __rsub__ = __rmul__ = __radd__

    for function in (operator.add, operator.sub, operator.mul, operator.matmul):
        assert function(x, Other()) == "mine"
