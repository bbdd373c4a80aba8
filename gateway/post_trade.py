"""What becomes of trades once they are made: give-ups, average prices, positions that move.

Each is lots that are assigned from an account to another, all of an act or none. The market hears
of nothing, and what both accounts together win or lose stays what it was, to the micro-dollar.
"""

from typing import NamedTuple

import msgspec

from clearing.directory import Account, Instrument
from clearing.ledger import Book, Entry, line_code
from engine.instruments import money, usd
from engine.jit import Table
from engine.layout import MONEY, ORDER
from engine.rows import Batch
from engine.schema import Did, Kind
from gateway.opening import require_taken
from gateway.signed import Signed, signature


class GiveUp(Signed, tag="give-up"):
    """Lots of a trade that one account made for another, which takes them over at its price."""

    trade: int  # Or the number of a block.
    account: str  # Who traded,
    to: str  # and who takes over.
    lots: int = 0  # Of a spread's trade lots of the spread; 0: all that are left.


class Allocate(Signed, tag="allocate"):
    """An order's trades, which accounts take over by lots at their average price.

    Those of an order for a spread are its legs', each at an average of its own.
    """

    order: int
    account: str
    shares: dict[str, int]  # Lots by account, of what was ordered.


class Move(Signed, tag="transfer"):
    """A position that goes to another account of its owner at the last settlement."""

    account: str
    to: str
    instrument: str
    lots: int


PostTrade = GiveUp | Allocate | Move


class Assigned(msgspec.Struct):
    """Lots that changed hands. Price in USD per GPU-hour; cash: USD that the buyer paid besides."""

    instrument: str
    buyer: str
    seller: str
    lots: int
    price: str
    cash: str = "0.00"


class Handed(msgspec.Struct):
    """What an act did."""

    act: str
    assigned: list[Assigned]


class Hand(NamedTuple):
    """Lots of a contract that go from an account to another: signed, below 0 those of a short."""

    giver: Account
    taker: Account
    contract: Instrument
    lots: int
    price: int
    tag: int = 0  # By which a give-up is known to have been made.
    cash: int = 0  # Micro-dollars that the taker of lots above 0 pays besides.


def handed(asked: PostTrade, made: list[Hand], events: Table) -> Handed:
    """Return what was done once its rows are published. Raises OperatorError if any was refused."""
    require_taken(events)
    assigned = []
    for hand in made:
        buyer, seller = _sides(hand)
        lots, price = abs(hand.lots), usd(hand.price)
        names = hand.contract.name, buyer.name, seller.name
        assigned.append(Assigned(*names, lots, price, money(abs(hand.cash))))
    return Handed(str(asked.__struct_config__.tag), assigned)


def assign_rows(made: list[Hand], asked: Signed) -> Batch:
    """Return the rows that do it: lots first, then the cash that an average leaves."""
    batch, text = Batch(len(made)), signature(asked)
    for hand in made:
        buyer, seller = _sides(hand)
        batch.desk(
            Kind.ASSIGN,
            buyer=buyer.number,
            seller=seller.number,
            instrument=hand.contract.number,
            quantity=abs(hand.lots),
            price=hand.price,
            tag=hand.tag,
            text=text,
        )
    code = line_code(Entry.ALLOCATION, Book.VARIATION)
    for hand in made:
        for account, value in ((hand.taker, hand.cash), (hand.giver, -hand.cash)):
            if value:
                batch.money(Kind.CHARGE, account=account.number, value=value, code=code, text=text)
    return batch


def undo_rows(batch: Batch, events: Table) -> Batch:
    """Return the rows that take back what was done of an act; none where all of it was.

    events: of the act's rows, in their order.
    """
    refused = events["seq"][events["kind"] == Did.REJECTED]
    undone = Batch()
    if not len(refused):
        return undone
    first = int(events["seq"][0])
    for place, row in enumerate(batch.rows):
        if first + place in refused:
            continue
        if row["kind"] == Kind.CHARGE:
            charge = row.view(MONEY)
            account, value = int(charge["account"]), -int(charge["value"])
            undone.money(Kind.CHARGE, account=account, value=value, code=int(charge["code"]))
        else:
            order = row.view(ORDER)
            undone.desk(
                Kind.ASSIGN,
                buyer=int(order["give_up"]),
                seller=int(order["account"]),
                instrument=int(order["instrument"]),
                quantity=int(order["quantity"]),
                price=int(order["price"]),
                tag=int(order["tag"]),
            )
    return undone


def _sides(hand: Hand) -> tuple[Account, Account]:
    """Return who gets lots, and from whom: of a short the other way round."""
    return (hand.taker, hand.giver) if hand.lots > 0 else (hand.giver, hand.taker)
