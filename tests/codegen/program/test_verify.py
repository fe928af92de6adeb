"""The verifier finds every kind of mistake that a schedule, its storage or the plan of the arena may have."""

import dataclasses

import pytest

import symgrad as sg
from codegen.kernels.statements import Memory
from codegen.program.checks import IndexCheck
from codegen.program.levels import arrange
from codegen.program.nest import Nest, Stage
from codegen.program.prepare import prepare
from codegen.program.schedule import Single, schedule
from codegen.program.storage import Lifetime, assign_storage
from codegen.program.verify import (
    ProgramError,
    verify_buffers,
    verify_levels,
    verify_plan,
    verify_schedule,
    verify_storage,
)

X, W = sg.variable("X", (6, 4)), sg.variable("W", (4, 3))
V = sg.variable("V", (6, 4))
labels = sg.variable("labels", (6,), "int64")
scores = X @ W
OUTPUTS = prepare([sg.softmax(scores) + sg.sum(scores), X[labels]])
UPDATES = dict(zip([V], prepare([V * 2 + X]), strict=True))


@pytest.fixture
def plan():
    result = schedule(OUTPUTS, UPDATES)
    verify_schedule(result, OUTPUTS, UPDATES)
    return result


def refused(plan, message):
    with pytest.raises(ProgramError, match=message):
        verify_schedule(plan, OUTPUTS, UPDATES)


def nests(plan):
    return [step for step in plan.steps if isinstance(step, Nest)]


def test_results_come_before_they_are_read(plan):
    plan.steps.append(plan.steps.pop(next(i for i, step in enumerate(plan.steps) if isinstance(step, Single))))
    refused(plan, "which is not computed before")


def test_everything_is_computed_once(plan):
    plan.steps.append(plan.steps[0])
    plan.steps.pop(0)
    refused(plan, "needs IndexCheck.*which does not come before|comes after a variable has been overwritten")


def test_nothing_is_computed_twice(plan):
    plan.steps.append(next(step for step in plan.steps if isinstance(step, Single)))
    refused(plan, "is computed twice")


def test_outputs_are_computed(plan):
    plan.steps = [step for step in plan.steps if OUTPUTS[1] not in [root.node for root in step.roots]]
    refused(plan, "is not computed")


def test_updates_happen_once(plan):
    plan.copies[V] = OUTPUTS[0]
    refused(plan, "must get its new value once")
    plan.copies.clear()
    for nest in nests(plan):
        for root in nest.roots:
            root.target = None
    refused(plan, "must get its new value once")


def test_nothing_is_read_after_it_was_overwritten(plan):
    root = next(root for nest in nests(plan) for root in nest.roots if root.target is V)
    root.target = X
    refused(plan, "reads <X: .* (after|where) it (has been|may have been) overwritten|'V'|<V:")


def test_results_of_a_nest_are_read_where_they_are(plan):
    nest = max(nests(plan), key=lambda nest: len(nest.stages))
    assert len(nest.stages) > 1
    nest.stages.reverse()
    refused(plan, "before the nest has computed it|in another turn|at another place|computed over")


def test_stages_have_the_loops_of_their_results(plan):
    nest = next(nest for nest in nests(plan) if nest.outer)
    nest.stages[0].inner = (99,)
    refused(plan, "its stage has the loops")


def test_a_nest_reads_at_its_own_place_only():
    doubled = X * 2
    flipped = doubled[::-1] + 1
    result = schedule([doubled, flipped], {})
    assert len(result.steps) == 2
    first, second = nests(result)
    both = Nest(first.domain, None, [Stage(first.domain, [*first.roots, *second.roots])], 0, first.made | second.made)
    result.steps = [both]
    with pytest.raises(ProgramError, match="at another place"):
        verify_schedule(result, [doubled, flipped], {})


def test_overwriting_before_a_check_is_refused():
    result = schedule(OUTPUTS, UPDATES)
    check = next(step for step in result.steps if not isinstance(step, (Nest, Single)))
    check = dataclasses.replace(check, check=IndexCheck(labels, 5))
    result.steps.append(check)
    refused(result, "comes after a variable has been overwritten")


def test_overwriting_before_what_may_fail_is_refused():
    u, a = sg.variable("u", (3,)), sg.variable("a", (3, 3))
    outputs, updates = prepare([sg.linalg.inv(a)]), dict(zip([u], prepare([u * 2]), strict=True))
    result = schedule(outputs, updates)
    verify_schedule(result, outputs, updates)
    result.steps.reverse()
    with pytest.raises(ProgramError, match="which may fail, comes after a variable has been overwritten"):
        verify_schedule(result, outputs, updates)


# storage --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def stored(plan):
    levels = arrange(plan.steps)
    verify_levels(plan, levels)
    storage = assign_storage(plan, levels, [X, W, V, labels], OUTPUTS)
    verify_storage(plan, levels, storage)
    return plan, levels, storage


def test_what_is_read_later_has_memory(stored):
    plan, levels, storage = stored
    product = next(step for step in plan.steps if isinstance(step, Single)).root.node
    memory = storage.memory.pop(product)
    with pytest.raises(ProgramError, match="is read in step"):
        verify_storage(plan, levels, storage)
    storage.memory[product] = dataclasses.replace(memory, shape=(3,), dropped=1)
    with pytest.raises(ProgramError, match="is read in step"):
        verify_storage(plan, levels, storage)


def test_buffers_live_as_long_as_they_are_read(stored):
    plan, levels, storage = stored
    storage.arena[:] = [dataclasses.replace(life, last=life.first) for life in storage.arena]
    with pytest.raises(ProgramError, match="but lives as"):
        verify_storage(plan, levels, storage)


@pytest.mark.parametrize("buffer", [("input", 0), ("constant", 0), ("output", 1)])
def test_results_have_buffers_of_their_own(stored, buffer):
    plan, levels, storage = stored
    storage.memory[OUTPUTS[0]] = Memory(buffer, OUTPUTS[0].shape)
    with pytest.raises(ProgramError, match="written to"):
        verify_storage(plan, levels, storage)


# the arena ------------------------------------------------------------------------------------------------------------


def test_buffers_that_live_together_lie_apart():
    lives = [Lifetime(10, 8, 0, 2), Lifetime(4, 8, 1, 3), Lifetime(9, 8, 3, 3)]
    sizes = {0: 80, 1: 32, 2: 72}
    verify_plan(lives, sizes, [0, 80, 0], 112)
    verify_plan(lives, sizes, [32, 0, 32], 112)
    for offsets, total in (([0, 79, 0], 200), ([0, 0, 100], 200), ([31, 0, 32], 200), ([0, 80, 20], 200)):
        with pytest.raises(ProgramError, match="overlap while both live"):
            verify_plan(lives, sizes, offsets, total)
    with pytest.raises(ProgramError, match="of an arena of 100 bytes"):
        verify_plan(lives, sizes, [0, 80, 0], 100)
    with pytest.raises(ProgramError, match="arena"):
        verify_plan(lives, sizes, [-8, 80, 0], 200)


def test_a_call_gets_only_what_is_kept_for_it(stored):
    plan, _, storage = stored
    (step,) = [step for step in plan.steps if isinstance(step, Single)]
    kept = [storage.memory[node].buffer for node in (X, W, step.root.node)]
    verify_buffers(step.roots, [*kept, ("arena", len(storage.arena))], storage)
    with pytest.raises(ProgramError, match="which is not kept for it"):
        verify_buffers(step.roots, [*kept, storage.memory[V].buffer], storage)
