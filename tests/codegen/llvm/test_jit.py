"""Compiling, linking, calling and freeing machine code."""

from __future__ import annotations

import ctypes
import gc
from concurrent.futures import ThreadPoolExecutor

import pytest

from codegen.llvm.jit import CompilationError, assembly, compile_object, link, optimized_ir


def returns(name: str, value: int) -> str:
    return f"define i64 @{name}() {{\n  ret i64 {value}\n}}\n"


def call(address: int, *arguments: int) -> int:
    return ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * len(arguments))(address)(*arguments)


def test_a_function_is_compiled_linked_and_called() -> None:
    library = link([compile_object(returns("f", 42))], ["f"])
    assert call(library.address("f")) == 42


def test_only_exports_have_addresses() -> None:
    library = link([compile_object(returns("f", 1)), compile_object(returns("g", 2))], ["g"])
    assert call(library.address("g")) == 2
    with pytest.raises(KeyError):
        library.address("f")


def test_objects_of_one_link_call_each_other() -> None:
    caller = "declare i64 @callee()\ndefine i64 @caller() {\n  %r = call i64 @callee()\n  ret i64 %r\n}\n"
    library = link([compile_object(caller), compile_object(returns("callee", 7))], ["caller"])
    assert call(library.address("caller")) == 7


def test_libraries_may_use_the_same_names() -> None:
    first, second = (link([compile_object(returns("f", value))], ["f"]) for value in (1, 2))
    assert (call(first.address("f")), call(second.address("f"))) == (1, 2)


def test_symbols_are_given_by_address() -> None:
    callback = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(lambda x: x + 1)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    text = "declare i64 @python(i64)\ndefine i64 @f(i64 %x) {\n  %r = call i64 @python(i64 %x)\n  ret i64 %r\n}\n"
    assert address is not None
    library = link([compile_object(text)], ["f"], {"python": address})
    assert call(library.address("f"), 41) == 42


@pytest.mark.parametrize(
    ("instruction", "function"),
    [
        ("call void @llvm.memset.p0.i64(ptr %p, i8 1, i64 %n, i1 false)", "memset"),
        ("call void @llvm.memcpy.p0.p0.i64(ptr %p, ptr %q, i64 %n, i1 false)", "memcpy"),
        ("call void @llvm.memmove.p0.p0.i64(ptr %p, ptr %q, i64 %n, i1 false)", "memmove"),
        ("%x = load double, ptr %p\n  %y = frem double %x, 7.0\n  store double %y, ptr %p", "fmod"),
        ("%x = load float, ptr %p\n  %y = frem float %x, 7.0\n  store float %y, ptr %p", "fmodf"),
    ],
)
def test_what_llvm_calls_by_itself_is_found(instruction: str, function: str) -> None:
    text = f"define void @f(ptr %p, ptr %q, i64 %n) {{\n  {instruction}\n  ret void\n}}\n"
    assert function in assembly(text)
    library = link([compile_object(text)], ["f"])
    target, source = (ctypes.create_string_buffer(bytes(64), 64) for _ in range(2))
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(library.address("f"))(
        ctypes.addressof(target), ctypes.addressof(source), 64
    )
    assert target.raw == (b"\1" * 64 if function == "memset" else bytes(64))


def test_text_that_does_not_parse_is_shown_with_the_reason() -> None:
    with pytest.raises(CompilationError, match=r"(?s)expected.*in the module.*%nonsense"):
        compile_object("define i64 @f() {\n  %nonsense\n}\n")


def test_ir_that_breaks_the_rules_is_shown_with_the_reason() -> None:
    text = "define i64 @f(i1 %c) {\nentry:\n  br i1 %c, label %a, label %b\na:\n  %x = add i64 1, 2\n  br label %b\n"
    text += "b:\n  ret i64 %x\n}\n"
    with pytest.raises(CompilationError, match=r"(?s)does not dominate.*in the module.*define i64 @f"):
        compile_object(text)


def test_a_missing_symbol_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    text = "declare i64 @nowhere()\ndefine i64 @f() {\n  %r = call i64 @nowhere()\n  ret i64 %r\n}\n"
    with pytest.raises(CompilationError, match="cannot link f"):
        link([compile_object(text)], ["f"])
    assert "Symbols not found: [ nowhere ]" in capfd.readouterr().err


def test_a_symbol_defined_twice_is_named() -> None:
    with pytest.raises(CompilationError, match="twice"):
        link([compile_object(returns("twice", 1)), compile_object(returns("twice", 2))], ["twice"])


def test_equal_text_gives_equal_code() -> None:
    assert compile_object(returns("f", 3)) == compile_object(returns("f", 3))


def test_optimised_ir_can_be_read() -> None:
    text = "define i64 @f(i64 %x) {\n  %y = add i64 %x, 1\n  %z = sub i64 %y, 1\n  ret i64 %z\n}\n"
    assert " = add " not in optimized_ir(text)


def test_libraries_can_be_freed_in_any_order_while_others_run() -> None:
    code = compile_object(returns("f", 5))
    libraries = [link([code], ["f"]) for _ in range(30)]
    del libraries[::3], libraries[1::2]
    gc.collect()
    assert all(call(library.address("f")) == 5 for library in libraries)


def test_threads_compile_and_link_at_once() -> None:
    def build(value: int) -> int:
        library = link([compile_object(returns("f", value))], ["f"])
        return call(library.address("f"))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(build, range(24))) == list(range(24))
