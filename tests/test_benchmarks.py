"""The benchmarks do what they say: engines take the same steps, and the tables show it when they do not."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import kernels
from benchmarks.engines import load
from benchmarks.report import cold_and_warm, disagreements, report
from benchmarks.workloads import EQUAL_LAYERS, WORKLOADS, Circuit, Fused, Mlp, Workload

SMALL: dict[str, Workload] = {
    "circuit": Circuit(),
    "fused": Fused(1000),
    "sigmoid": Mlp(8, (20, 10, 3), "sigmoid", "squared_error", 1e-3, bias=False),
    "relu": Mlp(16, (2, 16, 3), "relu", "cross_entropy", 1e-1, penalty=1e-3),
    "gelu": Mlp(16, (12, 12, 12, 5), "gelu", "cross_entropy", 1e-1, penalty=1e-2),
    "hinge": Mlp(16, (30, 4), "relu", "hinge", 1e-2, penalty=1e-3),
}
"""One of each kind, with learning rates large enough for the steps to show."""


def losses(engine: str, work: Workload) -> list[float]:
    """The losses of the first four steps."""
    step = load(engine).build(work)
    assert step is not None
    return [float(step()) for _ in range(4)]


@pytest.mark.parametrize("name", SMALL)
def test_symgrad_takes_the_steps_that_numpy_takes_by_hand(name: str) -> None:
    by_hand = losses("numpy", SMALL[name])
    np.testing.assert_allclose(losses("symgrad", SMALL[name]), by_hand, rtol=1e-4)
    if isinstance(SMALL[name], Mlp):
        assert by_hand[3] < by_hand[0], "the steps do not show: nothing was compared but the first loss"


@pytest.mark.parametrize("work", [*WORKLOADS.values(), *EQUAL_LAYERS.values()])
def test_arrays_are_fresh_and_always_the_same(work: Workload) -> None:
    if isinstance(work, Fused):
        work = replace(work, size=100)
    first, second = work.arrays(), work.arrays()
    for a, b in zip(flat(first), flat(second), strict=True):
        assert not np.may_share_memory(a, b)
        np.testing.assert_array_equal(a, b)


def flat(arrays: object) -> list[np.ndarray]:
    """The arrays in nested tuples and lists."""
    if isinstance(arrays, np.ndarray):
        return [arrays]
    assert isinstance(arrays, tuple | list)
    return [array for nested in arrays for array in flat(nested)]


def measured(median: float, loss: float = 1.0, first: float = 2.0) -> dict[str, object]:
    return {"first": first, "median": median, "least": median, "loss": loss, "version": "1.0"}


def test_the_table_compares_with_the_fastest_peer() -> None:
    rounds = {
        ("svm", "symgrad"): [measured(1e-3), measured(3e-3), measured(2e-3)],
        ("svm", "numpy"): [measured(9e-3)] * 3,
        ("svm", "jax"): [measured(5e-3)] * 3,
    }
    lines = report(rounds, ["svm"], ["symgrad", "numpy", "jax", "autograd"], 3).splitlines()
    rows = [line.split() for line in lines if line.startswith("svm")]
    assert rows[0] == ["svm", "2000.0", "9000.0", "5000.0", "-", "jax", "2.50"]
    assert rows[2] == ["svm", "1", "yes"]


def test_engines_that_disagree_are_named() -> None:
    rounds = {("svm", "numpy"): [measured(1.0, loss=2.0)], ("svm", "jax"): [measured(1.0, loss=2.001)]}
    assert disagreements(rounds) == ["svm"]
    assert "NO: numpy, jax: 2, 2.001" in report(rounds, ["svm"], ["numpy", "jax"], 1)
    rounds["svm", "jax"] = [measured(1.0, loss=2.0001)]
    assert disagreements(rounds) == []


def test_the_first_round_is_the_cold_one() -> None:
    assert cold_and_warm([measured(1.0, first=f) for f in (9.0, 1.0, 3.0)]) == "9.00 / 2.00"
    assert cold_and_warm([measured(1.0, first=9.0)]) == "9.00"


def test_loop_nests_are_measured_against_numpy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["tiny_5", "rows_of_17"]
    monkeypatch.setattr("sys.argv", ["kernels", *names, "--seconds", "0.001"])
    kernels.main()
    table = capsys.readouterr().out.splitlines()[-3:]
    assert table[0].split()[0] == "kernel"
    assert [line.split()[0] for line in table[1:]] == names
