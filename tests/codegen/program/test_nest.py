"""Nests: which results may share loops, and how each comes about in them."""

import pytest

import symgrad as sg
from codegen.program.access import UNKNOWN, LoopAxis
from codegen.program.nest import Nest, Root, identity

x, y = sg.variable("x", (4, 3)), sg.variable("y", (4, 3))
ROW, COLUMN = LoopAxis(0), LoopAxis(1)
HERE = (ROW, COLUMN)

double, exponent, shifted = x * 2, sg.exp(x), x[::-1] * 3
row, column, total = sg.sum(double, 1), sg.sum(double, 0), sg.sum(double)
scaled = double / row[:, None]


def root(node, domain=(4, 3), **reads):
    """Return a root that reads nodes, named in this module, at one place each."""
    return Root(node, domain, {globals()[name]: {pattern} for name, pattern in reads.items()}, [])


def nest_of(*roots):
    nest = Nest((4, 3), None)
    for each in roots:
        assert nest.join(each)
    return nest


def test_places_of_entries():
    assert identity((4, 3)) == HERE
    assert identity((1, 3, 1)) == (0, COLUMN, 0)
    assert identity(()) == ()


def test_results_over_the_same_loops_share_one_stage():
    nest = nest_of(root(double, x=HERE), root(exponent, x=HERE), root(shifted, x=(UNKNOWN, COLUMN)))
    assert len(nest.stages) == 1
    assert nest.outer is None
    assert {how for _, how in nest.made.values()} == {"map"}


def test_a_reduction_decides_on_the_outer_loops():
    rows = nest_of(root(double, x=HERE), root(row, double=HERE))
    assert (rows.outer, rows.made[row]) == (1, (0, "row"))
    columns = nest_of(root(double, x=HERE), root(column, double=HERE))
    assert (columns.outer, columns.made[column]) == (1, (0, "late"))
    totals = nest_of(root(double, x=HERE), root(total, double=HERE))
    assert (totals.outer, totals.made[total]) == (None, (0, "late"))


def test_what_reads_a_row_comes_in_a_later_stage():
    nest = nest_of(root(double, x=HERE), root(row, double=HERE), root(scaled, double=HERE, row=(ROW,)))
    assert [len(stage.roots) for stage in nest.stages] == [2, 1]
    assert nest.join(root(column, scaled=HERE))
    assert [len(stage.roots) for stage in nest.stages] == [2, 2]
    assert nest.roots[-1].node is column


@pytest.mark.parametrize(
    ("before", "late"),
    [
        ([root(total, x=HERE)], root(scaled, total=())),
        ([root(column, x=HERE)], root(scaled, column=(COLUMN,))),
        ([root(double, x=HERE)], root(shifted, double=(UNKNOWN, COLUMN))),
        ([root(double, x=HERE)], root(sg.exp(double.T), (3, 4), double=(COLUMN, ROW))),
        ([root(double, x=HERE), root(row, double=HERE)], root(shifted, row=(UNKNOWN,))),
        ([root(double, x=HERE), root(row, double=HERE)], root(sg.ones((5, 3)) * 1, (5, 3), x=(0, COLUMN))),
        ([root(double, x=HERE), root(row, double=HERE)], root(sg.sin(x[0, 0]), (), x=(0, 0))),
    ],
)
def test_results_that_come_too_late_or_have_other_loops_do_not_join(before, late):
    nest = nest_of(*before)
    made = dict(nest.made)
    assert not nest.join(late)
    assert nest.made == made


def test_other_inner_loops_are_another_stage():
    wide = sg.ones((4, 7)) * x[:, :1]
    nest = nest_of(root(double, x=HERE), root(row, double=HERE), root(wide, (4, 7), x=(ROW, 0)))
    assert [stage.inner for stage in nest.stages] == [(3,), (7,)]


def test_a_nest_does_not_grow_without_end():
    nest = nest_of(Root(double, (4, 3), {}, [], work=390))
    assert not nest.join(Root(exponent, (4, 3), {}, [], work=20))
    assert nest.join(Root(exponent, (4, 3), {}, [], work=10))
    assert Nest((4, 3), None).join(Root(double, (4, 3), {}, [], work=5000))


def test_what_is_overwritten_is_overwritten_after_it_was_read():
    nest = nest_of(root(double, x=HERE), root(row, double=HERE), root(scaled, y=HERE, row=(ROW,)))
    new = root(exponent, y=HERE)
    new.target = y
    assert nest.join(new)
    assert nest.made[exponent] == (1, "map")
    late = root(sg.sum(y), y=HERE)
    late.target = y
    assert not nest.join(late)
