"""The benchmarks do what they say: engines take the same steps, limits are counted rightly, tables show what was found."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import symgrad as sg
from benchmarks import compare, compile_time, growth, kernels, memory, options, plot
from benchmarks.catalogue import EQUAL_LAYERS, SERIES, WORKLOADS, find
from benchmarks.costs import cost
from benchmarks.engines import load
from benchmarks.engines import symgrad as symgrad_engine
from benchmarks.engines.numpy import lstm_value_and_gradients
from benchmarks.processes import Process, WorkerError, hired
from benchmarks.report import goal, main_table, quartiles, tables
from benchmarks.report import machine as machine_table
from benchmarks.speed import Comparison, Results, compare_on, disagreements, needs, rotate
from benchmarks.tables import Table, number
from benchmarks.workloads import Block, Circuit, Cnn, Fused, Lstm, Mlp, Workload, flat

# ---- workloads and engines

STEPS: dict[str, Workload] = {
    "sigmoid": Mlp(8, (20, 10, 3), "sigmoid", "squared_error", 1e-3, bias=False),
    "relu": Mlp(16, (2, 16, 3), "relu", "cross_entropy", 1e-1, penalty=1e-3),
    "gelu": Mlp(16, (12, 12, 12, 5), "gelu", "cross_entropy", 1e-1, penalty=1e-2),
    "hinge": Mlp(16, (30, 4), "relu", "hinge", 1e-2, penalty=1e-3),
    "cnn": Cnn(4, (3, 2), 1e-1),
}
"""One of each kind, with learning rates large enough for the steps to show."""
VALUES: dict[str, Workload] = {"circuit": Circuit(), "fused": Fused(1000), "lstm": Lstm(3, 2, 5)}
SMALL = STEPS | VALUES | {"block": Block(batch=2, length=5, width=8, heads=2, layers=2)}


def losses(engine: str, work: Workload) -> list[float]:
    """The losses of the first four steps."""
    step = load(engine).build(work)
    assert step is not None
    return [float(step()) for _ in range(4)]


@pytest.mark.parametrize("name", [*STEPS, *VALUES])
def test_symgrad_takes_the_steps_that_numpy_takes_by_hand(name: str) -> None:
    by_hand = losses("numpy", SMALL[name])
    np.testing.assert_allclose(losses("symgrad", SMALL[name]), by_hand, rtol=1e-4)
    if name in STEPS:
        assert by_hand[3] < by_hand[0], "the steps do not show: nothing was compared but the first loss"


def test_what_numpy_does_by_hand_through_time_is_the_gradient() -> None:
    inputs, parameters = Lstm(4, 3, 5).arrays()
    inputs = inputs.astype(np.float64)
    parameters = [array.astype(np.float64) for array in parameters]
    parameters[2] += 0.1
    _, gradients = lstm_value_and_gradients(inputs, parameters)
    step = 1e-6
    for parameter, gradient in zip(parameters, gradients, strict=True):
        for place in [(0,) * parameter.ndim, tuple(size - 1 for size in parameter.shape), (2,) * parameter.ndim]:
            values: list[float] = []
            for change in (step, -2 * step, step):
                parameter[place] += change
                values.append(lstm_value_and_gradients(inputs, parameters)[0])
            assert (values[0] - values[1]) / (2 * step) == pytest.approx(gradient[place], abs=1e-8, rel=1e-6)


@pytest.mark.parametrize("work", [*WORKLOADS.values(), *EQUAL_LAYERS.values()])
def test_arrays_are_fresh_and_always_the_same(work: Workload) -> None:
    if isinstance(work, Fused):
        work = replace(work, size=100)
    first, second = work.arrays(), work.arrays()
    for a, b in zip(flat(first), flat(second), strict=True):
        assert not np.may_share_memory(a, b)
        np.testing.assert_array_equal(a, b)


def test_workloads_are_found_by_name() -> None:
    assert find("svm") is WORKLOADS["svm"]
    assert find("layers_16") is EQUAL_LAYERS["layers_16"]
    assert find("width=512") is SERIES["width"][512]
    for name in ("nothing", "width=5", "height=5"):
        with pytest.raises(KeyError):
            find(name)


# ---- what a workload needs


@pytest.mark.parametrize(
    ("work", "multiply_adds"),
    [
        (Circuit(), 0),
        (Fused(100), 0),
        (Mlp(7, (3, 2), "relu", "cross_entropy", 0.1), 7 * 3 * 2 * 2),  # scores, and the gradient of the weight
        (Mlp(7, (3, 5, 2), "relu", "hinge", 0.1), 7 * 3 * 5 * 2 + 7 * 5 * 2 * 3),  # and of what goes into a layer
        # 24 x 24 windows of 5 x 5, then 8 x 8 of 3 x 5 x 5, then 2 x 4 x 4 numbers
        (Cnn(1, (3, 2), 0.1), 24 * 24 * 25 * 3 * 2 + 8 * 8 * 75 * 2 * 3 + 32 * 10 * 3),
        # queries, keys, values and output: 4 matrices of 8 x 8; two of 8 x 32; 15 of 25 pairs are looked at, twice
        (Block(2, 5, 8, 2, 1), 3 * 2 * (5 * 4 * 64 + 5 * 2 * 8 * 32 + 2 * 15 * 8)),
        # the first state is zero: no product with it, and none backward
        (Lstm(3, 2, 5), (3 * 2 + 2 * 3) * 2 * 5 * 20),
    ],
)
def test_operations_of_products_are_counted(work: Workload, multiply_adds: int) -> None:
    assert cost(work).operations == 2 * multiply_adds


@pytest.mark.parametrize("name", SMALL)
def test_bytes_are_those_of_the_arrays_that_go_in_and_come_out(name: str) -> None:
    work = SMALL[name]
    definition = symgrad_engine.define(work)
    arguments = [array.copy() for array in flat(definition.arguments)]
    updated = [] if definition.updates is None else list(definition.updates)
    written = sum(np.dtype(str(tensor.dtype)).itemsize * int(np.prod(tensor.shape)) for tensor in definition.outputs)
    needed = cost(work)
    assert needed.updated == sum(4 * int(np.prod(tensor.shape)) for tensor in updated)
    assert needed.read + needed.updated == sum(array.nbytes for array in arguments)
    assert needed.written == written
    assert needed.bytes == needed.footprint + needed.updated


# ---- the machine's limits


def test_a_pass_over_twice_the_memory_moves_twice_the_words() -> None:
    work = needs(WORKLOADS["fused"], 0.001)
    assert "exponentials" in work
    assert "multiply-adds" not in work, "what is not needed is no limit"
    assert list(needs(Circuit(), 0.001))[-1] == "call"


# ---- workers


def test_a_worker_builds_and_takes_turns_and_says_what_went_wrong() -> None:
    with hired(None) as crew:
        built = crew.order("numpy", "build", "tiny_mlp")
        assert built is not None
        assert built["loss"] == pytest.approx(losses("numpy", WORKLOADS["tiny_mlp"])[0])
        assert built["once"] > 0
        turn = crew.order("numpy", "turn", 3)
        assert turn is not None
        assert turn["seconds"] > 0
        assert crew.order("numpy", "build", "block") == {}, "nobody writes that by hand"
        assert crew.order("numpy", "memory", "svm") == {}
        assert not crew.failures
        assert crew.order("numpy", "build", "no such workload") is None
        assert crew.order("numpy", "build", "circuit") is not None, "there is a new worker after a failure"
        assert crew.order("jax", "build", "circuit") is None
        assert crew.failures == [
            "numpy, build no such workload: KeyError: 'no such workload'",
            "jax: no Python that has it was named",
        ]
        assert crew.order("jax", "build", "svm") is None
        assert len(crew.failures) == 2, "that is said once"
        assert list(crew.versions) == ["numpy"]


def test_a_worker_that_cannot_start_says_so(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho out of order >&2\nexit 3\n")
    python.chmod(0o755)
    with pytest.raises(WorkerError, match="ended with status 3: out of order"):
        Process("jax", str(python), {})


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the state of a process from /proc")
def test_an_idle_worker_is_stopped() -> None:
    process = Process("numpy", sys.executable, {})
    try:
        process.order("build", "circuit")
        stat = Path(f"/proc/{process.number}/stat")
        for _ in range(1000):
            if stat.read_text().rpartition(") ")[2][0] == "T":
                return
        raise AssertionError("it is not stopped")
    finally:
        process.close()


def test_who_fails_takes_no_more_turns() -> None:
    turns: list[str] = []

    def taker(name: str, count: int) -> Callable[[], bool]:
        def take() -> bool:
            turns.append(name)
            return turns.count(name) < count

        return take

    rotate({"always": taker("always", 99), "twice": taker("twice", 2)}, 5)
    assert turns.count("always") == 5
    assert turns.count("twice") == 2


# ---- what was found


def compared() -> Comparison:
    return Comparison(
        "svm",
        {"symgrad": [1e-3, 3e-3, 2e-3], "numpy": [9e-3] * 3, "jax": [5e-3, 4e-3, 6e-3]},
        {"memory": [1e-3], "multiply-adds": [1.5e-3]},
        {"symgrad": 2.0, "numpy": 2.0001, "jax": 2.0},
    )


def test_the_table_compares_with_the_fastest_peer_and_with_the_limit() -> None:
    head, row = main_table([compared()]).rows
    assert dict(zip(head, row, strict=True)) == {
        "workload": "svm",
        "symgrad": "2000",
        "numpy": "9000",
        "jax": "5000",
        "fastest peer": "jax",
        "ratio": "2.50",
        "limit": "1500",
        "bound by": "multiply-adds",
        "share": "75%",
        "goal": "yes",
    }
    assert quartiles([compared()]).rows[1][1] == "1500 - 2500"


@pytest.mark.parametrize(
    ("symgrad", "peer", "limit", "reached"),
    [(1.0, 2.0, 0.1, True), (1.0, 1.0, 0.75, True), (1.0, 1.9, 0.7, False)],
)
def test_the_goal_is_twice_the_speed_or_three_quarters_of_the_limit(
    symgrad: float, peer: float, limit: float, reached: bool
) -> None:
    times = {"symgrad": [symgrad], "jax": [peer]}
    assert goal(Comparison("svm", times, {"memory": [limit]})) is reached
    assert goal(Comparison("svm", {"jax": [peer]}, {"memory": [limit]})) is None


def test_engines_that_disagree_are_named() -> None:
    comparison = compared()
    assert disagreements([comparison]) == []
    comparison.losses["jax"] = 2.001
    assert disagreements([comparison]) == ["svm"]
    assert "NO: symgrad 2, numpy 2.0001, jax 2.001" in tables(Results("here", comparisons=[comparison]))[-1].text()


def test_results_are_kept_and_shown_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = Results(
        "here", {"empty call": 1e7, "read 8 MB": 5e10}, {"symgrad": "1"}, [compared()], ["jax, build x: no"]
    )
    assert Results.from_dict(json.loads(json.dumps(results.to_dict()))) == results
    file = tmp_path / "results.json"
    file.write_text(json.dumps(results.to_dict()))
    picture = tmp_path / "picture.svg"
    assert compare.main(["--show", str(file), "--plot", str(picture), "--markdown"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("here; symgrad 1\n")
    assert "| svm | 2000 |" in printed.out
    assert "jax, build x: no" in printed.err
    assert "<svg" in picture.read_text()


def test_a_picture_wants_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plot, "find_spec", lambda _: None)
    with pytest.raises(SystemExit, match="pip install matplotlib"):
        compare.parse(["--plot", "x.png"])


def test_the_machine_is_shown_with_units() -> None:
    rows = machine_table(
        {"multiply-adds float32": 2e11, "exp float32": 7e9, "triad 8 MB": 1e11, "empty call": 1e7}
    ).rows
    assert [row[1] for row in rows[1:]] == ["200 GFLOP/s", "7 G/s", "100 GB/s", "100 ns"]


def test_tables_are_text_and_markdown() -> None:
    found = Table("Title.", [["a", "b"], ["x", "1|2"]], ("Note.",))
    assert found.text() == "Title.\n\na    b\nx  1|2\n\nNote."
    assert found.markdown() == "Title.\n\n| a | b |\n| --- | ---: |\n| x | 1\\|2 |\n\nNote."


def test_numbers_have_three_digits_and_no_powers_of_ten() -> None:
    assert [number(value) for value in (12345.6, 123.4, 0.012345, 6.6e-6, 0.0, None)] == [
        "12346",
        "123",
        "0.0123",
        "0.00000660",
        "0",
        "-",
    ]


def test_exponents_are_slopes_of_logarithms() -> None:
    assert growth.exponent([64, 128, 256], [1.0, 4.0, 16.0]) == pytest.approx(2)
    assert growth.exponent_of([1, 2, 4, 8, 16], [9.0, 1.0, 2.0, 4.0, 8.0]) == "1.00", "the first is not fitted"
    assert growth.exponent_of([1, 2], [None, 1.0]) == "-"


# ---- the programs, as short as can be


def test_a_comparison_runs() -> None:
    with hired(None) as crew:
        found = compare_on(crew, ["symgrad", "numpy"], "tiny_mlp", 2, 0.001)
    assert {engine: len(times) for engine, times in found.times.items()} == {"symgrad": 2, "numpy": 2}
    assert found.agrees
    assert found.limits


def test_a_failing_engine_does_not_stop_a_comparison() -> None:
    with hired(None) as crew:
        found = compare_on(crew, ["numpy", "jax"], "circuit", 1, 0.001)
        assert list(found.times) == ["numpy"]
        assert len(crew.failures) == 1


def test_compile_times_are_cold_and_warm() -> None:
    arguments = options.parser("x", None).parse_args(["--engines", "symgrad", "--quick"])
    arguments.workloads = ["circuit"]
    (found,), failures = compile_time.run(arguments)
    assert not failures
    assert found.rows[0] == ["workload", "symgrad cold", "symgrad warm"]
    assert all(float(cell) > 0 for cell in found.rows[1][1:])


def test_products_are_a_part_of_the_comparison(capfd: pytest.CaptureFixture[str]) -> None:
    assert compare.parse([]).parts == compare.PARTS
    assert compare.products(["3x4x5", "--dtypes", "float64"], 0.001) == 0
    assert "3x4x5" in capfd.readouterr().out


def test_memory_is_told_or_not_told() -> None:
    arguments = options.parser("x", None).parse_args(["--engines", "symgrad"])
    arguments.workloads = ["two_layer"]
    (found,), failures = memory.run(arguments)
    assert not failures
    told = hasattr(sg.compile([], [sg.constant(1.0)]), "memory")
    assert (found.rows[1][1] == "not told") is not told


def test_loop_nests_are_measured_against_numpy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["tiny_5", "rows_of_17"]
    monkeypatch.setattr("sys.argv", ["kernels", *names, "--seconds", "0.001"])
    kernels.main()
    table = capsys.readouterr().out.splitlines()[-3:]
    assert table[0].split()[0] == "kernel"
    assert [line.split()[0] for line in table[1:]] == names
