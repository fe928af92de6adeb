"""Sizes of register tiles and cache blocks for one dtype on one target, and the layout of the workspace.

The loops around the register tile follow Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication"
(2008): tiles of rows pass over a panel of B, and a block of A stays in the second-level cache while panel after panel
meets it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codegen.llvm.target import Target

DEEPEST = 1024
"""Summing more products at a time gains nothing: C is read and written once in so many multiply-adds already."""

RIGHT_BLOCK_BYTES = 1 << 21
"""The packed block of B: a share of the last-level cache that a core has on every machine worth tuning for."""

RESULT_BLOCK_BYTES = 1 << 15
"""The block of C that is collected before it is scattered into a C without contiguous rows."""


@dataclass(frozen=True, slots=True)
class Blocking:
    """How the products of one dtype are cut up on one target.

    A register tile is `rows` x `vectors` registers of `lanes` elements. Sums run over at most `depth` products before
    they are added to C. `first_level` and `second_level` are the elements that fit into the caches. `masks` says what
    the target does at the price of an ordinary access: nothing, loads of some lanes, or loads and stores of some lanes.
    """

    dtype: str
    size: int
    lanes: int
    rows: int
    vectors: int
    depth: int
    first_level: int
    second_level: int
    masks: Literal["none", "loads", "all"]
    attributes: str

    @property
    def scalar(self) -> str:
        """The LLVM type of an element."""
        return "float" if self.size == 4 else "double"

    @property
    def integer(self) -> str:
        """The LLVM integer type as wide as an element."""
        return f"i{8 * self.size}"

    @property
    def vector(self) -> str:
        """The LLVM type of a register."""
        return f"<{self.lanes} x {self.scalar}>"

    @property
    def columns(self) -> int:
        """Columns of a register tile."""
        return self.lanes * self.vectors

    @property
    def resident_depth(self) -> int:
        """The depth at which a panel of B stays in the first-level cache while tiles of rows pass over it."""
        return max(min(self.first_level * 3 // (4 * self.columns), self.depth) // 8 * 8, 8)

    @property
    def right_block(self) -> int:
        """Elements of a block of B."""
        return RIGHT_BLOCK_BYTES // self.size

    @property
    def left_block(self) -> int:
        """Elements of a block of A: it shares the second-level cache with what streams through."""
        return self.second_level * 3 // 8

    @property
    def result_block(self) -> int:
        """Elements of a collected block of C."""
        return RESULT_BLOCK_BYTES // self.size

    @property
    def left_offset(self) -> int:
        """Elements of the workspace before the packed block of A: the block of B, one panel more than it should be."""
        return _round_up(self.right_block + self.depth * self.columns, 64)

    @property
    def result_offset(self) -> int:
        """Elements of the workspace before the block of C."""
        return self.left_offset + _round_up(self.left_block + self.depth * self.rows, 64)

    @property
    def workspace_bytes(self) -> int:
        """Bytes of the workspace."""
        return (self.result_offset + self.result_block) * self.size

    def name(self, part: str) -> str:
        """Return the LLVM name of an internal function of this dtype."""
        return f"sg.gemm.{self.dtype}.{part}"


def blocking(dtype: str, target: Target) -> Blocking:
    """Return the sizes for a dtype, "float32" or "float64", on a target.

    Sixteen registers hold a tile of 6 x 2 sums, two vectors of B and broadcasts of A; thirty-two hold 8 x 3. Either
    multiplies and adds more often than it loads, and has more sums than hide the latency of a multiply-add.

    A packed panel of B may be twice as large as the first-level cache: the tile reads it in order, which the
    second-level cache keeps up with, and the fewer slices of the depth there are, the less often C is read and written.
    """
    size = {"float32": 4, "float64": 8}[dtype]
    lanes = target.lanes(size)
    rows, vectors = (8, 3) if target.vector_registers >= 32 else (6, 2)
    depth = min(2 * target.l1_bytes // (lanes * vectors * size), DEEPEST)
    features = target.features.split(",")
    return Blocking(
        dtype=dtype,
        size=size,
        lanes=lanes,
        rows=rows,
        vectors=vectors,
        depth=max(depth // 8 * 8, 8),
        first_level=target.l1_bytes // size,
        second_level=target.l2_bytes // size,
        masks="all" if "+avx512f" in features else "loads" if "+avx" in features else "none",
        attributes=target.function_attributes,
    )


def _round_up(value: int, unit: int) -> int:
    return -(-value // unit) * unit
