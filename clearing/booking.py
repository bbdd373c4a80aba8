"""Books what events say was paid in, paid out, charged, gained or lost.

A function of a frame's events and of the positions that took them in: the house books with it,
and whoever folds frames again comes to the same entries.
"""

import numpy as np

from clearing.ledger import HOUSE, Book, Entry, Ledger, line_of
from clearing.positions import Positions
from clearing.reports import Variation
from engine.jit import Table
from engine.schema import Did

FIRST_MONEY = Did.DEPOSITED  # Events from here on are of money, marks and standings.


def book(
    ledger: Ledger, positions: Positions, events: Table, seq: int, date: int
) -> list[Variation]:
    """Post the entries of a frame to the ledger; return the variation that was paid.

    positions: have folded the frame; what they hold unbooked is taken from them. events: EVENT,
    all of the frame's. seq: of the frame's last row. date: the trade date of the entries.
    """
    _move(ledger, events[(events["kind"] >= FIRST_MONEY) & (events["kind"] <= Did.TAKEN)], date)
    _charge(ledger, positions, events[events["kind"] == Did.CHARGED], seq, date)
    for kind, did, sign in ((Entry.PLEDGE, Did.PLEDGED, 1), (Entry.RECALL, Did.RECALLED, -1)):
        moved = events[events["kind"] == did]
        accounts, counted = moved["account"].astype(np.int64), sign * moved["quantity"]
        ledger.receive(kind, seq, date, accounts, counted, Book.CUSTODY)
    premium = positions.take("premium")
    accounts = np.flatnonzero(premium)
    ledger.receive(Entry.PREMIUM, seq, date, accounts, premium[accounts], Book.PREMIUM)
    variation = positions.take("variation")
    accounts = np.flatnonzero(variation)
    amounts = variation[accounts]
    ledger.receive(Entry.VARIATION, seq, date, accounts, amounts, Book.VARIATION)
    paid = zip(accounts.tolist(), amounts.tolist(), strict=True)
    return [Variation(date, account, amount) for account, amount in paid]


def _move(ledger: Ledger, events: Table, date: int) -> None:
    """Book payments. The receiver's event of a transfer is passed over: both were booked."""
    is_taken, is_outside = events["kind"] == Did.TAKEN, events["other"] <= 0
    booked, is_taken = events[is_outside | is_taken], is_taken[is_outside | is_taken]
    is_outside = booked["other"] <= 0
    outside = np.where(is_taken, Entry.WITHDRAWAL, Entry.DEPOSIT)
    ledger.move(
        np.where(is_outside, outside, Entry.TRANSFER),
        booked["seq"],
        date,
        booked["account"].astype(np.int64),
        np.where(is_outside, HOUSE, booked["other"]),
        np.where(is_outside, Book.BANK, Book.CASH),
        np.where(is_taken, -booked["quantity"], booked["quantity"]),
    )


def _charge(ledger: Ledger, positions: Positions, events: Table, seq: int, date: int) -> None:
    """Book charges, a posting for each code; fees that are charged are due no more."""
    for code in np.unique(events["other"]).tolist():
        charged = events[events["other"] == code]
        accounts, amounts = charged["account"].astype(np.int64), charged["quantity"]
        kind, book_of_house = line_of(code)
        if book_of_house == Book.FUND:
            _contribute(ledger, charged, date, kind)
            continue
        ledger.receive(kind, seq, date, accounts, -amounts, book_of_house)
        if kind == Entry.FEES:
            np.subtract.at(positions.holders["fees"], accounts, amounts)


def _contribute(ledger: Ledger, charged: Table, date: int, kind: Entry) -> None:
    """Book what members put into the guaranty fund: it stays their own."""
    accounts, count = charged["account"].astype(np.int64), len(charged)
    kinds, books = np.full(count, kind, np.int64), np.full(count, Book.FUND, np.int64)
    ledger.move(kinds, charged["seq"], date, accounts, accounts, books, -charged["quantity"])
