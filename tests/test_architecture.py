"""The shape of the project: imports point one way, importing is light, tests mirror sources, files stay short."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("symgrad", "codegen")
LONGEST_FILE = 400

DOOR = "symgrad/_compile.py"
"""The one module of symgrad that may import codegen, and inside a function only."""

HEAVY = ("codegen", "llvmlite", "scipy.special", "scipy.linalg", "matplotlib", "sklearn", "tqdm", "onnx")
"""What `import symgrad` must not load: each is imported where it is first needed."""

COVERED_ELSEWHERE: dict[str, tuple[str, str]] = {
    "codegen/kernels/lower.py": (
        "tests/codegen/test_function.py",
        "what it writes is run on hundreds of random graphs",
    ),
    "codegen/kernels/reductions.py": ("tests/codegen/test_function.py", "likewise"),
    "codegen/kernels/singles.py": ("tests/codegen/test_function.py", "likewise"),
}
"""Sources without a test file of their own: pattern -> (the test that covers them, why it does)."""


def sources() -> list[str]:
    """Every Python file of the two packages, relative to the root."""
    return sorted(path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def mirrors() -> list[str]:
    """Every test file that mirrors a source, relative to the root."""
    return sorted(
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / "tests" / package).rglob("test_*.py")
    )


def imports(source: str) -> Iterator[tuple[str, bool]]:
    """Yield each absolute import in `source`: the module's name, and whether it stands inside a function.

    `importlib.import_module("name")` and `__import__("name")` count as imports. Code under `if TYPE_CHECKING` does too:
    a type that points the wrong way is a dependency that points the wrong way.
    """
    pending: list[tuple[ast.AST, bool]] = [(ast.parse(source), False)]
    while pending:
        node, in_function = pending.pop()
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield alias.name, in_function
            case ast.ImportFrom(module=str(module), level=0):
                yield module, in_function
            case ast.Call(
                func=ast.Name(id="__import__") | ast.Attribute(attr="import_module") | ast.Name(id="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                yield module, in_function
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                in_function = True
            case _:
                pass
        pending.extend((child, in_function) for child in ast.iter_child_nodes(node))


def has_code(source: str) -> bool:
    """Say whether a module does more than explain, import and list its public names."""
    for statement in ast.parse(source).body:
        match statement:
            case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
                continue
            case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.AnnAssign(target=ast.Name(id="__all__")):
                continue
            case _:
                return True
    return False


def mirror_of(source: str) -> str:
    """The test file that mirrors a source: a/b.py -> tests/a/test_b.py, a/__init__.py -> tests/test_a.py.

    >>> mirror_of("symgrad/derivative/reverse.py")
    'tests/symgrad/derivative/test_reverse.py'
    >>> mirror_of("symgrad/_compile.py"), mirror_of("symgrad/nn/__init__.py")
    ('tests/symgrad/test_compile.py', 'tests/symgrad/test_nn.py')
    """
    module = Path(source).with_suffix("")
    if module.name == "__init__":
        module = module.parent
    return (Path("tests") / module.parent / f"test_{module.name.lstrip('_')}.py").as_posix()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import codegen.llvm", [("codegen.llvm", False)]),
        ("from codegen import jit", [("codegen", False)]),
        ("from . import codegen", []),
        ("def f():\n    import codegen", [("codegen", True)]),
        ("f = lambda: __import__('codegen')", [("codegen", True)]),
        ("importlib.import_module('codegen.llvm')", [("codegen.llvm", False)]),
        ("if TYPE_CHECKING:\n    from codegen.function import Function", [("codegen.function", False)]),
        ("class A:\n    async def f(self):\n        from codegen import jit", [("codegen", True)]),
    ],
)
def test_imports_are_found_wherever_they_stand(source: str, found: list[tuple[str, bool]]) -> None:
    assert list(imports(source)) == found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", False),
        ('"""Docs."""\nfrom .a import b\n__all__ = ["b"]', False),
        ("x = 1", True),
        ("def f(): ...", True),
    ],
)
def test_code_is_told_from_re_exports(source: str, expected: bool) -> None:
    assert has_code(source) is expected


def test_imports_point_from_codegen_to_symgrad() -> None:
    wrong = [
        f"{path} imports {module}"
        for path in sources()
        if path.startswith("symgrad/")
        for module, in_function in imports((ROOT / path).read_text())
        if module.split(".")[0] == "codegen" and not (path == DOOR and in_function)
    ]
    assert not wrong, f"only {DOOR} may import codegen, and only inside a function: {wrong}"


def test_no_package_imports_what_stands_around_it() -> None:
    wrong = [
        f"{path} imports {module}"
        for path in sources()
        for module, _ in imports((ROOT / path).read_text())
        if module.split(".")[0] in {"tests", "benchmarks", "examples"}
    ]
    assert not wrong


def test_import_symgrad_is_light() -> None:
    program = "import sys, symgrad; print(*sys.modules, sep='\\n')"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = run.stdout.split()
    assert "symgrad" in loaded
    heavy = [name for name in loaded if any(name == heavy or name.startswith(heavy + ".") for heavy in HEAVY)]
    assert not heavy, f"`import symgrad` loads {heavy}"


def test_every_test_file_has_a_source() -> None:
    expected = {mirror_of(source) for source in sources()}
    astray = [test for test in mirrors() if test not in expected]
    assert not astray, f"no source file of the same place: {astray}"


def test_every_source_with_code_has_a_test_file() -> None:
    untested = [
        source
        for source in sources()
        if has_code((ROOT / source).read_text())
        and not (ROOT / mirror_of(source)).is_file()
        and not any(fnmatch(source, pattern) for pattern in COVERED_ELSEWHERE)
    ]
    assert not untested, f"write the tests, or say in COVERED_ELSEWHERE which test covers them: {untested}"


def test_the_table_of_exceptions_is_up_to_date() -> None:
    for pattern, (test, reason) in COVERED_ELSEWHERE.items():
        matches = [source for source in sources() if fnmatch(source, pattern)]
        assert matches, f"no source matches {pattern}"
        assert (ROOT / test).is_file(), f"{pattern}: {test} does not exist"
        assert reason


@pytest.mark.parametrize("path", sources())
def test_a_file_has_one_job(path: str) -> None:
    lines = len((ROOT / path).read_text().splitlines())
    assert lines <= LONGEST_FILE, f"{path} has {lines} lines: has it one job?"
