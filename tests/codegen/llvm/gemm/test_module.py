"""The modules as LLVM sees them: valid and translatable for other machines than this one."""

from __future__ import annotations

import re

import llvmlite.binding as llvm
import pytest

from codegen.llvm.gemm import gemm_module, workspace_bytes
from codegen.llvm.target import Target, host
from tests.codegen.llvm.gemm.compiled import DTYPES

LINUX = "x86_64-unknown-linux-gnu"
TARGETS = {
    "AVX-512": Target(LINUX, "skylake-avx512", "+avx,+avx2,+fma,+avx512f,+avx512vl", 64, 32, 49152, 1 << 20),
    "SSE": Target(LINUX, "x86-64", "+sse2", 16, 16, 32768, 1 << 18),
    "NEON": Target("aarch64-unknown-linux-gnu", "generic", "+neon", 16, 32, 65536, 1 << 20),
}
FUSED = {"AVX-512": r"\tvfmadd\d+p[sd]\s.*%zmm", "NEON": r"\tfmla\s"}
"""What a multiply-add of vectors looks like in assembly."""


@pytest.mark.parametrize("machine", TARGETS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_modules_are_valid(dtype: str, machine: str) -> None:
    module = llvm.parse_assembly(gemm_module(dtype, TARGETS[machine]), llvm.create_context())
    module.verify()
    exported = {function.name for function in module.functions if function.linkage == llvm.Linkage.external}
    defined = {name for name in exported if not name.startswith("llvm.")}
    assert defined == {f"sg.gemm.{dtype}"}


@pytest.mark.parametrize("machine", FUSED)
def test_the_full_tile_is_one_loop_in_registers(machine: str) -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = TARGETS[machine]
    module = llvm.parse_assembly(gemm_module("float32", target), llvm.create_context())
    creator = llvm.Target.from_triple(target.triple)
    assembly = creator.create_target_machine(cpu=target.cpu, features=target.features, opt=3).emit_assembly(module)
    (body,) = re.findall(r"^sg\.gemm\.float32\.tile\.8x3:.*?^\.Lfunc_end", assembly, re.MULTILINE | re.DOTALL)
    (loop,) = re.findall(r"^(\.LBB\w+):((?:(?!^\.LBB).)*?\t(?:jne|b\.ne)\t\1)", body, re.MULTILINE | re.DOTALL)
    assert len(re.findall(FUSED[machine], loop[1])) == 8 * 3
    assert not re.findall(r"rsp|\[sp", loop[1]), "a sum was spilled to the stack"


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_workspace_is_small(dtype: str) -> None:
    for target in (host(), *TARGETS.values()):
        size = workspace_bytes(dtype, target)
        assert size % 64 == 0
        assert size < 4 << 20


def test_other_dtypes_are_refused() -> None:
    with pytest.raises(KeyError):
        gemm_module("int64", host())
