"""Kernels written by hand, one for each shape of work that loop nests must be able to express."""

from __future__ import annotations

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
    Store,
)


def sizes_of(*operands: Operand) -> tuple[str, ...]:
    """The names among extents, which the kernel takes as run-time sizes."""
    return tuple(dict.fromkeys(operand for operand in operands if isinstance(operand, str)))


def scaled_shift(dtype: str, rows: Operand = "m", columns: Operand = "n") -> LoopNest:
    """y[i, j] = x[i, j] * scale[j] + shift[i], with the two vectors broadcast."""
    return LoopNest(
        (
            Buffer("x", dtype, (rows, columns)),
            Buffer("scale", dtype, (1, columns)),
            Buffer("shift", dtype, (rows, 1)),
            Buffer("y", dtype, (rows, columns), written=True),
        ),
        sizes_of(rows, columns),
        (
            Loop(
                "i",
                rows,
                (
                    Load("b", "shift", ("i", 0)),
                    Loop(
                        "j",
                        columns,
                        (
                            Load("a", "x", ("i", "j")),
                            Load("s", "scale", (0, "j")),
                            Let("product", dtype, "multiply", ("a", "s")),
                            Let("sum", dtype, "add", ("product", "b")),
                            Store("y", ("i", "j"), "sum"),
                        ),
                        independent=True,
                    ),
                ),
                independent=True,
            ),
        ),
    )


def softmax(dtype: str, rows: Operand = "m", columns: Operand = "n") -> LoopNest:
    """y[i, :] = exp(x[i, :] - max(x[i, :])) / sum of the same: three inner loops a row, the exponentials kept in y."""
    return LoopNest(
        (Buffer("x", dtype, (rows, columns)), Buffer("y", dtype, (rows, columns), written=True)),
        sizes_of(rows, columns),
        (
            Constant("lowest", dtype, float("-inf")),
            Constant("zero", dtype, 0.0),
            Loop(
                "i",
                rows,
                (
                    Loop(
                        "j",
                        columns,
                        (Load("a", "x", ("i", "j")), Let("greater", dtype, "maximum", ("greatest", "a"))),
                        (Carried("greatest", dtype, "lowest", "greater", "row_max"),),
                    ),
                    Loop(
                        "k",
                        columns,
                        (
                            Load("b", "x", ("i", "k")),
                            Let("shifted", dtype, "subtract", ("b", "row_max")),
                            Let("e", dtype, "exp", ("shifted",)),
                            Store("y", ("i", "k"), "e"),
                            Let("more", dtype, "add", ("sum", "e"), reassociate=True),
                        ),
                        (Carried("sum", dtype, "zero", "more", "row_sum"),),
                    ),
                    Loop(
                        "l",
                        columns,
                        (
                            Load("f", "y", ("i", "l")),
                            Let("share", dtype, "divide", ("f", "row_sum")),
                            Store("y", ("i", "l"), "share"),
                        ),
                        independent=True,
                    ),
                ),
                independent=True,
            ),
        ),
    )


def column_sums(dtype: str) -> LoopNest:
    """s[j] = sum over i of x[i, j], accumulated in memory so that rows are read in order."""
    return LoopNest(
        (Buffer("x", dtype, ("m", "n")), Buffer("s", dtype, ("n",), written=True)),
        ("m", "n"),
        (
            Constant("zero", dtype, 0),
            Loop("k", "n", (Store("s", ("k",), "zero"),), independent=True),
            Loop(
                "i",
                "m",
                (
                    Loop(
                        "j",
                        "n",
                        (
                            Load("a", "x", ("i", "j")),
                            Load("b", "s", ("j",)),
                            Let("c", dtype, "add", ("a", "b")),
                            Store("s", ("j",), "c"),
                        ),
                        independent=True,
                    ),
                ),
            ),
        ),
    )


def argmax(dtype: str) -> LoopNest:
    """k[i] = argmax of x[i, :], the first of equals, by carrying the greatest value and its place."""
    return LoopNest(
        (Buffer("x", dtype, ("m", "n")), Buffer("k", "int64", ("m",), written=True)),
        ("m", "n"),
        (
            Loop(
                "i",
                "m",
                (
                    Load("first", "x", ("i", 0)),
                    Loop(
                        "j",
                        "n",
                        (
                            Load("a", "x", ("i", "j")),
                            Let("better", "bool", "greater", ("a", "best")),
                            Let("new_best", dtype, "where", ("better", "a", "best")),
                            Let("new_place", "int64", "where", ("better", "j", "place")),
                        ),
                        (
                            Carried("best", dtype, "first", "new_best", "row_best"),
                            Carried("place", "int64", 0, "new_place", "row_place"),
                        ),
                    ),
                    Store("k", ("i",), "row_place"),
                ),
                independent=True,
            ),
        ),
    )


def linear_recurrence(dtype: str) -> LoopNest:
    """h[0] = b[0], h[t] = a[t] * h[t - 1] + b[t]: every turn needs the one before."""
    return LoopNest(
        (Buffer("a", dtype, ("n",)), Buffer("b", dtype, ("n",)), Buffer("h", dtype, ("n",), written=True)),
        ("n",),
        (
            Constant("zero", dtype, 0.0),
            Loop(
                "t",
                "n",
                (
                    Load("at", "a", ("t",)),
                    Load("bt", "b", ("t",)),
                    Let("scaled", dtype, "multiply", ("at", "state")),
                    Let("next", dtype, "add", ("scaled", "bt")),
                    Store("h", ("t",), "next"),
                ),
                (Carried("state", dtype, "zero", "next", "last"),),
            ),
        ),
    )


def gather_rows(dtype: str, index_dtype: str = "int64") -> LoopNest:
    """y[i, :] = x[k[i], :], indices counted from the end if negative; out of range, the kernel fails with code 7."""
    return LoopNest(
        (
            Buffer("x", dtype, ("m", "n")),
            Buffer("k", index_dtype, ("r",)),
            Buffer("y", dtype, ("r", "n"), written=True),
        ),
        ("m", "n", "r"),
        (
            Loop(
                "i",
                "r",
                (
                    Load("raw", "k", ("i",)),
                    Let("index", "int64", "cast", ("raw",)),
                    Let("from_end", "bool", "less", ("index", 0)),
                    Let("raised", "int64", "add", ("index", "m")),
                    Let("row", "int64", "where", ("from_end", "raised", "index")),
                    Let("below", "bool", "less", ("row", 0)),
                    Let("above", "bool", "greater_equal", ("row", "m")),
                    Let("outside", "bool", "logical_or", ("below", "above")),
                    Fail("outside", 7),
                    Loop("j", "n", (Load("a", "x", ("row", "j")), Store("y", ("i", "j"), "a")), independent=True),
                ),
            ),
        ),
    )


def update_in_place(dtype: str) -> LoopNest:
    """w[i, j] -= rate * g[i, j], in the caller's array; the rate is read anew for every element."""
    return LoopNest(
        (Buffer("w", dtype, ("m", "n"), written=True), Buffer("g", dtype, ("m", "n")), Buffer("rate", dtype, ())),
        ("m", "n"),
        (
            Loop(
                "i",
                "m",
                (
                    Loop(
                        "j",
                        "n",
                        (
                            Load("a", "w", ("i", "j")),
                            Load("b", "g", ("i", "j")),
                            Load("r", "rate", ()),
                            Let("step", dtype, "multiply", ("r", "b")),
                            Let("c", dtype, "subtract", ("a", "step")),
                            Store("w", ("i", "j"), "c"),
                        ),
                        independent=True,
                    ),
                ),
                independent=True,
            ),
        ),
    )


def reduction(function: str, dtype: str, initial: float | bool) -> LoopNest:
    """r = the reduction of x by a binary function, starting from `initial`."""
    return LoopNest(
        (Buffer("x", dtype, ("n",)), Buffer("r", dtype, (), written=True)),
        ("n",),
        (
            Constant("start", dtype, initial),
            Loop(
                "i",
                "n",
                (
                    Load("a", "x", ("i",)),
                    Let("next", dtype, function, ("so_far", "a"), reassociate=function in ("add", "multiply")),
                ),
                (Carried("so_far", dtype, "start", "next", "result"),),
            ),
            Store("r", (), "result"),
        ),
    )


def transposed(dtype: str) -> LoopNest:
    """y[j, i] = x[i, j], read down the columns of x."""
    return LoopNest(
        (Buffer("x", dtype, ("m", "n")), Buffer("y", dtype, ("n", "m"), written=True)),
        ("m", "n"),
        (
            Loop(
                "j",
                "n",
                (Loop("i", "m", (Load("a", "x", ("i", "j")), Store("y", ("j", "i"), "a")), independent=True),),
                independent=True,
            ),
        ),
    )
