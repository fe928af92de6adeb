"""Rules that replace formulas which overflow or cancel by functions that do not."""

from __future__ import annotations

from symgrad.families.elementwise import Elementwise, apply
from symgrad.families.indexing import Gather, TakeAlongAxis
from symgrad.families.layout import BroadcastTo, Named, Reshape, Slice, Transpose, broadcast_to
from symgrad.families.leaf import constant_number
from symgrad.families.reduction import Normalization, Reduction
from symgrad.simplify.engine import Rule
from symgrad.tensor import Tensor, make

_MOVES = (BroadcastTo, Gather, Reshape, Slice, TakeAlongAxis, Transpose)
"""Operations that only move entries, so that a function may as well be applied before as after."""


def _unnamed(x: Tensor) -> Tensor:
    while isinstance(x.operation, Named):
        x = x.inputs[0]
    return x


def _arguments(x: Tensor, name: str) -> tuple[Tensor, ...]:
    """Return the arguments of `x` if it is this function, else nothing."""
    x = _unnamed(x)
    return x.inputs if isinstance(x.operation, Elementwise) and x.operation.function.name == name else ()


def _argument(x: Tensor, name: str) -> Tensor | None:
    """Return the argument of `x` if it is this function of one argument."""
    arguments = _arguments(x, name)
    return arguments[0] if arguments else None


def _one_plus(x: Tensor) -> Tensor | None:
    """Return y if `x` is 1 + y or y + 1."""
    terms = _arguments(x, "add")
    if terms and constant_number(terms[0]) == 1:
        return terms[1]
    return terms[0] if terms and constant_number(terms[1]) == 1 else None


def _one_minus(x: Tensor) -> Tensor | None:
    """Return y if `x` is 1 - y."""
    terms = _arguments(x, "subtract")
    return terms[1] if terms and constant_number(terms[0]) == 1 else None


def _negated(x: Tensor) -> Tensor:
    inner = _argument(x, "negative")
    return apply("negative", x) if inner is None else inner


def _log_of_probability(x: Tensor) -> Tensor | None:
    """Return log(x) of a softmax or a sigmoid, or of one minus a sigmoid."""
    if isinstance(x.operation, Normalization) and x.operation.kind == "softmax":
        return make(Normalization("log_softmax", x.operation.axes), x.inputs)
    score = _argument(x, "sigmoid")
    if score is not None:
        return apply("log_sigmoid", score)
    rest = _one_minus(x)
    score = None if rest is None else _argument(rest, "sigmoid")
    return None if score is None else apply("log_sigmoid", _negated(score))


def _log(node: Tensor) -> Tensor | None:
    x = _unnamed(node.inputs[0])
    moves: list[Tensor] = []
    while isinstance(x.operation, _MOVES):
        moves.append(x)
        x = _unnamed(x.inputs[0])
    result = _log_of_probability(x)
    if result is not None:
        for move in reversed(moves):
            result = make(move.operation, (result, *move.inputs[1:]))
        return result
    return None if moves else _log_of_sum(x)


def _log_of_sum(x: Tensor) -> Tensor | None:
    total = x.operation
    if isinstance(total, Reduction) and total.kind == "sum":
        exponent = _argument(x.inputs[0], "exp")
        return None if exponent is None else make(Reduction("logsumexp", total.axes, total.keepdims), (exponent,))
    exponents = [_argument(term, "exp") for term in _arguments(x, "add")]
    if exponents and None not in exponents:
        return apply("logaddexp", *exponents)
    plus = _one_plus(x)
    if plus is None:
        return None
    exponent = _argument(plus, "exp")
    return apply("log1p", plus) if exponent is None else apply("softplus", exponent)


def _log1p(node: Tensor) -> Tensor | None:
    (x,) = node.inputs
    exponent = _argument(x, "exp")
    if exponent is not None:
        return apply("softplus", exponent)
    negative = _argument(x, "negative")
    score = None if negative is None else _argument(negative, "sigmoid")
    return None if score is None else apply("log_sigmoid", _negated(score))


def _difference(node: Tensor) -> Tensor | None:
    a, b = node.inputs
    exponent = _argument(a, "exp")
    return apply("expm1", exponent) if exponent is not None and constant_number(b) == 1 else None


def _quotient(node: Tensor) -> Tensor | None:
    a, b = node.inputs
    plus = _one_plus(b)
    exponent = None if plus is None else _argument(plus, "exp")
    if exponent is None:
        return _softmax(node, a, b)
    if _argument(a, "exp") is exponent:
        return apply("sigmoid", exponent)
    # 1 / (1 + exp(-x)); any other numerator multiplies it.
    sigmoid = apply("sigmoid", _negated(exponent))
    return broadcast_to(sigmoid, node.shape) if constant_number(a) == 1 else apply("multiply", a, sigmoid)


def _reciprocal(node: Tensor) -> Tensor | None:
    plus = _one_plus(node.inputs[0])
    exponent = None if plus is None else _argument(plus, "exp")
    return None if exponent is None else apply("sigmoid", _negated(exponent))


def _softmax(node: Tensor, a: Tensor, b: Tensor) -> Tensor | None:
    """exp(x) / sum(exp(x)), the sum being over each entry's own row."""
    exponent = _argument(a, "exp")
    b = _unnamed(b)
    if isinstance(b.operation, BroadcastTo) and b.inputs[0].ndim == b.ndim:
        b = _unnamed(b.inputs[0])
    x = _unnamed(b.inputs[0]) if isinstance(b.operation, Reshape) else b
    total = x.operation
    if exponent is None or not isinstance(total, Reduction) or total.kind != "sum" or x.inputs[0] is not a:
        return None
    everything = total.axes == tuple(range(a.ndim))
    if not everything and b.shape != total.kept_shape(a.shape):
        return None
    return make(Normalization("softmax", total.axes), (exponent,)) if node.shape == a.shape else None


def _shifted(node: Tensor) -> Tensor | None:
    """softmax(x - max(x)) is softmax(x), which subtracts the maximum by itself."""
    operation = node.operation
    terms = _arguments(node.inputs[0], "subtract")
    if not terms or not isinstance(operation, Normalization):
        return None
    x, top = terms[0], _unnamed(terms[1])
    if isinstance(top.operation, Reshape) and top.shape == _kept(x, operation.axes):
        top = _unnamed(top.inputs[0])
    is_maximum = top.operation in (Reduction("max", operation.axes, True), Reduction("max", operation.axes))
    if not is_maximum or top.inputs[0] is not x or x.shape != node.shape:
        return None
    whole_rows = terms[1].shape == _kept(x, operation.axes) or operation.axes == tuple(range(x.ndim))
    return make(operation, (x,)) if whole_rows else None


def _kept(x: Tensor, axes: tuple[int, ...]) -> tuple[object, ...]:
    return tuple(1 if i in axes else size for i, size in enumerate(x.shape))


RULES = (
    Rule("logarithm", ("log",), _log, "log of exponentials, of 1 + x or of a probability overflows or cancels"),
    Rule("log1p", ("log1p",), _log1p, "exp(x) overflows where log(1 + exp(x)) is x; 1 - sigmoid(x) cancels"),
    Rule("expm1", ("subtract",), _difference, "exp(x) - 1 cancels near 0"),
    Rule("sigmoid and softmax", ("divide",), _quotient, "exp(x) overflows where sigmoid and softmax are 0 or 1"),
    Rule("reciprocal", ("reciprocal",), _reciprocal, "exp(-x) overflows where 1 / (1 + exp(-x)) is 0"),
    Rule("shift", (Normalization,), _shifted, "softmax subtracts the largest entry by itself"),
)
