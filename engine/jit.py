"""The one place that configures numba, for all packages.

numba's disk cache looks only at the file that a function stands in, its path and its age: it
does not see a change in the functions that it calls, nor in the options it was compiled
with. So each module with an entry has a cache folder named after everything that
decides its machine code: numba, its options, and every source of ours that the
module imports, directly or not. A stale kernel can never be loaded, and a second checkout of the
same sources compiles nothing.

With `NUMBA_DISABLE_JIT=1` kernels run as the Python that they are written in: thousands of times
slower, at once, and under a debugger.
"""

import functools
import hashlib
import os
import pathlib
import re
import shutil
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils, config
from numba.core.caching import _CacheLocator
from numba.extending import intrinsic
from numba.np.arrayobj import make_array
from numpy.typing import NDArray

from engine.interpreted import interpreted
from engine.linking import Part, Program, leave_out_blas

F = TypeVar("F", bound=Callable[..., Any])

# One row of a record array. In a kernel its fields are attributes, and writing
# to one writes to the array.
Row = Any
Table = NDArray[Any]
Records = Any  # A Table whose rows the kernel reads as objects.
# A slot, a rank, a level: unsigned 64 bits, because kernels index with nothing else. Mixed
# with a signed integer it would become a float.
Index = Any
prange = numba.prange

_ROOT = pathlib.Path(__file__).parent.parent
_OURS = re.compile(r"^(?:from|import) ((?:engine|clearing|gateway|sim)[.\w]*)", re.MULTILINE)
_BYTES = ir.IntType(8).as_pointer()
_LINE = 64  # Bytes that memory is fetched by.
_KEPT = 4  # Fingerprints of one module: two options, two checkouts.

leave_out_blas()

# `_nrt` is numba's private switch for reference counting: with it off, kernels may not
# allocate, and array arguments cost nothing when one kernel calls another. What an option does
# not say, a kernel takes over from the one that calls it.
_ENTRY: dict[str, Any] = {
    "cache": True,
    "_nrt": False,
    "nogil": True,  # Hashing and I/O go on beside it.
    "forceinline": False,
    "no_cfunc_wrapper": True,
    "pipeline_class": Program,
}
# What only kernels call needs no wrapper for Python, and no machine code of its own.
_KERNEL: dict[str, Any] = {
    "_nrt": False,
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": Part,
}
_PARALLEL: dict[str, Any] = {"cache": True, "parallel": True}  # Allocates, for its threads.
# What is called seldom stands once, apart: inlined at each call it would be compiled again there.
_RARE: dict[str, Any] = {**_KERNEL, "forceinline": False}


def entry(function: F) -> F:
    """Compile a kernel that Python calls; its arrays must not overlap, but where it only reads."""
    if config.DISABLE_JIT:
        return interpreted(function)
    return _compile(function, _ENTRY)


def kernel(function: F) -> F:
    """Compile a function that allocates nothing, inlined where another kernel calls it.

    Python must not call it: without a wrapper the interpreter would crash. See `entry`.
    """
    return _compile(function, _KERNEL)


def rare(function: F) -> F:
    """Compile a kernel that is called where others are inlined: long code on seldom taken ways."""
    return _compile(function, _RARE)


def parallel(function: F) -> F:
    """Compile an entry whose loops over `prange` run on all cores; only entries may be called."""
    return interpreted(function) if config.DISABLE_JIT else _compile(function, _PARALLEL)


def direct(function: F, *arguments: Any) -> F:
    """Return an entry's machine code for arguments of these types, compiled where it is not yet.

    numba looks at the type of every argument of every call, which takes ten times as long as
    the call. What is returned looks at none: arguments of other types would crash the process.
    """
    if config.DISABLE_JIT:
        return function
    compiled: Any = function
    signature = tuple(numba.typeof(argument) for argument in arguments)
    compiled.compile(signature)
    machine_code: F = compiled.overloads[signature].entry_point
    return machine_code


def cache_root() -> pathlib.Path:
    """Return the folder that holds compiled kernels: `$CFX_CACHE`, else the user's cache."""
    base = os.environ.get("CFX_CACHE")
    if base:
        return pathlib.Path(base)
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "cfx"


def is_cold() -> bool:
    """Whether some kernel module that is loaded has no compiled kernels yet."""
    return any(not any(folder.glob("*.nbi")) for folder in _folders)


_folders: set[pathlib.Path] = set()


def _compile(function: F, options: dict[str, Any]) -> F:
    config.CACHE_LOCATOR_CLASSES = f"{__name__}._Fingerprint"
    try:
        compiled: F = numba.njit(**options)(function)
    finally:
        config.CACHE_LOCATOR_CLASSES = ""
    return compiled


class _Fingerprint(_CacheLocator):  # type: ignore[misc]
    """Tells numba where a kernel's machine code lies: with all that was made of the same sources.

    numba's own locators ask for the path and the age of the source as well.
    """

    def __init__(self, function: Callable[..., Any], source: str) -> None:
        self._folder = _cache_folder(pathlib.Path(source))
        self._line = function.__code__.co_firstlineno

    @classmethod
    def from_function(cls, function: Callable[..., Any], source: str) -> "_Fingerprint":
        return cls(function, source)

    def get_cache_path(self) -> str:
        return str(self._folder)

    def get_source_stamp(self) -> str:
        return self._folder.name

    def get_disambiguator(self) -> str:
        return str(self._line)


@functools.cache
def _cache_folder(source: pathlib.Path) -> pathlib.Path:
    name = ".".join(source.relative_to(_ROOT).with_suffix("").parts)
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{sys.version} {numba.__version__} {config.BOUNDSCHECK}".encode())
    for path in sorted(_closure(source)):
        digest.update(_text(path).encode())
    folder = cache_root() / f"{name}-{digest.hexdigest()}"
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    _forget_old(name)
    _folders.add(folder)
    return folder


@functools.cache
def _text(path: pathlib.Path) -> str:
    return path.read_text(encoding="utf-8")


def _closure(source: pathlib.Path) -> set[pathlib.Path]:
    """Return a source and all sources of ours that it imports, directly or not."""
    found, open_ = {source}, [source]
    while open_:
        for module in _OURS.findall(_text(open_.pop())):
            path = _ROOT.joinpath(*module.split("."))
            path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            if path not in found and path.exists():
                found.add(path)
                open_.append(path)
    return found


def _forget_old(name: str) -> None:
    folders = sorted(cache_root().glob(f"{name}-*"), key=lambda path: path.stat().st_mtime)
    for folder in folders[:-_KEPT]:
        shutil.rmtree(folder, ignore_errors=True)


@intrinsic  # type: ignore[untyped-decorator]
def _count_zeros(_context: Any, word: Any) -> Any:
    def code(_inner: Any, builder: Any, _signature: Any, args: Any) -> Any:
        zeros = builder.ctlz(args[0], ir.Constant(ir.IntType(1), 1))
        return builder.sub(args[0].type(63), zeros)

    return types.uint64(types.uint64), code


def _count_digits(word: Any) -> Any:
    return np.uint64(int(word).bit_length() - 1)


@intrinsic  # type: ignore[untyped-decorator]
def _prefetch(_context: Any, table: Any, place: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> None:
        array = make_array(signature.args[0])(context, builder, args[0])
        size = args[1].type(signature.args[0].dtype.size)
        row = builder.gep(builder.bitcast(array.data, _BYTES), [builder.mul(args[1], size)])
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [_BYTES, number, number, number])
        fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        how = [ir.Constant(number, value) for value in (1, 3, 1)]  # To be written, kept, no code.
        for offset in range(0, signature.args[0].dtype.size, _LINE):
            builder.call(fetch, [builder.gep(row, [ir.Constant(number, offset)]), *how])

    return types.void(table, place), code


def _fetch_nothing(_table: Any, _place: Any) -> None:
    """Python has no use for it."""


# Asks for the memory of a table's row, at an Index, before it is needed.
prefetch = _fetch_nothing if config.DISABLE_JIT else _prefetch

# The place, 0 to 63, of the highest bit of a uint64 that is not 0.
highest_bit = _count_digits if config.DISABLE_JIT else _count_zeros
