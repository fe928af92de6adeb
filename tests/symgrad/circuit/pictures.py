"""What the tests of drawings share: traces of the lecture, and a reader of SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import numpy as np

import symgrad as sg

SVG = "{http://www.w3.org/2000/svg}"


@dataclass
class Picture:
    """A drawing that was read: its wires as (from, to, value, gradient), and the symbol and the class of each gate."""

    root: ElementTree.Element
    wires: list[tuple[str, str, str, str]]
    gates: list[tuple[str, str]]
    groups: dict[str, str]


def read(svg: str) -> Picture:
    """Read a drawing; its minus signs become hyphens."""
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    wires, gates, groups = [], [], {}
    for part in root.iter(f"{SVG}g"):
        texts = {text.get("class"): text.text.replace("−", "-") for text in part.iter(f"{SVG}text") if text.text}
        match part.get("class", "").split():
            case ["wire"]:
                ends = part.get("data-from"), part.get("data-to")
                wires.append((*ends, texts.get("value", ""), texts.get("gradient", "")))
            case ["gate", pattern]:
                symbol = next((text.text for text in part.iter(f"{SVG}text")), "")
                gates.append((symbol.replace("−", "-"), pattern))
            case ["group"]:
                name, formula = (text.text for text in part.iter(f"{SVG}text"))
                groups[name] = formula
    return Picture(root, wires, gates, groups)


def product_of_sum() -> sg.Trace:
    x, y, z = (sg.variable(name) for name in "xyz")
    return sg.trace((x + y).named("q") * z, at={x: -2, y: 5, z: -4})


def neuron(lumped: bool = False) -> sg.Trace:
    w0, x0, w1, x1, w2 = (sg.variable(name) for name in ("w0", "x0", "w1", "x1", "w2"))
    s = w0 * x0 + w1 * x1 + w2
    f = sg.nn.sigmoid(s) if lumped else 1 / (1 + sg.exp(-s))
    return sg.trace(f, at={w0: 2.0, x0: -1.0, w1: -3.0, x1: -2.0, w2: -3.0})


def net() -> sg.Trace:
    """A two-layer net with named parts and a penalty, in which W1 and W2 are used twice."""
    numbers = np.random.default_rng(0)
    shapes = {"X": (8, 5), "W1": (5, 6), "b1": (6,), "W2": (6, 3), "b2": (3,)}
    at: dict[sg.Tensor, Any] = {sg.variable(name, shape): numbers.normal(size=shape) for name, shape in shapes.items()}
    X, W1, b1, W2, b2 = at
    y = sg.variable("y", (8,), "int64")
    h = sg.nn.relu(X @ W1 + b1).named("h")
    scores = (h @ W2 + b2).named("scores")
    penalty = (0.1 * (sg.sum(W1 * W1) + sg.sum(W2 * W2))).named("penalty")
    loss = (sg.nn.cross_entropy(scores, y).named("data_loss") + penalty).named("loss")
    return sg.trace(loss, at | {y: numbers.integers(0, 3, 8)})
