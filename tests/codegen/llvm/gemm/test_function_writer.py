"""Functions written and run: control flow and integer arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from codegen.llvm.gemm.function_writer import LOOP_METADATA, FunctionWriter, Operand
from tests.codegen.llvm.gemm.compiled import Functions

RESULT = (("i64", "n"), ("ptr", "out"))


def run(body: Callable[[FunctionWriter, Callable[[Operand], None]], None], n: int) -> list[int]:
    """Write a function of n that emits numbers; return the numbers it emits."""
    f = FunctionWriter("main", RESULT)
    count = f.value("alloca i64")
    f.do(f"store i64 0, ptr {count}")

    def emit(number: Operand) -> None:
        position = f.value(f"load i64, ptr {count}")
        f.do(f"store i64 {number}, ptr {f.element('i64', '%out', (1, 1), (position, 1))}")
        f.do(f"store i64 {f.add(position, 1)}, ptr {count}")
        f.do(f"store i64 {f.add(position, 1)}, ptr %out")

    body(f, emit)
    out = np.zeros(100, np.int64)
    intrinsics = f"declare i64 @llvm.smin.i64(i64, i64)\n{LOOP_METADATA}"
    Functions(f.text() + intrinsics).call("main", RESULT, n, out)
    return out[1 : 1 + out[0]].tolist()


def test_loops_nest_and_may_be_empty() -> None:
    def body(f: FunctionWriter, emit: Callable[[Operand], None]) -> None:
        with f.loop(0, "%n", 2) as i, f.loop(i, "%n") as j:
            emit(f.add(f.multiply(i, 10), j))
        with f.loop("%n", 0) as i:
            emit(i)

    assert run(body, 4) == [0, 1, 2, 3, 22, 23]
    assert run(body, 0) == []


def test_conditions() -> None:
    def body(f: FunctionWriter, emit: Callable[[Operand], None]) -> None:
        small, even = f.compare("slt", "%n", 5), f.compare("eq", f.value("and i64 %n, 1"), 0)
        with f.when(small):
            emit(1)
        with f.when(f.all(small, even)):
            emit(2)
        with f.when(f.any(small, even)):
            emit(3)
        emit(f.select(even, 4, 5))
        f.leave(f.negate(even))
        emit(6)

    assert run(body, 2) == [1, 2, 3, 4, 6]
    assert run(body, 3) == [1, 3, 5]
    assert run(body, 8) == [3, 4, 6]
    assert run(body, 9) == [5]


def test_arithmetic() -> None:
    def body(f: FunctionWriter, emit: Callable[[Operand], None]) -> None:
        for number in (
            f.add("%n", 5),
            f.subtract("%n", 30),
            f.multiply("%n", -3),
            f.quotient("%n", 4),
            f.round_up("%n", 6),
            f.round_down("%n", 6),
            f.minimum("%n", 10),
            f.minimum("%n", 100),
            f.select(f.compare("sge", "%n", 22), 1, 0),
        ):
            emit(number)

    assert run(body, 22) == [27, -8, -66, 5, 24, 18, 10, 22, 1]


def test_what_is_known_is_not_computed() -> None:
    f = FunctionWriter("nothing", RESULT)
    assert f.add(2, 3) == 5
    assert f.multiply(2, 3) == 6
    assert f.add("%n", 0) == f.multiply("%n", 1) == f.subtract("%n", 0) == "%n"
    assert f.element("i64", "%out", (0, "%n"), (0, 1)) == "%out"


def test_a_call_through_an_address() -> None:
    f = FunctionWriter("caller", RESULT)
    f.call("%callee", RESULT, 1, "%out")
    f.call("callee", RESULT, "%n", "null")
    assert "call void %callee(i64 1, ptr %out)" in f.text()
    assert "call void @callee(i64 %n, ptr null)" in f.text()
