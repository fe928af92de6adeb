"""Storage: results have memory where, and as long as, they need it; the arena is small."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from codegen.program.levels import arrange
from codegen.program.prepare import prepare
from codegen.program.realize import is_source
from codegen.program.schedule import Check, schedule
from codegen.program.storage import ALIGNMENT, Lifetime, assign_storage, plan
from codegen.program.verify import ProgramError, verify_levels, verify_plan, verify_storage
from symgrad.families.leaf import Variable
from symgrad.graph import topological_order
from tests.graphs import graphs

N = sg.dim("N")
X, W = sg.variable("X", (32, 10)), sg.variable("W", (10, 5))


def stored(outputs, updates=None):
    prepared = prepare([*outputs, *(updates or {}).values()])
    values = dict(zip(updates or {}, prepared[len(outputs) :], strict=True))
    ends = [node for node in dict.fromkeys(prepared[: len(outputs)]) if not is_source(node)]
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


# memory that the steps of a chain pass on ------------------------------------------------------------------------------

ROWS = 512
H = sg.variable("H", (ROWS, 64))
A, B, C = (sg.variable(name, (64, 64)) for name in "ABC")


def buffers_of(outputs):
    """Return the levels and, in the order in which they are made, the results in the arena and their buffers."""
    result, storage, _ = stored(outputs)
    made = [root.node for step in result.steps if not isinstance(step, Check) for root in step.roots]
    places = {node: storage.memory[node].buffer for node in made if node in storage.memory}
    return {node: number for node, (kind, number) in places.items() if kind == "arena"}


def test_a_deep_chain_needs_two_buffers():
    h = H
    for weight in (A, B, C, A, B, C):
        h = sg.tanh(h @ weight)
    buffers = buffers_of([h @ A])
    assert len(buffers) == 12
    assert len(set(buffers.values())) == 2


def test_entries_are_overwritten_at_their_own_place_only():
    product = H @ A
    # Softmax has read a row (exp has a row of its own) when it writes it; the other reads columns already written.
    scores, exponentials, result = buffers_of([sg.softmax(product) @ B]).values()
    assert result == scores != exponentials
    turned = buffers_of([sg.tanh(product[:, ::-1]) @ B])
    assert len(set(turned.values())) == len(turned) == 2


def test_what_is_read_later_is_not_overwritten():
    t = sg.tanh(H @ A)
    buffers = buffers_of([sg.tanh(t @ B) @ C * t])
    (made,) = prepare([t])
    later = list(buffers)[list(buffers).index(made) + 1 :]
    assert len(later) == 3
    assert all(buffers[node] != buffers[made] for node in later)


def test_a_sum_of_products_passes_its_memory_on():
    t = sg.tanh(H @ A)
    total = sg.tanh(t @ B + t @ C + sg.exp(t) @ A)
    buffers = buffers_of([total @ A * t])
    # One for `t`, one for exp(t), one for the sum and all that follows from it.
    assert len(set(buffers.values())) == 3


def test_other_bytes_a_row_are_other_memory():
    wide = sg.variable("wide", (64, 96))
    buffers = buffers_of([sg.tanh(sg.tanh(H @ wide) @ sg.variable("back", (96, 64))) @ A])
    sizes = {}
    for node, number in buffers.items():
        sizes.setdefault(number, set()).add(node.shape)
    assert all(len(shapes) == 1 for shapes in sizes.values())
    assert len(sizes) == 2


def test_a_square_that_only_looks_as_if_it_had_the_rows():
    """The sum over the rows of a (64, 64, 64) tensor has 64 rows, but not those of the chain that makes it."""
    x = sg.variable("x", (64, 64, 64))
    _, storage, _ = stored([sg.tanh(sg.sum(sg.tanh(x @ A), axis=0)) @ B])
    (part,) = storage.parts.values()
    assert part.buffer not in {memory.buffer for memory in storage.memory.values()}


@pytest.mark.parametrize("wrong", ["sooner", "another chain"])
def test_wrong_sharing_is_refused(wrong):
    t = sg.tanh(H @ A)
    other = sg.variable("other", (ROWS, 96))
    outputs = [sg.tanh(t @ B) @ C * t, sg.sum(sg.tanh(other @ sg.variable("w", (96, 64))) @ B, axis=1)]
    prepared = prepare(outputs)
    ends = list(dict.fromkeys(prepared))
    result = schedule(ends, {})
    levels = arrange(result.steps)
    inputs = [node for node in topological_order(prepared) if isinstance(node.operation, Variable)]
    storage = assign_storage(result, levels, inputs, ends)
    verify_storage(result, levels, storage)
    (first, second) = sorted(levels[0], key=lambda chain: other in chain.steps[0].root.node.inputs)
    kept, later = (step.roots[0].node for step in first.steps[1:3])
    memory = storage.memory
    if wrong == "sooner":
        memory[later] = memory[kept]
    else:
        memory[second.steps[0].root.node] = memory[later]
    with pytest.raises(ProgramError, match=r"has been written over it|are both written to"):
        verify_storage(result, levels, storage)
