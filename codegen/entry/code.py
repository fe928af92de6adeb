"""The entry: the machine code behind every compiled function, from Python's call to the program and back.

One text for all functions: what differs between them stands in the tables of `codegen.entry.layout`.
"""

from __future__ import annotations

from functools import cache

from codegen.entry.arguments_code import arguments_code
from codegen.entry.callable import STATE
from codegen.entry.interpreter import symbols
from codegen.entry.layout import Plan, State
from codegen.entry.results_code import results_code
from codegen.entry.writer import LOOP_METADATA, Writer
from codegen.llvm.cache import Module, object_code
from codegen.llvm.driver import driver
from codegen.llvm.jit import Library, link

ALIGNMENT = 64
_RAW, _BYTES = -16, -8
"""Before a block: the address of the memory it is part of, and its own bytes."""

_DECLARATIONS = """\
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)
declare i64 @PyObject_Size(ptr)
declare ptr @PyObject_Vectorcall(ptr, ptr, i64, ptr)
declare double @PyFloat_AsDouble(ptr)
declare ptr @PyLong_FromLongLong(i64)
declare ptr @PyTuple_New(i64)
declare i32 @PyTuple_SetItem(ptr, i64, ptr)
declare void @PyErr_Clear()
declare ptr @PyErr_Occurred()
declare ptr @PyMem_RawMalloc(i64)
declare void @PyMem_RawFree(ptr)
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
declare ptr @PyArray_NewFromDescr(ptr, ptr, i32, ptr, ptr, ptr, i32, ptr)
declare i64 @run(ptr, ptr)
declare double @llvm.fabs.f64(double)
declare i64 @llvm.umax.i64(i64, i64)
declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)
"""


def _text() -> str:
    functions = (_take(), _give_back(), arguments_code(), results_code(), _run(), _execute(), _attempt())
    return "\n".join((_DECLARATIONS, *functions, _python(), _call(), _release(), LOOP_METADATA))


ENTRY = Module("entry", _text)


@cache
def entry() -> Library:
    """Return the library with `call`, a vectorcall function, and `void release(ptr state)`.

    The latter frees what a function has kept for its next call.
    """
    return link([object_code(ENTRY)], ["call", "release"], {**symbols(), "run": driver().address("run")})


def _take() -> str:
    """Return a block for one call: that of an earlier call, or a new one; null if there is no memory."""
    f = Writer("ptr", "sg.take", "ptr %state")
    block = f.pointer("%state", State.block.offset)
    wanted = f.integer("%state", State.block_bytes.offset)
    f.store("ptr null", "%state", State.block.offset)
    with f.when(f.negate(f.is_null(block))):
        f.leave(f.compare("sge", f.integer(block, _BYTES), wanted), block)
        f.call("void", "@PyMem_RawFree", f"ptr {f.pointer(block, _RAW)}")
    raw = f.call("ptr", "@PyMem_RawMalloc", f"i64 {f.add(wanted, 2 * ALIGNMENT)}")
    f.leave(f.is_null(raw), "null")
    behind = f.value(f"ptrtoint ptr {f.at(raw, 16 + ALIGNMENT - 1)} to i64")
    start = f.value(f"inttoptr i64 {f.value(f'and i64 {behind}, {-ALIGNMENT}')} to ptr")
    f.store(f"ptr {raw}", start, _RAW)
    f.store(f"i64 {wanted}", start, _BYTES)
    f.finish(start)
    return f.text()


def _give_back() -> str:
    """Keep a block for the next call; free it if there is one already."""
    f = Writer("void", "sg.give_back", "ptr %state", "ptr %block")
    first = f.is_null(f.pointer("%state", State.block.offset))
    with f.when(first):
        f.store("ptr %block", "%state", State.block.offset)
    f.leave(first)
    f.call("void", "@PyMem_RawFree", f"ptr {f.pointer('%block', _RAW)}")
    f.finish()
    return f.text()


def _release() -> str:
    """Free what a function that is not called any more has kept for its next call."""
    f = Writer("void", "release", "ptr %state", linkage="")
    earlier = f.pointer("%state", State.earlier.offset)
    arrays = f.value(f"shl i64 {f.integer('%state', State.output_count.offset)}, 1")
    with f.loop(arrays) as i:
        array = f.pointer(f.item(earlier, i))
        with f.when(f.negate(f.is_null(array))):
            f.call("void", "@Py_DecRef", f"ptr {array}")
    block = f.pointer("%state", State.block.offset)
    f.leave(f.is_null(block))
    f.call("void", "@PyMem_RawFree", f"ptr {f.pointer(block, _RAW)}")
    f.finish()
    return f.text()


def _run() -> str:
    """Run the program; if that takes long, other threads run Python meanwhile."""
    f = Writer("i64", "sg.run", "ptr %plan", "ptr %table", apart=True)
    operands = (f"ptr {f.pointer('%plan', Plan.code.offset)}", "ptr %table")
    unlocks = f.compare("ne", f.integer("%plan", Plan.unlocks.offset), 0)
    thread, status = f.variable("ptr", "null"), f.variable("i64", 0)
    with f.when(unlocks):
        f.store(f"ptr {f.call('ptr', '@PyEval_SaveThread')}", thread)
    f.store(f"i64 {f.call('i64', '@run', *operands)}", status)
    with f.when(unlocks):
        f.call("void", "@PyEval_RestoreThread", f"ptr {f.pointer(thread)}")
    f.finish(f.integer(status))
    return f.text()


def _execute() -> str:
    """Run a plan on arguments that fit; return the result, or null and the program's status."""
    f = Writer("ptr", "sg.execute", "ptr %state", "ptr %plan", "ptr %block", "ptr %table", "ptr %status")
    f.leave(f.compare("slt", f.integer("%block", _BYTES), f.integer("%plan", Plan.bytes.offset)), "null")
    result = f.variable("ptr", "null")
    with f.when(f.negate(f.is_null(f.pointer("%plan", Plan.order.offset)))):
        f.leave(f.call("i1", "@sg.overlap", "ptr %state", "ptr %plan", "ptr %table"), "null")
    owner = f.pointer("%plan", Plan.owner.offset)
    f.call("void", "@Py_IncRef", f"ptr {owner}")
    objects, stack, arena = (
        f.at("%block", f.integer("%state", place.offset)) for place in (State.objects, State.stack, State.arena)
    )
    made = f.call("i64", "@sg.outputs", "ptr %state", "ptr %plan", "ptr %table", f"ptr {objects}")
    complete = f.compare("eq", made, f.integer("%state", State.output_count.offset))
    with f.when(complete):
        constants = f.pointer("%state", State.constants.offset)
        slots = f.item("%table", f.integer("%state", State.constant_slots.offset))
        with f.loop(f.integer("%state", State.constant_count.offset)) as i:
            f.store(f"ptr {f.pointer(f.item(constants, i))}", f.item(slots, i))
        f.store(f"ptr {arena}", f.item("%table", f.integer("%state", State.arena_slot.offset)))
        status = f.call("i64", "@sg.run", "ptr %plan", "ptr %table")
        f.store(f"i64 {status}", "%status")
        with f.when(f.compare("eq", status, 0)):
            f.call("void", "@sg.copy", "ptr %plan", "ptr %table")
            nested = f.call("ptr", "@sg.nest", "ptr %state", f"ptr {objects}", f"ptr {stack}")
            f.store(f"ptr {nested}", result)
    failed = f.compare("ne", f.integer("%status"), 0)
    unfinished = f.negate(complete)
    with f.when(f.value(f"or i1 {failed}, {unfinished}")):
        f.call("void", "@sg.drop", f"ptr {objects}", f"i64 {made}")
    f.call("void", "@Py_DecRef", f"ptr {owner}")
    f.finish(f.pointer(result))
    return f.text()


def _attempt() -> str:
    """Do a call without Python; return the result, or null: where no error is set, it is Python's turn."""
    f = Writer("ptr", "sg.attempt", "ptr %state", "ptr %arguments", "ptr %status")
    result = f.variable("ptr", "null")
    block = f.call("ptr", "@sg.take", "ptr %state")
    f.leave(f.is_null(block), "null")
    table = f.at(block, f.integer("%state", State.table.offset))
    held = f.call("i64", "@sg.flatten", "ptr %state", "ptr %arguments", f"ptr {block}")
    whole = f.compare("eq", held, f.integer("%state", State.node_count.offset))
    with f.when(f.negate(whole)):
        f.call("void", "@PyErr_Clear")  # of a key that could not be looked up
    with f.when(whole), f.when(f.call("i1", "@sg.check", "ptr %state", f"ptr {block}", f"ptr {table}")):
        plan = f.call("ptr", "@sg.find", "ptr %state", f"ptr {block}")
        with f.when(f.negate(f.is_null(plan))):
            operands = (f"ptr {plan}", f"ptr {block}", f"ptr {table}", "ptr %status")
            f.store(f"ptr {f.call('ptr', '@sg.execute', 'ptr %state', *operands)}", result)
    f.call("void", "@sg.drop", f"ptr {block}", f"i64 {held}")
    f.call("void", "@sg.give_back", "ptr %state", f"ptr {block}")
    f.finish(f.pointer(result))
    return f.text()


def _python() -> str:
    """Call a Python function of (self, a tuple of the arguments, what else)."""
    parameters = ("ptr %function", "ptr %self", "ptr %arguments", "i64 %count", "ptr %last")
    f = Writer("ptr", "sg.python", *parameters, apart=True)
    operands = f.value("alloca [3 x ptr]")
    values = f.call("ptr", "@PyTuple_New", "i64 %count")
    f.leave(f.is_null(values), "null")
    with f.loop("%count") as i:
        value = f.pointer(f.item("%arguments", i))
        f.call("void", "@Py_IncRef", f"ptr {value}")
        f.call("i32", "@PyTuple_SetItem", f"ptr {values}", f"i64 {i}", f"ptr {value}")
    for i, operand in enumerate(("%self", values, "%last")):
        f.store(f"ptr {operand}", operands, 8 * i)
    result = f.call("ptr", "@PyObject_Vectorcall", "ptr %function", f"ptr {operands}", "i64 3", "ptr null")
    f.call("void", "@Py_DecRef", f"ptr {values}")
    f.finish(result)
    return f.text()


def _call() -> str:
    """The vectorcall function. What is not done in machine code is passed on to Python as it came."""
    f = Writer("ptr", "call", "ptr %self", "ptr %arguments", "i64 %flagged", "ptr %names", linkage="")
    status, answer = f.variable("i64", 0), f.variable("ptr", "null")
    state = f.pointer("%self", STATE)
    count = f.value(f"and i64 %flagged, {2**63 - 1}")  # the upper bit allows a use of the arguments that is not made
    fits = f.compare("eq", count, f.integer(state, State.argument_count.offset))
    with f.when(f.value(f"and i1 {fits}, {f.is_null('%names')}")):
        result = f.call("ptr", "@sg.attempt", f"ptr {state}", "ptr %arguments", f"ptr {status}")
        f.leave(f.negate(f.is_null(result)), result)
        f.leave(f.negate(f.is_null(f.call("ptr", "@PyErr_Occurred"))), "null")
    number = f.integer(status)
    failed = f.compare("ne", number, 0)
    with f.when(failed):
        what = f.call("ptr", "@PyLong_FromLongLong", f"i64 {number}")
        operands = ("ptr %self", "ptr %arguments", f"i64 {count}", f"ptr {what}")
        with f.when(f.negate(f.is_null(what))):
            raised = f.call("ptr", "@sg.python", f"ptr {f.pointer(state, State.failed.offset)}", *operands)
            f.call("void", "@Py_DecRef", f"ptr {what}")
            f.store(f"ptr {raised}", answer)
    f.leave(failed, f.pointer(answer))
    named = f.value(f"select i1 {f.is_null('%names')}, ptr {f.pointer(state, State.none.offset)}, ptr %names")
    operands = ("ptr %self", "ptr %arguments", f"i64 {count}", f"ptr {named}")
    f.finish(f.call("ptr", "@sg.python", f"ptr {f.pointer(state, State.slow.offset)}", *operands))
    return f.text()
