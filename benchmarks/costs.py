"""The least that a workload takes of a machine, counted from its formula: the ground of the limits.

Nothing here looks at a program of ours or of others. Multiply-adds are those of matrix products and convolutions,
forward, and backward once for each factor whose gradient is wanted; other arithmetic is not counted, so that the limit
is never above what is possible. Bytes are compulsory: every input read once, every result written once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from benchmarks.workloads import Block, Circuit, Cnn, Fused, Lstm, Mlp, Workload, flat


@dataclass(frozen=True)
class Cost:
    """What one call of a workload cannot do without."""

    operations: int
    """Floating-point operations: two for each multiply-add."""
    exponentials: int
    """Evaluations of exp, or of a function that takes one: tanh, sigmoid; of gelu and its slope, which share one."""
    read: int
    """Bytes of inputs that stay as they are."""
    updated: int
    """Bytes of parameters that are read and overwritten."""
    written: int
    """Bytes of results."""

    @property
    def footprint(self) -> int:
        """Bytes of all arrays that are read or written."""
        return self.read + self.updated + self.written

    @property
    def bytes(self) -> int:
        """All traffic: what is updated counts twice."""
        return self.read + 2 * self.updated + self.written


def cost(work: Workload) -> Cost:
    """Count a workload."""
    sizes = [array.nbytes for array in flat(work.arrays())]
    match work:
        case Circuit():
            return Cost(0, 1, sum(sizes), 0, 8 + sum(sizes))
        case Fused():
            return Cost(0, 3 * work.size, sum(sizes), 0, 4 + sum(sizes))
        case Mlp() | Cnn():
            operations, exponentials = _mlp(work) if isinstance(work, Mlp) else _cnn(work)
            return Cost(operations, exponentials, sum(sizes[:2]), sum(sizes[2:]), 4)
        case Block() | Lstm():
            operations, exponentials = _block(work) if isinstance(work, Block) else _lstm(work)
            return Cost(operations, exponentials, sum(sizes), 0, 4 + sum(sizes[1:]))


def product(rows: int, inner: int, columns: int) -> int:
    """Floating-point operations of a matrix product."""
    return 2 * rows * inner * columns


def _mlp(work: Mlp) -> tuple[int, int]:
    layers = [product(work.rows, a, b) for a, b in pairwise(work.sizes)]
    hidden = 0 if work.activation == "relu" else sum(work.sizes[1:-1])
    scores = work.sizes[-1] if work.loss == "cross_entropy" else 0
    return 3 * sum(layers) - layers[0], work.rows * (hidden + scores)  # no gradient of the examples


def _cnn(work: Cnn) -> tuple[int, int]:
    (first, second), (large, small) = work.channels, work.planes
    window = work.kernel**2
    layers = [
        product(work.rows * large**2, window, first),
        product(work.rows * small**2, window * first, second),
        product(work.rows, work.features, work.classes),
    ]
    return 3 * sum(layers) - layers[0], work.rows * work.classes  # no gradient of the images


def _block(work: Block) -> tuple[int, int]:
    tokens, c = work.batch * work.length, work.width
    seen = work.batch * work.length * (work.length + 1) // 2  # pairs of a token and one that it may look at
    linear = product(tokens, c, 3 * c) + product(tokens, c, c) + 2 * product(tokens, c, 4 * c)
    attention = 2 * product(seen, c, 1)
    return work.layers * 3 * (linear + attention), work.layers * (seen * work.heads + tokens * 4 * c)


def _lstm(work: Lstm) -> tuple[int, int]:
    step = product(work.batch, work.width, 4 * work.width)
    # The first state is zero: nothing to multiply. No gradient of the inputs is wanted.
    return 2 * work.steps * step + 3 * (work.steps - 1) * step, 5 * work.steps * work.batch * work.width
