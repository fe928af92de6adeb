"""Random loop nests for Hypothesis, with arrays to run them on.

Only functions that round once (or not at all) appear, and none that tells the sign of a zero, so that the results of
the interpreter and of any order of evaluation are the same to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from codegen.kernels.loop_nest import (
    Buffer,
    Carried,
    Constant,
    Fail,
    Let,
    Load,
    Loop,
    LoopNest,
    Operand,
    Statement,
    Store,
)
from codegen.kernels.scalar_functions import DTYPES, FLOATS, SIGNATURES, TRANSCENDENTAL, result_dtype

_ROUNDING = {"multiply", "square"}
"""Products of floats may be contracted into the sums that follow."""
_SIGNED_ZEROS = {"divide", "reciprocal", "copysign", "signbit", "fmod", "remainder", "floor_divide"}


def _is_exact(function: str, dtype: str) -> bool:
    if function == "power":
        return False
    return dtype not in FLOATS or function not in _ROUNDING | _SIGNED_ZEROS | TRANSCENDENTAL


_FUNCTIONS = {
    dtype: sorted(
        name for name, signature in SIGNATURES.items() if dtype in signature.dtypes and _is_exact(name, dtype)
    )
    for dtype in DTYPES
}


@dataclass(frozen=True)
class RandomNest:
    """A kernel and what to call it with."""

    nest: LoopNest
    arrays: Mapping[str, np.ndarray]
    sizes: Mapping[str, int]


@dataclass
class _Builder:
    draw: st.DrawFn
    sizes: dict[str, int]
    buffers: list[Buffer]
    names: int = 0
    scope: list[tuple[str, str]] = field(default_factory=list)
    """The names and dtypes of the scalars in scope."""
    variables: list[tuple[str, Operand]] = field(default_factory=list)
    """The loop variables in scope, with their extents."""

    def name(self) -> str:
        self.names += 1
        return f"v{self.names}"

    def extent(self, size: Operand) -> int:
        return size if isinstance(size, int) else self.sizes[size]

    def scalar(self, dtype: str, body: list[Statement]) -> str:
        """Return the name of a scalar of this dtype, made for the purpose if there is none."""
        candidates = [name for name, found in self.scope if found == dtype]
        if candidates and self.draw(st.booleans()):
            return self.draw(st.sampled_from(candidates))
        name = self.name()
        body.append(Constant(name, dtype, self.draw(_NUMBERS[dtype])))
        self.scope.append((name, dtype))
        return name

    def indices(self, buffer: Buffer) -> tuple[Operand, ...] | None:
        """Return indices in range, or None if there are none."""
        result: list[Operand] = []
        for size in buffer.shape:
            extent = self.extent(size)
            choices: list[Operand] = [name for name, end in self.variables if self.extent(end) <= extent]
            choices += [0, extent - 1] if extent else []
            if not choices:
                return None
            result.append(self.draw(st.sampled_from(choices)))
        return tuple(result)

    def let(self, body: list[Statement]) -> None:
        dtype = self.draw(st.sampled_from(DTYPES))
        function = self.draw(st.sampled_from([*_FUNCTIONS[dtype], "where", "cast"]))
        if function == "cast":
            operands, result = [self.scalar(dtype, body)], self.draw(st.sampled_from(DTYPES))
        elif function == "where":
            operands = [self.scalar("bool", body), self.scalar(dtype, body), self.scalar(dtype, body)]
            result = dtype
        else:
            operands = [self.scalar(dtype, body) for _ in range(SIGNATURES[function].arity)]
            result = result_dtype(function, [dtype] * len(operands))
        name = self.name()
        body.append(Let(name, result, function, tuple(operands)))
        self.scope.append((name, result))

    def load(self, body: list[Statement]) -> None:
        buffer = self.draw(st.sampled_from(self.buffers))
        indices = self.indices(buffer)
        condition = self.condition(indices, body) if indices is None or self.draw(st.booleans()) else None
        indices = indices or (0,) * len(buffer.shape)
        name = self.name()
        body.append(Load(name, buffer.name, indices, condition))
        self.scope.append((name, buffer.dtype))

    def condition(self, indices: tuple[Operand, ...] | None, body: list[Statement]) -> str:
        """Return the name of a bool that holds only if there is something to read."""
        if indices is not None:
            return self.scalar("bool", body)
        name = self.name()
        body.append(Constant(name, "bool", False))
        return name

    def store(self, body: list[Statement]) -> None:
        buffer = self.draw(st.sampled_from([buffer for buffer in self.buffers if buffer.written]))
        indices = self.indices(buffer)
        if indices is not None:
            body.append(Store(buffer.name, indices, self.scalar(buffer.dtype, body)))

    def fail(self, body: list[Statement]) -> None:
        condition = self.scalar("bool", body)
        body.append(Fail(condition, self.draw(st.integers(1, 3))))

    def loop(self, body: list[Statement], depth: int) -> None:
        extent = self.draw(st.sampled_from(["m", "n", 1, 3, 9]))
        carried = [self.draw(st.sampled_from(DTYPES)) for _ in range(self.draw(st.integers(0, 2)))]
        initial = [self.scalar(dtype, body) for dtype in carried]
        variable, names, results = self.name(), [self.name() for _ in carried], [self.name() for _ in carried]
        scope, variables = list(self.scope), list(self.variables)
        self.scope += [(variable, "int64"), *zip(names, carried, strict=True)]
        self.variables.append((variable, extent))
        inside: list[Statement] = []
        self.statements(inside, depth + 1)
        following = [self.scalar(dtype, inside) for dtype in carried]
        self.scope, self.variables = scope, variables
        self.scope += list(zip(results, carried, strict=True))
        items = map(Carried, names, carried, initial, following, results)
        body.append(Loop(variable, extent, tuple(inside), tuple(items)))

    def statements(self, body: list[Statement], depth: int) -> None:
        for _ in range(self.draw(st.integers(1, 6))):
            kind = self.draw(st.sampled_from(["let"] * 5 + ["load"] * 3 + ["store"] * 2 + ["loop"] * 3 + ["fail"]))
            match kind:
                case "let":
                    self.let(body)
                case "load":
                    self.load(body)
                case "store":
                    self.store(body)
                case "fail" if depth <= 1:
                    self.fail(body)
                case "loop" if depth < 3:
                    self.loop(body, depth)
                case _:
                    pass


_NUMBERS: dict[str, st.SearchStrategy[float | int | bool]] = {
    "float64": st.floats(width=64),
    "float32": st.floats(width=32),
    "int64": st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3),
    "int32": st.integers(-(2**31), 2**31 - 1) | st.integers(-3, 3),
    "bool": st.booleans(),
}


@st.composite
def random_nests(draw: st.DrawFn) -> RandomNest:
    """Draw a kernel over a few buffers, and arrays for them."""
    sizes = {"m": draw(st.integers(0, 4)), "n": draw(st.integers(0, 35))}
    shapes = st.sampled_from([(), ("n",), ("m", "n"), ("n", "m"), (3,), (9, "n")])
    buffers = [
        Buffer(f"b{k}", draw(st.sampled_from(DTYPES)), draw(shapes), written=k < 2 or draw(st.booleans()))
        for k in range(draw(st.integers(2, 4)))
    ]
    builder = _Builder(draw, sizes, buffers)
    body: list[Statement] = []
    builder.statements(body, 0)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    arrays: dict[str, np.ndarray] = {}
    for buffer in buffers:
        shape = tuple(builder.extent(size) for size in buffer.shape)
        arrays[buffer.name] = _array(rng, buffer.dtype, shape)
    return RandomNest(LoopNest(tuple(buffers), ("m", "n"), tuple(body)), arrays, sizes)


def _array(rng: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype in FLOATS:
        special = rng.choice(np.array([0.0, np.nan, np.inf, -np.inf, 1e-310, 3e38]), shape)
        return np.where(rng.random(shape) < 0.1, special, rng.normal(size=shape) * 100).astype(dtype)
    return rng.integers(-100, 100, shape).astype(dtype)
