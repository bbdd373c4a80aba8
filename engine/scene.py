"""Plays a scene: a market told as text, one command a line, what it must cause after the bar.

    @instrument H1 tick 1 from 0 to 200
    @account alice
    @account bob
    alice buy  5 @ 101 | entered 5 @ 101; rested 5 @ 101
    bob   sell 3 @ 100 | entered 3 @ 100; traded 3 @ 101 alice

Each command goes to the kernel and to the reference. What the two tell differently,
and what a line did not expect, is a difference; the kernel's invariants are checked
after each line. Unless a scene says otherwise an instrument is open, of the product
`product`, worth engine.instruments.VALUE a unit and lot, with the clip of
engine.instruments, a limit of 10,000 lots and 10 ticks of protection; an account is
a member's with 1,000,000,000 USD, and margin rates and charges are 0. The grammar
stands in engine/README.md.
"""

import functools
from typing import Any

import numpy as np

from engine.check import check
from engine.hashes import state_hash
from engine.jit import Table
from engine.kernel import step
from engine.layout import EVENT
from engine.reference import Reference
from engine.rows import Batch
from engine.scene_desk import DESK
from engine.scene_guards import DIRECTIVES as GUARDS
from engine.scene_names import Stage
from engine.scene_orders import VERBS, write_fields
from engine.scene_quotes import DIRECTIVES as PROTECTIONS
from engine.scene_quotes import VERBS as QUOTES
from engine.scene_stage import DIRECTIVES
from engine.scene_text import Line, Words, lines
from engine.scene_words import difference, is_leg, put
from engine.schema import NIL, Did, Role, Side
from engine.state import Sizes, new_state
from engine.views import views

_OF_INSTRUMENTS = (Did.INDICATIVE, Did.IMPLIED, Did.PHASED, Did.FILLED)
_TOLD_ONCE = (Role.AUCTION, Role.BLOCK, Role.ASSIGNED)  # Of a trade: on the buyer's row.
_FIRST = (Role.TAKER, *_TOLD_ONCE)


def play(text: str) -> list[str]:
    """Return every difference between what a scene expects and what happened, as sentences.

    Raises ValueError, with the line's number and the word, where the text is no scene.
    """
    found: list[str] = []
    player = Player()
    for line in lines(text):
        if line.left.split()[:1] == ["@scene"]:
            player = Player()
        else:
            found += player.play_line(line)
    return found


class Kernel:
    """The kernel as the reference looks: an exchange that takes rows and answers with events."""

    def __init__(self, sizes: Sizes) -> None:
        self.state = new_state(sizes)
        self._events = np.zeros(256, EVENT)

    def apply(self, rows: Table) -> Table:
        """Apply stamped rows in order and return what happened, as the caller's own."""
        parts, done, families = [self._events[:0]], 0, views(rows)
        while done < len(rows):
            done, count, room = step(self.state, families, done, self._events)
            parts.append(self._events[:count].copy())
            if room > len(self._events):
                self._events = np.zeros(2 * room, EVENT)
        return np.concatenate(parts)


class Player:
    """One scene's exchange, twice: the kernel and the reference."""

    def __init__(self) -> None:
        self.stage = Stage()
        self._seq = 0

    @functools.cached_property
    def kernel(self) -> Kernel:
        """The one exchange, as large as the scene asked for before its first row."""
        return Kernel(self.stage.sizes)

    @functools.cached_property
    def reference(self) -> Reference:
        """The other."""
        return Reference(self.stage.sizes)

    def play_line(self, line: Line) -> list[str]:
        """Apply a line; return its differences."""
        words = Words(line)
        try:
            batch, actor = compose(self.stage, words)
        except OverflowError:
            words.fail("a number is too large for its field")
        events, differences = self._apply(batch)
        self._remember(line, events)
        told = [
            put(event, self._names(events, place, actor), self._place(events, place))
            for place, event in enumerate(events)
            if self._is_shown(event, actor)
        ]
        refused = [put(event) for event in events if event["kind"] == Did.REJECTED]
        if line.is_checked:
            differences.append(difference(line.right, told))
        elif actor == NIL:
            differences += [f"the exchange refused it: {one}" for one in refused]
        if actor == NIL and refused:
            self.stage.unname(batch, events)
        return [f"line {line.number}: {what}" for what in differences if what]

    def _apply(self, batch: Batch) -> tuple[Table, list[str]]:
        """Apply rows up to the first that is refused; return events and differences."""
        events, differences = np.zeros(0, EVENT), list[str]()
        for i in range(len(batch)):
            row = batch.rows[i : i + 1]
            self._seq += 1
            row["seq"], row["time"] = self._seq, self.stage.time
            told, found = self._apply_row(row)
            events, differences = np.concatenate((events, told)), differences + found
            if np.any(told["kind"] == Did.REJECTED):
                break
        return events, differences

    def _apply_row(self, row: Table) -> tuple[Table, list[str]]:
        """Give a row to the kernel and to the reference; return events and what differs."""
        events, answer = self.kernel.apply(row), self.reference.apply(row)
        differences = list[str]()
        if events.tobytes() != answer.tobytes():
            differences.append(f"the kernel told {_all(events)}, the reference {_all(answer)}")
        elif state_hash(self.kernel.state) != self.reference.state_hash():
            differences.append("the kernel and the reference differ in state")
        try:
            check(self.kernel.state)
        except AssertionError as broken:
            differences.append(f"an invariant is broken: {broken}")
        return events, differences

    def _remember(self, line: Line, events: Table) -> None:
        """Keep the order that a line entered, under its number and its label."""
        for event in events[events["kind"] == Did.ENTERED]:
            order = int(event["order_id"]), int(event["instrument"])
            self.stage.orders[str(line.number)] = order
            if line.label:
                self.stage.orders[line.label] = order

    def _is_shown(self, event: Any, actor: int) -> bool:
        """Whether a line's expectation speaks of this event. A trade is told once."""
        is_implied = event["kind"] == Did.FILLED and event["role"] in (Role.LEG, Role.IMPLIED)
        if is_implied or event["kind"] == Did.IMPLIED:
            return self.stage.shows_all
        if event["kind"] == Did.FILLED and event["role"] == Role.MAKER:
            return False
        if event["kind"] == Did.FILLED and event["role"] in _TOLD_ONCE:
            return bool(event["side"] == Side.BUY)
        return actor in (NIL, event["account"]) or event["account"] == 0 or self.stage.shows_all

    def _names(self, events: Table, place: int, actor: int) -> str:
        """Return whose event this is, unless it is the actor's, and for a trade with whom."""
        numbers = [int(events[place]["account"])]
        if numbers[0] in (0, actor):
            numbers = []
        if self._is_first_of_two(events, place):
            numbers.append(int(events[place + 1]["account"]))
        names = {number: name for name, number in self.stage.accounts.items()}
        return " ".join(names.get(number, str(number)) for number in numbers)

    def _is_first_of_two(self, events: Table, place: int) -> bool:
        """Whether an event tells a trade with the one in the next row."""
        if events[place]["kind"] != Did.FILLED or events[place]["role"] not in _FIRST:
            return False
        return bool(events[place]["trade_id"] == events[place + 1]["trade_id"])

    def _place(self, events: Table, place: int) -> str:
        """Return the instrument of an event that is about one; how a trade came about; or ""."""
        event = events[place]
        is_trade = event["kind"] == Did.FILLED and not is_leg(event)
        if is_trade and not self._is_first_of_two(events, place):
            return "implied"
        if is_trade or event["kind"] not in _OF_INSTRUMENTS:
            return ""
        names = {number: name for name, number in self.stage.instruments.items()}
        return names.get(int(event["instrument"]), str(event["instrument"]))


def compose(stage: Stage, words: Words) -> tuple[Batch, int]:
    """Return the rows that a line asks for, and who acts: NIL where nobody does.

    Raises ValueError with the line's number and the word that is wrong.
    """
    batch = Batch()
    if words.is_next("@"):
        words.one_of("a directive", DIRECTIVES | DESK | GUARDS | PROTECTIONS)(stage, words, batch)
        actor = NIL
    else:
        actor = words.one_of("an account of this scene", stage.accounts)
        words.one_of("a verb", VERBS | QUOTES)(stage, words, batch, actor)
        write_fields(words, batch)
    words.finish()
    return batch, actor


def _all(events: Table) -> str:
    """Return events with everything that they hold, for the report of a difference."""
    return "; ".join(f"{Did(event['kind']).name} {event}" for event in events) or "-"
