"""The vectors that loops ask for, in the text of kernels."""

from __future__ import annotations

import itertools
import re

import pytest

from codegen.kernels.loop_nest import Buffer, Carried, Constant, Let, Load, Loop, LoopNest, Store
from codegen.llvm.jit import optimized_ir
from codegen.llvm.loops import emit
from codegen.llvm.target import host
from codegen.llvm.vectors import vectors
from tests.codegen.kernels import nests


def test_two_vectors_at_a_time_where_bodies_are_long_chains() -> None:
    lanes = host().vector_bytes // 4
    nest = nests.softmax("float32")
    text = emit(nest, "kernel")
    width, count = (int(re.search(rf"llvm.loop.{hint}\", i32 (\d+)", text)[1]) for hint in HINTS)  # type: ignore[index]
    assert width * count == 2 * lanes
    assert width * 4 <= 64
    assert text.count("interleave.count") == 1  # the loop of the exponentials; the maximum and the quotient have none


HINTS = ("vectorize.width", "interleave.count")


@pytest.mark.parametrize("columns", [2, 3, 10, 17])
def test_vectors_are_no_longer_than_the_loop(columns: int) -> None:
    text = emit(nests.softmax("float32", "m", columns), "kernel")
    width = re.search(r'vectorize.width", i32 (\d+)', text)
    assert width is not None
    assert int(width[1]) <= columns


def test_nothing_is_asked_for_that_llvm_cannot_do(capfd: pytest.CaptureFixture[str]) -> None:
    """It would say so on the standard error stream."""
    buffers = (
        Buffer("x", "float64", ("n",)),
        Buffer("k", "int64", ("n",)),
        Buffer("y", "float64", ("n",), written=True),
    )
    load, call = Load("a", "x", ("i",)), Let("b", "float64", "exp", ("a",))
    running = (load, call, Let("c", "float64", "add", ("b", "s")), Store("y", ("i",), "c"))
    add = Let("c", "float64", "add", ("b", "old"))
    scattered = (load, call, Load("p", "k", ("i",)), Load("old", "y", ("p",)), add, Store("y", ("p",), "c"))
    whole = (Load("p", "k", ("i",)), Let("q", "int64", "power", ("p", "p")), Let("b", "float64", "cast", ("q",)))
    integers = (*whole, Let("c", "float64", "exp", ("b",)), Store("y", ("i",), "c"))
    carried = (Carried("s", "float64", "zero", "c", "r"),)
    for loop in (Loop("i", "n", running, carried), Loop("i", "n", scattered), Loop("i", "n", integers)):
        optimized_ir(emit(LoopNest(buffers, ("n",), (Constant("zero", "float64", 0.0), loop)), "kernel"))
    assert capfd.readouterr().err == ""


def chain(calls: int, extent: int | str) -> Loop:
    """One value after another."""
    names = ["a", *(f"v{i}" for i in range(calls))]
    lets = tuple(Let(after, "float64", "exp", (before,)) for before, after in itertools.pairwise(names))
    return Loop("i", extent, (Load("a", "x", ("i",)), *lets, Store("y", ("i",), names[-1])), independent=True)


def test_long_bodies_take_one_vector_at_a_time() -> None:
    lanes = host().lanes(8)
    found = [vectors(chain(calls, "n"), lambda _: "float64") for calls in (1, 5, 6)]
    assert [asked and asked.width * asked.count for asked in found] == [2 * lanes, 2 * lanes, lanes]


def test_sums_of_several_entries_are_reductions() -> None:
    """A sum written out is one chain; what else uses it, or another function in between, breaks it."""

    def loop(*lets: Let) -> Loop:
        body = (Load("a", "x", ("i",)), Let("e", "float64", "exp", ("a",)), *lets)
        return Loop("i", "n", body, (Carried("s", "float64", "zero", "t", "r"),))

    first = Let("u", "float64", "add", ("s", "e"), reassociate=True)
    second = Let("t", "float64", "add", ("u", "a"), reassociate=True)
    assert vectors(loop(first, second), lambda _: "float64")
    assert not vectors(loop(first, Let("t", "float64", "multiply", ("u", "a"), reassociate=True)), lambda _: "float64")
    assert not vectors(loop(first, second, Let("w", "float64", "sqrt", ("u",))), lambda _: "float64")
    assert not vectors(loop(Let("t", "float64", "maximum", ("e", "a"))), lambda _: "float64")
    assert vectors(loop(Let("t", "float64", "maximum", ("s", "e"))), lambda _: "float64")
