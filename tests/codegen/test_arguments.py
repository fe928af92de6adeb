"""Arguments of compiled functions: nestings, quick checks, memory that overlaps."""

import numpy as np
import pytest

import symgrad as sg
from codegen.arguments import Arguments

A, B = sg.variable("a", (4,)), sg.variable("b", (4,))


def test_nestings_are_flattened_in_the_order_of_inputs_and_results_nested_again() -> None:
    arguments = Arguments([A, {"b": B}], (A, [B]), {})
    one, two = np.zeros(4), np.ones(4)
    assert [value is expected for value, expected in zip(arguments.flatten((one, {"b": two})), (one, two), strict=True)]
    assert arguments.unflatten([one, two]) == (one, [two]) or arguments.unflatten([one, two])[1][0] is two
    with pytest.raises(sg.BindingError, match="nesting that was compiled"):
        arguments.flatten((one, {"c": two}))


def test_contiguous_arrays_are_taken_as_they_are_and_others_copied() -> None:
    arguments = Arguments([A], A, {})
    plain, strided = np.arange(4.0), np.arange(8.0)[::2]
    assert arguments.check([plain])[0] is plain
    copied = arguments.check([strided])[0]
    assert copied.flags.c_contiguous
    np.testing.assert_array_equal(copied, strided)


def test_readers_of_memory_that_is_overwritten_get_a_copy() -> None:
    arguments = Arguments([A, B], [], {A: B})
    memory = np.arange(6.0)
    written, read = arguments.check([memory[:4], memory[2:]])
    assert np.shares_memory(written, memory)
    assert not np.shares_memory(read, memory)
    np.testing.assert_array_equal(read, memory[2:])


def test_overwritten_arrays_that_overlap_are_refused() -> None:
    arguments = Arguments([A, B], [], {A: B, B: A})
    memory = np.arange(6.0)
    with pytest.raises(sg.BindingError, match="share memory"):
        arguments.check([memory[:4], memory[2:]])
    interleaved = np.arange(8.0)
    arguments.check([interleaved[::2], interleaved[1::2]])


def test_what_is_overwritten_must_be_a_writable_array() -> None:
    arguments = Arguments([A], [], {A: A * 2})
    with pytest.raises(sg.BindingError, match="needs an array, not list"):
        arguments.check([[1.0, 2.0, 3.0, 4.0]])
    frozen = np.zeros(4)
    frozen.flags.writeable = False
    with pytest.raises(sg.BindingError, match="read-only"):
        arguments.check([frozen])
