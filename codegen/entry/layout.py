"""What a compiled function and its machine-code entry tell each other: tables in memory, all of them of 64-bit words.

Python fills them in, machine code reads them; both take the places of the fields from here. Addresses are words too.
Everything is filled in under the interpreter's lock and read under it, but for what a running program reads.
"""

from __future__ import annotations

from ctypes import Structure, c_int64

MOST_PLANS = 8
"""Plans that an entry looks through for the shapes of its arguments."""


class Node(Structure):
    """One object to be found in the arguments: an array, or a list, tuple or dict around arrays.

    It is `get(the object of node `parent`, key)`, or argument number `key` where `get` is 0. Where `number` is not 0, a
    float or an int may stand for an array without axes, whose entry has so many bytes.
    """

    _fields_ = (
        ("get", c_int64),
        ("parent", c_int64),
        ("key", c_int64),
        ("type", c_int64),
        ("length", c_int64),  # -1 for an array
        ("number", c_int64),
    )


class Leaf(Structure):
    """What the array of an input must be like, whatever the run-time sizes."""

    _fields_ = (
        ("node", c_int64),
        ("dtype", c_int64),
        ("dtype_word", c_int64),
        ("rank", c_int64),
        ("flags", c_int64),
        ("updated", c_int64),
    )


class Nesting(Structure):
    """A step that builds the result: put array number `leaf` on a stack, or a container in place of the top `count`.

    `new` is 0 in the first case. A dict has `keys`; entries of a list or tuple are set by their number.
    """

    _fields_ = (
        ("leaf", c_int64),
        ("count", c_int64),
        ("new", c_int64),
        ("set", c_int64),
        ("keys", c_int64),
    )


class Output(Structure):
    """An array to be made for a result, and the slot of the pointer table that gets the address of its data."""

    _fields_ = (("slot", c_int64), ("dtype", c_int64), ("rank", c_int64), ("shape", c_int64), ("kept", c_int64))


class Earlier(Structure):
    """The last two arrays that were made for a result, the older first.

    Once nobody else refers to one, it is used again: fresh memory is dear. There are two because `y = f(x)` in a loop
    lets go of a result only when the next one is made.
    """

    _fields_ = (("older", c_int64), ("newer", c_int64))


class Copy(Structure):
    """Bytes to be copied between places of slots after the program has run."""

    _fields_ = (("target", c_int64), ("source", c_int64), ("distance", c_int64), ("bytes", c_int64))


class Plan(Structure):
    """A program for fixed sizes. `owner` is the Python object that keeps all this in memory."""

    _fields_ = (
        ("owner", c_int64),
        ("shapes", c_int64),  # of all inputs, one behind the other
        ("code", c_int64),
        ("bytes", c_int64),  # of the block, the arena included
        ("unlocks", c_int64),  # whether the work is long enough to let other threads run Python meanwhile
        ("outputs", c_int64),
        ("copy_count", c_int64),
        ("copies", c_int64),
        ("sizes", c_int64),  # in bytes, of the inputs
        ("order", c_int64),  # the inputs' numbers by address at the last call; 0 if nothing is updated
    )


class State(Structure):
    """A compiled function. A block holds what one call needs: pointers, and the arena from `arena` on."""

    _fields_ = (
        ("array_type", c_int64),
        ("float_type", c_int64),
        ("int_type", c_int64),
        ("none", c_int64),
        ("slow", c_int64),  # Python functions of the object called, a tuple of its arguments, and names of arguments
        ("failed", c_int64),  # or the status of the program
        ("argument_count", c_int64),
        ("node_count", c_int64),
        ("nodes", c_int64),
        ("leaf_count", c_int64),
        ("leaves", c_int64),
        ("output_count", c_int64),
        ("earlier", c_int64),
        ("constant_count", c_int64),
        ("constants", c_int64),
        ("nesting_count", c_int64),
        ("nestings", c_int64),
        ("block", c_int64),  # one that is free, or 0
        ("block_bytes", c_int64),
        ("table", c_int64),  # where in a block these start; the objects of the nodes start it
        ("constant_slots", c_int64),
        ("arena_slot", c_int64),
        ("objects", c_int64),
        ("stack", c_int64),
        ("numbers", c_int64),
        ("arena", c_int64),
        ("plans", c_int64 * MOST_PLANS),
    )
