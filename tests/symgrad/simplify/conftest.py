"""Values of formulas, for tests of what is printed."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.leaf import variables_of
from symgrad.formula.text_names import run_text
from symgrad.graph import topological_order


@pytest.fixture
def read_values():
    """Assert that a formula, run as text, has the value of a tensor."""

    def check(tensor: sg.Tensor, text: str) -> None:
        generator = np.random.default_rng(0)
        leaves = variables_of(topological_order([tensor]))
        values = {leaf: generator.uniform(0.5, 2, leaf.shape) for leaf in leaves}
        result = list(run_text(text, {leaf.operation.name: value for leaf, value in values.items()}).values())[-1]
        np.testing.assert_allclose(np.broadcast_to(result, tensor.shape), sg.evaluate(tensor, values), rtol=1e-12)

    return check
