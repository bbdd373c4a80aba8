"""The house style as functions: each takes a source file and returns what is wrong with it.

Reads text and syntax trees only; imports nothing of the packages that it judges.
"""

import ast
import os
import pathlib
import re
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parent.parent
LAYERS = ("engine", "clearing", "gateway", "sim")  # Each imports only what stands to its left.

FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 300
COLUMNS_MAX = 100

# What clearing may know of the engine; `venue`, `replay` and `verify` wire the two together.
CLEARING_KNOWS = {"schema", "reasons", "layout", "instruments", "jit", "rows"}
CLEARING_TYPES = {"engine.exchange": {"Outcome"}, "engine.frame": {"Frame"}}
CLEARING_WIRES = {"clearing/replay.py", "clearing/venue.py", "clearing/verify.py"}

# Foreign packages that the deterministic layers may use.
FOREIGN = {
    "engine": {"numpy"},
    "clearing": {"numpy", "msgspec", "exchange_calendars"},
}
FOREIGN_ALONE = {
    "numba": {"engine/jit.py", "engine/linking.py"},
    "llvmlite": {"engine/jit.py"},
    "sortedcontainers": {"engine/reference.py", "engine/reference_book.py"},
    "typer": {
        "sim/cli.py",
        *(
            f"sim/cli_{name}.py"
            for name in ("admin", "backup", "basis", "clearing", "curve", "default")
        ),
        *(f"sim/cli_{name}.py" for name in ("disclose", "evidence", "index", "margin", "options")),
        *(f"sim/cli_{name}.py" for name in ("recovery", "spot", "store")),
    },
    "sqlalchemy": {
        "sim/cli_store.py",  # The type of a connection alone.
        *(f"clearing/store/{name}.py" for name in ("schema", "database", "store")),
        *(
            f"clearing/store/{name}.py"
            for name in ("queries", "statements", "bulletin", "oversight")
        ),
    },
    "statsmodels": {"clearing/index/regression.py", "sim/curve_fit.py"},
    "matplotlib": {"sim/drawing.py"},
    "mock": set[str](),
}
MAY_PRINT = re.compile(r"(sim/cli\.py|bench/.*)")
CLOCKS = {"time", "random", "secrets", "uuid"}  # Modules; in engine and clearing time is a field.
CLOCK_CALLS = {"now", "utcnow", "today", "urandom"}
NAMES = {"data", "info", "manager", "handler", "util", "utils", "process", "helper", "helpers"}
MARKS = re.compile("|".join(("TO" + "DO", "FIX" + "ME")) + "|NotImplemented" + "Error")
PLACES = re.compile(r"(?<![\w.~}])/" + "(?:work|home|root|Users)/")


class Source(NamedTuple):
    """A Python file: where it stands, its text, and what the text means."""

    path: str  # Relative to the project, with slashes.
    text: str
    tree: ast.Module

    @property
    def layer(self) -> str:
        """The top folder that it stands in."""
        return self.path.split("/")[0]


Rule = Callable[[Source], Iterator[str]]


def read(path: str, text: str | None = None) -> Source:
    """Return a file of the project, or the given text as if it stood at that path."""
    text = (ROOT / path).read_text(encoding="utf-8") if text is None else text
    return Source(path, text, ast.parse(text))


def files() -> list[str]:
    """Return every file of the project that stands in no folder that `.gitignore` names."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [".git", *(line.strip("/") for line in lines)]
    found = []
    for folder, inner, names in os.walk(ROOT):
        inner[:] = [name for name in inner if not any(fnmatch(name, line) for line in ignored)]
        found += [(pathlib.Path(folder) / name).relative_to(ROOT).as_posix() for name in names]
    return sorted(found)


def import_arrows(source: Source) -> Iterator[str]:
    """Our packages import only to the left, and clearing only the engine's vocabulary."""
    if source.layer not in LAYERS:
        return
    below = LAYERS[: LAYERS.index(source.layer) + 1]
    for line, module, names in _imports(source.tree):
        package, _, rest = module.partition(".")
        if package in LAYERS and package not in below:
            yield f"{line}: {source.layer} may not import {module}"
        if source.layer != "clearing" or package != "engine" or source.path in CLEARING_WIRES:
            continue
        if rest not in CLEARING_KNOWS and not names <= CLEARING_TYPES.get(module, set()):
            yield f"{line}: clearing may not import {', '.join(sorted(names))} of {module}"


def import_forms(source: Source) -> Iterator[str]:
    """Engine and clearing import `from package.module import name`, at the margin.

    The cache of compiled kernels follows exactly this form from source to source.
    """
    if source.layer not in LAYERS[:2]:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            ours = {alias.name.split(".")[0] for alias in node.names} & set(LAYERS)
            if ours:
                yield f"{node.lineno}: import of {ours.pop()} without from"
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield f"{node.lineno}: relative import"
            package, _, rest = (node.module or "").partition(".")
            if package in LAYERS and (not rest or node.col_offset > 0):
                yield f"{node.lineno}: not from {package}.module import name at the margin"


def foreign_imports(source: Source) -> Iterator[str]:
    """The deterministic layers use few foreign packages, and each of some has one home."""
    for line, module, _ in _imports(source.tree):
        package = module.split(".")[0] if module != "unittest.mock" else "mock"
        homes = FOREIGN_ALONE.get(package)
        if homes is not None:
            judged = source.layer in LAYERS or package == "mock"
            if judged and source.path not in homes:
                yield f"{line}: {package} is for {', '.join(sorted(homes)) or 'nobody'}"
        elif source.layer in FOREIGN and not _is_known(package, source.layer):
            yield f"{line}: {source.layer} does without {package}"


def calls(source: Source) -> Iterator[str]:
    """Nothing prints but the command line; engine and clearing know no clock and no chance."""
    blind = source.layer in LAYERS[:2]
    if blind:
        for line, module, _ in _imports(source.tree):
            if module.split(".")[0] in CLOCKS or module.startswith("numpy.random"):
                yield f"{line}: {module} in {source.layer}"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name == "print" and source.layer != "tests" and not MAY_PRINT.match(source.path):
                yield f"{node.lineno}: print"
            if name in {"eval", "exec", "breakpoint"}:
                yield f"{node.lineno}: {name}"
            if blind and name.split(".")[-1] in CLOCK_CALLS:
                yield f"{node.lineno}: {name} in {source.layer}"
        elif blind and isinstance(node, ast.Attribute) and ast.unparse(node) == "np.random":
            yield f"{node.lineno}: np.random in {source.layer}"


def excepts(source: Source) -> Iterator[str]:
    """Every except names what it expects."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            caught = "everything" if node.type is None else ast.unparse(node.type)
            if re.search(r"\b(everything|Exception|BaseException)\b", caught):
                yield f"{node.lineno}: except {caught}"


def names(source: Source) -> Iterator[str]:
    """No name that we define says nothing. Fields are free: some are the wire's names."""
    stem = pathlib.PurePath(source.path).stem
    if NAMES & set(_words(stem)):
        yield f"1: module {stem}"
    fields = set(_fields(source.tree))
    for node in ast.walk(source.tree):
        match node:
            case ast.Name() if node in fields:
                continue
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found = NAMES & set(_words(node.name))
                name = node.name
            case ast.arg(arg=name):
                found = NAMES & {name.lower()}
            case ast.Name(id=name, ctx=ast.Store()):
                found = NAMES & {name.lower()}
            case _:
                continue
        if found:
            yield f"{node.lineno}: {name}"


def lengths(source: Source) -> Iterator[str]:
    """A function, a module and a line can be taken in at a glance."""
    lines = source.text.splitlines()
    if len(lines) > MODULE_LINES_MAX:
        yield f"1: module of {len(lines)} lines"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield f"{number}: {len(line)} columns"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                yield f"{node.lineno}: {node.name} has {length} lines"


def docstrings(source: Source) -> Iterator[str]:
    """Every module, and every public class and function outside of tests, says what is true."""
    if source.path.endswith("__init__.py") and not source.text.strip():
        return
    if not ast.get_docstring(source.tree):
        yield "1: module without docstring"
    for node in source.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            is_public = not node.name.startswith("_") and source.layer != "tests"
            if is_public and not ast.get_docstring(node):
                yield f"{node.lineno}: {node.name} without docstring"


def leftovers(source: Source) -> Iterator[str]:
    """Nothing is left for later, and no test is passed over."""
    skipping = re.compile(r"pytest\.(mark\.)?(skip|xfail)\b")
    for number, line in enumerate(source.text.splitlines(), 1):
        found = MARKS.search(line) or (source.path != "tests/tidy.py" and skipping.search(line))
        if found:
            yield f"{number}: {found[0]}"


RULES: tuple[Rule, ...] = (
    *(import_arrows, import_forms, foreign_imports, calls, excepts),
    *(names, lengths, docstrings, leftovers),
)


def places(text: str) -> list[str]:
    """Return the paths in a text that hold on one machine only."""
    return PLACES.findall(text)


def table(text: str, *columns: str) -> list[list[str]]:
    """Return the rows of the first Markdown table whose heading begins with these columns."""
    lines = [[cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines()]
    for place, cells in enumerate(lines):
        if cells[: len(columns)] == list(columns):
            rows = lines[place + 2 :]
            end = next((n for n, row in enumerate(rows) if len(row) < len(columns)), len(rows))
            return rows[:end]
    return []


def links(text: str) -> list[str]:
    """Return the targets of a Markdown text's links into the project."""
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    return [target for target in targets if not re.match(r"\w+:", target)]


def _fields(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from (line.target for line in node.body if isinstance(line, ast.AnnAssign))


def _imports(tree: ast.Module) -> Iterator[tuple[int, str, set[str]]]:
    """Yield line, module and names of every import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, {alias.name}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module or "", {alias.name for alias in node.names}


def _is_known(package: str, layer: str) -> bool:
    known = FOREIGN[layer] | set(LAYERS)
    return package in known or package in sys.stdlib_module_names


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)]
