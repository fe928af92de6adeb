"""The compiled function that a user holds.

It checks its arguments, calls the machine code, and hands out the results.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from codegen.arguments import Arguments, Array
from codegen.entry.callable import machine_callable
from codegen.entry.code import ENTRY
from codegen.entry.interpreter import supported
from codegen.entry.state import Entry, Sized, Slots
from codegen.kernels.lapack import MatrixCall
from codegen.llvm.driver import DRIVER, TIMES, driver
from codegen.llvm.jit import assembly
from codegen.memory import MemoryUse, memory_use
from codegen.notebook import source_html
from codegen.program.build import build
from codegen.program.checks import IndexCheck
from codegen.program.plan import Plan
from codegen.program.program import Program
from codegen.program.record import KernelRecord, records
from codegen.program.storage import ALIGNMENT
from symgrad.bindings import describe, solve_sizes
from symgrad.errors import GraphError, IndexRangeError, SymgradError
from symgrad.families.leaf import Constant
from symgrad.shapes import is_static, substitute
from symgrad.tensor import Tensor

if TYPE_CHECKING:
    from codegen.profile import Profile

_MOST_PLANS = 100
_MOST_ARENAS = 2
_MOST_CALLS_SHOWN = 300
_DRIVER = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)


class Function:
    """A graph compiled to machine code. Call it with arrays in the order of the inputs.

    It holds no state between calls: many threads may call it at once. Arrays are read in place when they are
    contiguous; only the variables in `updates` are written to. The last two arrays of each result (of up to 64 MiB) are
    used again when nobody refers to them any more.

    Where the interpreter allows it, an object is of a subclass whose calls go to machine code (`codegen.entry`); that
    leaves to Python what it cannot use as it is, and all errors.
    """

    def __new__(cls, *_: Any, **__: Any) -> Function:
        return object.__new__(machine_callable(cls) if supported() else cls)

    def __init__(self, inputs: Sequence[Any], outputs: Any, updates: Mapping[Tensor, Tensor]) -> None:
        self._arguments = arguments = Arguments(inputs, outputs, updates)
        self._program: Program = build(arguments.inputs, arguments.outputs, updates, (DRIVER, ENTRY))
        self._run = _DRIVER(driver().address("run"))
        self._constants = [np.ascontiguousarray(_array_of(node)) for node in self._program.storage.constants]
        self._constant_addresses = [_address(array) for array in self._constants]
        self._table = ctypes.c_void_p * (len(arguments.inputs) + len(self._program.outputs) + len(self._constants) + 1)
        places = self._program.results
        self._repeated = [i for i, place in enumerate(places) if place in places[:i]]
        self._arenas: list[tuple[Array, int]] = []
        """Memory of earlier calls, and where in it the arena starts, for the next calls: fresh pages are dear."""
        self._plans: dict[tuple[int, ...], _Plan] = {}
        self._entry = None
        if supported():
            slots = Slots(self._constant_addresses, len(self._program.outputs), places)
            entry = Entry(arguments, slots, Function._slow, Function._failed)
            entry.bind(self)
            self._entry = entry
        static = all(is_static(tensor.shape) for tensor in arguments.inputs)
        self._plan = self._planned({}) if static else None

    # calling ----------------------------------------------------------------------------------------------------------
    def __call__(self, *arguments: Any) -> Any:
        return self._call(arguments)

    def _slow(self, arguments: tuple[Any, ...], names: tuple[str, ...] | None) -> Any:
        """Do what the entry has left to Python."""
        if names is not None:
            raise TypeError(f"a compiled function takes no arguments by name; given were {', '.join(names)}")
        return self._call(arguments)

    def _failed(self, arguments: tuple[Any, ...], status: int) -> Any:
        """Raise the error that the entry has met."""
        arrays = self._arguments.check(self._arguments.flatten(arguments))
        raise self._failure(status, arrays, self._plan_for(arrays))

    def _call(self, arguments: tuple[Any, ...]) -> Any:
        given = self._arguments.flatten(arguments)
        arrays = self._arguments.check(given)
        plan = self._plan_for(arrays)
        outputs = self._run_on(arrays, plan)
        for i in self._arguments.updated:
            if arrays[i] is not given[i]:  # not contiguous: a copy was updated
                given[i][...] = arrays[i]
        results = [outputs[place] for place in self._program.results]
        for i in self._repeated:
            results[i] = results[i].copy()
        return self._arguments.unflatten(results)

    def _run_on(self, arrays: list[Array], plan: _Plan) -> list[Array]:
        """Run a program; return the outputs."""
        outputs = [np.empty(shape, dtype) for shape, dtype in plan.results]
        arena, base = self._take_arena(plan.arena_bytes)
        places = [*(_address(array) for array in (*arrays, *outputs)), *self._constant_addresses]
        table = self._table(*places, base)
        status = self._run(plan.code_address, ctypes.addressof(table))
        if status:
            raise self._failure(status, arrays, plan)
        self._copy_updates(plan, arrays, outputs, arena, base)
        if len(self._arenas) < _MOST_ARENAS:
            self._arenas.append((arena, base))
        return outputs

    def _take_arena(self, size: int) -> tuple[Array, int]:
        """Return memory for one call and the place in it where an arena of so many bytes starts."""
        try:
            arena, start = self._arenas.pop()
            if arena.nbytes >= size + ALIGNMENT:
                return arena, start
        except IndexError:
            pass
        arena = np.empty(size + ALIGNMENT, np.uint8)
        start = _address(arena)
        return arena, start + -start % ALIGNMENT

    def _plan_for(self, arrays: list[Array]) -> _Plan:
        if self._plan is not None:
            return self._plan
        shapes = zip(self._arguments.inputs, (array.shape for array in arrays), strict=True)
        return self._planned(solve_sizes(shapes))

    def _planned(self, sizes: dict[sympy.Symbol, int]) -> _Plan:
        """Return the program for given run-time sizes."""
        key = tuple(sizes.values())
        plan = self._plans.get(key)
        if plan is None:
            for check in self._program.size_checks:
                error = check.failure(sizes)
                if error is not None:
                    raise error
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            plan = self._plans[key] = _Plan(self._program, sizes)
        if self._entry is not None:
            self._entry.install(plan.sized, plan)
        return plan

    def _failure(self, status: int, arrays: list[Array], plan: _Plan) -> SymgradError:
        """Return the error to raise, given the number of the call that failed and, in the upper bits, its answer."""
        call = self._program.calls[(status & 0xFFFFFFFF) - 1]
        if isinstance(call.code, MatrixCall):
            return call.code.failure((status >> 32) - 1, plan.sizes)
        assert call.check is not None
        return self._out_of_range(call.check, arrays, plan)

    def _out_of_range(self, check: IndexCheck, arrays: list[Array], plan: _Plan) -> IndexRangeError:
        index, size = check.index, substitute(check.size, plan.sizes)
        what = f"an index in {index!r}"
        if index in self._arguments.inputs:
            array = arrays[self._arguments.inputs.index(index)]
            what = f"index {array[(array < -size) | (array >= size)][0]} in {describe(index)}"
        where = f", used at {check.origin[0]}:{check.origin[1]}" if check.origin else ""
        return IndexRangeError(f"{what} is out of range for an axis of size {size}{where}")

    def _copy_updates(self, plan: _Plan, arrays: list[Array], outputs: list[Array], arena: Array, base: int) -> None:
        """Copy the new values that could not be computed in place."""
        for i, (kind, number) in self._program.copies:
            if kind == "output":
                source = outputs[number]
            elif kind == "input":
                source = arrays[number]
            else:
                at = base - _address(arena) + plan.offsets[number]
                source = arena[at : at + arrays[i].nbytes].view(arrays[i].dtype).reshape(arrays[i].shape)
            arrays[i][...] = source

    def __copy__(self) -> Function:
        return self  # no state, nothing to copy

    def __deepcopy__(self, _: Any) -> Function:
        return self

    # looking ----------------------------------------------------------------------------------------------------------
    def _repr_html_(self) -> str | None:
        return source_html(repr(self), self.source) if len(self._program.calls) <= _MOST_CALLS_SHOWN else None

    @property
    def source(self) -> str:
        """Readable NumPy source of the same function; it runs without symgrad."""
        return self._arguments.source()

    @property
    def llvm_ir(self) -> str:
        """The LLVM IR of all different kernels, as written (before LLVM optimises it)."""
        return "\n".join(self._program.texts.values())

    @property
    def assembly(self) -> str:
        """The assembly of all different kernels."""
        return "\n".join(assembly(text) for text in self._program.texts.values())

    @property
    def kernels(self) -> list[KernelRecord]:
        """One record a kernel, in the order they run: name, formula, loops, flops and bytes."""
        return records(self._program)

    def profile(self, *arguments: Any, seconds: float = 1.0) -> Profile:
        """Measure a call of these arguments, kernel by kernel, for about so many seconds; `print` shows a table.

        Arrays that the function updates are copied first. The limits of the machine are measured too, once a process.
        Each kernel's time is the sum over all threads. While it measures, calls from other threads count too.

        >>> import symgrad as sg
        >>> x = sg.variable("x", (100, 100))
        >>> p = sg.compile([x], sg.sum(sg.exp(x @ x))).profile([[0.0] * 100] * 100, seconds=0.01)
        >>> len(p.kernels), 0 < p.kernels[0].seconds
        (2, True)
        """
        # Here, so that functions that nobody measures do not load the probes of the machine.
        from codegen.limits.machine import measured
        from codegen.profile import profiled
        from codegen.threads import get_threads

        arrays = self._arguments.check(self._arguments.flatten(arguments))
        for i in self._arguments.updated:
            arrays[i] = arrays[i].copy()
        plan = self._plan_for(arrays)
        dtypes = {tensor.dtype.name for tensor in (*self._program.inputs, *self._program.outputs)}
        return profiled(
            self._program,
            plan.sizes,
            lambda: self._run_on(arrays, plan),
            plan.times,
            plan.times_word,
            min(get_threads(), plan.plan.threads),
            measured("float32" if "float32" in dtypes else "float64"),
            seconds,
        )

    @property
    def memory(self) -> MemoryUse:
        """The bytes that a call takes: `print` shows them all, `peak_bytes` is the sum beside what is given.

        With run-time sizes it tells of the sizes of the latest call that were new to the function; raises GraphError if
        there was none yet.
        """
        plan = self._plan or next(reversed(self._plans.values()), None)
        if plan is None:
            raise GraphError("the function has run-time sizes: how much memory it takes is known when it is called")
        return memory_use(self._program, plan.plan, plan.sizes)

    def __repr__(self) -> str:
        return f"<compiled function of {self._arguments!r}: {len(self._program.calls)} kernels>"


class _Plan:
    """A program for fixed sizes: the driver's code, the shapes of the outputs, and the plan of the arena."""

    def __init__(self, program: Program, sizes: Mapping[sympy.Symbol, int]) -> None:
        self.sizes = sizes
        self.plan = plan = Plan(program, sizes)
        self.offsets, self.arena_bytes = plan.offsets, plan.arena_bytes
        self._code = np.array(plan.words, np.int64)
        self.times_word = self._code[TIMES : TIMES + 1]
        self.times = np.zeros(len(program.calls) + 1, np.int64)
        """Where the times of calls go. It stays: a call of another thread may add to it when the profile is made."""
        self.code_address = _address(self._code)
        self.results = [(tuple(substitute(n, sizes) for n in t.shape), t.dtype) for t in program.outputs]
        self.sized = Sized(
            code=self.code_address,
            arena_bytes=self.arena_bytes,
            inputs=[tuple(substitute(n, sizes) for n in t.shape) for t in program.inputs],
            outputs=[shape for shape, _ in self.results],
            copies=[(i, kind, self.offsets[n] if kind == "arena" else n) for i, (kind, n) in program.copies],
            unlocks=plan.takes_long,
        )


def _address(array: Array) -> int:
    return array.__array_interface__["data"][0]


def _array_of(node: Tensor) -> Array:
    assert isinstance(node.operation, Constant)
    return node.operation.value
