"""The entry of a compiled program: one machine-code function that calls the kernels in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from codegen.kernels.contraction import Axis, MatrixProduct
from codegen.program.storage import Key
from codegen.program.views import View

ITEMSIZE = {"float64": 8, "float32": 4}


@dataclass(frozen=True)
class LoopCall:
    """A call of a compiled loop nest with buffers and run-time sizes."""

    symbol: str
    buffers: tuple[Key, ...]
    sizes: tuple[Any, ...]


@dataclass(frozen=True)
class ProductCall:
    """A contraction done by the matrix-product kernel of its dtype."""

    product: MatrixProduct
    left: Key
    right: Key
    output: Key
    workspace: Key


Call = LoopCall | ProductCall


def emit_entry(calls: Sequence[Call], pointer_of: Callable[[Key], tuple[int, Any]], size_slot: Callable[[Any], int]) -> str:
    """Return the module of `i32 @entry(ptr table, ptr sizes)`.

    `pointer_of` says in which slot of the table a buffer's pointer is, and how many bytes behind it the buffer starts;
    `size_slot` says where in the list of run-time sizes an expression stands. The entry returns 0, or what the kernel that failed returned.
    """
    return _Entry(pointer_of, size_slot).module(calls)


class _Entry:
    def __init__(self, pointer_of: Callable[[Key], tuple[int, Any]], size_slot: Callable[[Any], int]) -> None:
        self.pointer_of = pointer_of
        self.size_slot = size_slot
        self.head: list[str] = []
        self.lines: list[str] = []
        self.declared: dict[str, str] = {}
        self.pointers: dict[Any, str] = {}
        self.sizes: dict[Any, str] = {}
        self.count = 0
        self.block = "start"

    def fresh(self) -> str:
        self.count += 1
        return f"%t{self.count}"

    def do(self, text: str) -> str:
        name = self.fresh()
        self.lines.append(f"  {name} = {text}")
        return name

    def size(self, value: Any) -> str:
        """Return an int, or the register that holds a run-time size."""
        if isinstance(value, int):
            return str(value)
        if value not in self.sizes:
            name = self.fresh()
            place = self.fresh()
            self.head.append(f"  {place} = getelementptr i64, ptr %sizes, i64 {self.size_slot(value)}")
            self.head.append(f"  {name} = load i64, ptr {place}")
            self.sizes[value] = name
        return self.sizes[value]

    def pointer(self, key: Key) -> str:
        """Return the register that holds the address of a buffer."""
        if key not in self.pointers:
            slot, offset = self.pointer_of(key)
            place, base, name = self.fresh(), self.fresh(), self.fresh()
            size = self.size(offset)
            self.head.append(f"  {place} = getelementptr ptr, ptr %table, i64 {slot}")
            self.head.append(f"  {base} = load ptr, ptr {place}")
            self.head.append(f"  {name} = getelementptr i8, ptr {base}, i64 {size}")
            self.pointers[key] = name
        return self.pointers[key]

    def module(self, calls: Sequence[Call]) -> str:
        for call in calls:
            if isinstance(call, LoopCall):
                self.loop_call(call)
            else:
                self.product_call(call)
        body = ["define i32 @entry(ptr %table, ptr %sizes) nounwind {", "head:", *self.head, "  br label %start", "start:"]
        return "\n".join([*self.declared.values(), *body, *self.lines, "  ret i32 0", "}", ""])

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")
        self.block = name

    def loop_call(self, call: LoopCall) -> None:
        types = ", ".join(["ptr"] * len(call.buffers) + ["i64"] * len(call.sizes))
        self.declared[call.symbol] = f"declare i32 @{call.symbol}({types})"
        arguments = [f"ptr {self.pointer(key)}" for key in call.buffers] + [f"i64 {self.size(size)}" for size in call.sizes]
        status = self.do(f"call i32 @{call.symbol}({', '.join(arguments)})")
        failed = self.do(f"icmp ne i32 {status}, 0")
        number = self.count
        self.lines.append(f"  br i1 {failed}, label %fail{number}, label %next{number}")
        self.label(f"fail{number}")
        self.lines.append(f"  ret i32 {status}")
        self.label(f"next{number}")

    def product_call(self, call: ProductCall) -> None:
        product = call.product
        symbol = f"sg.gemm.{product.dtype}"
        matrix = "ptr, i64, i64"
        self.declared[symbol] = f"declare void @{symbol}(i64, i64, i64, {matrix}, {matrix}, {matrix}, i32, ptr)"
        width = ITEMSIZE[product.dtype]
        addresses = [
            self.moved(self.pointer(key), offset, width)
            for key, offset in ((call.left, product.left.offset), (call.right, product.right.offset), (call.output, 0))
        ]
        self.product_loops(call, list(zip(product.loops, product.adds, strict=True)), addresses, "0", width)

    def moved(self, address: str, entries: Any, width: int) -> str:
        """Return an address some entries further."""
        if isinstance(entries, int) and entries == 0:
            return address
        distance = str(entries * width) if isinstance(entries, int) else self.do(f"mul i64 {self.size(entries)}, {width}")
        return self.do(f"getelementptr i8, ptr {address}, i64 {distance}")

    def product_loops(self, call: ProductCall, loops: list[tuple[Axis, bool]], addresses: list[str], adds: str, width: int) -> None:
        if not loops:
            self.one_product(call, addresses, adds)
            return
        (axis, adding), *rest = loops
        number = self.count = self.count + 1
        before = self.block
        extent = self.size(axis.size)
        self.lines.append(f"  br label %loop{number}")
        self.label(f"loop{number}")
        variable = f"%i{number}"
        # The phi's second source is known when the body is written.
        phi_at = len(self.lines)
        more = self.do(f"icmp slt i64 {variable}, {extent}")
        self.lines.append(f"  br i1 {more}, label %body{number}, label %done{number}")
        self.label(f"body{number}")
        inside = []
        for address, stride in zip(addresses, (axis.left, axis.right, axis.output), strict=True):
            step = str(stride * width) if isinstance(stride, int) else self.do(f"mul i64 {self.size(stride)}, {width}")
            inside.append(self.do(f"getelementptr i8, ptr {address}, i64 {self.do(f'mul i64 {variable}, {step}')}"))
        if adding:
            later = self.do(f"icmp ne i64 {variable}, 0")
            adds = self.do(f"or i32 {adds}, {self.do(f'zext i1 {later} to i32')}")
        self.product_loops(call, rest, inside, adds, width)
        following = self.do(f"add i64 {variable}, 1")
        self.lines.append(f"  br label %loop{number}")
        self.lines.insert(phi_at, f"  {variable} = phi i64 [ 0, %{before} ], [ {following}, %{self.block} ]")
        self.label(f"done{number}")

    def one_product(self, call: ProductCall, addresses: list[str], adds: str) -> None:
        product = call.product
        rows, columns, summed = product.rows, product.columns, product.summed
        sizes = [f"i64 {self.size(axis.size)}" for axis in (rows, columns, summed)]
        strides = ((rows.left, summed.left), (summed.right, columns.right), (rows.output, columns.output))
        matrices = [
            f"ptr {address}, i64 {self.size(first)}, i64 {self.size(second)}"
            for address, (first, second) in zip(addresses, strides, strict=True)
        ]
        workspace = self.pointer(call.workspace)
        arguments = ", ".join([*sizes, *matrices, f"i32 {adds}", f"ptr {workspace}"])
        self.lines.append(f"  call void @sg.gemm.{product.dtype}({arguments})")


__all__ = ["Call", "LoopCall", "ProductCall", "View", "emit_entry"]
