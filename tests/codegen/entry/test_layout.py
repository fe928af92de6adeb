"""The tables are words only, as machine code reads them."""

import ctypes

import pytest

from codegen.entry import layout
from codegen.entry.writer import Writer

TABLES = [layout.Node, layout.Leaf, layout.Nesting, layout.Output, layout.Earlier, layout.Copy, layout.Plan]


@pytest.mark.parametrize("table", [*TABLES, layout.State])
def test_fields_follow_each_other_word_by_word(table):
    places = [getattr(table, name).offset for name, _ in table._fields_]
    assert places == [8 * i for i in range(len(places))]
    plans = layout.MOST_PLANS - 1 if table is layout.State else 0
    assert ctypes.sizeof(table) == 8 * (len(places) + plans)


def test_machine_code_takes_places_from_here():
    f = Writer("i64", "words", "ptr %plan")
    f.finish(f.integer("%plan", layout.Plan.bytes.offset))
    assert f"i64 {layout.Plan.bytes.offset}" in f.text()
