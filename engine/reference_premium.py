"""Options and event contracts in the reference: paid for at the trade, margined where sold.

Part of the reference: for readers, and the tests' oracle.
"""

from typing import Protocol

from engine.reference_book import Order
from engine.schema import NIL_PRICE, Form, Side


class Contract(Protocol):
    """What has to be known of an instrument that is paid for."""

    form: int
    high: int
    value: int
    rate: int
    mark: int


def is_paid_for(form: int) -> bool:
    """Whether instruments of this form are paid for at the trade, and pay no variation."""
    return form in (Form.CALL, Form.PUT, Form.EVENT)


def need(contract: Contract) -> int:
    """Return what a lot sold needs: the most it can cost; of an option less, once it is marked."""
    most = contract.high * contract.value
    if contract.form == Form.EVENT or contract.mark == NIL_PRICE:
        return most
    return min(most, contract.rate + contract.mark * contract.value)


def worst(contract: Contract, net: int, orders: list[Order]) -> int:
    """Return the most that can be needed and paid in a contract, whichever orders fill.

    Either it ends short: then each order counts that makes it worse, a sale that needs more
    than it brings, a purchase that costs more than it frees. Or it does not: then what is
    bought is paid, and nothing is needed.
    """
    each = need(contract)
    short, paid = -net * each, 0
    for order in orders:
        premium = order.price * contract.value
        if order.side == Side.BUY:
            short += order.leaves * max(0, premium - each)
            paid += order.leaves * premium
        else:
            short += order.leaves * max(0, each - premium)
    return max(short, paid)


def cover(contract: Contract, net: int, orders: list[Order]) -> tuple[int, int]:
    """Return what a contract adds to the bounds, which an initial rate raises, and to the reserves.

    The margin of all options that could come to be sold is a bound. Premiums are exact, and so
    is the cover of an event contract.
    """
    lowest = net - sum(order.leaves for order in orders if order.side == Side.SELL)
    needed = worst(contract, net, orders)
    margin = max(0, -lowest) * need(contract)
    return (0, needed) if contract.form == Form.EVENT else (margin, needed - margin)
