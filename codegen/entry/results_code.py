"""Machine code that makes the arrays of results and puts them into the nesting of the outputs."""

from __future__ import annotations

from ctypes import sizeof

from codegen.entry.interpreter import (
    ALIGNED,
    BASE,
    CONTIGUOUS,
    DATA,
    DTYPE,
    FLAGS,
    OWNER,
    RANK,
    SHAPE,
    WEAK,
    WRITEABLE,
)
from codegen.entry.layout import Copy, Earlier, Nesting, Output, Plan, State
from codegen.entry.writer import Writer


def results_code() -> str:
    """Return the functions `sg.outputs`, `sg.copy`, `sg.drop` and `sg.nest`."""
    return "\n".join((_free(), _output(), _outputs(), _copy(), _drop(), _nest(), _nested()))


def _free() -> str:
    """Return whether an array from an earlier call, of which one reference is held, is a fresh one but for its data.

    Its users may have changed it in all ways, and gone.
    """
    f = Writer("i1", "sg.free", "ptr %array", "ptr %output", apart=True)
    f.leave(f.is_null("%array"), "false")
    f.leave(f.compare("ne", f.integer32("%array"), 1), "false")
    rank = f.integer("%output", Output.rank.offset)
    f.leave(f.compare("ne", f.integer32("%array", RANK), rank), "false")
    f.leave(f.compare("ne", f.pointer("%array", DTYPE), f.pointer("%output", Output.dtype.offset), "ptr"), "false")
    wanted = CONTIGUOUS | OWNER | ALIGNED | WRITEABLE
    f.leave(f.compare("ne", f.value(f"and i64 {f.integer32('%array', FLAGS)}, {wanted}"), wanted), "false")
    for place in (BASE, WEAK):
        f.leave(f.compare("ne", f.integer("%array", place), 0), "false")
    shape, expected = f.pointer("%array", SHAPE), f.pointer("%output", Output.shape.offset)
    with f.loop(rank) as axis:
        f.leave(f.compare("ne", f.integer(f.item(shape, axis)), f.integer(f.item(expected, axis))), "false")
    f.finish("true")
    return f.text()


def _output() -> str:
    """Return an array for a result: one of an earlier call, or a new one; null with an error if there is no memory."""
    f = Writer("ptr", "sg.output", "ptr %kind", "ptr %output", "ptr %earlier")
    older, newer = f.pointer("%earlier", Earlier.older.offset), f.pointer("%earlier", Earlier.newer.offset)
    free = f.call("i1", "@sg.free", f"ptr {older}", "ptr %output")
    with f.when(free):
        f.store(f"ptr {newer}", "%earlier", Earlier.older.offset)
        f.store(f"ptr {older}", "%earlier", Earlier.newer.offset)
        f.call("void", "@Py_IncRef", f"ptr {older}")
    f.leave(free, older)
    free = f.call("i1", "@sg.free", f"ptr {newer}", "ptr %output")
    with f.when(free):
        f.call("void", "@Py_IncRef", f"ptr {newer}")
    f.leave(free, newer)
    dtype = f.pointer("%output", Output.dtype.offset)
    f.call("void", "@Py_IncRef", f"ptr {dtype}")  # the function takes a reference
    rank = f.value(f"trunc i64 {f.integer('%output', Output.rank.offset)} to i32")
    shape = f.pointer("%output", Output.shape.offset)
    form = (f"ptr {dtype}", f"i32 {rank}", f"ptr {shape}")
    array = f.call("ptr", "@PyArray_NewFromDescr", "ptr %kind", *form, "ptr null", "ptr null", "i32 0", "ptr null")
    f.leave(f.is_null(array), "null")
    f.leave(f.compare("eq", f.integer("%output", Output.kept.offset), 0), array)
    present = f.negate(f.is_null(older))
    with f.when(present):
        # Nobody may be told now that an array is gone: that would run Python code, which may change the arguments.
        f.leave(f.compare("ne", f.integer(older, WEAK), 0), array)
    f.call("void", "@Py_IncRef", f"ptr {array}")
    f.store(f"ptr {newer}", "%earlier", Earlier.older.offset)
    f.store(f"ptr {array}", "%earlier", Earlier.newer.offset)
    with f.when(present):
        f.call("void", "@Py_DecRef", f"ptr {older}")
    f.finish(array)
    return f.text()


def _outputs() -> str:
    """Make the arrays of the results and put their data into the pointer table; return how many could be made."""
    f = Writer("i64", "sg.outputs", "ptr %state", "ptr %plan", "ptr %table", "ptr %objects")
    count = f.integer("%state", State.output_count.offset)
    outputs = f.pointer("%plan", Plan.outputs.offset)
    earlier = f.pointer("%state", State.earlier.offset)
    kind = f.pointer("%state", State.array_type.offset)
    with f.loop(count) as i:
        output = f.item(outputs, i, sizeof(Output))
        operands = f"ptr {kind}", f"ptr {output}", f"ptr {f.item(earlier, i, sizeof(Earlier))}"
        array = f.call("ptr", "@sg.output", *operands)
        f.leave(f.is_null(array), i)
        f.store(f"ptr {array}", f.item("%objects", i))
        f.store(f"ptr {f.pointer(array, DATA)}", f.item("%table", f.integer(output, Output.slot.offset)))
    f.finish(count)
    return f.text()


def _copy() -> str:
    """Make the copies that are due when the program has run."""
    f = Writer("void", "sg.copy", "ptr %plan", "ptr %table", apart=True)
    copies = f.pointer("%plan", Plan.copies.offset)
    with f.loop(f.integer("%plan", Plan.copy_count.offset)) as i:
        copy = f.item(copies, i, sizeof(Copy))
        target = f.pointer(f.item("%table", f.integer(copy, Copy.target.offset)))
        base = f.pointer(f.item("%table", f.integer(copy, Copy.source.offset)))
        source = f.at(base, f.integer(copy, Copy.distance.offset))
        amount = f.integer(copy, Copy.bytes.offset)
        f.do(f"call void @llvm.memmove.p0.p0.i64(ptr {target}, ptr {source}, i64 {amount}, i1 false)")
    f.finish()
    return f.text()


def _drop() -> str:
    """Let go of the references to so many objects."""
    f = Writer("void", "sg.drop", "ptr %objects", "i64 %count", apart=True)
    with f.loop("%count") as i:
        f.call("void", "@Py_DecRef", f"ptr {f.pointer(f.item('%objects', i))}")
    f.finish()
    return f.text()


def _nested() -> str:
    """Return a container of the objects of one step, whose references it takes; null if there is no memory."""
    f = Writer("ptr", "sg.nested", "ptr %nesting", "ptr %objects", apart=True)
    count = f.integer("%nesting", Nesting.count.offset)
    new = f.pointer("%nesting", Nesting.new.offset)
    container = f.call("ptr", new, f"i64 {count}")  # the function that makes a dict reads no argument
    with f.when(f.is_null(container)):
        f.call("void", "@sg.drop", "ptr %objects", f"i64 {count}")
    f.leave(f.is_null(container), "null")
    setter = f.pointer("%nesting", Nesting.set.offset)
    keys = f.pointer("%nesting", Nesting.keys.offset)
    by_number = f.is_null(keys)
    key = f.variable("i64", 0)
    failures = f.variable("i32", 0)
    with f.loop(count) as i:
        thing = f.pointer(f.item("%objects", i))
        f.store(f"i64 {i}", key)
        with f.when(f.negate(by_number)):
            f.store(f"i64 {f.integer(f.item(keys, i))}", key)
        failed = f.call("i32", setter, f"ptr {container}", f"i64 {f.integer(key)}", f"ptr {thing}")
        both = f.value(f"or i32 {f.value(f'load i32, ptr {failures}')}, {failed}")
        f.store(f"i32 {both}", failures)
        with f.when(f.negate(by_number)):
            f.call("void", "@Py_DecRef", f"ptr {thing}")  # a dict takes references of its own
    failed = f.compare("ne", f.value(f"load i32, ptr {failures}"), 0, "i32")
    with f.when(failed):
        f.call("void", "@Py_DecRef", f"ptr {container}")
    f.leave(failed, "null")
    f.finish(container)
    return f.text()


def _nest() -> str:
    """Return the result of a call, which takes the references to the arrays; null if there is no memory."""
    f = Writer("ptr", "sg.nest", "ptr %state", "ptr %objects", "ptr %stack")
    nestings = f.pointer("%state", State.nestings.offset)
    top = f.variable("i64", 0)
    with f.loop(f.integer("%state", State.nesting_count.offset)) as i:
        nesting = f.item(nestings, i, sizeof(Nesting))
        array = f.is_null(f.pointer(nesting, Nesting.new.offset))
        with f.when(array):
            leaf = f.pointer(f.item("%objects", f.integer(nesting, Nesting.leaf.offset)))
            f.store(f"ptr {leaf}", f.item("%stack", f.integer(top)))
        with f.when(f.negate(array)):
            rest = f.value(f"sub i64 {f.integer(top)}, {f.integer(nesting, Nesting.count.offset)}")
            first = f.item("%stack", rest)
            container = f.call("ptr", "@sg.nested", f"ptr {nesting}", f"ptr {first}")
            # Without memory, arrays on the stack and those not yet on it are lost.
            f.leave(f.is_null(container), "null")
            f.store(f"ptr {container}", first)
            f.store(f"i64 {rest}", top)
        f.store(f"i64 {f.add(f.integer(top), 1)}", top)
    f.finish(f.pointer("%stack"))
    return f.text()
