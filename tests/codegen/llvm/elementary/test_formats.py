import math
import struct

import numpy as np
import pytest

from codegen.llvm.elementary.formats import FORMATS, float_literal


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_formats_are_numpys(dtype):
    format, info = FORMATS[dtype], np.finfo(dtype)
    assert (format.width, format.fraction_bits, format.bias) == (info.bits, info.nmant, info.maxexp - 1)
    assert format.smallest_normal == info.smallest_normal


@pytest.mark.parametrize("value", [0.1, 1 / 3, math.pi, -0.0, 2.0**-149, math.inf])
def test_literals_are_exact_in_their_format(value):
    pattern = int(float_literal(value, "double"), 16)
    assert struct.pack("<Q", pattern) == struct.pack("<d", value)
    pattern = int(float_literal(value, "float"), 16)
    assert struct.unpack("<d", struct.pack("<Q", pattern))[0] == np.float32(value)


def test_a_literal_that_the_format_lacks_is_an_error():
    with pytest.raises(OverflowError):
        float_literal(1e39, "float")
