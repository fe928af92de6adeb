"""Contractions in the driver's form of call: loops around the matrix product."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.kernels.contraction import MatrixProduct
from symgrad.shapes import Size

MOST_PRODUCT_LOOPS = 6
"""Loops around one matrix product; unused ones have one turn."""


def emit_product(dtype: str) -> str:
    """Return the text of `@sg.product.<dtype>`: loops around a matrix product, in the driver's form of call.

    It goes behind the text of the matrix product itself.

    Buffers: left, right, output, workspace. Sizes: rows, columns, summed; the distances in bytes of the three matrices
    from their buffers; their row and column strides in entries; then for each of MOST_PRODUCT_LOOPS loops its number of
    turns, the three distances in bytes of a turn, and 1 if its turns add up.
    """
    lines = [
        f"define i32 @{product_symbol(dtype)}(ptr %buffers, ptr %sizes) nounwind {{",
        "start:",
    ]
    for i in range(4):
        lines += [f"  %p{i} = getelementptr ptr, ptr %buffers, i64 {i}", f"  %b{i} = load ptr, ptr %p{i}"]
    for i in range(12 + 5 * MOST_PRODUCT_LOOPS):
        lines += [f"  %q{i} = getelementptr i64, ptr %sizes, i64 {i}", f"  %n{i} = load i64, ptr %q{i}"]
    lines += [f"  %m{i}.0 = getelementptr i8, ptr %b{i}, i64 %n{3 + i}" for i in range(3)]
    # Where a sum runs over nothing in a loop, the product must still be made once, of nothing: it clears the output.
    empty = "false"
    for depth in range(MOST_PRODUCT_LOOPS):
        turns, adding = f"%n{12 + 5 * depth}", f"%n{16 + 5 * depth}"
        lines += [
            f"  %none{depth} = icmp ult i64 {turns}, {adding}",
            f"  %empty{depth} = or i1 {empty}, %none{depth}",
            f"  %turns{depth} = select i1 %none{depth}, i64 1, i64 {turns}",
        ]
        empty = f"%empty{depth}"
    lines.append(f"  %inner = select i1 {empty}, i64 0, i64 %n2")
    before, adds = "start", "0"
    for depth in range(MOST_PRODUCT_LOOPS):
        *distances, adding = (f"%n{13 + 5 * depth + k}" for k in range(4))
        lines += [
            f"  br label %head{depth}",
            f"head{depth}:",
            f"  %i{depth} = phi i64 [ 0, %{before} ], [ %i{depth}.next, %latch{depth} ]",
            f"  %more{depth} = icmp slt i64 %i{depth}, %turns{depth}",
            f"  br i1 %more{depth}, label %body{depth}, label %{f'latch{depth - 1}' if depth else 'done'}",
            f"body{depth}:",
        ]
        for i in range(3):
            lines += [
                f"  %d{i}.{depth} = mul i64 %i{depth}, {distances[i]}",
                f"  %m{i}.{depth + 1} = getelementptr i8, ptr %m{i}.{depth}, i64 %d{i}.{depth}",
            ]
        lines += [
            f"  %later{depth} = icmp ne i64 %i{depth}, 0",
            f"  %adding{depth} = icmp ne i64 {adding}, 0",
            f"  %both{depth} = and i1 %later{depth}, %adding{depth}",
            f"  %bit{depth} = zext i1 %both{depth} to i32",
            f"  %adds{depth} = or i32 {adds}, %bit{depth}",
        ]
        before, adds = f"body{depth}", f"%adds{depth}"
    last = MOST_PRODUCT_LOOPS
    matrices = ", ".join(f"ptr %m{i}.{last}, i64 %n{6 + 2 * i}, i64 %n{7 + 2 * i}" for i in range(3))
    lines.append(f"  call void @sg.gemm.{dtype}(i64 %n0, i64 %n1, i64 %inner, {matrices}, i32 {adds}, ptr %b3)")
    lines.append(f"  br label %latch{last - 1}")
    for depth in reversed(range(MOST_PRODUCT_LOOPS)):
        lines += [f"latch{depth}:", f"  %i{depth}.next = add i64 %i{depth}, 1", f"  br label %head{depth}"]
    lines += ["done:", "  ret i32 0", "}", ""]
    return "\n".join(lines)


def product_symbol(dtype: str) -> str:
    """Return the name of the matrix product of a dtype in the driver's form of call."""
    return f"sg.product.{dtype}"


def product_sizes(product: MatrixProduct) -> list[Size]:
    """Return the sizes of a call of `emit_product`'s kernel; they may be expressions of run-time sizes."""
    if len(product.loops) > MOST_PRODUCT_LOOPS:
        raise AssertionError(f"{len(product.loops)} loops around a matrix product; preparation leaves fewer")
    width = {"float64": 8, "float32": 4}[product.dtype]
    rows, columns, summed = product.rows, product.columns, product.summed
    sizes: list[Size] = [rows.size, columns.size, summed.size]
    sizes += [product.left.offset * width, product.right.offset * width, 0]
    sizes += [rows.left, summed.left, summed.right, columns.right, rows.output, columns.output]
    for axis, adds in zip(product.loops, product.adds, strict=True):
        sizes += [axis.size, axis.left * width, axis.right * width, axis.output * width, int(adds)]
    for _ in range(MOST_PRODUCT_LOOPS - len(product.loops)):
        sizes += [1, 0, 0, 0, 0]
    return sizes


def row_words(dtype: str, sizes: Sequence[int], rows: int) -> tuple[int, int, list[tuple[int, int]]]:
    """Return how the sizes of a call change where it makes some rows of the output only.

    The result: the word that is the extent of the rows, how many of these make up a row of the output tensor (which has
    so many `rows`), and the words that are distances, with the bytes by which a row of the output moves them.
    """
    width = {"float64": 8, "float32": 4}[dtype]
    candidates = [(0, sizes[6] * width, 0, sizes[10] * width), (1, 0, sizes[9] * width, sizes[11] * width)]
    candidates += [(12 + 5 * d, *sizes[13 + 5 * d : 16 + 5 * d]) for d in range(MOST_PRODUCT_LOOPS)]
    outermost = max((c for c in candidates if sizes[c[0]] > 1), key=lambda c: c[3] * sizes[c[0]], default=candidates[0])
    at, *strides = outermost
    per_row = max(sizes[at] // rows, 1)
    return at, per_row, [(3 + i, stride * per_row) for i, stride in enumerate(strides)]
