"""The binary floating-point formats, their LLVM types, and how LLVM's text spells their numbers."""

from __future__ import annotations

import struct
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """A binary floating-point format of IEEE 754 and its LLVM types."""

    dtype: str
    type: str
    integer: str
    suffix: str
    width: int
    fraction_bits: int
    bias: int

    @property
    def smallest_normal(self) -> float:
        """The smallest positive normal number, 2**(1 - bias)."""
        return 2.0 ** (1 - self.bias)


FORMATS = {
    "float32": Format("float32", "float", "i32", "f32", 32, 23, 127),
    "float64": Format("float64", "double", "i64", "f64", 64, 52, 1023),
}

FORMAT_OF_TYPE = {format.type: format for format in FORMATS.values()}
FORMAT_OF_INTEGER = {format.integer: format for format in FORMATS.values()}
"""By the LLVM type of the numbers, and of their bit patterns."""


def float_literal(value: float, type: str) -> str:
    """Return LLVM's spelling of a number rounded to float or double: the bits of a double."""
    if type == "float":
        value = struct.unpack("<f", struct.pack("<f", value))[0]
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"
