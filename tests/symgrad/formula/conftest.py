"""Printing a tensor as text and running what was printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.leaf import Constant
from symgrad.formula.document import write_document
from symgrad.formula.styles import print_document
from symgrad.formula.text_names import run_text

ReadBack = Callable[[sg.Tensor, Mapping[Any, Any]], str]


def _leaf_value(leaf: Any, values: Mapping[Any, Any]) -> Any:
    if isinstance(leaf, sg.Tensor) and isinstance(leaf.operation, Constant):
        return leaf.operation.value
    return values[leaf]


@pytest.fixture(scope="session")
def read_back() -> ReadBack:
    """Check that a tensor's text, run with the leaves bound, gives its value in its shape, and return the text.

    The values are those of variables and of run-time sizes. The other styles must be well-formed.
    """

    def check(tensor: sg.Tensor, values: Mapping[Any, Any]) -> str:
        document = write_document([tensor])
        printed = print_document(document, "text")
        leaves = {name: _leaf_value(leaf, values) for name, leaf in document.leaves.items()}
        found = list(run_text(printed, leaves, document.functions).values())[-1]
        wanted = sg.evaluate(tensor, {leaf: value for leaf, value in values.items() if isinstance(leaf, sg.Tensor)})
        assert np.shape(found) == wanted.shape, printed
        tolerance = 1e-5 if tensor.dtype == np.float32 else 1e-9
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance, err_msg=printed)
        well_formed(print_document(document, "latex"), print_document(document, "mathml"))
        return printed

    return check


def well_formed(latex: str, mathml: str) -> None:
    """Check that braces and brackets of LaTeX match, and that MathML is XML."""
    depth = 0
    for character, before in zip(latex, " " + latex, strict=False):
        if before != "\\":
            depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0, latex
    assert depth == 0, latex
    assert latex.count("\\left") - latex.count("\\leftarrow") == latex.count("\\right"), latex
    ElementTree.fromstring(mathml)
