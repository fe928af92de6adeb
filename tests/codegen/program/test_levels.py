"""Levels: chains form where steps keep their rows, and the verifier refuses arrangements that would not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given

import symgrad as sg
from codegen.program import levels as levels_module
from codegen.program.levels import Chain, Combine, Level, arrange, moments
from codegen.program.nest import Nest
from codegen.program.prepare import prepare
from codegen.program.realize import is_source
from codegen.program.schedule import Check, Schedule, Single, schedule
from codegen.program.verify import ProgramError, verify_levels, verify_schedule
from symgrad.tensor import Tensor
from tests.graphs import graphs
from tests.networks import network

ROWS = 512
N = sg.dim("N")
X = sg.variable("X", (ROWS, 64))
A, B, C = (sg.variable(name, (64, 64)) for name in "ABC")
LABELS = sg.variable("labels", (ROWS,), "int64")


def arranged(outputs: Sequence[Tensor], updates: Mapping[Tensor, Tensor] | None = None) -> tuple[Schedule, list[Level]]:
    """Return the schedule of a graph and its levels, which are verified."""
    prepared = prepare([*outputs, *(updates or {}).values()])
    values = dict(zip(updates or {}, prepared[len(outputs) :], strict=True))
    ends = [node for node in dict.fromkeys(prepared[: len(outputs)]) if not is_source(node)]
    result = schedule(ends, values)
    verify_schedule(result, ends, values)
    levels = arrange(result.steps)
    verify_levels(result, levels)
    return result, levels


def chains_of(*outputs: Tensor) -> list[list[Chain]]:
    return arranged(outputs)[1]


def only_chain(*outputs: Tensor) -> Chain:
    """Return the chain of a graph that is all one chain."""
    ((chain,),) = chains_of(*outputs)
    return chain


# where chains form ----------------------------------------------------------------------------------------------------


def test_little_work_is_done_in_one_piece() -> None:
    x = sg.variable("x", (16, 4))
    chain = only_chain(sg.tanh(x @ A[:4]), sg.sum(x))
    assert (chain.rows, chain.chunks) == (None, 1)
    assert arrange([]) == []


def test_a_network_is_one_chain() -> None:
    chain = only_chain(sg.softmax(sg.tanh(sg.tanh(X @ A) @ B) @ C))
    assert chain.rows == ROWS
    assert len(chain.steps) == 6
    assert 1 < chain.count({}) == chain.chunks <= levels_module.MOST_CHUNKS


def test_forward_and_backward_are_one_chain_and_gradients_another_level() -> None:
    loss = sg.nn.cross_entropy(sg.tanh(X @ A) @ B, LABELS)
    _, levels = arranged([loss, *sg.grad(loss, [A, B])])
    check, through, gradients, *_ = levels
    assert [isinstance(step, Check) for chain in check for step in chain.steps] == [True]
    assert [chain.rows for chain in through] == [ROWS]
    assert sum(isinstance(step, Single) for step in through[0].steps) == 3  # two products forward, one backward
    singles = [step for chain in gradients for step in chain.steps if isinstance(step, Single)]
    assert sorted(step.root.node.shape for step in singles) == [(64, 64), (64, 64)]
    # The loss is a sum over the rows: it is put together beside the gradients.
    assert any(isinstance(step, Combine) for chain in gradients for step in chain.steps)


def test_attention_over_a_batch_is_one_chain() -> None:
    x = sg.variable("x", (64, 32, 64))
    q, k, v = (x @ w for w in (A, B, C))
    scores = sg.softmax(sg.einsum("bik,bjk->bij", q, k) / 8)
    levels = chains_of(sg.einsum("bij,bjk->bik", scores, v) @ A)
    assert [[chain.rows for chain in level] for level in levels] == [[64, 64, 64], [64]]
    # Queries, keys and values depend on nothing else, so that they start chains of their own.
    assert len(levels[1][0].steps) == 4


def test_attention_between_rows_starts_a_new_level() -> None:
    h = sg.tanh(X @ A)
    levels = chains_of(sg.softmax(h @ h.T) @ h)
    # Scores, softmax and values keep the rows of the queries.
    assert [[chain.rows for chain in level] for level in levels] == [[ROWS], [ROWS]]


def test_reductions_over_the_rows_end_a_chain() -> None:
    h = sg.tanh(X @ A)
    levels = chains_of((h - sg.mean(h, axis=0)) @ B)
    assert [chain.rows for chain in levels[0]] == [ROWS]
    (combine,) = [step for chain in levels[1] for step in chain.steps]
    assert isinstance(combine, Combine)
    assert combine.roots == []
    assert levels[0][0].partial == [combine.root]
    assert [chain.rows for chain in levels[2]] == [ROWS]


@pytest.mark.parametrize(
    ("name", "follows"),
    [
        *(("columns", True), ("parts of rows", True), ("ones", True), ("neighbouring columns", True)),
        *(("shifted", False), ("flipped", False), ("turned", False), ("windows", False), ("joined rows", False)),
        *(("moved", False), ("gathered", False), ("running", False)),
    ],
)
def test_views_of_what_a_chain_makes(name: str, follows: bool) -> None:
    square = sg.variable("square", (ROWS, ROWS))
    h = sg.tanh(X @ A)
    read = {
        "columns": lambda: h[:, ::2] * 2,
        "parts of rows": lambda: sg.sum(h.reshape(ROWS, 8, 8), axis=2),
        "ones": lambda: sg.exp(h.reshape(1, ROWS, 64)),
        "neighbouring columns": lambda: sg.einsum("bwi,i->bw", sg.sliding_window_view(h, 3, axis=1), A[0, :3]),
        "shifted": lambda: h[1:] * 2,
        "flipped": lambda: h[::-1] * 2,
        "turned": lambda: sg.tanh(X @ sg.variable("wide", (64, ROWS))).T + square,
        "windows": lambda: sg.einsum("nci,i->nc", sg.sliding_window_view(h, 3, axis=0), A[0, :3]),
        "joined rows": lambda: sg.exp(h.reshape(ROWS // 2, 128)),
        "moved": lambda: sg.concatenate([h[1:], h[:1]]) * 2,
        "gathered": lambda: sg.take(h, LABELS, 0) * 2,
        "running": lambda: sg.cumsum(h, axis=1),
    }[name]()
    _, levels = arranged([read])
    chains = [chain for level in levels for chain in level if any(not isinstance(s, Check) for s in chain.steps)]
    assert (len(chains) == 1) is follows


def test_run_time_sizes() -> None:
    x = sg.variable("x", (N, 64))
    chain = only_chain(sg.tanh(x @ A) @ B)
    assert chain.rows == N
    assert not isinstance(chain.chunks, int)
    assert chain.count({N: 1}) == chain.count({N: 0}) == 1
    counts = [chain.count({N: n}) for n in (10, 100, 1000, 10000, 1000000)]
    assert counts == sorted(counts)
    assert counts[-1] == levels_module.MOST_CHUNKS
    # A total may be made in parts, whatever the number of these turns out to be.
    total, combined = chains_of(sg.sum(sg.tanh(x @ A)))
    assert len(total[0].partial) == 1
    assert isinstance(combined[0].steps[0], Combine)


def test_checks_come_before_all() -> None:
    h = sg.tanh(X @ A)
    chosen = sg.take_along_axis(h, LABELS.reshape(ROWS, 1), 1)
    _, levels = arranged([chosen * 2, h])
    assert all(isinstance(step, Check) for chain in levels[0] for step in chain.steps)
    assert not any(isinstance(step, Check) for level in levels[1:] for chain in level for step in chain.steps)
    assert len(levels) == 2  # the chain is not broken


def test_updates_in_place_behind_readers_in_their_chain() -> None:
    other = sg.variable("other", (ROWS, 64))
    _, levels = arranged([sg.tanh(other @ A) @ B], {other: other * 2 - 1})
    ((chain,),) = levels
    writes = [any(root.target is other for root in step.roots) for step in chain.steps]
    reads = [any(other in root.reads for root in step.roots) for step in chain.steps]
    assert writes.index(True) >= max(i for i, read in enumerate(reads) if read)


def test_updates_in_place_wait_for_readers_of_other_rows() -> None:
    _, levels = arranged([sg.tanh(X[::-1] @ A)], {X: X * 2})
    (written,) = [
        number
        for number, level in enumerate(levels)
        for chain in level
        for step in chain.steps
        if any(root.target is X for root in step.roots)
    ]
    assert written == 1


def test_moments_are_levels_unless_there_is_nothing_to_share_out() -> None:
    _, levels = arranged([sg.mean(sg.tanh(X @ A), axis=0) @ B])
    found = list(moments(levels))
    assert [step for _, _, step in found] == [step for level in levels for chain in level for step in chain.steps]
    assert len({moment for moment, chain, _ in found if chain is levels[0][0]}) == 1
    (serial,) = chains_of(sg.softmax(sg.variable("x", (8, 8))) @ A[:8])
    assert [moment for moment, _, _ in moments([serial])] == list(range(len(serial[0].steps)))


@given(graphs())
def test_random_graphs_are_arranged_rightly(graph) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels_module, "SERIAL_WORK", 0)
        arranged([output * 1 for output in graph.with_gradients().outputs])


# what the verifier refuses --------------------------------------------------------------------------------------------

H = sg.tanh(X @ A)


def refused(plan: Schedule, levels: list[Level], message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        verify_levels(plan, levels)


def test_steps_of_a_chain_in_another_order() -> None:
    plan, levels = arranged([H @ B])
    levels[0][0].steps.reverse()
    refused(plan, levels, "of other chunks of its chain")


def test_steps_that_are_missing() -> None:
    plan, levels = arranged([H @ B])
    levels[0][0].steps.pop()
    refused(plan, levels, "do not have the steps")


def test_levels_that_run_at_once() -> None:
    plan, levels = arranged([H @ H.T])
    assert len(levels) == 2
    refused(plan, [levels[0] + levels[1]], "made in no earlier level")
    refused(plan, levels[::-1], "made in no earlier level")


def test_a_chain_across_rows() -> None:
    plan, levels = arranged([H @ H.T])
    first, second = levels[0][0], levels[1][0]
    first.steps += second.steps
    refused(plan, [[first]], "of other chunks of its chain")


def test_a_chain_of_other_rows() -> None:
    plan, levels = arranged([H @ B])
    chain = levels[0][0]
    refused(plan, [[replace(chain, rows=ROWS // 2)]], "has not the rows of its chain")


def test_parts_that_are_not_put_together() -> None:
    plan, levels = arranged([(H - sg.mean(H, axis=0)) @ B])
    refused(plan, [levels[0], levels[1] + levels[2]], "before its parts are put together")
    refused(plan, [levels[0], levels[2], levels[1]], "before its parts are put together")
    refused(plan, [levels[0], levels[2]], "before its parts are put together")


def test_checks_that_come_too_late() -> None:
    plan, levels = arranged([sg.take(sg.variable("table", (9, 64)), LABELS, 0) @ A])
    assert len(levels) == 2
    refused(plan, levels[::-1], "in no earlier level")
    refused(plan, [levels[0] + levels[1]], "in no earlier level")
    # Not even in one piece beside it.
    for chain in levels[1]:
        chain.chunks = 1
    refused(plan, [levels[0] + levels[1]], "in no earlier level")


def test_variables_that_are_overwritten_too_early() -> None:
    plan, levels = arranged([H @ B], {X: X * 2})
    writer = next(
        chain for level in levels for chain in level for step in chain.steps for r in step.roots if r.target is X
    )
    step = next(step for step in writer.steps if isinstance(step, Nest) and any(r.target is X for r in step.roots))
    writer.steps.remove(step)
    writer.steps.insert(0, step)
    if len(writer.steps) > 1:
        refused(plan, levels, "when it has been overwritten")
    plan, levels = arranged([sg.tanh(X[::-1] @ A)], {X: X * 2})
    refused(plan, [levels[0] + levels[1]], "when it has been overwritten")
    refused(plan, levels[::-1], "when it has been overwritten")


@pytest.mark.parametrize("seed", range(6))
def test_random_networks_are_arranged_rightly(seed: int) -> None:
    graph = network(Random(seed), rows=64).graph()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels_module, "SERIAL_WORK", 0)
        plan, levels = arranged([output * 1 for output in graph.outputs])
    # Whatever two neighbouring levels are made one, something is read too early.
    for i in range(len(levels) - 1):
        merged = [*levels[:i], levels[i] + levels[i + 1], *levels[i + 2 :]]
        if any(chain.chunks != 1 for chain in merged[i]):
            refused(plan, merged, "")
