"""What the tests of NumPy source ask: the statements that are written for some tensors, and what they compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from codegen.numpy_source import compile_source, generate
from symgrad.families.leaf import variables_of
from symgrad.graph import topological_order
from symgrad.tensor import Tensor


def source(*outputs: Tensor) -> str:
    """Return the module that computes tensors from the variables below them."""
    return generate(variables_of(topological_order(outputs)), outputs)


def statements(*outputs: Tensor) -> list[str]:
    """Return the lines of the function that computes tensors, without head and docstring."""
    body = source(*outputs).rpartition('    """\n')[2]
    return [line.strip() for line in body.splitlines() if line.strip()]


def expression(output: Tensor) -> str:
    """Return the expression for a tensor that is written on one line."""
    (line,) = [line for line in statements(output) if ".shape[" not in line]
    return line.removeprefix("return ")


def run(text: str, arrays: Mapping[Tensor, Any]) -> Any:
    """Return what the function in a module gives for arrays that belong to its arguments in this order."""
    with np.errstate(all="ignore"):
        return compile_source(text)(*arrays.values())
