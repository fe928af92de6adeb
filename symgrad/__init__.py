"""symgrad: a symbolic-to-numeric gradient compiler.

Networks are graphs of tensors; their gradients are graphs of the same kind, which can be read as formulas, checked,
and compiled.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from symgrad import linalg, nn, numpy_names
from symgrad.derivative import grad, hessian, hvp, jacobian, jvp, vjp
from symgrad.errors import (
    BindingError,
    DtypeError,
    GradientError,
    GraphError,
    IndexRangeError,
    LinearAlgebraError,
    MissingDependencyError,
    ShapeError,
    SymgradError,
)
from symgrad.evaluate import evaluate
from symgrad.families.elementwise import cast
from symgrad.families.leaf import constant, iota, variable
from symgrad.families.reduction import log_softmax, logsumexp, softmax
from symgrad.formula import derivation, formula
from symgrad.initialize import initialize
from symgrad.numpy_names import *  # noqa: F403 (NumPy's names)
from symgrad.shapes import dim
from symgrad.simplify import simplify, stabilize
from symgrad.tensor import Tensor
from symgrad.tracing import Trace, trace  # a circuit; the sum of a diagonal is np.trace(X)

if TYPE_CHECKING:
    from symgrad import optim, testing, train
    from symgrad._compile import compile, get_threads, set_threads
    from symgrad.check import check_grad
    from symgrad.sympy_bridge import elementwise, from_sympy, to_sympy

__version__ = "0.1.0.dev0"

_LATER = {
    "check_grad": "symgrad.check",
    "compile": "symgrad._compile",
    "elementwise": "symgrad.sympy_bridge",
    "from_sympy": "symgrad.sympy_bridge",
    "get_threads": "symgrad._compile",
    "set_threads": "symgrad._compile",
    "to_sympy": "symgrad.sympy_bridge",
    "optim": "symgrad",
    "testing": "symgrad",
    "train": "symgrad",
}
"""Names that are imported when they are first asked for, and where they come from: `import symgrad` stays fast."""


def __getattr__(name: str) -> Any:
    source = _LATER.get(name)
    if source is None:
        raise AttributeError(f"module 'symgrad' has no attribute {name!r}")
    value = import_module(f"symgrad.{name}") if source == "symgrad" else getattr(import_module(source), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
