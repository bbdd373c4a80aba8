"""What if: the margin of an order before it is entered, and of positions that nobody holds yet.

Answered from what was published, by the rule that the exchange itself holds an order against.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from clearing.directory import Directory, Instrument
from clearing.margin.explain import Node
from engine.schema import NIL_PRICE, Side, Standing, Tif, Type
from gateway import messages, own_answers
from gateway.codec import decimal, dollars, lots, price_units
from gateway.figures import Figures, Stakes, end_credits, figures
from gateway.holdings import Account, Holding, Order
from gateway.markets import Markets
from gateway.refusals import invalid
from gateway.view import View


class Tried(NamedTuple):
    """An account as it is, and as if an order of it worked."""

    before: Figures
    after: Figures
    was: tuple[Node, ...]  # What the initial margin was the sum of,
    parts: tuple[Node, ...]  # and would be.
    is_accepted: bool  # By its margin: the order may be refused for other reasons.


def order_of(account: int, instrument: int, side: int, price: int, quantity: int) -> Order:
    """Return an order as if it had just been entered and rested."""
    terms = {"type": Type.LIMIT, "tif": Tif.GTC, "label": "", "flags": 0, "trigger": 0}
    return Order(
        order_id=0,
        account=account,
        instrument=instrument,
        side=side,
        price=price,
        lots=quantity,
        leaves=quantity,
        created=0,
        updated=0,
        display=0,
        is_waiting=False,
        **terms,  # type: ignore[arg-type]
    )


def tried(view: View, number: int, order: Order) -> Tried:
    """Return what an order would do to an account's margin.

    It passes if equity covers the initial margin afterwards and the account is not under call, or
    if nothing more is at stake with it than without.
    """
    account, percent = view.accounts[number], view.directory.accounts[number].initial_percent
    before = figures(account, view.markets, percent)
    after = figures(account, view.markets, percent, [order])
    is_good = account.standing == Standing.GOOD and after.initial <= after.equity
    is_accepted = is_good or after.stake <= before.stake
    was, parts = (_parts(view, account, percent, more) for more in ([], [order]))
    return Tried(before, after, was, parts, is_accepted)


def _parts(view: View, account: Account, percent: int, more: Sequence[Order]) -> tuple[Node, ...]:
    """Return what an account's initial margin is the sum of, without what is nothing."""
    stakes = Stakes(account, view.markets)
    stakes.work_all([*account.live.values(), *more])
    names = [product.name for product in view.directory.products]
    return tuple(part for part in stakes.parts(percent, names) if part.amount)


def margins(view: View, account: Account, asked: messages.Margins) -> own_answers.Margins:
    """Answer `private/get_margins`. Raises RefusedError."""
    terms = view.instrument(asked.instrument_name)
    quantity, price = lots("amount", asked.amount), price_units(asked.price, terms)
    if not terms.low <= price <= terms.high:
        raise invalid("price", asked.price, "is not on the ladder")
    made = [
        tried(view, account.number, order_of(account.number, terms.number, side, price, quantity))
        for side in (Side.BUY, Side.SELL)
    ]
    added = [dollars(each.after.initial - each.before.initial) for each in made]
    return own_answers.Margins(
        buy=added[Side.BUY],
        sell=added[Side.SELL],
        min_price=decimal(terms.low),
        max_price=decimal(terms.high),
        bought=_needed(made[Side.BUY]),
        sold=_needed(made[Side.SELL]),
    )


def _needed(made: Tried) -> own_answers.Needed:
    return own_answers.Needed(
        accepted=made.is_accepted,
        required=dollars(made.after.initial),
        available=dollars(made.after.equity),
        explain=[
            own_answers.MarginPart(part.name, dollars(part.amount), part.note)
            for part in made.parts
        ],
    )


def margins_of_orders(
    view: View, account: Account, asked: messages.ByOrders
) -> list[own_answers.OrderMargin]:
    """Answer `private/get_order_margin_by_ids`: what would be freed if each alone were canceled.

    Ids that are no working order of the account are left out.
    """
    percent = view.directory.accounts[account.number].initial_percent
    whole = figures(account, view.markets, percent).initial
    found = []
    for text in dict.fromkeys(asked.ids):
        number = int(text) if text.isdecimal() else 0
        if number in account.live:
            others = {key: each for key, each in account.live.items() if key != number}
            less = figures(replace(account, live=others), view.markets, percent).initial
            found.append(own_answers.OrderMargin(text, dollars(whole - less)))
    return found


def simulated(view: View, account: Account, asked: messages.Simulated) -> Account:
    """Return an account as if it held other positions, each bought or sold at its mark.

    Raises RefusedError for what nobody holds.
    """
    wanted = [
        (_held(view, name), _signed(name, amount))
        for name, amount in asked.simulated_positions.items()
    ]
    holdings = {number: replace(holding) for number, holding in account.holdings.items()}
    made = replace(account, holdings=holdings, credits=dict(account.credits))
    if not asked.add_positions:
        wanted = [*_closing(view.directory, made), *wanted]
    for terms, quantity in wanted:
        _trade(made, view.markets, terms, quantity)
    return made


def _held(view: View, name: str) -> Instrument:
    terms = view.instrument(name)
    if terms.is_spread:
        raise invalid("simulated_positions", name, "is a spread: nobody holds it, say its legs")
    return terms


def _signed(name: str, amount: Decimal) -> int:
    if amount == 0:
        return 0
    quantity = lots("simulated_positions", abs(amount))
    return quantity if amount > 0 else -quantity


def _closing(directory: Directory, account: Account) -> list[tuple[Instrument, int]]:
    held: Mapping[int, Holding] = account.holdings
    return [(directory.instruments[number], -each.net) for number, each in held.items()]


def _trade(account: Account, markets: Markets, terms: Instrument, quantity: int) -> None:
    """Change a position at the mark: what was won or lost before stays. In place."""
    end_credits(account, markets, terms.number, quantity)
    mark = markets[terms.number].mark
    price = 0 if mark == NIL_PRICE else mark
    holding = account.holdings.setdefault(terms.number, Holding())
    holding.trade(quantity, price)
    if terms.is_paid:
        account.cash -= quantity * price * terms.value
        holding.cost = 0
