"""Rules that replace formulas which overflow or cancel by functions that do not."""

from __future__ import annotations

from symgrad.families.elementwise import Elementwise, apply
from symgrad.families.layout import BroadcastTo, Reshape, broadcast_to
from symgrad.families.leaf import constant_number
from symgrad.families.reduction import Normalization, Reduction
from symgrad.simplify.engine import Rule
from symgrad.tensor import Tensor, make


def _argument(x: Tensor, name: str) -> Tensor | None:
    """Return the argument of `x` if `x` is this function of one argument."""
    return x.inputs[0] if isinstance(x.operation, Elementwise) and x.operation.function.name == name else None


def _one_plus(x: Tensor) -> Tensor | None:
    """Return y if `x` is 1 + y or y + 1."""
    if isinstance(x.operation, Elementwise) and x.operation.function.name == "add":
        a, b = x.inputs
        if constant_number(a) == 1:
            return b
        if constant_number(b) == 1:
            return a
    return None


def _negated(x: Tensor) -> Tensor:
    inner = _argument(x, "negative")
    return apply("negative", x) if inner is None else inner


def _log(node: Tensor) -> Tensor | None:
    (x,) = node.inputs
    total = x.operation
    if isinstance(total, Reduction) and total.kind == "sum":
        inner = _argument(x.inputs[0], "exp")
        return None if inner is None else make(Reduction("logsumexp", total.axes, total.keepdims), (inner,))
    if isinstance(total, Normalization) and total.kind == "softmax":
        return make(Normalization("log_softmax", total.axes), x.inputs)
    inner = _argument(x, "sigmoid")
    if inner is not None:
        return apply("log_sigmoid", inner)
    plus = _one_plus(x)
    if plus is None:
        return None
    exponent = _argument(plus, "exp")
    return apply("log1p", plus) if exponent is None else apply("softplus", exponent)


def _log1p(node: Tensor) -> Tensor | None:
    exponent = _argument(node.inputs[0], "exp")
    return None if exponent is None else apply("softplus", exponent)


def _difference(node: Tensor) -> Tensor | None:
    a, b = node.inputs
    exponent = _argument(a, "exp")
    return apply("expm1", exponent) if exponent is not None and constant_number(b) == 1 else None


def _quotient(node: Tensor) -> Tensor | None:
    a, b = node.inputs
    plus = _one_plus(b)
    exponent = None if plus is None else _argument(plus, "exp")
    if exponent is not None:
        # 1 / (1 + exp(-x)); any other numerator multiplies it.
        sigmoid = apply("sigmoid", _negated(exponent))
        return broadcast_to(sigmoid, node.shape) if constant_number(a) == 1 else apply("multiply", a, sigmoid)
    return _softmax(node, a, b)


def _reciprocal(node: Tensor) -> Tensor | None:
    plus = _one_plus(node.inputs[0])
    exponent = None if plus is None else _argument(plus, "exp")
    return None if exponent is None else apply("sigmoid", _negated(exponent))


def _softmax(node: Tensor, a: Tensor, b: Tensor) -> Tensor | None:
    """exp(x) / sum(exp(x), keepdims=True), also with a constant shift inside."""
    exponent = _argument(a, "exp")
    while isinstance(b.operation, (Reshape, BroadcastTo)):
        b = b.inputs[0]
    total = b.operation
    if exponent is None or not isinstance(total, Reduction) or total.kind != "sum" or b.inputs[0] is not a:
        return None
    # The sum must stand where it divides its own row.
    if node.inputs[1].shape not in (total.kept_shape(a.shape), a.shape) and total.axes != tuple(range(a.ndim)):
        return None
    return make(Normalization("softmax", total.axes), (exponent,))


RULES = (
    Rule(
        "logarithm",
        ("log",),
        _log,
        "log(sum(exp(x))), log(1 + exp(x)) and log(softmax(x)) overflow or cancel as written",
    ),
    Rule("log1p of exp", ("log1p",), _log1p, "exp(x) overflows where log(1 + exp(x)) is x"),
    Rule("expm1", ("subtract",), _difference, "exp(x) - 1 cancels near 0"),
    Rule("sigmoid", ("divide",), _quotient, "exp(-x) overflows where 1 / (1 + exp(-x)) is 0; likewise softmax"),
    Rule("reciprocal sigmoid", ("reciprocal",), _reciprocal, "exp(-x) overflows where 1 / (1 + exp(-x)) is 0"),
)
