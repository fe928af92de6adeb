"""The node: hash-consing, immutability, threads, pickling, origins, and what a tensor is not."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
import weakref
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import GraphError, ShapeError
from symgrad.tensor import Operation, Tensor, _table, built_at, make, provenance

x = sg.variable("x", (2, 3))
LENGTH = 100_000


def test_equal_structure_is_the_same_object() -> None:
    assert sg.sin(x) * 2 is sg.sin(x) * 2
    assert sg.sin(x) == sg.sin(x)
    assert sg.sin(x) != sg.cos(x)
    assert x != 3
    assert {sg.sin(x): 1}[sg.sin(x)] == 1


def test_tensors_are_immutable() -> None:
    for change in (
        lambda: setattr(x, "shape", (1,)),
        lambda: setattr(x, "other", 1),
        lambda: object.__getattribute__(x, "__setattr__")("dtype", None),
    ):
        with pytest.raises(AttributeError, match="immutable"):
            change()
    with pytest.raises(GraphError, match="tensors are made by"):
        Tensor()


def test_tensors_that_nobody_uses_go_away() -> None:
    gc.collect()
    before = len(_table)
    y = sg.exp(sg.variable("only here", (7,)))
    reference = weakref.ref(y)
    assert len(_table) == before + 2
    del y
    gc.collect()
    assert reference() is None
    assert len(_table) == before


def test_threads_get_the_same_tensors() -> None:
    start = threading.Barrier(4)
    results: list[list[Tensor]] = []

    def build() -> None:
        start.wait()
        made: list[Tensor] = []
        y = sg.variable("in threads", (3,))
        for i in range(300):
            y = sg.sin(y) + i
            made.append(y)
        results.append(made)

    threads = [threading.Thread(target=build) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for made in results[1:]:
        assert all(a is b for a, b in zip(made, results[0], strict=True))


def test_graphs_are_pickled_and_come_back_as_themselves() -> None:
    y = sg.softmax(x @ sg.variable("W", (3, 4), "float32", init="he"), -1)[1:].named("p") * np.arange(4.0)
    assert pickle.loads(pickle.dumps(y)) is y
    assert copy.deepcopy([y, {"a": y}]) == [y, {"a": y}]
    assert copy.copy(y) is y
    several = pickle.loads(pickle.dumps({"loss": sg.sum(y), "again": [y]}))
    assert several == {"loss": sg.sum(y), "again": [y]}


def test_long_chains_are_built_printed_pickled_and_freed() -> None:
    y = x
    for _ in range(LENGTH):
        y = sg.sin(y)
    assert len(repr(y)) < 1000
    data = pickle.dumps(y)
    assert pickle.loads(data) is y
    del y
    gc.collect()
    again = pickle.loads(data)
    assert again.inputs[0].operation is again.operation or again.inputs[0].operation == again.operation


def test_the_users_line_is_kept() -> None:
    y = sg.nn.silu(x) + 1  # this line
    filename, line = y.origin or ("", 0)
    assert filename == __file__
    with open(filename) as file:
        assert "this line" in file.readlines()[line - 1]
    assert built_at(y) == f", built at {filename}:{line}"


def test_provenance_nests_and_ends() -> None:
    a, b = sg.variable("a"), sg.variable("b")
    with provenance() as follow:
        follow(a)
        with provenance() as follow_other:
            follow_other(b)
            first = a * 17
        second = a * 18
    third = a * 19
    assert first.origin == b.origin
    assert second.origin == a.origin
    assert third.origin != a.origin
    with pytest.raises(ValueError, match="stop"), provenance() as follow:
        follow(a)
        raise ValueError("stop")
    assert (a * 20).origin != a.origin


def test_errors_name_the_operands_and_their_lines() -> None:
    a, b = sg.variable("a", (2,)), sg.variable("b", (3,))
    with pytest.raises(ShapeError) as error:
        a * b
    message = str(error.value)
    assert "shapes (2,) and (3,) cannot be broadcast together" in message
    for tensor in (a, b):
        assert repr(tensor) + built_at(tensor) in message


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (lambda: bool(x), GraphError, "use sg.where"),
        (lambda: 1 if x > 0 else 2, GraphError, "truth value"),
        (lambda: x in [sg.sin(x) > 0, 3] or (0 < x < 1), GraphError, "truth value"),
        (lambda: float(x), GraphError, "no value yet; use sg.evaluate"),
        (lambda: int(x), GraphError, "no value yet"),
        (lambda: complex(x), GraphError, "no value yet"),
        (lambda: range(x), GraphError, "no value yet"),
        (lambda: [1, 2][x], GraphError, "no value yet"),
        (lambda: np.array(x), GraphError, "no values yet"),
        (lambda: np.asarray([x, x]), GraphError, "no value"),
        (lambda: len(sg.variable("s")), ShapeError, "without axes"),
        (lambda: len(sg.variable("s", (sg.dim("N"),))), ShapeError, "known only at run time"),
        (lambda: list(sg.variable("s")), ShapeError, "cannot be iterated"),
    ],
)
def test_a_tensor_is_no_number(use: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        use()


def test_what_a_tensor_knows() -> None:
    assert (x.ndim, x.size, len(x)) == (2, 6, 2)
    assert sg.variable("s").size == 1
    assert sg.variable("s", (sg.dim("N"), 2)).size == 2 * sg.dim("N")
    assert [row.shape for row in x] == [(3,), (3,)]


def test_a_failed_operation_leaves_nothing_behind() -> None:
    class Broken(Operation):
        def infer(self, inputs: tuple[Tensor, ...]) -> Any:
            raise ShapeError("never")

    before = len(_table)
    with pytest.raises(ShapeError, match="never"):
        make(Broken(), (x,))
    assert len(_table) == before


def test_an_operation_says_what_it_must() -> None:
    operation = Operation()
    for rule in (
        lambda: operation.infer((x,)),
        lambda: operation.pull_back(x, x, False),
        lambda: operation.push_forward(x, [None]),
    ):
        with pytest.raises(NotImplementedError):
            rule()
