"""Every example runs and says what it promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from examples import circuits, identities, jacobians, losses, quickstart, tensors, two_layer_net

EXAMPLES = {path.stem for path in (Path(__file__).parents[1] / "examples").glob("*.py")} - {"__init__"}


def test_every_example_is_tested_here():
    assert {"circuits", "identities", "jacobians", "losses", "quickstart", "tensors", "two_layer_net"} == EXAMPLES


def test_quickstart_reaches_its_accuracy(capsys, monkeypatch, tmp_path):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(quickstart, "PICTURE", tmp_path / "quickstart.png")
    quickstart.main()
    printed = capsys.readouterr().out
    assert "X.T @" in printed
    accuracy = float(re.search(r"never seen: ([\d.]+)%", printed)[1])
    assert accuracy >= 97
    assert quickstart.PICTURE.stat().st_size > 10_000


@pytest.mark.parametrize("example", [circuits, identities, jacobians, tensors])
def test_small_examples_print(example, capsys):
    example.main()
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) > 5
    assert "FAILED" not in printed


def test_losses_example_passes_every_check(capsys):
    losses.main()
    printed = capsys.readouterr().out
    assert printed.count("passed") == 4 * 3 * 4
    assert "FAILED" not in printed


def test_two_layer_net_prints_equal_losses(capsys, monkeypatch):
    monkeypatch.setattr(two_layer_net, "STEPS", 1001)
    two_layer_net.main()
    difference = float(re.search(r"relative difference .*: ([\d.e+-]+)", capsys.readouterr().out)[1])
    assert difference < 1e-9
