"""Words of a scene, taken one after the other; each mistake names its line and its word."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, NoReturn, TypeVar

from engine.instruments import micro

T = TypeVar("T")


class Line(NamedTuple):
    """A line of a scene that says something."""

    number: int  # As an editor counts, from 1.
    label: str  # "" where there is none.
    left: str  # What is done.
    right: str  # The events that it must cause.
    is_checked: bool  # Whether a bar stands between the two.


def lines(text: str) -> Iterable[Line]:
    """Yield the lines that are neither empty nor a comment."""
    for number, raw in enumerate(text.splitlines(), start=1):
        left, bar, right = raw.partition("#")[0].partition("|")
        label, colon, rest = left.strip().partition(":")
        if not colon or " " in label or label.startswith("@"):
            label, rest = "", left
        if colon and label.isdigit():
            raise ValueError(f"line {number}: {label!r} is a number, and no label")
        if bar and not right.strip():
            raise ValueError(f"line {number}: nothing stands after the bar; none is written -")
        if rest.strip() or label or bar:
            yield Line(number, label, rest.strip(), right.strip(), bool(bar))


class Words:
    """A cursor over the words of a line's left side."""

    def __init__(self, line: Line) -> None:
        self._number = line.number
        self._words = line.left.split()

    def fail(self, what: str) -> NoReturn:
        """Raise ValueError with the line's number."""
        raise ValueError(f"line {self._number}: {what}")

    def is_done(self) -> bool:
        """Whether all words are taken."""
        return not self._words

    def is_next(self, start: str) -> bool:
        """Whether the next word begins like this."""
        return bool(self._words) and self._words[0].startswith(start)

    def take(self, what: str) -> str:
        """Return the next word."""
        if not self._words:
            self.fail(f"{what} is missing")
        return self._words.pop(0)

    def take_if(self, *expected: str) -> bool:
        """Whether these words come next; if so they are taken."""
        if tuple(self._words[: len(expected)]) != expected:
            return False
        del self._words[: len(expected)]
        return True

    def integer(self, what: str) -> int:
        """Return the next word as a whole number."""
        word = self.take(what)
        try:
            return int(word)
        except ValueError:
            self.fail(f"{word!r} is not {what}")

    def money(self, what: str) -> int:
        """Return the next word, an amount in USD, as micro-dollars."""
        word = self.take(what)
        try:
            return micro(word)
        except ValueError:
            self.fail(f"{word!r} is not {what}")

    def one_of(self, what: str, choices: Mapping[str, T]) -> T:
        """Return what the next word stands for."""
        return self.known(what, self.take(what), choices)

    def known(self, what: str, word: str, choices: Mapping[str, T]) -> T:
        """Return what a word stands for."""
        if word not in choices:
            self.fail(f"{word!r} is not {what}; known: {', '.join(choices) or 'none'}")
        return choices[word]

    def finish(self) -> None:
        """Refuse words that nobody took."""
        if self._words:
            self.fail(f"{self._words[0]!r} is not understood here")
