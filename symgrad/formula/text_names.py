"""The names that formulas printed as text use, and what they mean: so a printed formula can be run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from symgrad.evaluate import evaluate, scalar_function
from symgrad.families.indexing import one_hot, scatter_add
from symgrad.families.leaf import constant
from symgrad.families.reduction import log_softmax, logsumexp, softmax
from symgrad.families.scan import linear_recurrence
from symgrad.families.windows import overlap_add, windows
from symgrad.functions import FUNCTIONS, Function
from symgrad.linalg import solve_triangular
from symgrad.tensor import Tensor

_NUMPY = (
    "all", "any", "arange", "argmax", "argmin", "array", "bool_", "broadcast_to", "concatenate", "cumsum", "cumprod",
    "diag", "diagonal", "einsum", "eye", "flip", "float32", "float64", "full", "inf", "int32", "int64", "max", "mean",
    "min", "nan",
    "ones", "outer", "pad", "prod", "reshape", "sum", "take_along_axis", "trace", "transpose", "tril", "triu", "zeros",
)  # fmt: skip
_NUMPY_LINALG = ("cholesky", "det", "inv", "norm", "slogdet", "solve")


def _on_arrays(build: Callable[..., Tensor]) -> Callable[..., Any]:
    """Return the function of arrays that a builder of graphs describes."""

    def run(*arguments: Any, **options: Any) -> Any:
        return evaluate(build(*(a if isinstance(a, (int, tuple)) else constant(a) for a in arguments), **options))

    return run


def _embed(x: Any, *, start: tuple[int, ...], step: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Return zeros of `shape` with `x` at every `step`-th place from `start` on along each axis."""
    result = np.zeros(shape, np.asarray(x).dtype)
    result[np.ix_(*(a + b * np.arange(n) for a, b, n in zip(start, step, np.shape(x), strict=True)))] = x
    return result


def _embed_diagonal(x: Any) -> Any:
    """Return matrices with the last axis of `x` on their diagonals and zeros elsewhere."""
    return np.asarray(x)[..., None] * np.eye(np.shape(x)[-1], dtype=np.asarray(x).dtype)


def _scatter_add(values: Any, indices: Any, size: Any, axis: int = 0) -> Any:
    """Return zeros with `values` added at the places `indices`; a tuple of indices goes with as many sizes."""
    if not isinstance(indices, tuple):
        return evaluate(scatter_add(constant(values), constant(indices), size, axis))
    rank = np.ndim(indices[0])
    shape = np.shape(values)
    result = np.zeros((*shape[:axis], *size, *shape[axis + rank :]), np.asarray(values).dtype)
    places: Any = (slice(None),) * axis + indices
    np.add.at(result, places, values)
    return result


def _scatter_along_axis(values: Any, indices: Any, size: int, axis: int) -> Any:
    """Return zeros with `size` entries along `axis`, `values` added at the indices: the adjoint of take_along_axis."""
    shape = list(np.shape(values))
    shape[axis] = size
    result = np.zeros(shape, np.asarray(values).dtype)
    places: list[Any] = list(np.indices(np.shape(values), sparse=True))
    places[axis] = np.broadcast_to(indices, np.shape(values))
    np.add.at(result, tuple(places), values)
    return result


def _function(function: Function) -> Callable[..., Any]:
    """Return a scalar function on arrays and Python's numbers, which take the dtype of the arrays they meet."""
    return lambda *arguments: scalar_function(function, *arguments)


_NAMES: dict[str, Any] = {
    **{name: _function(function) for name, function in FUNCTIONS.items()},
    **{name: getattr(np, name) for name in _NUMPY},
    **{name: getattr(np.linalg, name) for name in _NUMPY_LINALG},
    "abs": np.absolute,
    "linalg": np.linalg,
    "heaviside": np.heaviside,
    "softmax": _on_arrays(softmax),
    "log_softmax": _on_arrays(log_softmax),
    "logsumexp": _on_arrays(logsumexp),
    # Labels are not negative: the gradient of an entry picked from the end is written with one_hot as well, which has
    # zeros for such a label.
    "one_hot": _on_arrays(one_hot),
    "linear_recurrence": _on_arrays(linear_recurrence),
    "solve_triangular": _on_arrays(solve_triangular),
    "scatter_add": _scatter_add,
    "scatter_along_axis": _scatter_along_axis,
    "embed": _embed,
    "windows": _on_arrays(windows),
    "overlap_add": _on_arrays(overlap_add),
    "embed_diagonal": _embed_diagonal,
}

WORDS = frozenset(_NAMES) | {"True", "False", "None", "result"}
"""Names with a fixed meaning: no variable and no line is called so."""


def text_names(functions: Mapping[str, Function] | None = None) -> dict[str, Any]:
    """Return what the words of printed formulas mean: NumPy's functions, and the few that NumPy lacks.

    `functions` are users' functions by the names they are printed with.

    >>> text_names()["softmax"](np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    return _NAMES | {name: _function(function) for name, function in (functions or {}).items()}


def run_text(text: str, values: Mapping[str, Any], functions: Mapping[str, Function] | None = None) -> dict[str, Any]:
    """Run a formula printed as text and return the value of each line by its name; a line without one is "result".

    `values` are the arrays of the variables, and the run-time sizes, by the names that stand in the text.

    >>> run_text("h = 2 * x\\nsum(h)", {"x": np.array([1.0, 2.0])})["result"]
    np.float64(6.0)
    """
    module = ast.parse(text)
    names: dict[str, Any] = {}
    # A name of a line or a variable hides none of the words: see WORDS.
    scope = text_names(functions) | dict(values)
    with np.errstate(all="ignore"):
        for statement in module.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                name, expression = statement.targets[0].id, statement.value
            elif isinstance(statement, ast.Expr):
                name, expression = "result", statement.value
            else:
                raise ValueError(f"not a printed formula: {ast.unparse(statement)}")
            names[name] = scope[name] = eval(compile(ast.Expression(expression), "<formula>", "eval"), scope)
    return names
