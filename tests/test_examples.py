"""Every example runs and says what it promises."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from examples import circuits, convolutional_net, identities, jacobians, losses, quickstart, tensors, two_layer_net

EXAMPLES = {path.stem for path in (Path(__file__).parents[1] / "examples").glob("*.py")} - {"__init__"}


def test_every_example_is_tested_here():
    named = {
        "circuits",
        "convolutional_net",
        "identities",
        "jacobians",
        "losses",
        "quickstart",
        "tensors",
        "two_layer_net",
    }
    assert named == EXAMPLES


def test_quickstart_reaches_its_accuracy(capsys, monkeypatch, tmp_path):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(quickstart, "PICTURE", tmp_path / "quickstart.png")
    quickstart.main()
    printed = capsys.readouterr().out
    assert "X.T @" in printed
    accuracy = float(re.search(r"never seen: ([\d.]+)%", printed)[1])
    assert accuracy >= 97
    assert quickstart.PICTURE.stat().st_size > 10_000


def test_the_convolutional_net_learns(capsys):
    pytest.importorskip("sklearn")
    convolutional_net.main()
    printed = capsys.readouterr().out
    assert "dL_dK2 = einsum(" in printed
    assert "correct to" in printed
    assert float(re.search(r"never seen: ([\d.]+)%", printed)[1]) >= 96


@pytest.mark.parametrize("example", [identities, jacobians, tensors])
def test_small_examples_print(example, capsys):
    example.main()
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) > 5
    assert "FAILED" not in printed


def test_circuits_prints_and_draws(capsys, tmp_path):
    circuits.main(tmp_path / "pictures")
    assert "t6 -> t5: -0.53 x (t6 = 0.37) = -0.20" in capsys.readouterr().out
    pictures = {path.stem: ElementTree.parse(path).getroot() for path in (tmp_path / "pictures").glob("*.svg")}
    assert len(pictures) == 9
    assert all(root.tag.endswith("svg") for root in pictures.values())


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
