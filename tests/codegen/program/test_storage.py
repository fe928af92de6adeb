"""Storage: results have memory where, and as long as, they need it; the arena is small."""

from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from codegen.program.levels import arrange
from codegen.program.prepare import prepare
from codegen.program.schedule import schedule
from codegen.program.storage import ALIGNMENT, Lifetime, assign_storage, plan
from codegen.program.verify import verify_levels, verify_plan, verify_storage
from symgrad.families.leaf import Variable
from symgrad.graph import topological_order
from tests.graphs import graphs

N = sg.dim("N")
X, W = sg.variable("X", (32, 10)), sg.variable("W", (10, 5))


def stored(outputs, updates=None):
    prepared = prepare([*outputs, *(updates or {}).values()])
    values = dict(zip(updates or {}, prepared[len(outputs) :], strict=True))
    ends = list(dict.fromkeys(prepared[: len(outputs)]))
    result = schedule(ends, values)
    inputs = [node for node in topological_order([*prepared, *values]) if isinstance(node.operation, Variable)]
    levels = arrange(result.steps)
    verify_levels(result, levels)
    storage = assign_storage(result, levels, inputs, ends)
    verify_storage(result, levels, storage)
    return result, storage, ends


@given(graphs())
def test_storage_of_random_graphs_is_right(graph):
    stored([output * 1 for output in graph.with_gradients().outputs])


def test_inputs_constants_outputs():
    table = sg.constant([[1.0] * 10])
    _, storage, (output,) = stored([X * table])
    assert storage.memory[X].buffer == ("input", 0)
    assert storage.memory[table].buffer == ("constant", 0)
    assert storage.constants == [table]
    assert storage.memory[output].buffer == ("output", 0)
    assert storage.arena == []


def test_rows_stay_in_registers_and_entries_where_they_are_made():
    _, storage, _ = stored([sg.softmax(X)])
    # The exponentials of one row are all that is kept.
    (life,) = storage.arena
    assert life.entries == 10


def test_results_for_other_kernels_are_kept_until_the_last_has_read_them():
    result, storage, _ = stored([sg.sum((X @ W) ** 2) / sg.sum(X @ W)])
    (product,) = [step.root.node for step in result.steps if not hasattr(step, "stages")]
    life = storage.arena[storage.memory[product].buffer[1]]
    assert (life.first, life.last, life.entries) == (0, 1, 160)


def test_updates_use_the_arrays_of_the_variables():
    result, storage, _ = stored([], {X: X * 2})
    (root,) = result.steps[0].roots
    assert storage.memory[root.node] == storage.memory[X]


def test_copies_live_to_the_end():
    result, storage, _ = stored([], {X: X[::-1] + 1})
    (value,) = result.copies.values()
    assert storage.arena[storage.memory[value].buffer[1]].last == len(result.steps)


def test_run_time_sizes_are_expressions():
    Y = sg.variable("Y", (N, 10))
    _, storage, _ = stored([sg.sum(Y @ W)])
    assert storage.arena[0].entries == 5 * N


lifetimes = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 6), st.integers(0, 1000)).map(
        lambda t: Lifetime(t[2], 4, t[0], t[0] + t[1])
    ),
    max_size=25,
)


@given(lifetimes)
def test_plans_keep_apart_what_lives_together(lives):
    sizes = {i: life.entries * life.itemsize for i, life in enumerate(lives)}
    offsets, total = plan(lives, sizes)
    verify_plan(lives, sizes, offsets, total)
    assert all(offset % ALIGNMENT == 0 for offset in offsets)
    padded = [-(-max(sizes[i], 1) // ALIGNMENT) * ALIGNMENT for i in sizes]
    most = max(
        (sum(padded[i] for i, life in enumerate(lives) if life.first <= t <= life.last) for t in range(20)), default=0
    )
    assert most <= total <= sum(padded)


def test_plans_reuse_memory():
    chain = [Lifetime(100, 8, step, step + 1) for step in range(50)]
    _, total = plan(chain, dict.fromkeys(range(50), 800))
    assert total == 2 * 832
    stairs = [Lifetime(n, 1, n, n) for n in range(1, 60)]
    assert plan(stairs, {i: life.entries for i, life in enumerate(stairs)})[1] == 64
    assert plan([], {}) == ([], 0)
