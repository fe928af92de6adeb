"""Errors: one base, and the built-in kinds that callers may catch instead."""

import pytest

import symgrad as sg
from symgrad import errors


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.ShapeError, ValueError),
        (errors.DtypeError, TypeError),
        (errors.GraphError, ValueError),
        (errors.GradientError, ValueError),
        (errors.BindingError, ValueError),
        (errors.IndexRangeError, IndexError),
        (errors.MissingDependencyError, ImportError),
    ],
)
def test_every_error_is_ours_and_pythons(error: type[Exception], kind: type[Exception]) -> None:
    assert issubclass(error, errors.SymgradError)
    assert issubclass(error, kind)
    assert error.__doc__


def test_every_error_is_public() -> None:
    for name in dir(errors):
        if name.endswith("Error"):
            assert getattr(sg, name) is getattr(errors, name)
