"""The workloads by name: those of the table, and the series that show how time grows. Needs NumPy only."""

from __future__ import annotations

from benchmarks.workloads import Block, Circuit, Cnn, Fused, Lstm, Mlp, Workload

WORKLOADS: dict[str, Workload] = {
    "circuit": Circuit(),
    "two_layer": Mlp(64, (1000, 100, 10), "sigmoid", "squared_error", 1e-7, bias=False),
    "linear": Mlp(256, (3072, 10), "relu", "cross_entropy", 1e-5, penalty=1e-3),
    "svm": Mlp(256, (3072, 10), "relu", "hinge", 1e-5, penalty=1e-3),
    "tiny_mlp": Mlp(16, (2, 16, 3), "relu", "cross_entropy", 1e-5, penalty=1e-3),
    "mnist_mlp": Mlp(64, (784, 256, 128, 10), "relu", "cross_entropy", 1e-5, penalty=1e-4),
    "deep_mlp": Mlp(256, (256,) * 8 + (10,), "gelu", "cross_entropy", 1e-5, penalty=1e-4),
    "fused": Fused(1_000_000),
    "cnn": Cnn(64),
    "block": Block(batch=8, length=64, width=128, heads=4, layers=2),
    "lstm": Lstm(steps=32, batch=32, width=128),
}
"""The rows of the table."""

DEPTHS = (4, 16, 64, 100)
EQUAL_LAYERS: dict[str, Workload] = {
    f"layers_{depth}": Mlp(64, (256,) * (depth + 1), "relu", "squared_error", 1e-9) for depth in DEPTHS
}
"""Networks that differ only in how often the same layer is repeated: compile time should not grow with depth."""


def _network(rows: int = 256, width: int = 256, depth: int = 4) -> Workload:
    """A network of equal layers. Its width may grow a hundredfold: the rate is too small for any to diverge."""
    return Mlp(rows, (width,) * (depth + 1), "relu", "cross_entropy", 1e-7)


SERIES: dict[str, dict[int, Workload]] = {
    "rows": {rows: _network(rows=rows) for rows in (64, 128, 256, 512, 1024, 2048)},
    "width": {width: _network(width=width) for width in (64, 128, 256, 512, 1024)},
    "depth": {depth: _network(depth=depth) for depth in (2, 4, 8, 16, 32, 64)},
    "elements": {size: Fused(size) for size in (1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22)},
}
"""What grows -> its size -> the workload: each a geometric series, all else equal."""


def find(name: str) -> Workload:
    """Return a workload by its name; one of a series is called like `width=512`. `KeyError` if there is none."""
    axis, is_series, size = name.partition("=")
    if is_series:
        return SERIES[axis][int(size)]
    return (WORKLOADS | EQUAL_LAYERS)[name]
