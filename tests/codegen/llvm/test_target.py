"""The facts about the CPU, for this one and for features of others."""

from __future__ import annotations

import dataclasses

import pytest

from codegen.llvm.target import _vectors, host, target_machine


def test_the_host_is_described_once() -> None:
    target = host()
    assert target is host()
    assert target.cpu
    assert target.vector_bytes in (16, 32, 64)
    assert target.vector_registers in (16, 32)
    assert 8 * 1024 <= target.l1_bytes <= target.l2_bytes


def test_a_target_machine_is_made_for_the_host() -> None:
    assert target_machine(host()).triple.split("-")[0] == host().triple.split("-")[0]


@pytest.mark.parametrize(
    ("triple", "features", "expected"),
    [
        ("x86_64-unknown-linux-gnu", {"avx512f": True, "avx512vl": True, "avx2": True}, (64, 32)),
        ("x86_64-unknown-linux-gnu", {"avx512f": True, "avx2": True}, (32, 16)),
        ("x86_64-unknown-linux-gnu", {"avx512f": False, "avx2": True}, (32, 16)),
        ("x86_64-unknown-linux-gnu", {"sse4.2": True}, (16, 16)),
        ("aarch64-unknown-linux-gnu", {"neon": True}, (16, 32)),
        ("arm64-apple-darwin23", {}, (16, 32)),
    ],
)
def test_vectors_follow_from_the_features(triple: str, features: dict[str, bool], expected: tuple[int, int]) -> None:
    assert _vectors(triple, features) == expected


def test_lanes_and_attributes_follow_from_the_vectors() -> None:
    narrow = dataclasses.replace(host(), vector_bytes=32)
    wide = dataclasses.replace(host(), vector_bytes=64)
    assert (narrow.lanes(4), wide.lanes(4), wide.lanes(8)) == (8, 16, 8)
    assert narrow.function_attributes == ""
    assert wide.function_attributes == '"prefer-vector-width"="512"'
