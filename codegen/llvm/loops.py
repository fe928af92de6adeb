"""Loop nests as LLVM IR, in the forms that LLVM's optimiser hoists from and vectorises.

Loops are emitted rotated, a guard and a body that runs at least once, with one phi for the variable and one for each
carried scalar. Addresses are ``base + row-major offset`` in arithmetic that cannot wrap, so that scalar evolution sees
through it. The function's buffers are `noalias`, and `readonly` unless written, so that invariant loads leave loops.
"""

from __future__ import annotations

from collections.abc import Sequence

from codegen.kernels.loop_nest import (
    Buffer,
    Constant,
    Fail,
    Let,
    Load,
    Loop,
    LoopNest,
    Operand,
    Statement,
    Store,
)
from codegen.llvm.scalar import TYPES, ScalarWriter, literal
from codegen.llvm.target import host
from codegen.llvm.vectors import vectors

_MEMORY_TYPES = {**TYPES, "bool": "i8"}
_BYTES = {"float64": 8, "float32": 4, "int64": 8, "int32": 4, "bool": 1}


def emit(nest: LoopNest, name: str) -> str:
    """Return the LLVM module that defines ``i32 @name(ptr buffer, ..., i64 size, ...)`` for a verified loop nest.

    The function returns 0, or the code of the `Fail` it left by. The names of the nest stay. Names that belong to one
    of them are that name, a dot and a word; the others of the emitter start with a dot.
    """
    return _Emitter(nest).module(name)


class _Emitter:
    def __init__(self, nest: LoopNest) -> None:
        self._nest = nest
        self._lines: list[str] = []
        self._scalars = ScalarWriter(self._lines)
        self._metadata = ['!0 = !{!"branch_weights", i32 1, i32 1000000}']
        """Metadata nodes; the first says that failures are rare."""
        self._failures: dict[int, None] = {}
        self._buffers = {buffer.name: buffer for buffer in nest.buffers}
        self._values = {size: (f"%{size}", "int64") for size in nest.sizes}
        """The LLVM operand and the dtype of each scalar."""
        self._groups: list[str] = []
        """The access groups of the independent loops around this point."""
        self._access = ""
        """What marks a load or store here as a member of these groups."""
        self._block = ".entry"
        """The basic block being written."""
        self._temporaries = 0

    def module(self, name: str) -> str:
        self._statements(self._nest.body)
        self._lines.append("  ret i32 0")
        for code in self._failures:
            self._lines += [f".fail.{code}:", f"  ret i32 {code}"]
        parameters = [self._parameter(buffer) for buffer in self._nest.buffers]
        parameters += [f"i64 %{size}" for size in self._nest.sizes]
        wide = host().function_attributes
        return "\n".join(
            [
                f"define i32 @{name}({', '.join(parameters)}) #0 {{",
                ".entry:",
                *self._lines,
                "}",
                self._scalars.definitions(),
                f"attributes #0 = {{ mustprogress nofree norecurse nosync nounwind willreturn {wide} }}",
                *self._metadata,
                "",
            ]
        )

    def _parameter(self, buffer: Buffer) -> str:
        readonly = "" if buffer.written else " readonly"
        return f"ptr noalias{readonly} align {_BYTES[buffer.dtype]} %{buffer.name}"

    def _statements(self, statements: Sequence[Statement]) -> None:
        for statement in statements:
            match statement:
                case Constant():
                    self._values[statement.result] = (literal(statement.value, statement.dtype), statement.dtype)
                case Let():
                    operands = [self._value(operand) for operand in statement.operands]
                    value = self._scalars.apply(
                        statement.function, f"%{statement.result}", statement.dtype, operands, statement.reassociate
                    )
                    self._values[statement.result] = (value, statement.dtype)
                case Load():
                    self._load(statement)
                case Store():
                    self._store(statement)
                case Fail():
                    self._fail(statement)
                case Loop():
                    self._loop(statement)

    def _load(self, load: Load) -> None:
        buffer = self._buffers[load.buffer]
        result = f"%{load.result}"
        if load.condition is None:
            self._read(buffer, load.indices, result)
        else:
            # The optimiser turns the branch into a load under a mask where the machine has one.
            condition, before = self._value(load.condition)[0], self._block
            there, done = f"{load.result}.there", f"{load.result}.done"
            self._write(f"br i1 {condition}, label %{there}, label %{done}")
            self._open(there)
            self._read(buffer, load.indices, f"{result}.read")
            self._write(f"br label %{done}")
            self._open(done)
            nothing = literal(False if buffer.dtype == "bool" else 0, buffer.dtype)
            self._write(f"{result} = phi {TYPES[buffer.dtype]} [ {result}.read, %{there} ], [ {nothing}, %{before} ]")
        self._values[load.result] = (result, buffer.dtype)

    def _read(self, buffer: Buffer, indices: Sequence[Operand], result: str) -> None:
        address = self._address(buffer, indices)
        if buffer.dtype == "bool":
            self._write(f"{result}.byte = load i8, ptr {address}{self._access}")
            self._write(f"{result} = icmp ne i8 {result}.byte, 0")
        else:
            self._write(f"{result} = load {TYPES[buffer.dtype]}, ptr {address}{self._access}")

    def _store(self, store: Store) -> None:
        buffer = self._buffers[store.buffer]
        value, _ = self._value(store.value)
        if buffer.dtype == "bool":
            byte = self._temporary()
            self._write(f"{byte} = zext i1 {value} to i8")
            value = byte
        address = self._address(buffer, store.indices)
        self._write(f"store {_MEMORY_TYPES[buffer.dtype]} {value}, ptr {address}{self._access}")

    def _address(self, buffer: Buffer, indices: Sequence[Operand]) -> str:
        """Write the address of an element: ``((i * d1 + j) * d2 + k`` elements after the start (Horner's rule)."""
        offset = "0"
        for index, size in zip(indices, buffer.shape, strict=True):
            offset = self._arithmetic("mul", offset, self._value(size)[0])
            offset = self._arithmetic("add", offset, self._value(index)[0])
        if offset == "0":
            return f"%{buffer.name}"
        address = self._temporary()
        memory_type = _MEMORY_TYPES[buffer.dtype]
        self._write(f"{address} = getelementptr inbounds nuw {memory_type}, ptr %{buffer.name}, i64 {offset}")
        return address

    def _arithmetic(self, instruction: str, a: str, b: str) -> str:
        """Write index arithmetic, which stays between 0 and the buffer's size; trivial cases take no instruction."""
        neutral = "0" if instruction == "add" else "1"
        if a == neutral:
            return b
        if b == neutral:
            return a
        if instruction == "mul" and "0" in (a, b):
            return "0"
        result = self._temporary()
        self._write(f"{result} = {instruction} nuw nsw i64 {a}, {b}")
        return result

    def _fail(self, fail: Fail) -> None:
        self._failures[fail.code] = None
        condition, _ = self._value(fail.condition)
        self._temporaries += 1
        block = f".passed.{self._temporaries}"
        self._write(f"br i1 {condition}, label %.fail.{fail.code}, label %{block}, !prof !0")
        self._open(block)

    def _loop(self, loop: Loop) -> None:
        variable = f"%{loop.variable}"
        body, latch, done = (f"{loop.variable}.{part}" for part in ("body", "latch", "done"))
        extent, _ = self._value(loop.extent)
        before = self._block
        initial = [self._value(carried.initial)[0] for carried in loop.carried]
        self._write(f"{variable}.some = icmp sgt i64 {extent}, 0")
        self._write(f"br i1 {variable}.some, label %{body}, label %{done}")

        self._open(body)
        phis = len(self._lines)
        self._values[loop.variable] = (variable, "int64")
        outside, hints = self._access, []
        if loop.independent:
            hints.append(self._open_group())
        for carried in loop.carried:
            self._values[carried.name] = (f"%{carried.name}", carried.dtype)
        self._statements(loop.body)
        if loop.independent:
            self._groups.pop()
            self._access = outside
        self._write(f"br label %{latch}")

        self._open(latch)
        self._write(f"{variable}.next = add nuw nsw i64 {variable}, 1")
        self._write(f"{variable}.more = icmp slt i64 {variable}.next, {extent}")
        hints += self._vectors(loop)
        self._write(f"br i1 {variable}.more, label %{body}, label %{done}{self._loop_metadata(hints)}")
        following = [self._value(carried.next)[0] for carried in loop.carried]

        self._open(done)
        head = [f"  {variable} = phi i64 [ 0, %{before} ], [ {variable}.next, %{latch} ]"]
        for carried, start, after in zip(loop.carried, initial, following, strict=True):
            phi = f"phi {TYPES[carried.dtype]} [ {start}, %{before} ], [ {after}, %{latch} ]"
            head.append(f"  %{carried.name} = {phi}")
            self._write(f"%{carried.result} = {phi}")
            self._values[carried.result] = (f"%{carried.result}", carried.dtype)
        self._lines[phis:phis] = head

    def _vectors(self, loop: Loop) -> list[str]:
        """Return what asks for vectors of a loop, where LLVM is to make others than it would (see `vectors`)."""
        asked = vectors(loop, lambda operand: self._value(operand)[1])
        return (
            []
            if asked is None
            else [
                self._metadata_node(f'!{{!"llvm.loop.vectorize.width", i32 {asked.width}}}'),
                self._metadata_node(f'!{{!"llvm.loop.interleave.count", i32 {asked.count}}}'),
            ]
        )

    def _open_group(self) -> str:
        """Enter an independent loop; return what says that its turns may run at once."""
        group = self._metadata_node("distinct !{}")
        self._groups.append(group)
        groups = group if len(self._groups) == 1 else self._metadata_node(f"!{{{', '.join(self._groups)}}}")
        self._access = f", !llvm.access.group {groups}"
        return self._metadata_node(f'!{{!"llvm.loop.parallel_accesses", {group}}}')

    def _loop_metadata(self, hints: Sequence[str]) -> str:
        """Return what marks the branch of a loop with hints."""
        if not hints:
            return ""
        operands = ", ".join([f"!{len(self._metadata)}", *hints])  # the first is the node itself
        return f", !llvm.loop {self._metadata_node(f'distinct !{{{operands}}}')}"

    def _metadata_node(self, content: str) -> str:
        name = f"!{len(self._metadata)}"
        self._metadata.append(f"{name} = {content}")
        return name

    def _value(self, operand: Operand) -> tuple[str, str]:
        return (str(operand), "int64") if isinstance(operand, int) else self._values[operand]

    def _temporary(self) -> str:
        self._temporaries += 1
        return f"%.{self._temporaries}"

    def _write(self, instruction: str) -> None:
        self._lines.append(f"  {instruction}")

    def _open(self, block: str) -> None:
        self._lines.append(f"{block}:")
        self._block = block
