"""Machine code that checks arguments: their nesting, the arrays, the sizes, and which memory they share.

Whatever is not plainly right is left to Python, which converts it or says what is wrong with it.
"""

from __future__ import annotations

from ctypes import sizeof

from codegen.entry.interpreter import DATA, DTYPE, DTYPE_MASK, DTYPE_WORD, FLAGS, RANK, SHAPE, TYPE
from codegen.entry.layout import MOST_PLANS, Leaf, Node, Plan, State
from codegen.entry.writer import Writer


def arguments_code() -> str:
    """Return the functions `sg.flatten`, `sg.check`, `sg.find` and `sg.overlap`."""
    return "\n".join((_flatten(), _number(), _check_array(), _check(), _same_shapes(), _find(), _place(), _overlap()))


def _flatten() -> str:
    """Find the object of each node and hold a reference to it; return how many are found and of the right type.

    Looking a key up may run Python code that changes the arguments, so nothing is used that is not held.
    """
    f = Writer("i64", "sg.flatten", "ptr %state", "ptr %arguments", "ptr %block")
    count = f.integer("%state", State.node_count.offset)
    nodes = f.pointer("%state", State.nodes.offset)
    found = f.variable("ptr", "null")
    with f.loop(count) as i:
        node = f.item(nodes, i, sizeof(Node))
        get = f.pointer(node, Node.get.offset)
        key = f.integer(node, Node.key.offset)
        direct = f.is_null(get)
        with f.when(direct):
            f.store(f"ptr {f.pointer(f.item('%arguments', key))}", found)
        with f.when(f.negate(direct)):
            parent = f.pointer(f.item("%block", f.integer(node, Node.parent.offset)))
            f.store(f"ptr {f.call('ptr', get, f'ptr {parent}', f'i64 {key}')}", found)
        thing = f.pointer(found)
        f.leave(f.is_null(thing), i)
        kind = f.pointer(thing, TYPE)
        with f.when(f.compare("ne", kind, f.pointer(node, Node.type.offset), "ptr")):
            f.leave(f.compare("eq", f.integer(node, Node.number.offset), 0), i)
            numbers = [f.pointer("%state", place.offset) for place in (State.float_type, State.int_type)]
            others = [f.compare("ne", kind, number, "ptr") for number in numbers]
            f.leave(f.value(f"and i1 {others[0]}, {others[1]}"), i)
        length = f.integer(node, Node.length.offset)
        with f.when(f.compare("sge", length, 0)):
            f.leave(f.compare("ne", f.call("i64", "@PyObject_Size", f"ptr {thing}"), length), i)
        f.call("void", "@Py_IncRef", f"ptr {thing}")
        f.store(f"ptr {thing}", f.item("%block", i))
    f.finish(count)
    return f.text()


def _number() -> str:
    """Write a float or an int of Python to a place, as an entry of an array; return whether it is one of NumPy's."""
    f = Writer("i1", "sg.number", "ptr %state", "ptr %thing", "i64 %width", "ptr %place", apart=True)
    value = f.call("double", "@PyFloat_AsDouble", "ptr %thing")
    with f.when(f.compare("eq", f.pointer("%thing", TYPE), f.pointer("%state", State.int_type.offset), "ptr")):
        # NumPy has no integers of more than 64 bits. Where there is no double either, the value is -1.
        size = f.value(f"call double @llvm.fabs.f64(double {value})")
        f.leave(f.value(f"fcmp oge double {size}, {float(2**63)!r}"), "false")
        with f.when(f.value(f"fcmp oeq double {value}, -1.0")):
            error = f.call("ptr", "@PyErr_Occurred")
            f.call("void", "@PyErr_Clear")
            f.leave(f.negate(f.is_null(error)), "false")
    double = f.compare("eq", "%width", 8)
    with f.when(double):
        f.store(f"double {value}", "%place")
    with f.when(f.negate(double)):
        f.store(f"float {f.value(f'fptrunc double {value} to float')}", "%place")
    f.finish("true")
    return f.text()


def _check_array() -> str:
    """Return whether an array may be used as it is, its sizes aside."""
    f = Writer("i1", "sg.check_array", "ptr %leaf", "ptr %array")
    f.leave(f.compare("ne", f.integer32("%array", RANK), f.integer("%leaf", Leaf.rank.offset)), "false")
    wanted = f.integer("%leaf", Leaf.flags.offset)
    flags = f.value(f"and i64 {f.integer32('%array', FLAGS)}, {wanted}")
    f.leave(f.compare("ne", flags, wanted), "false")
    dtype = f.pointer("%array", DTYPE)
    f.leave(f.compare("eq", dtype, f.pointer("%leaf", Leaf.dtype.offset), "ptr"), "true")
    # Arrays that were pickled have dtypes of their own.
    word = f.value(f"and i64 {f.integer(dtype, DTYPE_WORD)}, {DTYPE_MASK}")
    f.finish(f.compare("eq", word, f.integer("%leaf", Leaf.dtype_word.offset)))
    return f.text()


def _check() -> str:
    """Return whether all arguments may be used, their sizes aside; put their data into the pointer table."""
    f = Writer("i1", "sg.check", "ptr %state", "ptr %block", "ptr %table")
    leaves = f.pointer("%state", State.leaves.offset)
    kind = f.pointer("%state", State.array_type.offset)
    with f.loop(f.integer("%state", State.leaf_count.offset)) as i:
        leaf = f.item(leaves, i, sizeof(Leaf))
        number = f.integer(leaf, Leaf.node.offset)
        thing = f.pointer(f.item("%block", number))
        is_array = f.compare("eq", f.pointer(thing, TYPE), kind, "ptr")
        with f.when(is_array):
            fits = f.call("i1", "@sg.check_array", f"ptr {leaf}", f"ptr {thing}")
            f.leave(f.negate(fits), "false")
            f.store(f"ptr {f.pointer(thing, DATA)}", f.item("%table", i))
        with f.when(f.negate(is_array)):
            node = f.item(f.pointer("%state", State.nodes.offset), number, sizeof(Node))
            width = f.integer(node, Node.number.offset)
            place = f.item(f.at("%block", f.integer("%state", State.numbers.offset)), i)
            fits = f.call("i1", "@sg.number", "ptr %state", f"ptr {thing}", f"i64 {width}", f"ptr {place}")
            f.leave(f.negate(fits), "false")
            f.store(f"ptr {place}", f.item("%table", i))
    f.finish("true")
    return f.text()


def _same_shapes() -> str:
    """Return whether all arrays have the shapes of a plan."""
    f = Writer("i1", "sg.same_shapes", "ptr %state", "ptr %block", "ptr %plan")
    leaves = f.pointer("%state", State.leaves.offset)
    wanted = f.variable("ptr", f.pointer("%plan", Plan.shapes.offset))
    with f.loop(f.integer("%state", State.leaf_count.offset)) as i:
        leaf = f.item(leaves, i, sizeof(Leaf))
        array = f.pointer(f.item("%block", f.integer(leaf, Leaf.node.offset)))
        expected = f.pointer(wanted)
        rank = f.integer(leaf, Leaf.rank.offset)
        with f.loop(rank) as axis:  # what has no axes may be a number, without a shape
            sizes = f.integer(f.item(f.pointer(array, SHAPE), axis)), f.integer(f.item(expected, axis))
            f.leave(f.compare("ne", *sizes), "false")
        f.store(f"ptr {f.item(expected, rank)}", wanted)
    f.finish("true")
    return f.text()


def _find() -> str:
    """Return the plan for the shapes of the arrays, or null."""
    f = Writer("ptr", "sg.find", "ptr %state", "ptr %block")
    plans = f.at("%state", State.plans.offset)
    with f.loop(MOST_PLANS) as i:
        plan = f.pointer(f.item(plans, i))
        f.leave(f.is_null(plan), "null")
        f.leave(f.call("i1", "@sg.same_shapes", "ptr %state", "ptr %block", f"ptr {plan}"), plan)
    f.finish("null")
    return f.text()


def _place() -> str:
    """Move number `last` of an order to its place among those before it, which are in order of address."""
    f = Writer("void", "sg.place", "ptr %order", "ptr %table", "i64 %last", apart=True)
    number = f.integer(f.item("%order", "%last"))
    address = f.integer(f.item("%table", number))
    with f.loop("%last") as turn:
        at = f.value(f"sub i64 %last, {turn}")
        before = f.integer(f.item("%order", f.add(at, -1)))
        f.store(f"i64 {number}", f.item("%order", at))
        f.leave(f.compare("ule", f.integer(f.item("%table", before)), address))
        f.store(f"i64 {before}", f.item("%order", at))
    f.store(f"i64 {number}", "%order")
    f.finish()
    return f.text()


def _overlap() -> str:
    """Return whether an array that is updated shares bytes with another one.

    The arrays are sorted by address, from the order of the last call, which often is the right one.
    """
    f = Writer("i1", "sg.overlap", "ptr %state", "ptr %plan", "ptr %table", apart=True)
    order = f.pointer("%plan", Plan.order.offset)
    leaves = f.pointer("%state", State.leaves.offset)
    amounts = f.pointer("%plan", Plan.sizes.offset)
    count = f.integer("%state", State.leaf_count.offset)
    end, updated_end = f.variable("i64", 0), f.variable("i64", 0)
    with f.loop(count) as i:
        f.call("void", "@sg.place", f"ptr {order}", "ptr %table", f"i64 {i}")
    with f.loop(count) as i:
        number = f.integer(f.item(order, i))
        amount = f.integer(f.item(amounts, number))
        with f.when(f.compare("ne", amount, 0)):
            start = f.integer(f.item("%table", number))
            stop = f.add(start, amount)
            leaf = f.item(leaves, number, sizeof(Leaf))
            updated = f.compare("ne", f.integer(leaf, Leaf.updated.offset), 0)
            ends = f.integer(end), f.integer(updated_end)
            reached = f.value(f"select i1 {updated}, i64 {ends[0]}, i64 {ends[1]}")
            f.leave(f.compare("ult", start, reached), "true")
            for place, before in zip((end, updated_end), ends, strict=True):
                further = f.value(f"call i64 @llvm.umax.i64(i64 {before}, i64 {stop})")
                if place == updated_end:
                    further = f.value(f"select i1 {updated}, i64 {further}, i64 {before}")
                f.store(f"i64 {further}", place)
    f.finish("false")
    return f.text()
