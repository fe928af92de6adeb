"""Several axes as one: how far its steps move in the three matrices.

A group of axes is a list of records of four words, the outermost axis first: the size (>= 1 here), and the distances in
bytes of one step in the left operand, the right operand and the result. Number i of the group counts through its axes
as NumPy's row-major order does.
"""

from __future__ import annotations

from codegen.llvm.gemm.function_writer import LOOP, FunctionWriter, Operand

WORDS = 4
"""Words of an axis."""

LEFT, RIGHT, OUTPUT = 1, 2, 3
"""The words of an axis that say how far a step moves in which matrix."""

TOTAL = (("i64", "count"), ("ptr", "axes"), ("ptr", "result"))
LOCATE = (("i64", "index"), ("i64", "count"), ("ptr", "axes"), ("ptr", "result"))
OFFSETS = (
    ("i64", "start"),
    ("i64", "length"),
    ("i64", "count"),
    ("ptr", "axes"),
    ("i64", "matrix"),
    ("ptr", "table"),
)

TOTAL_NAME, LOCATE_NAME, OFFSETS_NAME = "sg.axes.total", "sg.axes.locate", "sg.axes.offsets"


def write_axes() -> str:
    """Return the functions on groups of `count` axes that every kernel needs.

    `total` stores the product of the sizes, `locate` the distances of number `index` in the three matrices.
    """
    return _write_total() + _write_locate()


def word(f: FunctionWriter, axes: str, *terms: tuple[Operand, Operand]) -> str:
    """Return a word of a table of words."""
    return f.value(f"load i64, ptr {f.element('i64', axes, *terms)}")


def _set(f: FunctionWriter, value: Operand, address: str) -> None:
    f.do(f"store i64 {value}, ptr {address}")


def _write_total() -> str:
    f = FunctionWriter(TOTAL_NAME, TOTAL)
    _set(f, 1, "%result")
    with f.loop(0, "%count") as axis:
        _set(f, f.multiply(word(f, "%result"), word(f, "%axes", (axis, WORDS))), "%result")
    return f.text()


def _write_locate() -> str:
    f = FunctionWriter(LOCATE_NAME, LOCATE)
    rest = f.reserve("i64")
    _set(f, "%index", rest)
    places = [f.element("i64", "%result", (matrix, 1)) for matrix in range(3)]
    for place in places:
        _set(f, 0, place)
    with f.loop(0, "%count") as turn:
        axis = f.element("i64", "%axes", (f.subtract(f.subtract("%count", 1), turn), WORDS))
        size, left = word(f, axis), word(f, rest)
        quotient = f.quotient(left, size)
        place_in_axis = f.subtract(left, f.multiply(quotient, size))
        _set(f, quotient, rest)
        for matrix, place in enumerate(places, 1):
            _set(f, f.add(word(f, place), f.multiply(place_in_axis, word(f, axis, (matrix, 1)))), place)
    return f.text()


def write_tables() -> str:
    """Return the function `offsets`: it stores the distances of `length` numbers from `start` on in one matrix.

    Runs along the last axis, and between two of them one step of the others, as an odometer makes it.
    """
    f = FunctionWriter(OFFSETS_NAME, OFFSETS)
    counters = f.value("alloca i64, i64 %count")
    offset, rest = f.reserve("i64"), f.reserve("i64")
    last = f.subtract("%count", 1)
    _set(f, 0, offset)
    _set(f, "%start", rest)
    with f.loop(0, "%count") as turn:
        axis = f.subtract(last, turn)
        size, stride = word(f, "%axes", (axis, WORDS)), word(f, "%axes", (axis, WORDS), ("%matrix", 1))
        left = word(f, rest)
        quotient = f.quotient(left, size)
        place = f.subtract(left, f.multiply(quotient, size))
        _set(f, quotient, rest)
        _set(f, place, f.element("i64", counters, (axis, 1)))
        _set(f, f.add(word(f, offset), f.multiply(place, stride)), offset)
    size, stride = word(f, "%axes", (last, WORDS)), word(f, "%axes", (last, WORDS), ("%matrix", 1))
    first = word(f, counters, (last, 1))

    before = f.block
    f.jump("runs")
    f.start("runs")
    f.do(f"%done = phi i64 [ 0, %{before} ], [ %done.next, %carried ]")
    f.do(f"%place = phi i64 [ {first}, %{before} ], [ 0, %carried ]")
    f.branch(f.compare("slt", "%done", "%length"), "run", "end")
    f.start("run")
    run = f.minimum(f.subtract(size, "%place"), f.subtract("%length", "%done"))
    start = word(f, offset)
    with f.loop(0, run) as step:
        _set(f, f.add(start, f.multiply(step, stride)), f.element("i64", "%table", ("%done", 1), (step, 1)))
    f.do(f"%done.next = add i64 %done, {run}")
    _set(f, f.subtract(start, f.multiply("%place", stride)), offset)
    before = f.block
    f.jump("carry")
    f.start("carry")
    f.do(f"%axis = phi i64 [ {last}, %{before} ], [ %outer, %full ]")
    f.do("%outer = add i64 %axis, -1")
    f.branch(f.compare("slt", "%outer", 0), "carried", "step")
    f.start("step")
    counter = f.element("i64", counters, ("%outer", 1))
    size, stride = word(f, "%axes", ("%outer", WORDS)), word(f, "%axes", ("%outer", WORDS), ("%matrix", 1))
    count = f.add(word(f, counter), 1)
    moved = f.add(word(f, offset), stride)
    _set(f, count, counter)
    _set(f, moved, offset)
    f.branch(f.compare("slt", count, size), "carried", "full")
    f.start("full")
    _set(f, 0, counter)
    _set(f, f.subtract(moved, f.multiply(size, stride)), offset)
    f.jump("carry")
    f.start("carried")
    f.jump("runs", LOOP)
    f.start("end")
    return f.text()
