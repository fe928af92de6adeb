"""What reductions start from."""

import numpy as np
import pytest

import symgrad as sg
from codegen.kernels.reductions import COMBINE, Accumulator, initial_value, split
from codegen.kernels.writer import Writer
from codegen.program.nest import Root
from codegen.program.prepare import prepare

DTYPES = ["float64", "float32", "int64", "int32", "bool"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["sum", "prod", "max", "min", "any", "all"])
def test_the_initial_value_changes_nothing(kind, dtype):
    if kind not in ("max", "min") and (kind in ("any", "all")) != (dtype == "bool"):
        return
    start = np.dtype(dtype).type(initial_value(kind, dtype))
    limits = [True, False] if dtype == "bool" else [np.dtype(dtype).type(v) for v in (-7, 0, 3)]
    if dtype.startswith("float"):
        limits += [-np.inf, np.inf]
    elif dtype != "bool":
        limits += [np.iinfo(dtype).min, np.iinfo(dtype).max]
    for value in limits:
        assert getattr(np, COMBINE[kind])(start, np.dtype(dtype).type(value)) == value


@pytest.mark.parametrize(("kind", "scalars"), [("sum", ["float32"]), ("argmax", ["float32", "int64"])])
def test_what_a_reduction_carries(kind, scalars):
    x = sg.variable("x", (3, 4), "float32")
    (node,) = prepare([getattr(sg, kind)(x, 1)])
    accumulator = Accumulator(Root(node, x.shape, {}, []))
    writer = Writer({})
    start = accumulator.start(writer)
    assert [dtype for dtype, _ in start] == scalars
    following = accumulator.taken_in(writer, [name for _, name in start], writer.constant("float32", 5), ("i", "j"))
    assert len(following) == len(scalars)


def test_scalars_are_told_apart():
    x = sg.variable("x", (3, 4))
    accumulators = [Accumulator(Root(prepare([f(x, 1)])[0], x.shape, {}, [])) for f in (sg.sum, sg.argmin, sg.max)]
    assert split(accumulators, ["a", "b", "c", "d"]) == [["a"], ["b", "c"], ["d"]]
