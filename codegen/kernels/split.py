"""Loops that read in places only: cut where the conditions of their loads change.

A concatenation, a padding or the gradient of a slice reads under conditions such as `i - 3 >= 0`. For the loop over i
that is a number, 3, at which the condition changes. Cut at all such numbers the loop becomes a few loops, in each of
which every condition either holds or does not: what it guards is read as anything else is, or not at all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codegen.kernels.loop_nest import Carried, Constant, Fail, Let, Load, Loop, Operand, Statement, Store

_MOST_CUTS = 3
_MOST_STATEMENTS = 400
"""A loop is cut into so few loops, of so few statements together, or left as it is."""


def split_loops(statements: Sequence[Statement], most: int = _MOST_STATEMENTS) -> tuple[Statement, ...]:
    """Return the statements with their loops cut, from the outside in, each into so many statements."""
    result: list[Statement] = []
    for statement in statements:
        if not isinstance(statement, Loop):
            result.append(statement)
            continue
        pieces = _Cut(statement, most).pieces()
        long = sum(isinstance(piece, Loop) and piece.extent != 1 for piece in pieces)
        for piece in pieces:
            if isinstance(piece, Loop) and piece.extent != 1:  # a single turn is not worth more loops
                piece = replace(piece, body=split_loops(piece.body, most // long))
            result.append(piece)
    return tuple(result)


def _walk(statements: Sequence[Statement]) -> Iterator[Statement]:
    """Yield statements and those in loops, in their order."""
    for statement in statements:
        yield statement
        if isinstance(statement, Loop):
            yield from _walk(statement.body)


@dataclass(frozen=True)
class _Linear:
    """times * variable + constant + the sum of count * name over `terms`, which hold names from outside of the loop."""

    times: int = 0
    constant: int = 0
    terms: Mapping[str, int] = field(default_factory=dict[str, int])

    def plus(self, other: _Linear, sign: int) -> _Linear:
        """Return self + sign * other."""
        names = {**self.terms, **other.terms}
        terms = {name: self.terms.get(name, 0) + sign * other.terms.get(name, 0) for name in names}
        return _Linear(
            self.times + sign * other.times,
            self.constant + sign * other.constant,
            {name: count for name, count in terms.items() if count},
        )


@dataclass(frozen=True)
class _Test:
    """A bool that changes at one number: it holds from there on (`after`), or up to there."""

    point: _Linear
    after: bool


class _Cut:
    """Cuts one loop."""

    def __init__(self, loop: Loop, most: int) -> None:
        self._loop = loop
        self._statements = list(_walk(loop.body))
        self._most = most
        self._made: list[Statement] = []
        self._names = 0

    def pieces(self) -> list[Statement]:
        """Return what stands for the loop: loops, and numbers that they need."""
        tests = self._tests()
        points: list[_Linear] = []
        for test in tests.values():
            if test.point not in points:
                points.append(test.point)
        if not points or len(points) > _MOST_CUTS or (len(points) + 1) * len(self._statements) > self._most:
            return [self._loop]
        places = {name: self._written(test.point) for name, test in tests.items()}
        edges = [0, *self._ordered([self._written(point) for point in points]), self._loop.extent]
        turns = [(a, b) for a, b in itertools.pairwise(edges) if a != b]
        initial = [scalar.initial for scalar in self._loop.carried]
        for number, (start, end) in enumerate(turns):
            known = {name: self._holds(test, places[name], start) for name, test in tests.items()}
            extent = self._let("subtract", end, start)
            last = number == len(turns) - 1
            copy = _Copy("" if last else f"_{self._loop.variable}{number}", known)
            piece = copy.turns(self._loop, start, extent, initial)
            initial = [scalar.result for scalar in piece.carried]
            self._made.append(piece)
        return self._made

    # conditions on the variable ---------------------------------------------------------------------------------------

    def _tests(self) -> dict[str, _Test]:
        """Return what loads depend on and compares the variable with something from outside of the loop."""
        wanted = self._conditions()
        if not wanted:
            return {}
        linear: dict[str, _Linear] = {self._loop.variable: _Linear(times=1)}
        inside = {scalar.name for scalar in self._loop.carried}
        for statement in self._statements:
            match statement:
                case Let() | Constant() | Load():
                    inside.add(statement.result)
                case Loop():
                    inside |= {statement.variable}
                    inside |= {name for scalar in statement.carried for name in (scalar.name, scalar.result)}
                case Store() | Fail():
                    pass
        result: dict[str, _Test] = {}

        def form(operand: Operand) -> _Linear | None:
            if isinstance(operand, int):
                return _Linear(constant=operand)
            if operand in inside or operand in linear:
                return linear.get(operand)
            return _Linear(terms={operand: 1})

        for statement in self._statements:
            if not isinstance(statement, Let) or statement.function not in _LINEAR + _COMPARISONS:
                continue
            a, b = (form(operand) for operand in statement.operands)
            if a is None or b is None:
                continue
            if statement.function in _LINEAR and statement.dtype == "int64":
                linear[statement.result] = a.plus(b, 1 if statement.function == "add" else -1)
            elif statement.function in _COMPARISONS and statement.result in wanted:
                difference = a.plus(b, -1)
                if abs(difference.times) == 1:
                    result[statement.result] = _test(difference, statement.function == "greater_equal")
        return result

    def _conditions(self) -> set[str]:
        """Return the names of the conditions of loads, and of those that they are made from."""
        wanted: set[str] = set()
        for statement in reversed(self._statements):
            if isinstance(statement, Load) and statement.condition is not None:
                wanted.add(statement.condition)
            elif isinstance(statement, Let) and statement.function == "logical_and" and statement.result in wanted:
                wanted |= {operand for operand in statement.operands if isinstance(operand, str)}
        return wanted

    def _holds(self, test: _Test, place: Operand, start: Operand) -> bool | str:
        """Return whether a test holds in the loop that begins at `start`."""
        if isinstance(place, int) and isinstance(start, int):
            return (start >= place) == test.after
        return str(self._let("greater_equal" if test.after else "less", start, place))

    # numbers outside of the loop --------------------------------------------------------------------------------------

    def _ordered(self, points: list[Operand]) -> list[Operand]:
        """Return the points in order, those outside of the loop moved to its ends."""
        for end in range(len(points) - 1, 0, -1):
            for i in range(end):
                a, b = points[i], points[i + 1]
                points[i], points[i + 1] = self._let("minimum", a, b), self._let("maximum", a, b)
        return [self._let("minimum", self._let("maximum", point, 0), self._loop.extent) for point in points]

    def _written(self, number: _Linear) -> Operand:
        result: Operand = number.constant
        for name, count in number.terms.items():
            for _ in range(abs(count)):
                result = self._let("add" if count > 0 else "subtract", result, name)
        return result

    def _let(self, function: str, a: Operand, b: Operand) -> Operand:
        if isinstance(a, int) and isinstance(b, int):
            return int(_FOLDED[function](a, b))
        if b == 0 and function in _LINEAR:
            return a
        self._names += 1
        name = f"{self._loop.variable}_at{self._names}"
        self._made.append(Let(name, "bool" if function in _COMPARISONS else "int64", function, (a, b)))
        return name


class _Copy:
    """Copies the body of a loop, under other names, where some bools in it are `known`: as truths, or by a name."""

    def __init__(self, suffix: str, known: Mapping[str, bool | str]) -> None:
        self._suffix = suffix
        self._known = known
        self._names: dict[str, Operand] = {}
        self._truths: dict[Operand, bool] = {}

    def turns(self, loop: Loop, start: Operand, extent: Operand, initial: Sequence[Operand]) -> Loop:
        """Return the loop over so many of its turns, from `start` on."""
        variable = self._defined(loop.variable)
        body: list[Statement] = []
        if start != 0:
            moved = f"{variable}_moved"
            body.append(Let(moved, "int64", "add", (variable, start)))
            self._names[loop.variable] = moved
        return self._loop(loop, variable, extent, initial, body)

    def _loop(
        self, loop: Loop, variable: str, extent: Operand, initial: Sequence[Operand], body: list[Statement]
    ) -> Loop:
        names = [self._defined(scalar.name) for scalar in loop.carried]
        for statement in loop.body:
            body += self._statement(statement)
        carried = tuple(
            Carried(name, scalar.dtype, first, self._renamed(scalar.next), self._defined(scalar.result))
            for name, scalar, first in zip(names, loop.carried, initial, strict=True)
        )
        return Loop(variable, extent, tuple(body), carried, loop.independent)

    def _statement(self, statement: Statement) -> list[Statement]:
        match statement:
            case Let() if statement.result in self._known:
                return self._bool(statement.result, self._known[statement.result])
            case Let(function="logical_and", operands=(a, b)) if a in self._truths or b in self._truths:
                one, other = (a, b) if a in self._truths else (b, a)
                if not self._truths[one]:
                    return self._bool(statement.result, False)
                return self._bool(statement.result, self._truths.get(other, self._renamed(other)))
            case Let():
                operands = tuple(self._renamed(operand) for operand in statement.operands)
                return [replace(statement, operands=operands, result=self._defined(statement.result))]
            case Constant():
                return [replace(statement, result=self._defined(statement.result))]
            case Load():
                condition = statement.condition
                if condition is not None:
                    condition = None if self._truths.get(condition) else str(self._renamed(condition))
                indices = tuple(self._renamed(index) for index in statement.indices)
                result = self._defined(statement.result)
                return [replace(statement, result=result, indices=indices, condition=condition)]
            case Store():
                indices = tuple(self._renamed(index) for index in statement.indices)
                return [replace(statement, indices=indices, value=str(self._renamed(statement.value)))]
            case Fail():
                return [replace(statement, condition=str(self._renamed(statement.condition)))]
            case Loop():
                initial = [self._renamed(scalar.initial) for scalar in statement.carried]
                extent = self._renamed(statement.extent)
                return [self._loop(statement, self._defined(statement.variable), extent, initial, [])]

    def _bool(self, name: str, value: Operand) -> list[Statement]:
        """Let a bool be known from here on."""
        if isinstance(value, str):
            self._names[name] = value
            return []
        self._truths[name] = bool(value)
        return [Constant(self._defined(name), "bool", bool(value))]

    def _renamed(self, operand: Operand) -> Operand:
        return self._names.get(operand, operand) if isinstance(operand, str) else operand

    def _defined(self, name: str) -> str:
        self._names[name] = f"{name}{self._suffix}"
        return f"{name}{self._suffix}"


def _test(difference: _Linear, at_least: bool) -> _Test:
    """Return when a difference is >= 0 (`at_least`), or < 0: that changes at one value of the variable."""
    rest = replace(difference, times=0)
    if difference.times == 1:  # variable + rest >= 0 from -rest on
        return _Test(_Linear().plus(rest, -1), at_least)
    return _Test(rest.plus(_Linear(constant=1), 1), not at_least)  # -variable + rest >= 0 up to rest


_LINEAR = ("add", "subtract")
_COMPARISONS = ("less", "greater_equal")
_FOLDED = {
    "add": int.__add__,
    "subtract": int.__sub__,
    "minimum": min,
    "maximum": max,
    "less": int.__lt__,
    "greater_equal": int.__ge__,
}
