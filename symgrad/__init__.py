"""symgrad: a symbolic-to-numeric gradient compiler.

Networks are graphs of tensors; their gradients are graphs of the same kind, which can be read as formulas, checked, and compiled.
"""

from symgrad import nn, numpy_names, optim, testing, train
from symgrad._compile import compile
from symgrad.check import check_grad
from symgrad.derivative import grad, hessian, hvp, jacobian, jvp, vjp
from symgrad.errors import (
    BindingError,
    DtypeError,
    GradientError,
    GraphError,
    IndexRangeError,
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
from symgrad.sympy_bridge import elementwise, from_sympy, to_sympy
from symgrad.tensor import Tensor
from symgrad.tracing import Trace, trace  # a circuit; the sum of a diagonal is np.trace(X)

__version__ = "0.1.0.dev0"
