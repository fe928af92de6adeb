"""The probes return rates, of what they say they do."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest

from codegen.limits import probes


def test_arrays_live_in_the_nearest_cache_that_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "caches", lambda: {"L1": 100, "L2": 1000, "L3": 4000})
    monkeypatch.setattr(probes, "cores", lambda: [0, 1])
    assert [probes.home(size) for size in (100, 101, 1000, 1001, 2000, 2001)] == [
        "L1",
        "L2",
        "L2",
        "L3",
        "L3",
        "memory",
    ]


def test_the_sizes_of_caches_grow() -> None:
    sizes = list(probes.caches().values())
    assert 0 < sizes[0] <= sizes[1] <= sizes[2]


def test_the_exponential_of_the_limit_is_one() -> None:
    x = np.linspace(-80, 80, 10001, dtype=np.float32)
    y = np.empty_like(x)
    probes.exp_into(1, x, y)
    np.testing.assert_allclose(y, np.exp(x.astype(np.float64)), rtol=3e-7)


def test_an_empty_call_takes_anything_and_returns_the_same_list() -> None:
    function = probes.no_operation()
    result = function()
    before = sys.getrefcount(result)
    for count in range(100):
        function(*range(count))
    after = sys.getrefcount(result)
    assert result == [0.0]
    assert after == before, "the list is counted wrongly"


@pytest.mark.parametrize(
    "make",
    [
        lambda: probes.multiply_adds("float32"),
        lambda: probes.multiply_adds("float64"),
        probes.exponentials,
        lambda: probes.stream(4096, 1024, 512),
        lambda: probes.stream(3, 0, 0),
        lambda: probes.triad(1 << 16),
        lambda: probes.empty_call([1, 2]),
    ],
)
def test_probes_return_rates(make: Callable[[], probes.Probe]) -> None:
    probe = make()
    assert all(0 < probe(0.001) < 1e15 for _ in range(2))


def test_all_cores_work_at_once_and_share_the_units() -> None:
    calls: list[list[int]] = [[] for _ in probes.cores()]
    works = [place.append for place in calls]
    assert probes.on_all_cores(3.0, works)(1e-6) > 0
    assert all(calls)
    assert all(repetitions == calls[0] for repetitions in calls)


def test_the_machine_has_a_name() -> None:
    assert f"{len(probes.cores())} cores; Python {sys.version_info[0]}." in probes.place()


def test_the_whole_machine() -> None:
    found = probes.machine(seconds=0.001, turns=1)
    assert len(found) == 8
    assert all(rate > 0 for rate in found.values())
