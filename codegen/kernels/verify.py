"""The verifier of loop nests: what every kernel must satisfy before code is generated from it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from codegen.kernels.loop_nest import (
    Buffer,
    Constant,
    Fail,
    Let,
    Load,
    Loop,
    LoopNest,
    Operand,
    Statement,
    Store,
)
from codegen.kernels.scalar_functions import DTYPES, FLOATS, result_dtype

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_INTEGER_LIMITS = {"int64": 2**63, "int32": 2**31}


class KernelError(Exception):
    """A kernel that breaks the rules of its language: a mistake inside symgrad, never of its user."""


def verify(nest: LoopNest) -> None:
    """Raise `KernelError` unless `nest` keeps the rules of the language.

    Names are identifiers, defined once, and used only after their definition and in its scope; the operands of a
    function have dtypes it takes, and its result the dtype it gives; buffers are indexed by one int64 an axis and hold
    the dtype that is stored to them; only buffers that say `written` are stored to; extents and sizes are int64.
    """
    _Verifier(nest).run()


class _Verifier:
    def __init__(self, nest: LoopNest) -> None:
        self._nest = nest
        self._defined: set[str] = set()
        self._buffers: dict[str, Buffer] = {}
        self._scope: dict[str, str] = {}
        """The dtypes of the scalars visible at this point."""

    def run(self) -> None:
        for size in self._nest.sizes:
            self._define(size, "int64", "the sizes")
        for buffer in self._nest.buffers:
            self._buffer(buffer)
        self._statements(self._nest.body)

    def _buffer(self, buffer: Buffer) -> None:
        self._new_name(buffer.name, "the buffers")
        if buffer.dtype not in DTYPES:
            raise KernelError(f"buffer {buffer.name} has the unknown dtype {buffer.dtype!r}")
        for size in buffer.shape:
            if isinstance(size, int):
                if size < 0:
                    raise KernelError(f"buffer {buffer.name} has the negative size {size}")
            elif size not in self._nest.sizes:
                raise KernelError(f"{size!r} in the shape of buffer {buffer.name} is not a size of the kernel")
        self._buffers[buffer.name] = buffer

    def _statements(self, statements: Sequence[Statement]) -> None:
        for statement in statements:
            match statement:
                case Constant():
                    self._constant(statement)
                case Let():
                    self._let(statement)
                case Load():
                    dtype = self._access(statement.buffer, statement.indices, statement)
                    if statement.condition is not None:
                        self._expect(statement.condition, "bool", statement)
                    self._define(statement.result, dtype, statement)
                case Store():
                    self._store(statement)
                case Fail():
                    self._fail(statement)
                case Loop():
                    self._loop(statement)

    def _constant(self, constant: Constant) -> None:
        value, dtype = constant.value, constant.dtype
        if dtype in FLOATS:
            fits = not isinstance(value, bool)
        elif dtype in _INTEGER_LIMITS:
            limit = _INTEGER_LIMITS[dtype]
            fits = isinstance(value, int) and not isinstance(value, bool) and -limit <= value < limit
        else:
            fits = dtype == "bool" and isinstance(value, bool)
        if not fits:
            raise KernelError(f"{value!r} is not a {dtype}, in {constant}")
        self._define(constant.result, dtype, constant)

    def _let(self, let: Let) -> None:
        if let.dtype not in DTYPES:
            raise KernelError(f"unknown dtype {let.dtype!r} in {let}")
        operands = [self._dtype(operand, let) for operand in let.operands]
        if let.function == "cast":
            if len(operands) != 1:
                raise KernelError(f"cast takes one operand, in {let}")
        else:
            try:
                result = result_dtype(let.function, operands)
            except TypeError as error:
                raise KernelError(f"{error}, in {let}") from None
            if result != let.dtype:
                raise KernelError(f"{let.function} gives {result} here, not {let.dtype}, in {let}")
        if let.reassociate and let.function not in ("add", "multiply"):
            raise KernelError(f"only add and multiply can be reassociated, not {let.function}, in {let}")
        self._define(let.result, let.dtype, let)

    def _store(self, store: Store) -> None:
        dtype = self._access(store.buffer, store.indices, store)
        if not self._buffers[store.buffer].written:
            raise KernelError(f"buffer {store.buffer} does not say that it is written, in {store}")
        self._expect(store.value, dtype, store)

    def _fail(self, fail: Fail) -> None:
        self._expect(fail.condition, "bool", fail)
        if not 0 < fail.code < 2**31:
            raise KernelError(f"the code of a failure is a positive int32, in {fail}")

    def _loop(self, loop: Loop) -> None:
        where = f"the loop over {loop.variable}"
        self._expect(loop.extent, "int64", where)
        if isinstance(loop.extent, int) and loop.extent < 0:
            raise KernelError(f"the extent of {where} is negative")
        for carried in loop.carried:
            self._expect(carried.initial, carried.dtype, where)
        outside = self._scope
        self._scope = dict(outside)
        self._define(loop.variable, "int64", where)
        for carried in loop.carried:
            self._define(carried.name, carried.dtype, where)
        self._statements(loop.body)
        for carried in loop.carried:
            self._expect(carried.next, carried.dtype, where)
        self._scope = outside
        for carried in loop.carried:
            self._define(carried.result, carried.dtype, where)

    def _access(self, name: str, indices: Sequence[Operand], statement: object) -> str:
        """Check the indices of a load or store and return the dtype of the buffer."""
        buffer = self._buffers.get(name)
        if buffer is None:
            raise KernelError(f"there is no buffer {name!r}, in {statement}")
        if len(indices) != len(buffer.shape):
            raise KernelError(f"{len(indices)} indices for {len(buffer.shape)} axes of buffer {name}, in {statement}")
        for index in indices:
            self._expect(index, "int64", statement)
        return buffer.dtype

    def _dtype(self, operand: Operand, statement: object) -> str:
        if isinstance(operand, int):
            if isinstance(operand, bool) or not -(2**63) <= operand < 2**63:
                raise KernelError(f"{operand!r} is not an int64, in {statement}")
            return "int64"
        dtype = self._scope.get(operand)
        if dtype is None:
            known = "used outside its scope" if operand in self._defined else "not defined"
            raise KernelError(f"{operand!r} is {known}, in {statement}")
        return dtype

    def _expect(self, operand: Operand, dtype: str, statement: object) -> None:
        found = self._dtype(operand, statement)
        if found != dtype:
            raise KernelError(f"{operand!r} is {found} where {dtype} is wanted, in {statement}")

    def _define(self, name: str, dtype: str, statement: object) -> None:
        self._new_name(name, statement)
        self._scope[name] = dtype

    def _new_name(self, name: str, statement: object) -> None:
        if not _NAME.match(name):
            raise KernelError(f"{name!r} is not an identifier, in {statement}")
        if name in self._defined:
            raise KernelError(f"{name!r} is defined twice, in {statement}")
        self._defined.add(name)
