"""Writing statements: what is written once, what is folded away, and the loops around it."""

import pytest

import symgrad as sg
from codegen.kernels.loop_nest import Buffer, Carried, Constant, Let, Load, Loop, LoopNest, Store
from codegen.kernels.statements import Memory, StatementWriter
from codegen.kernels.verify import verify

N, M = sg.dim("N"), sg.dim("M")
x, y = sg.variable("x", (N, 3)), sg.variable("y", (N, 3), "float32")
MEMORY = {x: Memory(("input", 4), x.shape), y: Memory(("arena", 0), (3,), dropped=1)}


@pytest.fixture
def writer():
    return StatementWriter(MEMORY)


def test_index_arithmetic_folds_what_is_known(writer):
    assert writer.add(2, 3) == 5
    assert writer.add("i", 0) == writer.add(0, "i") == writer.subtract("i", 0) == "i"
    assert writer.multiply("i", 1) == writer.multiply(1, "i") == "i"
    assert writer.multiply("i", 0) == writer.multiply(0, "i") == 0
    assert writer.subtract(2, 5) == -3
    assert writer.floor_divide(-7, 2) == -4
    assert writer.remainder(-7, 2) == 1
    assert writer.multiply_add(2, 5, 1) == 11
    assert writer.statements == []


def test_index_arithmetic_is_written_once(writer):
    assert writer.multiply_add("i", 5, "j") == writer.multiply_add("i", 5, "j")
    assert [statement.function for statement in writer.statements] == ["multiply", "add"]


def test_nothing_is_divided_by_zero_before_it_must_be(writer):
    assert isinstance(writer.remainder(3, 0), str)


def test_run_time_sizes_become_parameters(writer):
    assert [writer.size(size) for size in (7, N, M, N + 1, N)] == [7, "n0", "n1", "n2", "n0"]
    assert list(writer.sizes) == [N, M, N + 1]


def test_places_in_memory(writer):
    assert writer.place(x, (0, "j")) == "j"
    assert writer.place(x, (2, 1)) == 7
    assert writer.place(y, ("i", "j")) == "j"
    assert writer.statements == []
    writer.place(x, ("i", "j"))
    assert [(s.function, s.operands) for s in writer.statements] == [("multiply", ("i", 3)), ("add", ("v1", "j"))]


@pytest.mark.parametrize(
    ("dtype", "value", "stored"), [("float32", 1, 1.0), ("int64", 2.0, 2), ("bool", 0, False), ("float64", True, 1.0)]
)
def test_numbers_have_the_type_of_their_dtype(writer, dtype, value, stored):
    writer.constant(dtype, value)
    (constant,) = writer.statements
    assert constant == Constant("v1", dtype, stored)
    assert type(constant.value) is type(stored)


def test_kernels_say_what_they_read_and_write(writer):
    value = writer.load_at(x, 0)
    writer.store_at(y, 1, writer.let("float32", "cast", value))
    writer.load_at(y, 2, "there")
    assert writer.finish() == LoopNest(
        (Buffer("b0", "float64", ("n0",)), Buffer("b1", "float32", (3,), written=True)),
        ("n0",),
        (
            Load("v1", "b0", (0,)),
            Let("v2", "float32", "cast", ("v1",)),
            Store("b1", (1,), "v2"),
            Load("v3", "b1", (2,), "there"),
        ),
    )
    assert list(writer.buffers) == [("input", 4), ("arena", 0)]


def test_loops_nest_and_carry(writer):
    def body(index, values):
        assert index == ("v2", 0, "v4")
        return [writer.let("float64", "add", values[0], values[0])]

    start = writer.constant("float64", 1)
    results = writer.loops([writer.size(N), 1, 30], [("float64", start)], body, independent=True)
    writer.store_at(x, 0, results[0])
    nest = writer.finish()
    verify(nest)
    outer = nest.body[1]
    assert isinstance(outer, Loop)
    (inner,) = outer.body
    assert (outer.extent, inner.extent) == ("n0", 30)
    assert outer.carried == (Carried("v3", "float64", "v1", inner.carried[0].result, results[0]),)
    assert inner.carried[0].initial == "v3"
    assert outer.independent
    assert inner.independent


def test_short_inner_loops_are_written_out(writer):
    places = []

    def body(index, values):
        places.append(index)
        return [writer.let("float64", "add", values[0], writer.load_at(x, index[2]))]

    results = writer.loops([5, writer.size(N), 3], [("float64", writer.constant("float64", 0))], body)
    writer.store_at(x, 0, results[0])
    nest = writer.finish()
    verify(nest)
    outer = nest.body[1]  # nothing is around it: it stays, short as it is
    (inner,) = outer.body
    assert [type(statement) for statement in inner.body] == [Load, Let] * 3
    assert [load.indices for load in inner.body[::2]] == [(0,), (1,), (2,)]
    assert places == [("v2", "v4", turn) for turn in range(3)]
    assert inner.carried[0].next == inner.body[-1].result


def test_long_bodies_are_not_repeated(writer):
    def body(index, values):
        for _ in range(50):
            writer.load_at(x, index[1])
        return []

    writer.loops([writer.size(N), 4], [], body)
    ((inner,),) = [loop.body for loop in writer.statements]
    assert isinstance(inner, Loop)
    assert len(inner.body) == 50


def test_rows_that_nobody_reads_are_not_stored(writer):
    def body(index, values):
        writer.store_at(y, 0, writer.load_at(x, index[0]))
        return []

    writer.loops([4], [], body)
    (loop,) = writer.finish().body
    assert [type(statement) for statement in loop.body] == [Load]


def test_what_is_written_in_a_loop_is_not_known_after_it(writer):
    inside = []
    writer.multiply("n", 7)
    writer.loops([4], [], lambda index, _: inside.append(writer.multiply(index[0], 7)) or [])
    writer.loops([4], [], lambda index, _: inside.append(writer.multiply("n", 7)) or [])
    assert inside[1] == writer.multiply("n", 7)
    assert len(writer.statements) == 3
    assert not any(key[1] == "v2" for key in writer.known)


def test_loops_without_turns_around_nothing(writer):
    assert writer.loops([], [("int64", 3)], lambda index, values: [*values, len(index)]) == [3, 0]
    assert writer.loops([1, 1], [], lambda index, values: [*index]) == [0, 0]
