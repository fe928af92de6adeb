"""The writer's control flow, compiled and run."""

import ctypes

from codegen.entry.writer import LOOP_METADATA, Writer
from codegen.llvm.jit import compile_object, link


def run(f: Writer, *arguments: int) -> int:
    library = link([compile_object(f.text() + LOOP_METADATA)], ["f"])
    prototype = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * len(arguments))
    return prototype(library.address("f"))(*arguments)


def test_loops_conditions_and_early_returns() -> None:
    """The sum of the odd numbers below n; -1 for negative n."""
    f = Writer("i64", "f", "i64 %n", linkage="")
    f.leave(f.compare("slt", "%n", 0), -1)
    total = f.variable("i64", 0)
    with f.loop("%n") as i:
        odd = f.value(f"trunc i64 {i} to i1")
        with f.when(odd):
            f.store(f"i64 {f.add(f.integer(total), i)}", total)
    f.finish(f.integer(total))
    assert [run(f, n) for n in (-5, 0, 1, 2, 10)] == [-1, 0, 0, 1, 25]


def test_loops_inside_loops_that_are_left() -> None:
    """The first a b = n with 2 <= a <= b < 10, as 10 a + b; 0 if there is none."""
    f = Writer("i64", "f", "i64 %n", linkage="")
    with f.loop(10, 2) as a, f.loop(10, a) as b:
        same = f.compare("eq", f.value(f"mul i64 {a}, {b}"), "%n")
        f.leave(same, f.add(f.value(f"mul i64 {a}, 10"), b))
    f.finish(0)
    assert [run(f, n) for n in (4, 6, 81, 13, 16)] == [22, 23, 99, 0, 28]


def test_memory() -> None:
    """Words, ints of C and addresses in a table."""
    table = (ctypes.c_int64 * 4)(5, -7 & 0xFFFFFFFF, 0, 9)
    table[2] = ctypes.addressof(table) + 24
    f = Writer("i64", "f", "ptr %table", linkage="")
    f.leave(f.is_null("%table"), 0)
    total = f.add(f.integer("%table"), f.integer32("%table", 8))
    total = f.add(total, f.integer(f.pointer(f.item("%table", 2))))
    f.store(f"i64 {total}", "%table", 24)
    f.finish(total)
    assert run(f, ctypes.addressof(table)) == 7
    assert table[3] == 7
    assert run(f, 0) == 0
