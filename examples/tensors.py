"""Tensors of any rank: gradients always have the shape of their variable.

python examples/tensors.py
"""

from __future__ import annotations

import numpy as np

import symgrad as sg


def cases() -> dict[str, tuple[sg.Tensor, list[sg.Tensor]]]:
    """Return losses over tensors of rank 0 to 5, and what to differentiate them by."""
    a = sg.variable("a")
    v = sg.variable("v", (3,))
    M = sg.variable("M", (4, 3))
    T = sg.variable("T", (2, 4, 3))
    B = sg.variable("B", (2, 3, 5))
    F = sg.variable("F", (2, 1, 3, 4, 3))
    return {
        "a number times a vector": (sg.sum(sg.sin(a * v)), [a, v]),
        "a matrix times a vector": (sg.sum(sg.tanh(M @ v)), [M, v]),
        "a batch of matrix products": (sg.sum((T @ B) ** 2), [T, B]),
        "a vector added to everything": (sg.logsumexp(F + v), [F, v]),
        "a contraction of three": (sg.sum(sg.exp(sg.einsum("bij,j,bjk->bik", T, v, B) / 10)), [T, v, B]),
        "softmax over two axes": (sg.sum(sg.softmax(F, axis=(-1, -2))[:, :, 0] * v), [F, v]),
        "slices and joins": (sg.sum(sg.concatenate([T[:, ::2], T[:, 1:2] * 2], axis=1).transpose(2, 0, 1) ** 3), [T]),
    }


def main() -> None:
    """Derive, check and print the shapes."""
    generator = np.random.default_rng(0)
    for name, (loss, wrt) in cases().items():
        at = {x: generator.standard_normal(x.shape) for x in wrt}
        check = sg.check_grad(loss, wrt, at=at)
        print(f"{name}: gradient check {'passed' if check.passed else 'FAILED'}")
        for x, g in zip(wrt, sg.grad(loss, wrt), strict=True):
            print(f"    {sg.formula(x)} has shape {x.shape}, its gradient {g.shape}")


if __name__ == "__main__":
    main()
