"""Tests of the memory that Jacobians would take."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad.formula.chain_rule.jacobian_size import format_bytes, jacobian_bytes

X = sg.variable("X", (5, 4))


def test_memory_of_jacobians() -> None:
    assert jacobian_bytes(sg.tanh(X), X) == 5 * 4 * 5 * 4 * 8
    assert jacobian_bytes(sg.cast(X, "float32"), X) == 5 * 4 * 5 * 4 * 4


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (2**38, "256 GiB"),
        (3 * 2**39, "1.5 TiB"),
        (2**100, "1.049e+06 YiB"),
        (2 * sg.dim("N"), "2*N bytes"),
    ],
)
def test_bytes_have_units(size: int, expected: str) -> None:
    assert format_bytes(size) == expected
