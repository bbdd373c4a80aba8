"""Kernels as the Python that they are written in, for `NUMBA_DISABLE_JIT=1`: see jit.py."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])

_WORD = 8  # Bytes.


def interpreted(function: F) -> F:
    """Return the function itself, given its tables as ones whose rows are objects."""

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        with np.errstate(over="ignore"):
            return function(*map(_as_objects, arguments))

    return call  # type: ignore[return-value]


def _as_objects(argument: Any) -> Any:
    if isinstance(argument, tuple):
        return type(argument)(*map(_as_objects, argument))
    if isinstance(argument, np.ndarray) and argument.dtype.names:
        return _Rows(argument)
    return argument


class _Rows:
    """A record array as interpreted kernels read it: what numba makes of it."""

    def __init__(self, table: NDArray[Any]) -> None:
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, place: Any) -> Any:
        found = self._table[place]
        return _Record(found) if isinstance(found, np.void) else _Rows(found)

    def __setitem__(self, place: Any, row: Any) -> None:
        self._table[place] = row._row


class _Record:
    """One row: its fields are attributes, and wrap around as a kernel's do."""

    __slots__ = ("_row",)

    def __init__(self, row: Any) -> None:
        object.__setattr__(self, "_row", row)

    def __getattr__(self, name: str) -> Any:
        value = self._row[name]
        return value if value.dtype.itemsize == _WORD else value.item()

    def __setattr__(self, name: str, value: Any) -> None:
        kind = self._row.dtype[name]
        self._row[name] = value if kind.itemsize == _WORD else np.array(value).astype(kind)
