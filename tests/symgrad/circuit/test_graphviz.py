"""Tests of what is asked of dot and of what is read from it, with an answer of dot's that was kept."""

from __future__ import annotations

import shutil
import stat

import pytest

from symgrad.circuit.graphviz import arrange_by_dot, dot_source, read_plain

SIZES, EDGES = [(36.0, 18.0), (36.0, 18.0), (72.0, 36.0)], [(0, 2), (1, 2)]
PLAIN = """graph 1 2.0 1.0
node n0 0.25 0.875 0.5 0.25 "" solid box black lightgrey
node n1 0.25 0.125 0.5 0.25 "" solid box black lightgrey
node n2 1.5 0.5 1 0.5 "" solid box black lightgrey
edge n0:e n2:w 4 0.5 0.875 0.75 0.875 0.75 0.5 \\
1 0.5 solid black
edge n1:e n2:w 4 0.5 0.125 0.75 0.125 0.75 0.5 1 0.5 solid black
stop
"""


def test_the_source_for_dot():
    source = dot_source(SIZES, EDGES)
    assert "rankdir=LR" in source
    assert "n2 [width=1.0000, height=0.5000]" in source
    assert "n1 -> n2" in source


def test_plain_output_is_read():
    layout = read_plain(PLAIN, SIZES, EDGES)
    margin = 16
    assert layout.centres == ((18 + margin, 9 + margin), (18 + margin, 63 + margin), (108 + margin, 36 + margin))
    assert (layout.width, layout.height) == (144 + 2 * margin, 72 + 2 * margin)
    first, second = layout.routes
    assert first[0] == (36 + margin, 9 + margin)  # the right side of its source
    assert first[-1] == (72 + margin, 29 + margin)  # the left side of its target, above the middle
    assert second[-1] == (72 + margin, 43 + margin)
    assert len(first) == 4


def test_the_answer_of_a_program_called_dot_is_used(monkeypatch, tmp_path):
    (tmp_path / "plain").write_text(PLAIN)
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\ncat > /dev/null\ncat {tmp_path}/plain\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(shutil, "which", lambda name: str(program))
    assert arrange_by_dot(SIZES, EDGES) == read_plain(PLAIN, SIZES, EDGES)


@pytest.mark.parametrize("script", ["exit 1", "cat > /dev/null; echo nonsense", "cat > /dev/null; echo node n0 a b"])
def test_a_dot_that_fails_is_as_good_as_none(monkeypatch, tmp_path, script):
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(shutil, "which", lambda name: str(program))
    assert arrange_by_dot(SIZES, EDGES) is None


@pytest.mark.skipif(shutil.which("dot") is None, reason="no dot")
def test_dot_itself_keeps_boxes_apart():
    layout = arrange_by_dot(SIZES, EDGES)
    assert layout is not None
    (x0, y0), (x1, y1), (x2, _) = layout.centres
    assert x0 == pytest.approx(x1, abs=1)
    assert abs(y0 - y1) >= 18
    assert x2 > x0 + 36
