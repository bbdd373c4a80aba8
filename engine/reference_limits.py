"""Position limits in the reference: what an account, or its owner, can come to hold of each leg.

Part of the reference: for readers, and the tests' oracle.
"""

from engine.reasons import Reason
from engine.reference_book import Order
from engine.reference_risk import Account, Leg, Market, RefusedError, reach, signed


def moves(order: Order, market: Market) -> list[Leg]:
    """Return what would be held if all of an order filled: lots bought of each instrument."""
    parts = market.instruments[order.instrument].parts()
    return [Leg(number, ratio * signed(order)) for number, ratio in parts]


def most_lots(
    account: Account, orders: list[Order], partners: list[Account], move: Leg, market: Market
) -> int:
    """Return the lots that can come to be held on the side of a move, of the account or its owner.

    orders: all that would work. partners: the owner's other accounts.
    """

    def lots_of(one: Account, working: list[Order]) -> int:
        low, high = reach(one, working, market).get(move.number, (0, 0))
        return high if move.ratio > 0 else -low

    own = lots_of(account, orders)
    return max(own, own + sum(lots_of(one, list(one.orders.values())) for one in partners))


def refuse_beyond_limit(
    account: Account, orders: list[Order], partners: list[Account], order: Order, market: Market
) -> None:
    """Refuse `order` where it and what works beside it could pass a position limit.

    orders: all that would work, the new one among them. Of a spread each leg's limit counts.
    """
    for move in moves(order, market):
        reached = most_lots(account, orders, partners, move, market)
        top = market.instruments[move.number].position_max
        if reached > top:
            raise RefusedError(Reason.POSITION_LIMIT, reached, top)
