"""Acts of operators carry a name and a reason; what one alone may not do waits for a second.

Whoever can write the folder is an operator: the names are as honest as those who type them. The
second one is there so that two people look, not to keep out somebody who lies about a name.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from gateway.keys import write_private
from gateway.opening import OperatorError

_FILE = "requests.json"
_REASON_MAX = 1_000  # Letters.
_NAME_MAX = 64
_NOBODY = "operator"  # Who does not say a name.


class Signed(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What an operator asks for: who, and why. It is kept in the journal, beside the row."""

    operator: str = _NOBODY
    reason: str = ""


_S = TypeVar("_S", bound=Signed)


def signature(asked: Signed, first: Signed | None = None) -> str:
    """Return what stands in the row's text. first: the request that this one approves.

    Raises OperatorError.
    """
    for name, text, most in (
        ("operator", asked.operator, _NAME_MAX),
        ("reason", asked.reason, _REASON_MAX),
    ):
        if len(text) > most:
            raise OperatorError(f"{name} has {len(text)} letters, the most are {most}")
    if not asked.operator or ":" in asked.operator:
        raise OperatorError(f"operator {asked.operator!r} is no name")
    text = f"{asked.operator}: {asked.reason}"
    return text if first is None else f"{text} (asked for by {signature(first)})"


class Requests:
    """What waits for a second operator: a file of the exchange's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def other(self, asked: _S) -> _S | None:
        """Return the same act as another operator asked for it; None where nobody did."""
        same = (one for one in self._read(type(asked)) if _unsigned(one) == _unsigned(asked))
        return next((one for one in same if one.operator != asked.operator), None)

    def keep(self, asked: Signed) -> None:
        """Let an act wait, in place of what its operator asked for before."""
        mine = asked.operator, _unsigned(asked)
        waiting = self._read(type(asked))
        kept = [one for one in waiting if (one.operator, _unsigned(one)) != mine]
        self._write(type(asked), [*kept, asked])

    def close(self, asked: Signed) -> None:
        """Forget an act that was done, whoever asked for it."""
        waiting = self._read(type(asked))
        self._write(type(asked), [one for one in waiting if _unsigned(one) != _unsigned(asked)])

    def _read(self, kind: type[_S]) -> list[_S]:
        try:
            return [msgspec.json.decode(one, type=kind) for one in self._all() if _is(one, kind)]
        except msgspec.DecodeError as error:
            raise OperatorError(f"{self._path}: {error}") from None

    def _all(self) -> list[msgspec.Raw]:
        if not self._path.exists():
            return []
        return msgspec.json.decode(self._path.read_bytes(), type=list[msgspec.Raw])

    def _write(self, kind: type[Signed], waiting: Sequence[Signed]) -> None:
        """Write what waits of one kind of act, and leave the others as they are."""
        others = [one for one in self._all() if not _is(one, kind)]
        write_private(self._path, msgspec.json.encode([*others, *waiting]))


class _Tagged(msgspec.Struct):
    type: str


def _is(waiting: msgspec.Raw, kind: type[Signed]) -> bool:
    return msgspec.json.decode(waiting, type=_Tagged).type == kind.__struct_config__.tag


def _unsigned(asked: Signed) -> Signed:
    return msgspec.structs.replace(asked, operator=_NOBODY, reason="")
