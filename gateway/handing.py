"""Which lots change hands when a trade, an order or a position does: or why they cannot.

It looks at what accounts did and hold, and changes nothing.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from clearing.allocation import Traded, average
from clearing.directory import Account, Instrument
from engine.schema import NIL_PRICE, Form, Phase, Role, Side
from gateway.holdings import FILLS_KEPT, Fill
from gateway.opening import OperatorError, account_named
from gateway.post_trade import Allocate, GiveUp, Hand, Move, PostTrade
from gateway.refusals import RefusedError
from gateway.view import View

_LOTS_MAX = 2**40


class _Made(NamedTuple):
    """What an account did by a trade or an order, as far as it can be handed over.

    lots: of its instrument; a spread's legs may have others. fills: what it holds of them.
    """

    what: str
    lots: int
    fills: list[Fill]


def hands(view: View, asked: PostTrade) -> list[Hand]:
    """Return what is to change hands. Raises OperatorError."""
    giver = account_named(view.directory, asked.account)
    match asked:
        case GiveUp():
            return _given_up(view, giver, asked)
        case Allocate():
            return _allocated(view, giver, asked)
        case Move():
            return [_moved(view, giver, asked)]


def _given_up(view: View, giver: Account, asked: GiveUp) -> list[Hand]:
    """Return what an account takes over of a trade, of each leg its part. Raises OperatorError."""
    chosen = _of_trade(view.accounts[giver.number].fills, asked.trade)
    made = _made(view, giver, chosen, f"trade {asked.trade}", chosen[0].time if chosen else 0)
    taker, left = _taker(view, giver, asked.to), _left(view, made)
    if not left:
        raise OperatorError(f"{made.what} of {giver.name} was given up before")
    lots = asked.lots or left
    if not 0 < lots <= left:
        raise OperatorError(f"{lots} lots are not between 1 and the {left} left of {made.what}")
    return [
        Hand(
            *(giver, taker, view.directory.instruments[fill.instrument]),
            *(_sign(fill) * fill.lots * lots // made.lots, fill.price, _tag(fill)),
        )
        for fill in made.fills
    ]


def _allocated(view: View, giver: Account, asked: Allocate) -> list[Hand]:
    """Return what each account takes over of an order, leg by leg. Raises OperatorError."""
    account = view.accounts[giver.number]
    chosen = [each for each in account.fills if each.order_id == asked.order != 0]
    order = account.order(asked.order)
    made = _made(view, giver, chosen, f"order {asked.order}", order.created if order else 0)
    if asked.order in account.live:
        raise OperatorError(f"{made.what} still works; cancel it first")
    if _left(view, made) < made.lots:
        raise OperatorError(f"{made.what} of {giver.name}, or part of it, was given up before")
    if not asked.shares:
        raise OperatorError("no account is named that takes lots")
    takers = [_taker(view, giver, name) for name in asked.shares]
    if len({taker.number for taker in takers}) < len(takers):
        raise OperatorError("an account is named twice")
    shares = dict(zip(takers, asked.shares.values(), strict=True))
    found = []
    for number in dict.fromkeys(fill.instrument for fill in made.fills):
        fills = [fill for fill in made.fills if fill.instrument == number]
        contract = view.directory.instruments[number]
        found += _shared(giver, contract, fills, made.lots, shares)
    return found


def _shared(
    giver: Account,
    contract: Instrument,
    fills: Sequence[Fill],
    ordered: int,
    shares: dict[Account, int],
) -> list[Hand]:
    """Return what each account takes over of what an order traded in a contract.

    ordered: lots that the order traded of its instrument, of which each is given its share.
    Raises OperatorError.
    """
    sign, tag = _sign(fills[0]), -fills[0].order_id
    traded = [Traded(fill.price, fill.lots) for fill in fills]
    ratio = sum(fill.lots for fill in fills) // ordered
    lots = list(shares.values())
    try:
        price, cash = average(traded, lots, contract.value, ratio)
    except ValueError as error:
        raise OperatorError(str(error)) from None
    return [
        Hand(giver, taker, contract, sign * ratio * count, price, tag, sign * paid)
        for taker, count, paid in zip(shares, lots, cash, strict=True)
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


def _made(view: View, giver: Account, chosen: list[Fill], what: str, began: int) -> _Made:
    """Return what an account did by some of its fills, of which none was before it began.

    Raises OperatorError.
    """
    traded = [fill for fill in chosen if fill.role != Role.ASSIGNED]
    held = [fill for fill in traded if fill.is_held]
    if not held:
        raise OperatorError(f"{giver.name} holds nothing of {what}")
    fills = view.accounts[giver.number].fills
    if len(fills) == FILLS_KEPT and fills[0].time >= began:
        raise OperatorError(f"{what} is not among the last {FILLS_KEPT} trades of {giver.name}")
    for fill in held:
        if view.markets[fill.instrument].phase == Phase.EXPIRED:
            name = view.directory.instruments[fill.instrument].name
            raise OperatorError(f"{name} has expired")
        if _waits(view, fill):
            raise OperatorError(f"trade {fill.trade_id} waits for its price, the settlement")
    ordered = [fill for fill in traded if not fill.is_held] or held
    lots = sum(fill.lots for fill in ordered if fill.side == ordered[0].side)
    return _Made(what, lots, held)


def _of_trade(fills: Iterable[Fill], trade: int) -> list[Fill]:
    """Return the fills of a trade: by its number, by its block's, or by the spread's they are of.

    The legs of a spread's trade follow it, and may have numbers of their own.
    """
    found, whole = [], 0
    for fill in fills:
        whole = whole if fill.role == Role.LEG else fill.trade_id
        if trade in (fill.trade_id, whole, fill.block_id or whole):
            found.append(fill)
    return found


def _left(view: View, made: _Made) -> int:
    """Return how many lots of what was done are not given up yet, by the leg with the fewest."""
    return min(made.lots * (fill.lots - _given(view, fill)) // fill.lots for fill in made.fills)


def _given(view: View, fill: Fill) -> int:
    """Return how many lots of a fill are given up, by its trade or by its order."""
    given = view.accounts[fill.account].given_up
    if given.get((fill.instrument, -fill.order_id)):
        return fill.lots
    return abs(given.get((fill.instrument, _tag(fill)), 0))


def _waits(view: View, fill: Fill) -> bool:
    """Whether a fill at settlement does not know its price yet."""
    if fill.spread < 0 or fill.is_priced:
        return False
    return view.directory.instruments[fill.spread].form == Form.TAS


def _tag(fill: Fill) -> int:
    """Return what a give-up of a fill is tagged with: another for each side of a trade."""
    return 2 * fill.trade_id + fill.side


def _sign(fill: Fill) -> int:
    return 1 if fill.side == Side.BUY else -1
