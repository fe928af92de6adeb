"""Jacobians of the lecture: what shape they have, and why none is ever built.

python examples/jacobians.py
"""

from __future__ import annotations

import time

import numpy as np

import symgrad as sg


def shapes() -> None:
    """Show the three kinds of derivative and that an elementwise Jacobian is diagonal."""
    x = sg.variable("x", (4,))
    y = sg.nn.relu(x)
    at = {x: [1.0, -2.0, 3.0, -1.0]}
    print("scalar to scalar:", sg.jacobian(sg.sum(x), sg.sum(x)).shape)
    print("vector to scalar:", sg.grad(sg.sum(y), x).shape, "(the gradient)")
    print("vector to vector:", sg.jacobian(y, x).shape, "(the Jacobian)")
    print("\nthe Jacobian of relu at", at[x])
    print(sg.evaluate(sg.jacobian(y, x), at))
    downstream = sg.vjp(y, x, [4.0, -1.0, 5.0, 9.0])
    print("\nis never built: upstream (4, -1, 5, 9) gives downstream", sg.evaluate(downstream, at))
    print("by the formula", sg.formula(downstream))


def matrix_multiply(n: int = 64, d: int = 4096, m: int = 4096) -> tuple[int, float]:
    """Derive and run the gradients of a large matrix product.

    Return the bytes of the Jacobian avoided, and the seconds it took.
    """
    X = sg.variable("X", (n, d), dtype="float32")
    W = sg.variable("W", (d, m), dtype="float32")
    upstream = sg.variable("dY", (n, m), dtype="float32")
    Y = X @ W
    downstream = sg.vjp(Y, {"dL/dX": X, "dL/dW": W}, upstream)
    print("Y = X @ W with shapes", X.shape, W.shape)
    print(sg.formula(downstream))
    avoided = int(Y.size * X.size * X.dtype.itemsize)
    print(f"the Jacobian dY/dX has {Y.size:,} x {X.size:,} entries and would take {avoided / 2**30:.0f} GB")
    generator = np.random.default_rng(0)
    arrays = [generator.standard_normal(t.shape, dtype=np.float32) for t in (X, W, upstream)]
    run = sg.compile([X, W, upstream], downstream)
    run(*arrays)
    start = time.perf_counter()
    result = run(*arrays)
    seconds = time.perf_counter() - start
    expected = arrays[2] @ arrays[1].T
    error = np.abs(result["dL/dX"] - expected).max() / np.abs(expected).max()
    print(f"both gradients in {1000 * seconds:.0f} ms without it; largest relative difference to NumPy {error:.0e}")
    return avoided, seconds


def main() -> None:
    """Print both parts."""
    shapes()
    print()
    matrix_multiply()


if __name__ == "__main__":
    main()
