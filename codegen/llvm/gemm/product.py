"""Contractions as kernels in the driver's form of call: their modules, and the words that describe them to a kernel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from codegen.kernels.contraction import MatrixProduct, ProductKernel
from codegen.llvm.gemm.axes import WORDS, word, write_axes, write_tables
from codegen.llvm.gemm.blocking import Blocking, blocking
from codegen.llvm.gemm.call import (
    AXES,
    KERNEL,
    leave_if_empty,
    read_operands,
    turns,
    write_clear,
    write_entry,
)
from codegen.llvm.gemm.driver import GEMM, gemm_name
from codegen.llvm.gemm.function_writer import Operand
from codegen.llvm.gemm.gathered_dots import write_gathered_dots
from codegen.llvm.gemm.gathered_panels import write_gather
from codegen.llvm.gemm.gathered_tiles import write_gathered_tiles
from codegen.llvm.gemm.module import gemm_module
from codegen.llvm.gemm.vector_writer import VectorWriter, declarations
from codegen.llvm.jit import AS_WRITTEN
from codegen.llvm.target import Target
from symgrad.shapes import Size


def product_symbol(dtype: str, kernel: ProductKernel) -> str:
    """Return the name of a kernel for contractions of a dtype."""
    return f"sg.product.{dtype}.{kernel}"


@cache
def product_module(dtype: str, kernel: ProductKernel, target: Target) -> str:
    """Return the module of a kernel for contractions of a dtype; what it exports is `product_symbol`."""
    sizes = blocking(dtype, target)
    if kernel == "plain":
        parts = [gemm_module(dtype, target), _write_plain(sizes)]
    elif kernel == "tiles":
        parts = [declarations(sizes), write_tables(), write_gather(sizes), write_gathered_tiles(sizes)]
    else:
        parts = [declarations(sizes), write_tables(), write_gathered_dots(sizes)]
    entry = write_entry(product_symbol(dtype, kernel), sizes.name(f"product.{kernel}"))
    return AS_WRITTEN + "\n".join([*parts, write_axes(), write_clear(sizes), entry])


def _write_plain(blocking: Blocking) -> str:
    """Return the kernel for contractions that are a batch of matrix products with one axis of each kind."""
    f = VectorWriter(blocking, blocking.name("product.plain"), KERNEL)
    operands = read_operands(f)
    leave_if_empty(f, operands)
    rows, columns, summed = operands.rows, operands.columns, operands.summed

    def stride(axes: str, matrix: int) -> Operand:
        # All words are multiples of the size of an element.
        return f.value(f"sdiv exact i64 {word(f, axes, (matrix, 1))}, {f.size}")

    left = (stride(rows.axes, 1), stride(summed.axes, 1))
    right = (stride(summed.axes, 2), stride(columns.axes, 2))
    output = (stride(rows.axes, 3), stride(columns.axes, 3))
    with turns(f, operands) as (a, b, c):
        matrices = (a, *left, b, *right, c, *output)
        f.call(
            gemm_name(blocking.dtype),
            GEMM,
            *(rows.total, columns.total, summed.total),
            *matrices,
            *(f.value(f"zext i1 {operands.adds} to i32"), operands.workspace),
        )
    return f.text()


def product_sizes(product: MatrixProduct) -> list[Size]:
    """Return the words of a call (see `call`); they may be expressions of run-time sizes."""
    width = {"float64": 8, "float32": 4}[product.dtype]
    words: list[Any] = [product.left.offset * width, product.right.offset * width, 0]
    words += [*(len(axes) for axes in product.groups), int(product.adds)]
    for axes in product.groups:
        for axis in axes:
            words += [axis.size, axis.left * width, axis.right * width, axis.output * width]
    return words


@dataclass(frozen=True)
class OutputAxis:
    """An axis of the result along which a contraction may be cut.

    `word` is the place of its size among the words of the call. The part from step s on has its own size there, and
    s times `distances` (bytes) added to the words 0, 1 and 2.
    """

    size: Size
    word: int
    distances: tuple[Size, Size, Size]


def output_axes(product: MatrixProduct) -> list[OutputAxis]:
    """Return the axes of the result of a contraction, those of the batch first, then rows, then columns."""
    words = product_sizes(product)
    result: list[OutputAxis] = []
    at = AXES
    for axes in product.groups[:3]:
        for axis in axes:
            result.append(OutputAxis(axis.size, at, (words[at + 1], words[at + 2], words[at + 3])))
            at += WORDS
    return result
