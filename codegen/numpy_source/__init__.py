"""NumPy source: a graph as a Python function that one would write by hand, and that runs without symgrad."""

from codegen.numpy_source.compile import compile_source
from codegen.numpy_source.generate import generate

__all__ = ["compile_source", "generate"]
