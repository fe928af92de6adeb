"""The compiled function that a user holds: it checks its arguments, calls the machine code, and hands out the results."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optree
import sympy

from codegen.llvm.driver import driver
from codegen.program.build import Program, build
from codegen.program.storage import ALIGNMENT
from symgrad.bindings import as_array, describe, solve_sizes
from symgrad.errors import BindingError, IndexRangeError, ShapeError
from symgrad.shapes import format_shape, is_static, substitute
from symgrad.tensor import Tensor

Array = np.ndarray[Any, Any]
_MOST_PLANS = 100
_MOST_SPARE_ARENAS = 2
_DRIVER = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)


class Signature:
    """The nesting of arguments and results, and the checks that arrays must pass."""

    def __init__(self, inputs: Any, outputs: Any, updates: Mapping[Tensor, Tensor]) -> None:
        self.arguments, self.input_tree = optree.tree_flatten(list(inputs), none_is_leaf=True)
        self.results, self.output_tree = optree.tree_flatten(outputs, none_is_leaf=True)
        self.count = len(inputs)
        self.flat_inputs = all(isinstance(argument, Tensor) for argument in inputs)
        self.single_output = isinstance(outputs, Tensor)
        self.updated = [self.arguments.index(variable) for variable in updates]

    def flatten(self, arguments: tuple[Any, ...]) -> list[Any]:
        """Return the arrays of a call in the order of the flat inputs."""
        if len(arguments) != self.count:
            raise BindingError(f"the function takes {self.count} arguments, {len(arguments)} were given")
        if self.flat_inputs:
            return list(arguments)
        # Lists of numbers may stand for arrays, so the nesting is matched from the outside in.
        try:
            return self.input_tree.flatten_up_to(list(arguments))
        except ValueError as error:
            raise BindingError(f"the arguments do not have the nesting that was compiled: {error}") from None

    def unflatten(self, results: list[Any]) -> Any:
        """Return the results in the nesting of the outputs."""
        return results[0] if self.single_output else optree.tree_unflatten(self.output_tree, results)


class Function:
    """A graph compiled to machine code. Call it with arrays in the order of the inputs.

    It holds no state between calls: many threads may call it at once. Arrays are read in place when they are contiguous; only the
    variables in `updates` are written to.
    """

    def __init__(self, inputs: Sequence[Any], outputs: Any, updates: Mapping[Tensor, Tensor]) -> None:
        self._signature = Signature(inputs, outputs, updates)
        self._updates = dict(updates)
        signature = self._signature
        self._program: Program = build(signature.arguments, signature.results, updates)  # type: ignore[arg-type]
        self._run = _DRIVER(driver().address("run"))
        self._declared = [_Declared(tensor) for tensor in self._program.inputs]
        self._static = all(is_static(tensor.shape) for tensor in self._program.inputs)
        self._constants = [
            np.ascontiguousarray(node.operation.value)  # type: ignore[attr-defined]
            for node in self._program.storage.constants
        ]
        self._constant_pointers = [array.ctypes.data for array in self._constants]
        self._most_buffers = max((len(step.buffers) for step in self._program.steps), default=0)
        self._plans: dict[tuple[int, ...], _Plan] = {}
        self._plan = self._planned({}) if self._static else None

    # calling -------------------------------------------------------------------------------------------------------------------
    def __call__(self, *arguments: Any) -> Any:
        given = self._signature.flatten(arguments)
        arrays = [declared.check(value) for declared, value in zip(self._declared, given, strict=True)]
        plan = self._plan
        if plan is None:
            plan = self._planned(
                solve_sizes((d.tensor, array.shape) for d, array in zip(self._declared, arrays, strict=True))
            )
        written = self._prepare_updates(given, arrays)
        outputs = [np.empty(shape, dtype) for shape, dtype in plan.results]
        arena = plan.take_arena()
        base = arena.__array_interface__["data"][0]
        base += -base % ALIGNMENT
        pointers = [array.__array_interface__["data"][0] for array in arrays]
        pointers += [array.__array_interface__["data"][0] for array in outputs]
        pointers += [*self._constant_pointers, base]
        table = (ctypes.c_void_p * (len(pointers) + self._most_buffers))(*pointers)
        address = ctypes.addressof(table)
        status = self._run(plan.code_address, plan.words, address, address + 8 * len(pointers))
        if status:
            raise IndexRangeError(self._program.failures[status])
        self._finish_updates(plan, arrays, outputs, arena, base, written)
        plan.give_back(arena)
        for i, first in enumerate(self._program.repeated_outputs):
            if first != i:
                outputs[i] = outputs[first].copy()
        return self._signature.unflatten(outputs)

    def _planned(self, sizes: dict[sympy.Symbol, int]) -> _Plan:
        """Return the program for given run-time sizes."""
        key = tuple(sizes.values())
        plan = self._plans.get(key)
        if plan is None:
            for size, kind in self._program.not_empty:
                if substitute(size, sizes) == 0:
                    raise ShapeError(f"{kind} of no entries: the size {size} is 0")
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            plan = self._plans[key] = _Plan(self._program, sizes)
        return plan

    def _prepare_updates(self, given: list[Any], arrays: list[Array]) -> list[tuple[Array, Array]]:
        """Check the arrays that will be overwritten; return pairs (caller's array, working copy) for those not contiguous."""
        pairs: list[tuple[Array, Array]] = []
        for i in self._signature.updated:
            original = given[i]
            name = describe(self._program.inputs[i])
            if not isinstance(original, np.ndarray):
                raise BindingError(f"{name} is updated in place and needs an array, not {type(original).__name__}")
            if not original.flags.writeable:
                raise BindingError(f"{name} is updated in place, but the array given is read-only")
            if arrays[i] is not original:
                pairs.append((original, arrays[i]))
        if self._signature.updated:
            self._separate(arrays)
        return pairs

    def _separate(self, arrays: list[Array]) -> None:
        """Copy inputs that overlap an array which will be overwritten; refuse overwritten arrays that overlap each other."""
        updated = set(self._signature.updated)
        spans = sorted((start := array.__array_interface__["data"][0], start + array.nbytes, i) for i, array in enumerate(arrays))
        alive: list[tuple[int, int]] = []
        for start, stop, i in spans:
            alive = [(end, other) for end, other in alive if end > start]
            for _, other in alive:
                if i in updated and other in updated:
                    names = [describe(self._program.inputs[k]) for k in (other, i)]
                    raise BindingError(f"{names[0]} and {names[1]} are both updated in place but share memory")
                if i in updated or other in updated:
                    read_only = other if i in updated else i
                    arrays[read_only] = arrays[read_only].copy()
            if stop > start:
                alive.append((stop, i))

    def _finish_updates(
        self,
        plan: _Plan,
        arrays: list[Array],
        outputs: list[Array],
        arena: Array,
        base: int,
        pairs: list[tuple[Array, Array]],
    ) -> None:
        """Copy what could not be computed in place."""
        for i, (kind, number) in self._program.copies:
            if kind == "output":
                source = outputs[number]
            elif kind == "input":
                source = arrays[number]
            else:
                at = base - arena.__array_interface__["data"][0] + plan.offsets[number]
                source = arena[at : at + arrays[i].nbytes].view(arrays[i].dtype).reshape(arrays[i].shape)
            arrays[i][...] = source
        for original, working in pairs:
            original[...] = working

    # looking -------------------------------------------------------------------------------------------------------------------
    @property
    def source(self) -> str:
        """Readable NumPy source of the same function; it runs without symgrad."""
        from codegen.numpy_source import generate

        signature = self._signature
        return generate(signature.arguments, signature.results, self._updates)  # type: ignore[arg-type]

    @property
    def llvm_ir(self) -> str:
        """The LLVM IR of all kernels and of the entry that calls them, as written."""
        return "\n".join(self._program.texts.values())

    @property
    def assembly(self) -> str:
        """The assembly of all kernels and of the entry."""
        from codegen.llvm.jit import assembly

        return "\n".join(assembly(text) for text in self._program.texts.values())

    @property
    def kernels(self) -> list[Any]:
        """One record a kernel, in the order they run: name, formula, loops, flops and bytes."""
        from codegen.kernels.record import records

        return records(self._program)

    def __repr__(self) -> str:
        inputs = ", ".join(describe(tensor) for tensor in self._program.inputs)
        return f"<compiled function of {inputs}: {len(self._program.steps)} kernels>"


class _Plan:
    """A program for fixed sizes: the driver's code, the shapes of the results, and the memory of a call."""

    def __init__(self, program: Program, sizes: Mapping[sympy.Symbol, int]) -> None:
        words, self.offsets, self.arena_bytes = program.code(sizes)
        self._code = np.array([*words, 0], np.int64)
        self.words = len(words)
        self.code_address = self._code.ctypes.data
        self.results = [(tuple(substitute(n, sizes) for n in t.shape), t.dtype) for t in program.outputs]
        self._spare: list[Array] = []

    def take_arena(self) -> Array:
        """Return memory for one call: what an earlier call has given back (fresh pages are dear), or new."""
        try:
            return self._spare.pop()
        except IndexError:
            return np.empty(self.arena_bytes + ALIGNMENT, np.uint8)

    def give_back(self, arena: Array) -> None:
        """Keep the memory of a call for the next one."""
        if len(self._spare) < _MOST_SPARE_ARENAS:
            self._spare.append(arena)


class _Declared:
    """An input, and the quick test whether an array can be used as it is."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.dtype = tensor.dtype
        self.shape = tensor.shape
        self.static = is_static(tensor.shape)

    def check(self, value: Any) -> Array:
        """Return a contiguous array of the declared dtype and shape, or raise."""
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

