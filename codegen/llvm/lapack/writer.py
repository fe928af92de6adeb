"""A writer of kernels over a batch of matrices: their addresses, copies, calls of routines, and failure."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from codegen.llvm.gemm.function_writer import FunctionWriter, Operand
from codegen.llvm.lapack.routines import ROUTINES, routine_symbol

KERNEL = (("ptr", "buffers"), ("ptr", "sizes"), ("ptr", "status"))
"""The parameters of a kernel's function; it stores to `status` if it fails.

Buffers: the operands, the result, the workspace. Sizes: the matrices of the batch, their order, the columns of the
result, then for each operand where it starts and its strides along the batch, the rows and the columns, in entries.
"""

COPY = (
    ("i64", "rows"),
    ("i64", "columns"),
    ("ptr noalias readonly", "source"),
    ("i64", "row"),
    ("i64", "column"),
    ("ptr noalias", "target"),
)
"""The parameters of the copy of a view into contiguous memory."""

SCALARS = {"float32": ("float", 4), "float64": ("double", 8)}
MOST = 2**31 - 1
"""The largest integer that a routine takes."""


class RoutineWriter(FunctionWriter):
    """A function writer that knows a dtype and its routines."""

    def __init__(self, name: str, signature: tuple[tuple[str, str], ...], dtype: str) -> None:
        super().__init__(name, signature)
        self.dtype = dtype
        self.scalar, self.width = SCALARS[dtype]

    def at(self, base: str, *terms: tuple[Operand, Operand]) -> str:
        """Return the address of base[sum of index * stride], counted in scalars."""
        return self.element(self.scalar, base, *terms)

    def load(self, address: str, kind: str | None = None) -> str:
        """Return what is at an address."""
        return self.value(f"load {kind or self.scalar}, ptr {address}")

    def store(self, value: str, address: str, kind: str | None = None) -> None:
        """Store a value at an address."""
        self.do(f"store {kind or self.scalar} {value}, ptr {address}")

    def integer(self, value: Operand) -> str:
        """Return the address of an integer that fits into 32 bits, as routines take it (not to be used in a loop)."""
        place = self.value("alloca i32")
        self.store(self.value(f"trunc i64 {value} to i32"), place, "i32")
        return place

    def routine(self, name: str, *arguments: str) -> None:
        """Call a routine with addresses, or the names of constants (see `declarations`)."""
        signature = [("ptr", parameter) for parameter in ROUTINES[name][1].split()]
        given = [argument if argument.startswith("%") else f"@sg.{argument}" for argument in arguments]
        self.call(routine_symbol(name, self.dtype), signature, *given)


class KernelWriter(RoutineWriter):
    """Writes one kernel. `n` is the order of the matrices, `k` the number of columns of the result."""

    def __init__(self, name: str, dtype: str, operands: int) -> None:
        super().__init__(name, KERNEL, dtype)
        self._bases = [self._buffer(i) for i in range(operands + 2)]
        self._batch, self.n, self.k = (self._size(i) for i in range(3))
        self._views = [[self._size(3 + 4 * i + j) for j in range(4)] for i in range(operands)]
        self._bases[:operands] = [self.at(self._bases[i], (self._views[i][0], 1)) for i in range(operands)]
        self.order, self.columns = self.integer(self.n), self.integer(self.k)
        """Where n and k are, as routines take them."""
        self.distance = self.integer(self.value(f"call i64 @llvm.smax.i64(i64 {self.n}, i64 1)"))
        """Where the distance of the columns of a matrix of order n is, as routines take it: at least 1."""
        self.info = self.value("alloca i32")
        """Where routines say what they found: something positive if it was the wrong kind of matrix."""
        self.square = self._bases[-1]
        """Workspace for a matrix of n rows and columns."""
        self.pivots = self.at(self.square, (self.multiply(self.n, self.n), 1))
        """Workspace for n integers."""

    def _buffer(self, number: int) -> str:
        return self.load(self.element("ptr", "%buffers", (number, 1)), "ptr")

    def _size(self, number: int) -> str:
        return self.load(self.element("i64", "%sizes", (number, 1)), "i64")

    @contextmanager
    def each(self, rows: Operand) -> Generator[tuple[str, str]]:
        """Run the body for each matrix: give its number and its result, which has so many rows."""
        with self.loop(0, self._batch) as number:
            yield number, self.at(self._bases[-2], (number, self.multiply(rows, self.k)))

    def leave_if_empty(self) -> None:
        """Return if the result has no entries."""
        self.leave(self.any(self.compare("sle", self.n, 0), self.compare("sle", self.k, 0)))

    def strides(self, operand: int) -> tuple[str, str]:
        """Return the distances of rows and columns of an operand."""
        _, _, row, column = self._views[operand]
        return row, column

    def matrix(self, operand: int, number: str) -> str:
        """Return the address of a matrix of an operand."""
        return self.at(self._bases[operand], (number, self._views[operand][1]))

    def is_another(self, operand: int, number: str) -> str:
        """Return whether a matrix of an operand may be another one than its predecessor."""
        return self.any(self.compare("eq", number, 0), self.compare("ne", self._views[operand][1], 0))

    def copy(self, operand: int, number: str, columns: Operand, target: str, transposed: bool = False) -> None:
        """Copy a matrix of an operand to contiguous memory, row after row; a square one also column after column."""
        row, column = reversed(self.strides(operand)) if transposed else self.strides(operand)
        self.call("sg.copy", COPY, self.n, columns, self.matrix(operand, number), row, column, target)

    def positive_info(self) -> str:
        """Return whether a matrix has been found not to be what it should be."""
        return self.value(f"icmp sgt i32 {self.load(self.info, 'i32')}, 0")

    def fail_if_positive(self, number: str) -> None:
        """Return, with the number of the matrix (from 1), if it has been found not to be what it should be."""
        refused = self.positive_info()
        with self.when(refused):
            status = self.value(f"trunc i64 {self.minimum(self.add(number, 1), MOST)} to i32")
            self.store(status, "%status", "i32")
        self.leave(refused)


def write_copy(dtype: str) -> str:
    """Return the function that copies a view into contiguous memory, row after row."""
    f = RoutineWriter("sg.copy", COPY, dtype)
    contiguous = f.compare("eq", "%column", 1)
    whole = f.all(contiguous, f.compare("eq", "%row", "%columns"))
    rows = f.select(whole, 1, "%rows")
    length = f.select(whole, f.multiply("%rows", "%columns"), "%columns")
    with f.loop(0, f.select(contiguous, rows, 0)) as row:
        source, target = f.at("%source", (row, "%row")), f.at("%target", (row, "%columns"))
        amount = f.multiply(length, f.width)
        f.do(f"call void @llvm.memcpy.p0.p0.i64(ptr {target}, ptr {source}, i64 {amount}, i1 false)")
    # Some rows at a time: if columns are contiguous, these are a line of the cache.
    block = 64 // f.width
    with f.loop(0, f.select(contiguous, 0, "%rows"), block) as first:
        stop = f.minimum("%rows", f.add(first, block))
        with f.loop(0, "%columns") as column, f.loop(first, stop) as row:
            entry = f.load(f.at("%source", (row, "%row"), (column, "%column")))
            f.store(entry, f.at("%target", (row, "%columns"), (column, 1)))
    return f.text()
