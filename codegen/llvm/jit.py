"""From LLVM IR text to machine code in this process: optimise, emit object code, link, and look addresses up."""

from __future__ import annotations

import ctypes
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from llvmlite.binding import ffi

from codegen.llvm.target import host, target_machine

PIPELINE = "O2, vectorise, interleave, slp; version 1"
"""What `compile_object` does to IR, in words that change whenever its results do: part of every key of the cache."""

AS_WRITTEN = "; as written\n"
"""A module that begins with this line is emitted as it stands: it was written as the processor should execute it."""


class CompilationError(Exception):
    """LLVM refused a kernel: a mistake inside symgrad, never of its user."""


def compile_object(ir_text: str) -> bytes:
    """Return the object code of one module of LLVM IR, optimised for this machine.

    Raises `CompilationError`, with the text, if it is not valid IR. Threads compile side by side.
    """
    machine = target_machine(host())
    return _emit(machine, _optimize(machine, ir_text), is_object=True)


def assembly(ir_text: str) -> str:
    """Return the assembly that `compile_object` makes of `ir_text`, for people to read."""
    machine = target_machine(host())
    return _emit(machine, _optimize(machine, ir_text), is_object=False).decode()


def optimized_ir(ir_text: str) -> str:
    """Return the LLVM IR that is left of `ir_text` after optimisation, for people to read."""
    return str(_optimize(target_machine(host()), ir_text))


class Library:
    """Linked machine code; it stays in memory as long as this object does."""

    def __init__(self, tracker: llvm.ResourceTracker, exports: Sequence[str]) -> None:
        self._tracker = tracker
        self._addresses: dict[str, int] = {name: tracker[name] for name in exports}

    def address(self, name: str) -> int:
        """Return the address of an exported function, good for the life of the library; `KeyError` if it is none."""
        return self._addresses[name]


def link(objects: Sequence[bytes], exports: Sequence[str], symbols: Mapping[str, int] | None = None) -> Library:
    """Link objects into one library and find the addresses of the functions in `exports`.

    The objects may call each other, the functions at the addresses `symbols`, and those of the C library. Raises
    `CompilationError` if a symbol is missing or defined twice; LLVM prints which on the standard error stream.
    """
    builder = llvm.JITLibraryBuilder().add_current_process()
    for image in objects:
        builder.add_object_img(image)
    for name in exports:
        builder.export_symbol(name)
    for name, address in (symbols or {}).items():
        builder.import_symbol(name, address)
    try:
        tracker = builder.link(_linker(), f"symgrad.{next(_library_numbers)}")
    except RuntimeError as error:
        raise CompilationError(f"cannot link {', '.join(exports)}: {error}") from None
    return Library(tracker, exports)


_library_numbers = itertools.count()


@cache
def _linker() -> llvm.LLJIT:
    """Return the linker of the process. It lives as long as the process, so libraries may be freed in any order."""
    # JITLink places an object in one piece, as the small code model wants it; LLVM has no complete one for Windows.
    return llvm.create_lljit_compiler(target_machine(host()), use_jit_link=sys.platform != "win32")


def _optimize(machine: llvm.TargetMachine, ir_text: str) -> llvm.ModuleRef:
    try:
        # A context of its own lets a module be compiled beside others.
        module = llvm.parse_assembly(ir_text, llvm.create_context())
        module.verify()
    except RuntimeError as error:
        raise CompilationError(f"{error}\nin the module\n{ir_text}") from None
    if ir_text.startswith(AS_WRITTEN):
        return module
    # Level 3 unrolls loops of twice the size before it vectorises. Kernels ran no faster for it, but for short rows of
    # transcendental functions, and those took ten times as long to compile (a softmax over 10 columns 165 ms, not 20).
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = True
    options.loop_interleaving = True
    options.slp_vectorization = True
    passes = llvm.create_pass_builder(machine, options)
    _unlocked("LLVMPY_RunNewModulePassManager")(passes.getModulePassManager(), module, passes)
    return module


def _emit(machine: llvm.TargetMachine, module: llvm.ModuleRef, is_object: bool) -> bytes:
    """Return object code or assembly, as `llvmlite.binding.TargetMachine.emit_object` does, beside other threads."""
    with ffi.OutputString() as message:
        buffer = _unlocked("LLVMPY_TargetMachineEmitToMemory")(machine, module, int(is_object), message)
        if not buffer:
            raise CompilationError(f"{message}\nin the module\n{module}")
    try:
        return ctypes.string_at(ffi.lib.LLVMPY_GetBufferStart(buffer), ffi.lib.LLVMPY_GetBufferSize(buffer))
    finally:
        ffi.lib.LLVMPY_DisposeMemoryBuffer(buffer)


@cache
def _unlocked(name: str) -> Callable[..., Any]:
    """Return a function of LLVM without the lock that llvmlite puts around every one of them.

    LLVM itself lets threads work on different contexts, and these calls take nearly all the time of a compilation.
    """
    locked = getattr(ffi.lib, name)
    function = getattr(ctypes.CDLL(ffi.lib._name), name)  # pyright: ignore[reportPrivateUsage]
    function.argtypes, function.restype = locked.argtypes, locked.restype
    return function
