"""What clearing's operators ask for outside of its timetable: a cycle, a reversal, interest."""

import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec
import numpy as np

from clearing.calendar import calls_due, trade_date
from clearing.collateral import NAMES
from clearing.corrections import Named
from clearing.directory import Directory
from clearing.house import House
from clearing.ledger import Entry
from clearing.reports import Call
from clearing.reviews import Review
from engine.instruments import money
from engine.jit import Row, Table
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import Did, Kind
from gateway.cash import Deposit, Pay, Withdraw, cash_rows, moved
from gateway.collateral import Pledge, Recall, SetHaircut, collateral_rows
from gateway.default_desk import PlaceBid, Port, PortedTo, bid_rows, port_rows, ported
from gateway.opening import OperatorError, account_named, require_taken
from gateway.signed import Signed, signature
from gateway.view import View

_ROW_MAX = 2**62
_PERCENT_MAX = 100
_SECOND = 1_000_000_000


class CycleNow(Signed, tag="cycle"):
    """A margin cycle now: who is short is called."""


class Correct(Signed, tag="correct"):
    """An entry of the ledger that is to be reversed: row, account and kind stand in a statement."""

    row: int
    account: str
    entry: str


class SetInterest(Signed, tag="interest"):
    """Percent a year from the next end of day on: what cash earns, what missing cash costs."""

    credit: Decimal
    debit: Decimal


_Money = Deposit | Withdraw | Pay | Pledge | Recall | SetHaircut
_Default = Port | PlaceBid
Told = CycleNow | Correct | SetInterest | _Money | _Default


class Called(msgspec.Struct):
    """A margin call. USD; due: UTC."""

    account: str
    amount: str
    due: str


class Paid(msgspec.Struct):
    """What an account was paid; below 0: what it paid. USD."""

    account: str
    amount: str
    why: str


class Cleared(msgspec.Struct):
    """What the clearing house did."""

    act: str
    calls: list[Called] = []
    paid: list[Paid] = []
    ported: list[PortedTo] = []


class Before(NamedTuple):
    """How many reports the house had made."""

    calls: int
    corrections: int
    ported: int

    @classmethod
    def of(cls, house: House) -> "Before":
        """Count them."""
        corrections, ported = house.reviews.corrections.reports, house.defaults.porting.reports
        return cls(len(house.calls.calls), len(corrections), len(ported))


def told_rows(view: View, house: House, asked: Told) -> Batch:
    """Return the row that tells the house. Raises OperatorError."""
    batch, text = Batch(1), signature(asked)
    match asked:
        case CycleNow():
            if not house.calendar_time:
                raise OperatorError("the calendar of this exchange has not begun")
            due = calls_due(trade_date(view.time))
            batch.money(Kind.REVIEW, code=Review.CYCLE, batch=due, text=text)
        case Correct():
            named = _entry(view.directory, asked)
            why = house.reviews.corrections.refusal(named)
            if why:
                raise OperatorError(why)
            meant = {"account": named.account, "value": named.seq, "other": named.kind}
            batch.money(Kind.REVIEW, code=Review.CORRECT, **meant, text=text)
        case SetInterest():
            credit, debit = _points("credit", asked.credit), _points("debit", asked.debit)
            code = Review.INTEREST
            batch.money(Kind.REVIEW, code=code, value=credit, value_2=debit, text=text)
        case Pledge() | Recall() | SetHaircut():
            return collateral_rows(view.directory, house.reviews.collateral, asked)
        case Deposit() | Withdraw() | Pay():
            return cash_rows(view.directory, house.ledger, asked)
        case Port():
            return port_rows(view, house, asked)
        case PlaceBid():
            return bid_rows(view, house, asked)
    return batch


def cleared(
    directory: Directory, house: House, asked: Told, before: Before, events: Table
) -> Cleared:
    """Return what came of it once the house has answered. Raises OperatorError if it refused."""
    require_taken(events, _besides)
    paid = [
        _pledged(directory, event)
        for event in events[np.isin(events["kind"], (Did.PLEDGED, Did.RECALLED))]
    ]
    paid += [
        Paid(directory.accounts[int(event["account"])].name, *moved(directory, event))
        for event in events[np.isin(events["kind"], (Did.DEPOSITED, Did.TAKEN))]
    ]
    for one in house.reviews.corrections.reports[before.corrections :]:
        if one.why:
            raise OperatorError(one.why)
        why = f"{Entry(one.kind).name.lower()} of row {one.seq} reversed"
        paid.append(Paid(directory.accounts[one.account].name, money(-one.amount_micro), why))
    calls = [_called(directory, call) for call in house.calls.calls[before.calls :]]
    moved_to = ported(directory, house.defaults.porting.reports[before.ported :])
    return Cleared(str(asked.__struct_config__.tag), calls, paid, moved_to)


def _besides(refused: Row) -> str:
    if refused["reason"] != Reason.FUNDS_SHORT:
        return ""
    needed, free = money(int(refused["price"])), money(int(refused["quantity"]))
    return f"{needed} USD are wanted and {free} are free"


def _pledged(directory: Directory, event: Row) -> Paid:
    """Return what collateral that came or went counts for."""
    is_pledge = event["kind"] == Did.PLEDGED
    counted = int(event["quantity"]) if is_pledge else -int(event["quantity"])
    what, face = "pledged" if is_pledge else "given back", money(int(event["price"]))
    name = directory.accounts[int(event["account"])].name
    return Paid(name, money(counted), f"{face} of {NAMES[int(event['other'])]} {what}")


def _called(directory: Directory, call: Call) -> Called:
    due = datetime.datetime.fromtimestamp(call.due // _SECOND, datetime.UTC)
    name = directory.accounts[call.account].name
    return Called(name, money(call.amount_micro), f"{due:%Y-%m-%d %H:%M:%S}")


def _entry(directory: Directory, asked: Correct) -> Named:
    """Return which entry is meant. Raises OperatorError."""
    account = account_named(directory, asked.account).number
    if not 0 < asked.row < _ROW_MAX:
        raise OperatorError(f"row {asked.row} is not the number of a row")
    known = {kind.name.lower(): kind for kind in Entry}
    if asked.entry not in known:
        raise OperatorError(f"entry {asked.entry!r} is none of {', '.join(known)}")
    return Named(asked.row, account, known[asked.entry])


def _points(name: str, percent: Decimal) -> int:
    """Return a rate in basis points. Raises OperatorError."""
    if not percent.is_finite() or not 0 <= percent <= _PERCENT_MAX:
        raise OperatorError(f"{name} {percent} is not between 0 and {_PERCENT_MAX} percent")
    if percent * 100 % 1:
        raise OperatorError(f"{name} {percent} is not a multiple of 0.01 percent")
    return int(percent * 100)
