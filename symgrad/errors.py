"""The errors users meet. Each says what was given, what was wanted and, where known, the user's line."""

from __future__ import annotations

import numpy as np


class SymgradError(Exception):
    """Base of every error that symgrad raises on purpose."""


class ShapeError(SymgradError, ValueError):
    """Shapes do not fit together."""


class DtypeError(SymgradError, TypeError):
    """A dtype is not supported here, or is not the one that was declared."""


class GraphError(SymgradError, ValueError):
    """An expression is used in a way its structure does not allow."""


class GradientError(SymgradError, ValueError):
    """A derivative was asked for that does not exist or is not supported."""


class BindingError(SymgradError, ValueError):
    """Values for variables or run-time sizes are missing, unknown or contradict each other."""


class IndexRangeError(SymgradError, IndexError):
    """An index lies outside the axis it indexes."""


class LinearAlgebraError(SymgradError, np.linalg.LinAlgError):
    """A matrix is singular, or not positive definite, where it must not be."""


class MissingDependencyError(SymgradError, ImportError):
    """An optional package is needed for this and is not installed."""
