"""A member's sealed bid for what a defaulter held, as a row."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from clearing.default.cases import BID_MAX
from clearing.default.sales import Sale
from engine.instruments import micro
from engine.jit import Table
from engine.rows import Batch
from engine.schema import AccountType, Kind, Standing
from gateway import messages, own_answers
from gateway.codec import dollars
from gateway.orders import Caller, Work, check
from gateway.refusals import FORBIDDEN, RefusedError, invalid
from gateway.view import View

_MS = 1_000_000


def _bid(view: View, caller: Caller, asked: messages.DefaultBid) -> Work:
    account = caller.key.account
    sale, price = _sale(view, asked.auction_id), _price(asked.price)
    if view.directory.accounts[account].type != AccountType.MEMBER:
        raise RefusedError(FORBIDDEN, reason="only members bid for what a defaulter held")
    if view.accounts[account].standing != Standing.GOOD:
        raise RefusedError(FORBIDDEN, reason="only members in good standing bid")
    batch = Batch(1)
    add_bid(batch, sale, account, price, caller.key.number)

    def answer(events: Table) -> own_answers.SealedBid:
        check(view, events, asked)
        return own_answers.SealedBid(asked.auction_id, dollars(price), view.time // _MS)

    return Work(batch, answer)


def add_bid(
    batch: Batch, sale: Sale, account: int, price: int, key: int = 0, text: str = ""
) -> None:
    """Add a bid for a portfolio. price: micro-dollars above its value; below 0: to be paid."""
    batch.desk(
        Kind.BID,
        sale.number,
        buyer=account,
        instrument=min(sale.portfolio),
        price=price,
        tag=sale.number,
        key=key,
        text=text,
    )


def _sale(view: View, text: str) -> Sale:
    sale = view.sales.open.get(int(text)) if text.isdecimal() else None
    if sale is None:
        raise invalid("auction_id", text, "no auction of this number takes bids")
    return sale


def _price(price: Decimal) -> int:
    """Return micro-dollars. Raises RefusedError."""
    if not price.is_finite() or abs(price) > BID_MAX // 1_000_000:
        most = BID_MAX // 1_000_000
        raise invalid("price", price, f"is not between -{most} and {most} USD")
    try:
        return micro(price)
    except ValueError as error:
        raise invalid("price", price, str(error)) from None


METHODS: Mapping[str, Callable[[View, Caller, Any], Work]] = {
    "private/bid_default_auction": _bid,
}
