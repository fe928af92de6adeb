"""The arguments of compiled functions: their nesting, and the checks that arrays pass before any code runs on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optree

from codegen.numpy_source import generate
from symgrad.bindings import as_array, describe
from symgrad.errors import BindingError, ShapeError
from symgrad.shapes import format_shape, is_static
from symgrad.tensor import Tensor

Array = np.ndarray[Any, Any]


class Arguments:
    """What a function takes and returns.

    Flat lists of tensors, the nestings around them, and which inputs it overwrites.
    """

    def __init__(self, inputs: Sequence[Any], outputs: Any, updates: Mapping[Tensor, Tensor]) -> None:
        nested: Any = list(inputs)
        leaves, self.input_tree = optree.tree_flatten(nested, none_is_leaf=True)
        results, self.output_tree = optree.tree_flatten(outputs, none_is_leaf=True)
        self.inputs: list[Tensor] = leaves  # type: ignore[assignment]
        self.outputs: list[Tensor] = results  # type: ignore[assignment]
        self.updates = dict(updates)
        self.updated = [self.inputs.index(variable) for variable in updates]
        self._count = len(inputs)
        self._flat = all(isinstance(argument, Tensor) for argument in inputs)
        self._single_output = isinstance(outputs, Tensor)
        self._declared = [_Declared(tensor) for tensor in self.inputs]

    def __repr__(self) -> str:
        return ", ".join(describe(tensor) for tensor in self.inputs)

    def flatten(self, arguments: tuple[Any, ...]) -> list[Any]:
        """Return what is given for each input."""
        if len(arguments) != self._count:
            raise BindingError(f"the function takes {self._count} arguments ({self!r}), {len(arguments)} were given")
        if self._flat:
            return list(arguments)
        # Lists of numbers may stand for arrays, so the nesting is matched from the outside in.
        try:
            nested: Any = list(arguments)
            return self.input_tree.flatten_up_to(nested)
        except ValueError as error:
            raise BindingError(f"the arguments do not have the nesting that was compiled: {error}") from None

    def check(self, given: Sequence[Any]) -> list[Array]:
        """Return contiguous arrays of the declared dtypes and ranks (and sizes, where these are fixed), or raise."""
        arrays = [declared.check(value) for declared, value in zip(self._declared, given, strict=True)]
        for i in self.updated:
            name = describe(self.inputs[i])
            if not isinstance(given[i], np.ndarray):
                raise BindingError(f"{name} is updated in place and needs an array, not {type(given[i]).__name__}")
            if not given[i].flags.writeable:
                raise BindingError(f"{name} is updated in place, but the array given is read-only")
        if self.updated:
            self._separate(given, arrays)
        return arrays

    def _separate(self, given: Sequence[Any], arrays: list[Array]) -> None:
        """Copy inputs that overlap an array to be overwritten; refuse overwritten arrays that overlap each other."""
        updated = set(self.updated)
        originals = [given[i] if i in updated else array for i, array in enumerate(arrays)]
        spans = sorted((*np.lib.array_utils.byte_bounds(array), i) for i, array in enumerate(originals) if array.size)
        alive: list[tuple[int, int]] = []
        for start, stop, i in spans:
            alive = [(end, other) for end, other in alive if end > start]
            for _, other in alive:
                if i in updated and other in updated:
                    if np.shares_memory(originals[i], originals[other]):
                        names = [describe(self.inputs[k]) for k in (other, i)]
                        raise BindingError(f"{names[0]} and {names[1]} are both updated in place but share memory")
                elif i in updated or other in updated:
                    reader = other if i in updated else i
                    arrays[reader] = arrays[reader].copy()
            alive.append((stop, i))

    def source(self) -> str:
        """Return readable NumPy source of the function, with its nestings."""
        return generate(
            self.inputs,
            self.outputs,
            self.updates,
            input_structure=self.input_tree,
            output_structure=self.output_tree,
        )

    def unflatten(self, results: list[Any]) -> Any:
        """Return the results in the nesting of the outputs."""
        return results[0] if self._single_output else optree.tree_unflatten(self.output_tree, results)


class _Declared:
    """An input, and the quick test whether an array can be used as it is."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.dtype = tensor.dtype
        self.shape = tensor.shape
        self.static = is_static(tensor.shape)

    def check(self, value: Any) -> Array:
        """Return a contiguous array of the declared dtype and rank (and sizes, where all are fixed), or raise."""
        if type(value) is np.ndarray and value.dtype == self.dtype and (value.shape == self.shape or not self.static):
            flags = value.flags
            if flags.c_contiguous and flags.aligned and value.ndim == len(self.shape):
                return value
        array = as_array(self.tensor, value)
        if self.static and array.shape != self.shape:
            raise ShapeError(
                f"{describe(self.tensor)} has shape {format_shape(self.shape)}, the array given has shape {array.shape}"
            )
        return np.require(array, requirements=["C", "A"])
