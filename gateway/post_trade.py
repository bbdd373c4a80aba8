"""What becomes of trades once they are made: give-ups, average prices, positions that move.

Each is lots that are assigned from an account to another, all of an act or none. The market hears
of nothing, and what both accounts together win or lose stays what it was, to the micro-dollar.
"""

from typing import NamedTuple

import msgspec

from clearing.allocation import Traded, average
from clearing.directory import Account, Instrument
from clearing.ledger import Book, Entry, line_code
from engine.instruments import money, usd
from engine.jit import Table
from engine.layout import MONEY, ORDER
from engine.rows import Batch
from engine.schema import NIL_PRICE, Did, Form, Kind, Phase, Role, Side
from gateway.holdings import Fill
from gateway.opening import OperatorError, account_named, require_taken
from gateway.refusals import RefusedError
from gateway.signed import Signed, signature
from gateway.view import View

_LOTS_MAX = 2**40


class GiveUp(Signed, tag="give-up"):
    """A trade that one account made for another, which takes it over at its price."""

    trade: int
    account: str  # Who traded,
    to: str  # and who takes over.


class Allocate(Signed, tag="allocate"):
    """An order's trades, which accounts take over by lots at their average price."""

    order: int
    account: str
    shares: dict[str, int]  # Lots by account.


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


def hands(view: View, asked: PostTrade) -> list[Hand]:
    """Return what is to change hands. Raises OperatorError."""
    giver = account_named(view.directory, asked.account)
    match asked:
        case GiveUp():
            fills = [each for each in _fills(view, giver) if each.trade_id == asked.trade]
            _check_fills(view, giver, fills, f"trade {asked.trade}")
            taker, contracts = _taker(view, giver, asked.to), view.directory.instruments
            return [
                Hand(giver, taker, contracts[one.instrument], _bought(one), one.price, _tag(one))
                for one in fills
            ]
        case Allocate():
            return _allocated(view, giver, asked)
        case Move():
            return [_moved(view, giver, asked)]


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


def _allocated(view: View, giver: Account, asked: Allocate) -> list[Hand]:
    """Return what each account takes over of an order. Raises OperatorError."""
    fills = [each for each in _fills(view, giver) if each.order_id == asked.order]
    _check_fills(view, giver, fills, f"order {asked.order}")
    if asked.order in view.accounts[giver.number].live:
        raise OperatorError(f"order {asked.order} still works; cancel it first")
    if not asked.shares:
        raise OperatorError("no account is named that takes lots")
    contracts = {fill.instrument for fill in fills}
    if len(contracts) > 1:
        raise OperatorError(f"order {asked.order} traded in {len(contracts)} contracts")
    contract, sign = view.directory.instruments[fills[0].instrument], 1 - 2 * fills[0].side
    lots = list(asked.shares.values())
    traded = [Traded(fill.price, fill.lots) for fill in fills]
    try:
        price, cash = average(traded, lots, contract.value)
    except ValueError as error:
        raise OperatorError(str(error)) from None
    takers = [_taker(view, giver, name) for name in asked.shares]
    if len({taker.number for taker in takers}) < len(takers):
        raise OperatorError("an account is named twice")
    return [
        Hand(giver, taker, contract, sign * count, price, -asked.order, sign * paid)
        for taker, count, paid in zip(takers, lots, cash, strict=True)
    ]


def _moved(view: View, giver: Account, asked: Move) -> Hand:
    """Return the position that moves. Raises OperatorError."""
    taker = _taker(view, giver, asked.to)
    owners = view.directory.owners
    if taker.owner != giver.owner:
        whose = f"{owners[giver.owner].name} and {owners[taker.owner].name}"
        raise OperatorError(f"{giver.name} and {taker.name} have two owners, {whose}")
    try:
        contract = view.instrument(asked.instrument)
    except RefusedError:
        raise OperatorError(f"instrument {asked.instrument!r} does not exist") from None
    holding = view.accounts[giver.number].holdings.get(contract.number)
    held = holding.net if holding else 0
    if not 0 < asked.lots <= min(abs(held), _LOTS_MAX):
        raise OperatorError(f"{asked.lots} lots are not between 1 and the {abs(held)} held")
    price = view.markets[contract.number].mark
    if price == NIL_PRICE:
        raise OperatorError(f"{contract.name} has no settlement yet at which it could move")
    return Hand(giver, taker, contract, asked.lots if held > 0 else -asked.lots, price)


def _taker(view: View, giver: Account, name: str) -> Account:
    taker = account_named(view.directory, name)
    if taker.number == giver.number:
        raise OperatorError(f"{giver.name} cannot give to itself")
    return taker


def _fills(view: View, giver: Account) -> list[Fill]:
    """Return what an account holds by trades of the market, of late."""
    fills = view.accounts[giver.number].fills
    return [fill for fill in fills if fill.is_held and fill.role != Role.ASSIGNED]


def _check_fills(view: View, giver: Account, fills: list[Fill], what: str) -> None:
    """Raise OperatorError unless fills are there and can be given up."""
    if not fills:
        raise OperatorError(f"{giver.name} holds nothing of {what}")
    given = view.accounts[giver.number].given_up
    for fill in fills:
        if given.get(_tag(fill)) or given.get(-fill.order_id):
            raise OperatorError(f"trade {fill.trade_id} of {giver.name} was given up before")
        if view.markets[fill.instrument].phase == Phase.EXPIRED:
            name = view.directory.instruments[fill.instrument].name
            raise OperatorError(f"{name} has expired")
        if _waits(view, fill):
            raise OperatorError(f"trade {fill.trade_id} waits for its price, the settlement")


def _waits(view: View, fill: Fill) -> bool:
    """Whether a fill at settlement does not know its price yet."""
    if fill.spread < 0 or fill.is_priced:
        return False
    return view.directory.instruments[fill.spread].form == Form.TAS


def _tag(fill: Fill) -> int:
    """Return what a give-up of a fill is tagged with: another for each side of a trade."""
    return 2 * fill.trade_id + fill.side


def _bought(fill: Fill) -> int:
    return fill.lots if fill.side == Side.BUY else -fill.lots
