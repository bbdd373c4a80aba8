"""Frames of a journal that are replayed at once, because nobody answers one of them.

Engine and house cost some Python a frame, whatever it holds. How rows are grouped changes nothing
that they do: so small frames of orders are made one before they are applied.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.frame import Frame, first_rows
from engine.jit import Table
from engine.layout import COMMAND
from engine.schema import Kind, Origin
from engine.skips import followed

ROWS_MAX = 1_024  # Of several frames at once: what they bring about stays in the cache.
_PARTICIPANT = int(Origin.PARTICIPANT)
_FIRST_HEARD = Kind.DEPOSIT  # Rows below are participants' orders: the house takes in no such row.


class Run(NamedTuple):
    """Frames that follow one another; several only where all are participants' orders."""

    original: Frame  # The first as it stands in the journal.
    frames: Sequence[Frame]  # As they are applied.
    whole: Frame  # All their rows as one frame; its text is empty where they are several.


def runs(
    frames: Iterable[Frame], passing: frozenset[int], is_apart: Callable[[Frame], bool]
) -> Iterator[Run]:
    """Yield all frames of a journal in order, the last one alone: it may be what stopped a venue.

    is_apart: of a frame, whether it is to be alone. passing, and what is raised: as `followed`.
    """
    waiting: list[Frame] = []
    rows = 0
    for original, frame in followed(frames, passing):
        rows += len(frame.commands)
        is_joined = frame is original and frame.origin == _PARTICIPANT and not is_apart(frame)
        if waiting and not (is_joined and rows <= ROWS_MAX):
            yield from _split(waiting)
            waiting, rows = [], len(frame.commands)
        if is_joined:
            waiting.append(frame)
        else:
            yield Run(original, [frame], frame)
    if waiting:
        *others, last = waiting
        yield from _split(others)
        yield _alone(last)


def divided(run: Run, events: Table, are_ends: NDArray[np.bool_]) -> Iterator[tuple[Run, Table]]:
    """Yield a run in parts, each with its events: a part ends with the frame of such an event.

    events: EVENT, shape (n,), of all frames. are_ends: shape (n,).
    """
    if not are_ends.any():
        yield run, events
        return
    frames, first_seq = run.frames, run.original.seq
    seqs = events["seq"] - first_seq
    places = np.searchsorted(first_rows(frames), seqs[are_ends], side="right")
    for first, end in pairwise(np.unique([0, *places.tolist(), len(frames)]).tolist()):
        part = frames[first:end]
        bounds = np.searchsorted(seqs, (part[0].seq - first_seq, part[-1].last + 1 - first_seq))
        yield _alone(part[0]) if len(part) == 1 else _together(part), events[slice(*bounds)]


def _split(frames: Sequence[Frame]) -> Iterator[Run]:
    """Yield participants' frames: what follows one another and holds orders alone together."""
    if len(frames) < 2:
        yield from map(_alone, frames)
        return
    kinds = np.concatenate([frame.commands["kind"] for frame in frames])
    seqs = np.concatenate([frame.commands["seq"] for frame in frames])
    are_orders = np.maximum.reduceat(kinds, first_rows(frames)) < _FIRST_HEARD
    if (np.diff(seqs) != 1).any():
        are_orders[:] = False
    pairs = zip(are_orders.tolist(), frames, strict=True)
    for is_joined, group in groupby(pairs, itemgetter(0)):
        several = [frame for _, frame in group]
        if is_joined and len(several) > 1:
            yield _together(several)
        else:
            yield from map(_alone, several)


def _alone(frame: Frame) -> Run:
    return Run(frame, [frame], frame)


def _together(frames: Sequence[Frame]) -> Run:
    """Return a run of several; rows are copied as bytes, since numpy copies fields one by one."""
    parts: list[Any] = [frame.commands for frame in frames]
    rows = np.frombuffer(b"".join(parts), COMMAND)
    return Run(frames[0], frames, frames[0]._replace(commands=rows, text=b""))
