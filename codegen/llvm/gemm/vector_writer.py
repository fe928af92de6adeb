"""The vector half of writing kernels: registers of one dtype, loads and stores of some lanes, shuffles, sums."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.function_writer import LOOP_METADATA, FunctionWriter, Operand, Signature


class VectorWriter(FunctionWriter):
    """A function writer that knows the registers of a blocking."""

    def __init__(self, blocking: Blocking, name: str, signature: Signature, linkage: str = "internal ") -> None:
        super().__init__(name, signature, blocking.attributes, linkage)
        self.blocking = blocking
        self.lanes, self.size = blocking.lanes, blocking.size
        self.scalar, self.vector, self.integer = blocking.scalar, blocking.vector, blocking.integer
        self._suffix = f"v{self.lanes}f{8 * self.size}"

    # ---- memory

    def at(self, base: str, *terms: tuple[Operand, Operand]) -> str:
        """Return the address of base[sum of index * stride], counted in scalars."""
        return self.element(self.scalar, base, *terms)

    def load(self, address: str, kind: str | None = None) -> str:
        """Load a vector, or a value of another type."""
        return self.value(f"load {kind or self.vector}, ptr {address}, align {self.size}")

    def store(self, value: str, address: str, kind: str | None = None) -> None:
        """Store a vector, or a value of another type."""
        self.do(f"store {kind or self.vector} {value}, ptr {address}, align {self.size}")

    def load_lanes(self, address: str, mask: str) -> str:
        """Load the lanes of a mask; the others are zero and are not touched in memory."""
        operands = f"ptr align {self.size} {address}, <{self.lanes} x i1> {mask}, {self.vector} zeroinitializer"
        return self.value(f"call {self.vector} @llvm.masked.load.{self._suffix}.p0({operands})")

    def store_lanes(self, value: str, address: str, mask: str) -> None:
        """Store the lanes of a mask; the others are not touched in memory."""
        operands = f"{self.vector} {value}, ptr align {self.size} {address}, <{self.lanes} x i1> {mask}"
        self.do(f"call void @llvm.masked.store.{self._suffix}.p0({operands})")

    def copy(self, source: str, target: str, kind: str | None = None) -> None:
        """Copy a scalar, or a value of another type."""
        self.store(self.load(source, kind or self.scalar), target, kind or self.scalar)

    # ---- registers

    def insert_first(self, vector: str, scalar: str) -> str:
        """Return the vector with its first lane replaced."""
        return self.value(f"insertelement {self.vector} {vector}, {self.scalar} {scalar}, i64 0")

    def extract_first(self, vector: str) -> str:
        """Return the first lane of a vector."""
        return self.value(f"extractelement {self.vector} {vector}, i64 0")

    def splat(self, value: str, kind: str | None = None) -> str:
        """Return the vector that has `value`, a scalar or one of type `kind`, in every lane."""
        kind = kind or self.scalar
        vector = f"<{self.lanes} x {kind}>"
        first = self.value(f"insertelement {vector} poison, {kind} {value}, i64 0")
        return self.value(f"shufflevector {vector} {first}, {vector} poison, <{self.lanes} x i32> zeroinitializer")

    def shuffle(self, left: str, right: str, lanes: Sequence[int]) -> str:
        """Return the vector of the given lanes of left and right, numbered through."""
        listed = ", ".join(f"i32 {lane}" for lane in lanes)
        return self.value(f"shufflevector {self.vector} {left}, {self.vector} {right}, <{len(lanes)} x i32> <{listed}>")

    def multiply_add(self, left: str, right: str, sum: str, result: str | None = None) -> str:
        """Return left * right + sum, rounded once where the target can; `result` names it."""
        listed = ", ".join(f"{self.vector} {value}" for value in (left, right, sum))
        instruction = f"call {self.vector} @llvm.fmuladd.{self._suffix}({listed})"
        if result is None:
            return self.value(instruction)
        self.do(f"{result} = {instruction}")
        return result

    def total(self, vector: str) -> str:
        """Return the sum of the lanes, added up in any order."""
        instruction = f"call reassoc {self.scalar} @llvm.vector.reduce.fadd.{self._suffix}"
        return self.value(f"{instruction}({self.scalar} -0.0, {self.vector} {vector})")

    def add_floats(self, left: str, right: str, kind: str | None = None) -> str:
        """Return left + right of vectors, or of values of another floating-point type."""
        return self.value(f"fadd {kind or self.vector} {left}, {right}")

    def keep_mask(self, condition: str) -> str:
        """Return what `accumulate` wants: lanes of ones if the condition holds, else of zeros."""
        return self.splat(self.value(f"sext i1 {condition} to {self.integer}"), self.integer)

    def accumulate(self, value: str, address: str, keep: str, lanes: int) -> None:
        """Store value + memory where `keep` is set and value where it is not, without a branch.

        `value` has so many lanes (one: a scalar), `keep` has all.
        """
        kind, bits = f"<{lanes} x {self.scalar}>", f"<{lanes} x {self.integer}>"
        every = f"<{self.lanes} x {self.integer}>"
        if lanes == 1:
            kind, bits = self.scalar, self.integer
            keep = self.value(f"extractelement {every} {keep}, i64 0")
        elif lanes < self.lanes:
            keep = self.value(f"shufflevector {every} {keep}, {every} poison, <{lanes} x i32> zeroinitializer")
        old = self.value(f"and {bits} {self.load(address, bits)}, {keep}")
        old = self.value(f"bitcast {bits} {old} to {kind}")
        self.store(self.add_floats(value, old, kind), address, kind)

    def accumulate_lanes(self, value: str, address: str, keep: str, mask: str) -> None:
        """Do the same with the lanes of a mask."""
        old = self.load_lanes(address, self.keep_lanes(keep, mask))
        self.store_lanes(self.add_floats(value, old), address, mask)

    def keep_lanes(self, keep: str, mask: str) -> str:
        """Return the mask of the lanes that are in both."""
        kept = self.value(f"icmp ne <{self.lanes} x {self.integer}> {keep}, zeroinitializer")
        return self.value(f"and <{self.lanes} x i1> {kept}, {mask}")

    def lane_mask(self, count: Operand) -> str:
        """Return the mask of the first `count` lanes: none if count <= 0, all if count >= lanes."""
        clamped = self.value(f"trunc i64 {self.minimum(count, self.lanes)} to i32")
        numbers = ", ".join(f"i32 {lane}" for lane in range(self.lanes))
        return self.value(f"icmp slt <{self.lanes} x i32> <{numbers}>, {self.splat(clamped, 'i32')}")

    def transpose(self, rows: Sequence[str]) -> list[str]:
        """Return the columns of the square matrix whose rows are the given vectors, one for each lane.

        First the square blocks as wide as 128 bits, inside which x86 shuffles cheaply: a perfect shuffle of the rows,
        repeated log2(width) times, rotates the bits of (row, lane) until the two have changed places. Then blocks of
        doubling width change places across the diagonal.
        """
        rows, lanes = list(rows), range(self.lanes)
        width = 16 // self.size
        low = [lane // width * width + lane % width // 2 + lane % 2 * self.lanes for lane in lanes]
        high = [lane + width // 2 for lane in low]
        for _ in range(width.bit_length() - 1):
            rows = [
                self.shuffle(rows[row], rows[row + width // 2], order)
                for start in range(0, self.lanes, width)
                for row in range(start, start + width // 2)
                for order in (low, high)
            ]
        while width < self.lanes:
            low = [lane + self.lanes - width if lane & width else lane for lane in lanes]
            high = [lane + width for lane in low]
            for row in lanes:
                if not row & width:
                    pair = rows[row], rows[row + width]
                    rows[row], rows[row + width] = self.shuffle(*pair, low), self.shuffle(*pair, high)
            width *= 2
        return rows


def declarations(blocking: Blocking) -> str:
    """Return what every module declares: the intrinsics that the writers use, and the mark of loops."""
    vector, mask = blocking.vector, f"<{blocking.lanes} x i1>"
    suffix = f"v{blocking.lanes}f{8 * blocking.size}"
    return (
        "declare i64 @llvm.smin.i64(i64, i64)\n"
        "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)\n"
        f"declare {vector} @llvm.fmuladd.{suffix}({vector}, {vector}, {vector})\n"
        f"declare {blocking.scalar} @llvm.vector.reduce.fadd.{suffix}({blocking.scalar}, {vector})\n"
        f"declare {vector} @llvm.masked.load.{suffix}.p0(ptr, {mask}, {vector})\n"
        f"declare void @llvm.masked.store.{suffix}.p0({vector}, ptr, {mask})\n"
        f"{LOOP_METADATA}"
    )
