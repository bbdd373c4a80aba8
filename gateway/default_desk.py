"""What operators ask while an account is in default: customers move, a member bids; as rows."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from clearing.calendar import trade_date
from clearing.default.cases import BID_MAX
from clearing.default.porting import Ported
from clearing.default.steps import Step
from clearing.directory import Directory
from clearing.house import House
from engine.instruments import as_number, micro
from engine.rows import Batch
from engine.schema import Flag, Kind
from gateway.bidding import add_bid
from gateway.opening import OperatorError, account_named
from gateway.signed import Signed, signature
from gateway.view import View


class Port(Signed, tag="port"):
    """All customers of an account in default go to another member, who has agreed to take them."""

    account: str
    to: str


class PlaceBid(Signed, tag="bid"):
    """A member's sealed bid that did not come by the gateway: USD above the portfolio's value."""

    account: str
    auction: int
    price: Decimal


class PortedTo(msgspec.Struct):
    """An owner that was to be ported, and the number of its firm from now on; 0: it stays."""

    owner: str
    firm: int
    why: str = ""  # It stays.


def port_rows(view: View, house: House, asked: Port) -> Batch:
    """Return the row that does it. Raises OperatorError."""
    batch = Batch(1)
    account = account_named(view.directory, asked.account).number
    taker = account_named(view.directory, asked.to).number
    why = house.defaults.porting.objection(account, taker, house.defaults.cases)
    if why:
        raise OperatorError(why)
    terms = {"account": account, "other": taker, "source": as_number(trade_date(view.time))}
    text, flags = signature(asked), Flag.OPERATOR
    batch.money(Kind.DEFAULT, **terms, code=Step.PORT, flags=flags, text=text)
    return batch


def bid_rows(view: View, house: House, asked: PlaceBid) -> Batch:
    """Return the row that bids. Raises OperatorError."""
    batch, sales = Batch(1), view.sales.open
    account = account_named(view.directory, asked.account)
    if asked.auction not in sales:
        names = [view.directory.products[sale.product].name for sale in sales.values()]
        pairs = zip(sales, names, strict=True)
        known = ", ".join(f"{number} of {name}" for number, name in pairs) or "none"
        raise OperatorError(f"auction {asked.auction} takes no bids; open: {known}")
    price = priced(asked.price)
    if not house.defaults.may_bid(account.number, price):
        raise OperatorError(f"{account.name} is no member in good standing")
    add_bid(batch, sales[asked.auction], account.number, price, text=signature(asked))
    return batch


def priced(price: Decimal) -> int:
    """Return the micro-dollars of a bid. Raises OperatorError."""
    most = BID_MAX // 1_000_000
    if not price.is_finite() or abs(price) > most:
        raise OperatorError(f"price {price} is not between -{most} and {most} USD")
    try:
        return micro(price)
    except ValueError as error:
        raise OperatorError(f"price: {error}") from None


def ported(directory: Directory, reports: Sequence[Ported]) -> list[PortedTo]:
    """Return what became of each customer."""
    stays = "an account of it is called or in default"
    return [
        PortedTo(directory.owners[one.owner].name, one.firm, "" if one.firm else stays)
        for one in reports
    ]
