import ctypes

import numpy as np
import pytest

from codegen.llvm.elementary.builder import FORMATS, symbol
from codegen.llvm.elementary.guard import LANES, Guard
from codegen.llvm.jit import compile_object, link

DTYPES = ["float32", "float64"]
PROBE = Guard("probe", lambda b, x: x * 2.0, {"float32": 10.0, "float64": 100.0})


def run_variant(dtype, lanes, x, y):
    """Call the guard's variant for a vector once, on memory."""
    type, callee = f"<{lanes} x {FORMATS[dtype].type}>", f"{symbol(PROBE.name, dtype)}.x{lanes}"
    text = f"""
        define void @run(ptr %x, ptr %y, ptr %result) {{
          %vx = load {type}, ptr %x, align 4
          %vy = load {type}, ptr %y, align 4
          %r = call {type} @{callee}({type} %vx, {type} %vy)
          store {type} %r, ptr %result, align 4
          ret void
        }}
        {PROBE.build(dtype).text}
    """
    library = link([compile_object(text)], ["run"])
    run = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(library.address("run"))
    result = np.empty_like(x)
    for a, b, r in zip(x, y, result, strict=True):
        run(a.ctypes.data, b.ctypes.data, r.ctypes.data)
    return result


@pytest.mark.parametrize(("dtype", "lanes"), [(dtype, lanes) for dtype in DTYPES for lanes in LANES[dtype]])
def test_a_vector_takes_the_slow_formula_in_its_rare_lanes_only(dtype, lanes):
    limit = PROBE.limits[dtype]
    patterns = np.random.default_rng(0).random((100, lanes)) < np.linspace(0, 1, 100)[:, None]
    above = limit * np.linspace(1.5, 3, lanes) * np.where(np.arange(lanes) % 3, 1, -1)
    x = np.where(patterns, above, np.linspace(-limit, limit, lanes)).astype(dtype)
    y = np.tile((np.arange(lanes) + 0.5).astype(dtype), (100, 1))
    np.testing.assert_array_equal(run_variant(dtype, lanes, x, y), np.where(patterns, 2 * x, y))


@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_is_no_rare_argument(dtype):
    x, y = np.full((1, 4), np.nan, dtype), np.ones((1, 4), dtype)
    np.testing.assert_array_equal(run_variant(dtype, 4, x, y), y)


def test_variants_outlive_the_passes_before_vectorisation():
    definition = PROBE.build("float32")
    assert definition.kept == tuple(f"sg.probe.guard.float32.x{lanes}" for lanes in LANES["float32"])
