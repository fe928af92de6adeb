"""Tests of what is asked of dot and of what is read from it, with an answer of dot's that was kept."""

from __future__ import annotations

import shutil
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgrad.circuit.graphviz import arrange_by_dot, dot_source, read_heights
from symgrad.circuit.layered import make_layers

SIZES, EDGES = [(36.0, 18.0), (36.0, 18.0), (72.0, 36.0)], [(0, 2), (1, 2)]
PLAIN = """graph 1 2.0 1.0
node n0 0.25 0.125 0.5 0.25 "" solid box black lightgrey
node n1 0.25 0.875 0.5 0.25 "" solid box black lightgrey
node n2 1.5 0.5 1 0.5 "" solid box black lightgrey
edge n0:e n2:w 4 0.5 0.875 0.75 0.875 0.75 0.5 1 0.5 solid black
stop
"""


def stub(monkeypatch, tmp_path, script):
    """Have a shell script answer as dot."""
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(shutil, "which", lambda name: str(program))


def test_the_source_for_dot():
    source = dot_source(make_layers(3, [(0, 1), (1, 2), (0, 2)]), SIZES)
    assert "rankdir=LR" in source
    assert "n2 [width=1.0000, height=0.5000]" in source
    assert "n1 -> n2" in source
    assert "n0 -> n3" in source  # the place where the long edge passes the layer of n1
    assert "n3 -> n2" in source
    assert "{rank=same; n1; n3}" in source or "{rank=same; n3; n1}" in source


def test_plain_output_is_read():
    assert read_heights(PLAIN, 3) == [-9, -63, -36]
    with pytest.raises(KeyError):
        read_heights(PLAIN, 4)


def test_the_answer_of_a_program_called_dot_is_used(monkeypatch, tmp_path):
    (tmp_path / "plain").write_text(PLAIN)
    stub(monkeypatch, tmp_path, f"cat > /dev/null\ncat {tmp_path}/plain")
    layout = arrange_by_dot(SIZES, EDGES)
    (_, first), (_, second), (_, gate) = layout.centres
    assert second < gate < first  # dot has the first box at the bottom
    into, other = layout.routes
    assert into[-1][1] > gate > other[-1][1]


@pytest.mark.parametrize("script", ["exit 1", "cat > /dev/null; echo nonsense", "cat > /dev/null; echo node n0 a b"])
def test_a_dot_that_fails_is_as_good_as_none(monkeypatch, tmp_path, script):
    stub(monkeypatch, tmp_path, script)
    assert arrange_by_dot(SIZES, EDGES) is None


@pytest.mark.skipif(shutil.which("dot") is None, reason="no dot")
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_boxes_do_not_overlap_in_what_dot_finds(data):
    count = data.draw(st.integers(1, 10))
    pairs = [(i, j) for j in range(count) for i in range(j)]
    edges = data.draw(st.lists(st.sampled_from(pairs), unique=True, max_size=15)) if pairs else []
    sizes = [(20.0 + 7 * i, 10.0 + 3 * i) for i in range(count)]
    layout = arrange_by_dot(sizes, edges)
    assert layout is not None
    found = [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for (w, h), (x, y) in zip(sizes, layout.centres, strict=True)]
    for i, (left, top, right, bottom) in enumerate(found):
        for other in found[:i]:
            assert right < other[0] or other[2] < left or bottom < other[1] or other[3] < top
