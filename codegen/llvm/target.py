"""The machine that code is generated for: the CPU this process runs on, and the facts that kernels are shaped by."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache

import llvmlite.binding as llvm


@dataclass(frozen=True, slots=True)
class Target:
    """A CPU: its LLVM name and features, its vector registers, and its caches.

    `vector_bytes` is the width worth using, of `vector_registers` registers; `l1_bytes` and `l2_bytes` are the data
    caches of one core.
    """

    triple: str
    cpu: str
    features: str
    vector_bytes: int
    vector_registers: int
    l1_bytes: int
    l2_bytes: int

    def lanes(self, bytes_per_element: int) -> int:
        """Return how many elements of this size one vector register holds."""
        return self.vector_bytes // bytes_per_element

    @property
    def function_attributes(self) -> str:
        """The LLVM attributes every generated function carries: the vector width that LLVM's own choice may narrow.

        LLVM prefers 256 bits on most Intel CPUs with AVX-512. Kernels multiply and add in long runs, where full
        vectors win, and the contractions use them anyway.
        """
        return f'"prefer-vector-width"="{8 * self.vector_bytes}"' if self.vector_bytes >= 64 else ""


@cache
def host() -> Target:
    """Return the CPU of this process."""
    _initialize()
    triple = llvm.get_process_triple()
    features = llvm.get_host_cpu_features()
    vector_bytes, vector_registers = _vectors(triple, features)
    return Target(
        triple=triple,
        cpu=llvm.get_host_cpu_name(),
        features=features.flatten(),
        vector_bytes=vector_bytes,
        vector_registers=vector_registers,
        l1_bytes=_cache_bytes("SC_LEVEL1_DCACHE_SIZE", 32 * 1024),
        l2_bytes=_cache_bytes("SC_LEVEL2_CACHE_SIZE", 512 * 1024),
    )


def cores() -> list[int]:
    """Return the cores that this process may use."""
    if sys.platform == "linux":
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def target_machine(target: Target) -> llvm.TargetMachine:
    """Return a new LLVM target machine for `target`; a target machine serves one thread at a time."""
    _initialize()
    # The small code model reaches constants and calls relative to the program counter: the linker lays one object out
    # in one piece, and makes stubs for what is far away. LLVM's runtime linker on Windows wants the large model.
    model, relocation = ("jitdefault", "default") if sys.platform == "win32" else ("small", "pic")
    return llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=3, reloc=relocation, codemodel=model, jit=True
    )


@cache
def _initialize() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def _vectors(triple: str, features: dict[str, bool]) -> tuple[int, int]:
    """Return the bytes of a vector register and the number of registers."""
    architecture = triple.partition("-")[0]
    if architecture in ("aarch64", "arm64"):
        return 16, 32
    if features.get("avx512f") and features.get("avx512vl"):
        return 64, 32
    if features.get("avx2"):
        return 32, 16
    return 16, 16


def _cache_bytes(name: str, default: int) -> int:
    """Return a cache size as the operating system tells it, or a common one."""
    try:
        return os.sysconf(name) or default
    except (AttributeError, ValueError, OSError):
        return default
