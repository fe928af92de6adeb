"""The derivatives of textbooks, derived and printed: run this program for the table in docs/identities.md.

Each identity is a function and what it is differentiated by. symgrad derives the gradient, the Hessian or the Jacobian
and prints it; beside it stands what the textbook has. Both are text that runs as Python over NumPy.

    python examples/identities.py            prints the table
    python examples/identities.py --write    writes docs/identities.md
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import symgrad as sg
from symgrad import linalg

PAGE = Path(__file__).parent.parent / "docs" / "identities.md"

a, c, u, x, w, z = (sg.variable(name, (3,)) for name in "acuxwz")
b = sg.variable("b", (4,))
y = sg.variable("y", (5,))
lam = sg.variable("lam")
A, B = sg.variable("A", (4, 3)), sg.variable("B", (3, 4))
M, C, D = (sg.variable(name, (3, 3)) for name in "MCD")
S = sg.variable("S", (3, 3), symmetric=True)
X, Y = sg.variable("X", (5, 3)), sg.variable("Y", (5, 4))
W, V = sg.variable("W", (3, 4)), sg.variable("V", (4, 2))
labels = sg.variable("labels", (5,), dtype="int64")
T = sg.variable("T", (5, 2))
Q, K, U, G = (sg.variable(name, (5, 4)) for name in "QKUG")
N = sg.dim("N")
R, t = sg.variable("R", (N, 3)), sg.variable("t", (N,))
kinds = sg.variable("kinds", (N,), dtype="int64")


@dataclass(frozen=True)
class Identity:
    """A derivative, how it is written down, and the textbook's form of it."""

    theme: str
    name: str
    derivative: sg.Tensor
    textbook: str

    @property
    def printed(self) -> str:
        """What symgrad prints."""
        return sg.formula(self.derivative)


def gradient(theme: str, name: str, loss: sg.Tensor, by: sg.Tensor, textbook: str) -> Identity:
    """Return the identity for a gradient."""
    return Identity(theme, f"d {name} / d{by.operation.name}", sg.grad(loss, by), textbook)


def hessian(theme: str, name: str, loss: sg.Tensor, by: sg.Tensor, textbook: str) -> Identity:
    """Return the identity for a Hessian."""
    variable = by.operation.name
    return Identity(theme, f"d² {name} / d{variable}²", sg.hessian(loss, by), textbook)


def jacobian(theme: str, name: str, output: sg.Tensor, by: sg.Tensor, textbook: str) -> Identity:
    """Return the identity for a Jacobian."""
    return Identity(theme, f"J {name} / d{by.operation.name}", sg.jacobian(output, by), textbook)


def logdet(matrix: sg.Tensor) -> sg.Tensor:
    """Return log |det|."""
    return linalg.slogdet(matrix)[1]


def identities() -> list[Identity]:
    """Return all identities, theme by theme."""
    return [*_vectors(), *_matrices(), *_inverses(), *_second(), *_learning(), *_networks()]


def _vectors() -> list[Identity]:
    theme = "Vectors"
    r = A @ x - b
    return [
        gradient(theme, "aᵀx", a @ x, x, "a"),
        gradient(theme, "xᵀx", x @ x, x, "2 * x"),
        gradient(theme, "xᵀMx", x @ M @ x, x, "(M + M.T) @ x"),
        gradient(theme, "xᵀSx, S symmetric", x @ S @ x, x, "2 * S @ x"),
        gradient(theme, "‖Ax − b‖²", sg.sum(r**2), x, "2 * A.T @ (A @ x - b)"),
        gradient(theme, "½‖Ax − b‖²", 0.5 * sg.sum(r**2), x, "A.T @ (A @ x - b)"),
        gradient(theme, "‖Ax − b‖² + λ‖x‖²", sg.sum(r**2) + lam * sg.sum(x**2), x,
                 "2 * (A.T @ (A @ x - b) + lam * x)"),
        gradient(theme, "(x − c)ᵀM(x − c)", (x - c) @ M @ (x - c), x, "(M + M.T) @ (x - c)"),
        gradient(theme, "‖x‖", linalg.norm(x), x, "x / linalg.norm(x)"),
        gradient(theme, "‖x − c‖", linalg.norm(x - c), x, "(x - c) / linalg.norm(x - c)"),
        gradient(theme, "‖Ax − b‖", linalg.norm(r), x, "A.T @ (A @ x - b) / linalg.norm(A @ x - b)"),
        gradient(theme, "‖x‖₁", sg.sum(abs(x)), x, "sign(x)"),
        gradient(theme, "exp(aᵀx)", sg.exp(a @ x), x, "exp(a @ x) * a"),
        gradient(theme, "log(aᵀx)", sg.log(a @ x), x, "a / (a @ x)"),
        gradient(theme, "(aᵀx + 1)³", (a @ x + 1) ** 3, x, "3 * (a @ x + 1)**2 * a"),
        gradient(theme, "exp(−‖x − c‖²/2)", sg.exp(-sg.sum((x - c) ** 2) / 2), x,
                 "-exp(-sum((x - c)**2) / 2) * (x - c)"),
        gradient(theme, "1/(1 + xᵀx)", 1 / (1 + x @ x), x, "-2 * x / (1 + x @ x)**2"),
        gradient(theme, "xᵀSx / xᵀx", (x @ S @ x) / (x @ x), x, "2 * (S @ x - (x @ S @ x) / (x @ x) * x) / (x @ x)"),
        gradient(theme, "cosine", (a @ x) / (linalg.norm(a) * linalg.norm(x)), x,
                 "n = linalg.norm(x)\n(a - a @ x * x / n**2) / (linalg.norm(a) * n)"),
        gradient(theme, "log Σ exp x", sg.logsumexp(x), x, "softmax(x)"),
        gradient(theme, "log Σ exp(Ax + b)", sg.logsumexp(A @ x + b), x, "A.T @ softmax(A @ x + b)"),
        gradient(theme, "aᵀ softmax(x)", a @ sg.nn.softmax(x), x, "p = softmax(x)\np * (a - a @ p)"),
        gradient(theme, "var x", sg.var(x), x, "2 * (x - mean(x)) / 3"),
    ]  # fmt: skip


def _matrices() -> list[Identity]:
    theme = "Matrices"
    quadratic = M @ x + a
    return [
        gradient(theme, "aᵀMz", a @ M @ z, M, "outer(a, z)"),
        gradient(theme, "aᵀMᵀz", a @ M.T @ z, M, "outer(z, a)"),
        gradient(theme, "aᵀMᵀMz", a @ M.T @ M @ z, M, "M @ (outer(a, z) + outer(z, a))"),
        gradient(theme, "aᵀMMᵀa", a @ M @ M.T @ a, M, "2 * outer(a, a @ M)"),
        gradient(theme, "(Mx + a)ᵀC(Mx + a)", quadratic @ C @ quadratic, M, "outer((C + C.T) @ (M @ x + a), x)"),
        gradient(theme, "‖Ax − b‖²", sg.sum((A @ x - b) ** 2), A, "2 * outer(A @ x - b, x)"),
        gradient(theme, "tr M", np.trace(M), M, "eye(3)"),
        gradient(theme, "tr CM", np.trace(C @ M), M, "C.T"),
        gradient(theme, "tr CMᵀ", np.trace(C @ M.T), M, "C"),
        gradient(theme, "tr CMD", np.trace(C @ M @ D), M, "C.T @ D.T"),
        gradient(theme, "tr XᵀX", np.trace(X.T @ X), X, "2 * X"),
        gradient(theme, "tr XMXᵀ", np.trace(X @ M @ X.T), X, "X @ (M + M.T)"),
        gradient(theme, "tr XSXᵀ, S symmetric", np.trace(X @ S @ X.T), X, "2 * X @ S"),
        gradient(theme, "tr M²", np.trace(M @ M), M, "2 * M.T"),
        gradient(theme, "tr M³", np.trace(M @ M @ M), M, "3 * (M @ M).T"),
        gradient(theme, "‖M‖²", sg.sum(M**2), M, "2 * M"),
        gradient(theme, "‖M‖", linalg.norm(M), M, "M / linalg.norm(M)"),
        gradient(theme, "‖XW − Y‖²", sg.sum((X @ W - Y) ** 2), W, "2 * X.T @ (X @ W - Y)"),
        gradient(theme, "Σ M ∘ C", sg.sum(M * C), M, "C"),
    ]


def _inverses() -> list[Identity]:
    theme = "Inverses and determinants"
    far = (x - c) @ linalg.inv(S) @ (x - c)
    return [
        gradient(theme, "log |det M|", logdet(M), M, "inv(M).T"),
        gradient(theme, "log |det S|, S symmetric", logdet(S), S, "inv(S)"),
        gradient(theme, "log det M, as written", sg.log(linalg.det(M)), M, "inv(M).T"),
        gradient(theme, "det M", linalg.det(M), M, "det(M) * inv(M).T"),
        gradient(theme, "(det M)²", linalg.det(M) ** 2, M, "2 * det(M)**2 * inv(M).T"),
        gradient(theme, "log |det AᵀA|", logdet(A.T @ A), A, "2 * A @ inv(A.T @ A)"),
        gradient(theme, "det AᵀA", linalg.det(A.T @ A), A, "G = A.T @ A\n2 * det(G) * A @ inv(G)"),
        gradient(theme, "log |det(I + AAᵀ)|", logdet(sg.eye(4) + A @ A.T), A, "2 * inv(eye(4) + A @ A.T) @ A"),
        gradient(theme, "tr M⁻¹", np.trace(linalg.inv(M)), M, "P = inv(M)\n-(P @ P).T"),
        gradient(theme, "tr CM⁻¹D", np.trace(C @ linalg.inv(M) @ D), M, "P = inv(M)\n-(P @ D @ C @ P).T"),
        gradient(theme, "aᵀM⁻¹z", a @ linalg.inv(M) @ z, M, "P = inv(M)\n-P.T @ outer(a, z) @ P.T"),
        gradient(theme, "aᵀM⁻¹z, solved", a @ linalg.solve(M, z), M,
                 "-outer(linalg.solve(M.T, a), linalg.solve(M, z))"),
        gradient(theme, "aᵀM⁻¹z", a @ linalg.solve(M, z), z, "linalg.solve(M.T, a)"),
        gradient(theme, "xᵀM⁻¹x", x @ linalg.inv(M) @ x, x, "P = inv(M)\n(P + P.T) @ x"),
        gradient(theme, "(x − c)ᵀS⁻¹(x − c)", far, x, "2 * inv(S) @ (x - c)"),
        gradient(theme, "(x − c)ᵀS⁻¹(x − c)", far, S, "P = inv(S)\nr = x - c\n-P @ outer(r, r) @ P"),
        gradient(theme, "Gaussian: ½ log |S| + ½ (x − c)ᵀS⁻¹(x − c)", (logdet(S) + far) / 2, S,
                 "P = inv(S)\nr = x - c\n(P - P @ outer(r, r) @ P) / 2"),
        gradient(theme, "tr S⁻¹M − log |det M|", np.trace(linalg.inv(S) @ M) - logdet(M), M, "inv(S) - inv(M).T"),
    ]  # fmt: skip


def _second() -> list[Identity]:
    theme = "Hessians and Jacobians"
    return [
        hessian(theme, "xᵀMx", x @ M @ x, x, "M + M.T"),
        hessian(theme, "xᵀx", x @ x, x, "2 * eye(3)"),
        hessian(theme, "‖Ax − b‖²", sg.sum((A @ x - b) ** 2), x, "2 * A.T @ A"),
        hessian(theme, "log Σ exp x", sg.logsumexp(x), x, "p = softmax(x)\ndiag(p) - outer(p, p)"),
        hessian(theme, "Σ exp x", sg.sum(sg.exp(x)), x, "diag(exp(x))"),
        hessian(theme, "exp(aᵀx)", sg.exp(a @ x), x, "exp(a @ x) * outer(a, a)"),
        hessian(theme, "Σ x³", sg.sum(x**3), x, "6 * diag(x)"),
        hessian(theme, "‖x‖", linalg.norm(x), x,
                "n = linalg.norm(x)\n(eye(3) - outer(x, x) / n**2) / n"),
        hessian(theme, "Σ log(1 + exp(Xw))", sg.sum(sg.nn.softplus(X @ w)), w,
                "p = sigmoid(X @ w)\nX.T @ diag(p * (1 - p)) @ X"),
        jacobian(theme, "Ax", A @ x, x, "A"),
        jacobian(theme, "softmax x", sg.nn.softmax(x), x, "p = softmax(x)\ndiag(p) - outer(p, p)"),
        jacobian(theme, "log softmax x", sg.nn.log_softmax(x), x, "eye(3) - softmax(x)"),
        jacobian(theme, "tanh x", sg.tanh(x), x, "diag(1 - tanh(x)**2)"),
        jacobian(theme, "relu x", sg.nn.relu(x), x, "diag(float64(x > 0))"),
        jacobian(theme, "x / Σx", x / sg.sum(x), x, "(eye(3) - x[:, None] / sum(x)) / sum(x)"),
    ]  # fmt: skip


def _learning() -> list[Identity]:
    theme = "Regression and classification"
    margins = y * (X @ w)
    scores, many = X @ W, R @ W
    return [
        gradient(theme, "mean squared error", sg.mean((X @ w - y) ** 2), w, "2 * X.T @ (X @ w - y) / 5"),
        gradient(theme, "ridge", sg.sum((X @ w - y) ** 2) + lam * (w @ w), w, "2 * (X.T @ (X @ w - y) + lam * w)"),
        gradient(theme, "logistic, y in {0, 1}", sg.sum(sg.nn.softplus(X @ w) - y * (X @ w)), w,
                 "X.T @ (sigmoid(X @ w) - y)"),
        gradient(theme, "logistic, mean over N", sg.mean(sg.nn.softplus(R @ w) - t * (R @ w)), w,
                 "R.T @ (sigmoid(R @ w) - t) / N"),
        gradient(theme, "logistic, y in {−1, 1}", sg.sum(sg.nn.softplus(-margins)), w,
                 "-X.T @ (y * sigmoid(-y * (X @ w)))"),
        gradient(theme, "logistic, log of a sigmoid", -sg.sum(sg.log(sg.nn.sigmoid(margins))), w,
                 "-X.T @ (y * sigmoid(-y * (X @ w)))"),
        gradient(theme, "softmax cross-entropy", sg.nn.cross_entropy(scores, labels), W,
                 "X.T @ (softmax(X @ W) - one_hot(labels, 4)) / 5"),
        gradient(theme, "softmax cross-entropy, mean over N", sg.nn.cross_entropy(many, kinds), W,
                 "R.T @ (softmax(R @ W) - one_hot(kinds, 4)) / N"),
        gradient(theme, "softmax cross-entropy, by scores", sg.nn.cross_entropy(Y, labels), Y,
                 "(softmax(Y) - one_hot(labels, 4)) / 5"),
        gradient(theme, "hinge max(0, 1 − m)", sg.sum(sg.maximum(0, 1 - margins)), w,
                 "-X.T @ (y * heaviside(1 - y * (X @ w), 0.5))"),
        gradient(theme, "multi-class hinge", sg.nn.hinge(scores, labels), W,
                 "s = X @ W\nh = one_hot(labels, 4)\nm = s - sum(s * h, axis=1, keepdims=True) + 1 > 0\n"
                 "X.T @ (m - sum(m, axis=1, keepdims=True) * h) / 5"),
        gradient(theme, "bias", sg.sum((X @ W + b - Y) ** 2), b, "2 * sum(X @ W + b - Y, axis=0)"),
    ]  # fmt: skip


def _networks() -> list[Identity]:
    theme = "Networks"
    h = sg.nn.sigmoid(X @ W).named("h")
    loss = sg.sum((h @ V - T) ** 2)
    relu = sg.nn.relu(X @ W).named("h")
    relu_loss = sg.sum((relu @ V - T) ** 2)
    probabilities = sg.nn.softmax(Q @ K.T / 2).named("P")
    attended = sg.sum(G * (probabilities @ U))
    backward = "P = softmax(Q @ K.T / 2)\ndP = G @ U.T\ndS = P * (dP - sum(P * dP, axis=1, keepdims=True))\n"
    centred = x - sg.mean(x)
    deviation = sg.sqrt(sg.mean(centred**2) + 1e-5)
    return [
        gradient(theme, "two layers, second weights", loss, V, "h = sigmoid(X @ W)\n2 * h.T @ (h @ V - T)"),
        gradient(theme, "two layers, first weights", loss, W,
                 "h = sigmoid(X @ W)\ndh = 2 * (h @ V - T) @ V.T\nX.T @ (dh * h * (1 - h))"),
        gradient(theme, "two layers with relu, first weights", relu_loss, W,
                 "h = relu(X @ W)\ndh = 2 * (h @ V - T) @ V.T\nX.T @ where(X @ W > 0, dh, 0)"),
        gradient(theme, "tanh units", sg.sum(sg.tanh(X @ w) * y), w, "X.T @ (y * (1 - tanh(X @ w)**2))"),
        gradient(theme, "relu layer", sg.sum(b * sg.nn.relu(A @ x)), A, "outer(b * (A @ x > 0), x)"),
        gradient(theme, "attention softmax(QKᵀ/2)U, queries", attended, Q, backward + "dS @ K / 2"),
        gradient(theme, "attention softmax(QKᵀ/2)U, keys", attended, K, backward + "dS.T @ Q / 2"),
        gradient(theme, "attention softmax(QKᵀ/2)U, values", attended, U, "softmax(Q @ K.T / 2).T @ G"),
        gradient(theme, "layer norm, by its input", sg.sum(w * (a * (centred / deviation) + c)), x,
                 "s = sqrt(mean((x - mean(x))**2) + 1e-05)\nz = (x - mean(x)) / s\ng = w * a\n"
                 "(g - mean(g) - z * mean(g * z)) / s"),
        gradient(theme, "layer norm, by its scale", sg.sum(w * (a * (centred / deviation) + c)), a,
                 "w * (x - mean(x)) / sqrt(mean((x - mean(x))**2) + 1e-05)"),
    ]  # fmt: skip


def operations(text: str) -> int:
    """Return the number of operations in a formula: operators, calls, transposes and look-ups.

    New axes (`x[:, None]`) count as notation, not as work; an expression that stands twice counts twice.

    >>> operations("h = X @ W\\n2 * h.T @ (h - Y)"), operations("x[:, None] * A")
    (5, 1)
    """
    counted = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Compare, ast.Attribute)
    nodes = list(ast.walk(ast.parse(text)))
    numbers = sum(isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant) for node in nodes)
    modules = sum(isinstance(node, ast.Attribute) and node.attr not in ("T", "mT") for node in nodes)
    lookups = sum(isinstance(node, ast.Subscript) and "None" not in ast.unparse(node.slice) for node in nodes)
    return sum(isinstance(node, counted) for node in nodes) - numbers - modules + lookups


def arrays(seed: int = 0) -> dict[sg.Tensor, np.ndarray]:
    """Return values for all variables: symmetric and well-conditioned matrices where they are to be."""
    generator = np.random.default_rng(seed)
    values = {v: generator.normal(size=v.shape) for v in (a, c, u, x, w, z, b, y, lam, A, B, X, Y, W, V, T, Q, K, U, G)}
    values |= {matrix: generator.normal(size=(3, 3)) + 3 * np.eye(3) for matrix in (M, C, D)}
    root = generator.normal(size=(3, 3))
    values[S] = root @ root.T + np.eye(3)
    values[x] += 2 * np.sign(values[a] @ values[x]) * values[a]  # so that log(a @ x) exists
    values[x] *= np.sign(values[a] @ values[x])
    values |= {labels: generator.integers(0, 4, 5), kinds: generator.integers(0, 4, 7)}
    return values | {R: generator.normal(size=(7, 3)), t: generator.normal(size=7)}


def page() -> str:
    """Return the table as Markdown."""
    rows = identities()
    ratios = [operations(row.printed) / max(operations(row.textbook), 1) for row in rows]
    near = sum(ratio <= 1.25 for ratio in ratios)
    lines = [
        "# Derivatives that textbooks have, as symgrad derives and prints them",
        "",
        "Written by `python examples/identities.py --write`. A test derives each one again, runs both columns as",
        "Python over NumPy and compares the values. Lines before the last one name what is used more than once.",
        "",
        f"{len(rows)} identities; {near} are printed with at most 1.25 times the operations of the textbook form.",
    ]
    theme = ""
    for row, ratio in zip(rows, ratios, strict=True):
        if row.theme != theme:
            theme = row.theme
            lines += [
                "",
                f"## {theme}",
                "",
                "| derivative | symgrad prints | textbook | operations |",
                "|---|---|---|---|",
            ]
        counts = f"{operations(row.printed)} : {operations(row.textbook)}" + ("" if ratio <= 1.25 else " (more)")
        lines.append(f"| {row.name.replace('|', '∣')} | {_code(row.printed)} | {_code(row.textbook)} | {counts} |")
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    return "<br>".join(f"`{line}`" for line in text.splitlines())


def main(arguments: Callable[[], list[str]] = lambda: sys.argv[1:]) -> None:
    """Print the table, or write it to docs/identities.md."""
    if "--write" in arguments():
        PAGE.write_text(page(), encoding="utf-8")
        print(f"wrote {PAGE}")
    else:
        print(page())


if __name__ == "__main__":
    main()
