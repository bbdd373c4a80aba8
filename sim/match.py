"""Matches an order flow with the real kernel and reports what came of it: `cfx match`."""

import pathlib
import time
from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import numpy as np

from engine.jit import Table
from engine.schema import Side
from sim.flow import Flow, Says, read_flow
from sim.match_book import Book, Resting
from sim.match_event import at_price
from sim.match_rows import commands_of, together
from sim.match_tape import Auction, Match, Tape

_ROOM = 1 << 12  # Orders beyond those of the flow: aggressors, and what setting a book needs.


class Executions(msgspec.Struct, frozen=True):
    """How many of a tape's lots the kernel gave to whom the venue gave them."""

    expected_lots: int = 0
    same_price_lots: int = 0
    same_order_lots: int = 0


class Report(msgspec.Struct, frozen=True):
    """What came of a flow. Prices in ticks; a best is price and quantity, empty where none is."""

    messages: int
    commands: int  # All that the kernel was asked, also to set the book of a tape.
    trades: int
    lots: int
    best_bid: list[int]
    best_ask: list[int]
    orders: int
    levels: list[int]  # Of bids, of asks.
    messages_per_s: int
    rejected: dict[str, int]
    executions: Executions
    auctions: list[Auction]


def match(path: pathlib.Path, hidden_stops: bool = False) -> Report:
    """Play a flow: orders are commands; a tape is replayed and compared.

    hidden_stops: enter the orders that an auction of a tape shows for the first time as filled.
    Raises ValueError, OSError.
    """
    flow = read_flow(path)
    return report_of(play(flow, hidden_stops), len(flow.says))


class Played(NamedTuple):
    """A flow that was played to its end."""

    book: Book
    tape: Tape
    seconds: float  # Without reading the file and founding the book.


def play(flow: Flow, hidden_stops: bool = False) -> Played:
    """Play a flow that is read already; otherwise as `match`."""
    orders, names = np.unique(flow.order_id, return_inverse=True)
    commands = commands_of(flow, names)
    if flow.is_tape:
        commands = together(commands)
    tape = Tape(flow, names, commands, hidden_stops)
    adds = int((flow.says == Says.ADD).sum())
    book = Book(_prices(flow), len(orders), adds + _ROOM, tape.phase_before(0))
    began = time.perf_counter()
    tape.replay(book)
    return Played(book, tape, time.perf_counter() - began)


def report_of(played: Played, messages: int) -> Report:
    """Return what came of a flow of so many messages."""
    book, tape, seconds = played
    resting = list(book.resting())
    bids = [order for order in resting if order.side == Side.BUY]
    asks = [order for order in resting if order.side == Side.SELL]
    return Report(
        messages=messages,
        commands=book.commands,
        trades=int(book.state.totals[0]["trades"]),
        lots=book.lots,
        best_bid=_best(bids),
        best_ask=_best(asks),
        orders=len(resting),
        levels=[len({order.price for order in side}) for side in (bids, asks)],
        messages_per_s=round(messages / seconds),
        rejected=dict(sorted(book.rejected.items())),
        executions=_compared(tape.matches),
        auctions=tape.auctions,
    )


def show(report: Report, as_json: bool) -> str:
    """Return a report as JSON, or as lines of name and value."""
    if as_json:
        return msgspec.json.encode(report).decode()
    fields = msgspec.to_builtins(report)
    return "\n".join(f"{name:16} {_plain(value)}" for name, value in fields.items())


def _plain(value: object) -> str:
    """Return a field's value without brackets, braces and quotes; "-" where it is empty."""
    text = msgspec.json.encode(value).decode()
    return text.translate(str.maketrans(",:", "  ", '[]{}"')) or "-"


def _prices(flow: Flow) -> Table:
    """Return the prices that the ladder is to cover; a flow of clears alone has one."""
    prices = flow.price[flow.says <= Says.TRADE]
    return prices if len(prices) else flow.price[:1]


def _best(orders: list[Resting]) -> list[int]:
    """Return price and lots of the first level of a side's orders."""
    if not orders:
        return []
    price = orders[0].price
    return [price, sum(order.quantity for order in orders if order.price == price)]


def _compared(matches: Iterable[Match]) -> Executions:
    expected = same_price = same_order = 0
    for match_ in matches:
        expected += match_.expected.total()
        same_order += (match_.expected & match_.filled).total()
        same_price += (at_price(match_.expected) & at_price(match_.filled)).total()
    return Executions(expected, same_price, same_order)
