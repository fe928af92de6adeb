"""The innermost loops on other machines, by their assembly: all sums stay in registers."""

from __future__ import annotations

import re

import llvmlite.binding as llvm
import pytest

from codegen.kernels.contraction import ProductKernel
from codegen.llvm.gemm.product import product_module
from codegen.llvm.target import Target, target_machine

_AVX2 = "+avx,+avx2,+fma"
_AVX512 = f"{_AVX2},+avx512f,+avx512vl,+avx512bw,+avx512dq"
MACHINES = {
    "AVX-512": Target("x86_64-unknown-linux-gnu", "skylake-avx512", _AVX512, 64, 32, 32768, 1048576),
    "AVX2": Target("x86_64-unknown-linux-gnu", "znver3", _AVX2, 32, 16, 32768, 524288),
    "NEON": Target("aarch64-unknown-linux-gnu", "neoverse-n1", "+neon", 16, 32, 65536, 1048576),
}
_MULTIPLY_ADD = re.compile(r"\b(vfn?madd\w+|fmla)\b")
_STACK = re.compile(r"\((?:%rsp|%rbp)\).*[xyz]mm|[xyz]mm.*\((?:%rsp|%rbp)\)|\bq\d+.*\[sp")
_JUMP = re.compile(r"\b(?:j\w+|b\.\w+|b|cbnz|cbz)\s+(?:\w+, )?(\.LBB\w+)")


def innermost_loops(assembly: str) -> list[str]:
    """Return the blocks that jump back to their own beginning, up to that jump."""
    loops: list[str] = []
    for block in re.split(r"\n(?=\.LBB\w+:)", assembly):
        label = block.split(":")[0]
        jump = next((jump for jump in _JUMP.finditer(block) if jump[1] == label), None)
        if jump:
            loops.append(block[: jump.end()])
    return loops


@pytest.mark.parametrize("kernel", ["plain", "tiles", "dots"])
@pytest.mark.parametrize("machine", MACHINES)
def test_full_tiles_spill_nothing(machine: str, kernel: ProductKernel) -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = MACHINES[machine]
    module = llvm.parse_assembly(product_module("float32", kernel, target), llvm.create_context())
    loops = innermost_loops(target_machine(target).emit_assembly(module))
    sums = 12 if kernel == "dots" else 24 if target.vector_registers == 32 else 12
    full = [loop for loop in loops if len(_MULTIPLY_ADD.findall(loop)) == sums]
    assert full
    # Under masks (AVX2 has no registers of their own for them) some masks may wait on the stack.
    plain = [loop for loop in full if "vmaskmov" not in loop]
    assert plain
    assert not any(_STACK.search(line) for loop in plain for line in loop.splitlines())
