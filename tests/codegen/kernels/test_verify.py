"""Every rule of the language, broken once."""

from __future__ import annotations

import re

import pytest

from codegen.kernels.loop_nest import (
    Buffer,
    Carried,
    Constant,
    Fail,
    Let,
    Load,
    Loop,
    LoopNest,
    Statement,
    Store,
)
from codegen.kernels.verify import KernelError, verify
from tests.codegen.kernels import nests

BUFFERS = (
    Buffer("x", "float64", ("n", 3)),
    Buffer("flags", "bool", ("n",)),
    Buffer("y", "float64", ("n", 3), written=True),
)


def kernel(*body: Statement) -> LoopNest:
    return LoopNest(BUFFERS, ("n",), body)


@pytest.mark.parametrize(
    "nest",
    [
        nests.scaled_shift("float32"),
        nests.softmax("float64", "m", 10),
        nests.column_sums("int32"),
        nests.argmax("bool"),
        nests.linear_recurrence("float64"),
        nests.gather_rows("bool", "int32"),
        nests.update_in_place("float32"),
        nests.reduction("logical_or", "bool", False),
        nests.transposed("int64"),
        LoopNest((), (), ()),
    ],
)
def test_sound_kernels_pass(nest: LoopNest) -> None:
    verify(nest)


ONE = Constant("one", "float64", 1.0)
TWO = Constant("two", "float32", 2.0)
NUMBER = Constant("number", "int64", 5)
TRUE = Constant("true", "bool", True)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ((ONE, ONE), "'one' is defined twice"),
        ((Constant("n", "int64", 1),), "'n' is defined twice"),
        ((Constant("x", "int64", 1),), "'x' is defined twice"),
        ((Loop("i", "n", (ONE,)), Loop("j", "n", (ONE,))), "'one' is defined twice"),
        ((Constant("a.b", "float64", 1.0),), "'a.b' is not an identifier"),
        ((Let("a", "float64", "negative", ("b",)),), "'b' is not defined"),
        ((Let("a", "float64", "negative", ("a",)),), "'a' is not defined"),
        ((Loop("i", "n", (ONE,)), Let("a", "float64", "negative", ("one",))), "'one' is used outside its scope"),
        ((Loop("i", "n", ()), Load("a", "x", ("i", 0))), "'i' is used outside its scope"),
        ((Let("a", "float64", "negative", ("x",)),), "'x' is used outside its scope"),
        ((ONE, Let("a", "float64", "sine", ("one",))), "there is no scalar function 'sine'"),
        ((ONE, Let("a", "float64", "add", ("one",))), "add takes 2 operands, not 1"),
        ((ONE, TWO, Let("a", "float64", "add", ("one", "two"))), "operands of one dtype, not (float64, float32)"),
        ((ONE, Let("a", "float32", "negative", ("one",))), "negative gives float64 here, not float32"),
        ((ONE, Let("a", "float64", "less", ("one", "one"))), "less gives bool here, not float64"),
        ((TRUE, Let("a", "bool", "subtract", ("true", "true"))), "subtract does not take bool"),
        ((ONE, Let("a", "float64", "where", ("one", "one", "one"))), "where takes a bool and two operands alike"),
        ((ONE, Let("a", "float16", "cast", ("one",))), "unknown dtype 'float16'"),
        ((ONE, Let("a", "float32", "cast", ("one", "one"))), "cast takes one operand"),
        ((ONE, Let("a", "float64", "add", ("one", 1))), "operands of one dtype, not (float64, int64)"),
        ((ONE, Let("a", "float64", "maximum", ("one", "one"), True)), "only add and multiply can be reassociated"),
        ((Constant("a", "float64", True),), "True is not a float64"),
        ((Constant("a", "int64", 1.0),), "1.0 is not a int64"),
        ((Constant("a", "int32", 2**31),), "2147483648 is not a int32"),
        ((Constant("a", "bool", 1),), "1 is not a bool"),
        ((Constant("a", "float16", 1.0),), "1.0 is not a float16"),
        ((Let("a", "int64", "add", (2**63, 1)),), "9223372036854775808 is not an int64"),
        ((Load("a", "z", (0,)),), "there is no buffer 'z'"),
        ((Load("a", "x", (0,)),), "1 indices for 2 axes of buffer x"),
        ((ONE, Load("a", "x", ("one", 0))), "'one' is float64 where int64 is wanted"),
        ((Constant("k", "int32", 0), Load("a", "x", ("k", 0))), "'k' is int32 where int64 is wanted"),
        ((ONE, Store("x", (0, 0), "one")), "buffer x does not say that it is written"),
        ((TWO, Store("y", (0, 0), "two")), "'two' is float32 where float64 is wanted"),
        ((NUMBER, Fail("number", 1)), "'number' is int64 where bool is wanted"),
        ((TRUE, Fail("true", 0)), "the code of a failure is a positive int32"),
        ((ONE, Loop("i", "one", ())), "'one' is float64 where int64 is wanted"),
        ((Loop("i", -1, ()),), "the extent of the loop over i is negative"),
        ((ONE, Loop("i", "n", (), (Carried("c", "float32", "one", "c", "r"),))), "'one' is float64 where float32"),
        (
            (ONE, TWO, Loop("i", "n", (), (Carried("c", "float64", "one", "two", "r"),))),
            "'two' is float32 where float64 is wanted",
        ),
        ((ONE, Loop("i", "n", (), (Carried("c", "float64", "one", "r", "r"),))), "'r' is not defined"),
        (
            (ONE, Loop("i", "n", (), (Carried("c", "float64", "one", "c", "r"),)), Store("y", (0, 0), "c")),
            "'c' is used outside its scope",
        ),
    ],
)
def test_a_broken_rule_is_named(body: tuple[Statement, ...], message: str) -> None:
    with pytest.raises(KernelError, match=re.escape(message)):
        verify(kernel(*body))


@pytest.mark.parametrize(
    ("buffer", "message"),
    [
        (Buffer("b", "float16", (1,)), "buffer b has the unknown dtype 'float16'"),
        (Buffer("b", "float64", (-1,)), "buffer b has the negative size -1"),
        (Buffer("b", "float64", ("k",)), "'k' in the shape of buffer b is not a size of the kernel"),
        (Buffer("n", "float64", ()), "'n' is defined twice"),
    ],
)
def test_a_wrong_buffer_is_named(buffer: Buffer, message: str) -> None:
    with pytest.raises(KernelError, match=re.escape(message)):
        verify(LoopNest((buffer,), ("n",), ()))
