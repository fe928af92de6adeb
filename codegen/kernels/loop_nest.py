"""Loop nests: the small language in which fused kernels are written.

A kernel owns a list of buffers and a tree of statements over scalars. The language is in static single
assignment form: every name is defined once, and is visible in the statements after its definition and inside
their bodies (a name defined inside a loop is not visible after it; what leaves a loop is *carried*).

Scalar functions carry NumPy's names ("add", "exp", "maximum", "where", "less", ...) and NumPy's meaning, with one
addition, "cast", which converts its operand to the dtype of the result. Index arithmetic is ordinary int64
arithmetic. dtypes are "float64", "float32", "int64", "int32" and "bool".
"""

from __future__ import annotations

from dataclasses import dataclass, field

Operand = str | int
"""The name of a scalar, or (for extents and int64 index arithmetic only) a plain int."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """A C-contiguous array in memory; `shape` holds ints and names of run-time sizes.

    Two buffers of one kernel never overlap. `written` says that the kernel stores to it.
    """

    name: str
    dtype: str
    shape: tuple[Operand, ...]
    written: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """`result = value`, a Python number of the given dtype."""

    result: str
    dtype: str
    value: float | int | bool


@dataclass(frozen=True, slots=True)
class Let:
    """`result = function(*operands)`; `reassociate` lets a sum or product be summed in any order."""

    result: str
    dtype: str
    function: str
    operands: tuple[Operand, ...]
    reassociate: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """`result = buffer[indices]`, one int64 index an axis; indices are in range (see `Fail`).

    With a `condition`, the name of a bool, that is so only where the condition holds; elsewhere nothing is read, and
    the result is zero.
    """

    result: str
    buffer: str
    indices: tuple[Operand, ...]
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Store:
    """`buffer[indices] = value`."""

    buffer: str
    indices: tuple[Operand, ...]
    value: str


@dataclass(frozen=True, slots=True)
class Fail:
    """Leave the kernel at once and return `code` (> 0) if the bool `condition` holds."""

    condition: str
    code: int


@dataclass(frozen=True, slots=True)
class Carried:
    """A scalar that a loop hands from one turn to the next.

    Inside the body `name` is the value at the start of the turn (`initial` in the first); `next` is the operand
    that becomes the value of the following turn. After the loop `result` is the last value (`initial` if there was no
    turn).
    """

    name: str
    dtype: str
    initial: Operand
    next: Operand
    result: str


@dataclass(frozen=True, slots=True)
class Loop:
    """`for variable in range(extent): body`; `variable` is an int64 scalar.

    `independent` promises that no turn reads what another turn wrote to memory, so that the turns may run in any order
    or at once (carried sums aside).
    """

    variable: str
    extent: Operand
    body: tuple[Statement, ...]
    carried: tuple[Carried, ...] = ()
    independent: bool = False


Statement = Constant | Let | Load | Store | Fail | Loop


@dataclass(frozen=True, slots=True)
class LoopNest:
    """A kernel: `sizes` are the names of its run-time sizes, int64 scalars visible everywhere in the body."""

    buffers: tuple[Buffer, ...]
    sizes: tuple[str, ...]
    body: tuple[Statement, ...] = field(default=())
