"""What `cfx margin --order` tells: would an order pass the pre-trade check, and against what."""

import re
from typing import NamedTuple

import msgspec

from clearing.directory import Instrument, Leg
from clearing.margin.explain import Node
from engine.instruments import money, units, usd
from engine.schema import NIL_PRICE, Phase, Side
from gateway.margins import Tried, order_of, tried
from gateway.refusals import RefusedError
from gateway.view import View

_FORM = re.compile(r"(buy|sell) +([0-9]{1,9}) +(\S+) *@ *(-?[0-9]+(?:\.[0-9]+)?)")
_SIDES = {"buy": Side.BUY, "sell": Side.SELL}


class Proposal(NamedTuple):
    """An order that nobody has entered. Price in units."""

    side: int
    lots: int
    terms: Instrument
    price: int

    def __str__(self) -> str:
        side = "buy" if self.side == Side.BUY else "sell"
        return f"{side} {self.lots} {self.terms.name} @ {usd(self.price)}"

    def changes(self, view: View) -> list[tuple[str, int]]:
        """Return by contract what its owner would hold more if all of it filled."""
        legs = view.directory.legs.get(self.terms.number) or [Leg(self.terms.number, 1)]
        bought = self.lots if self.side == Side.BUY else -self.lots
        return [
            (view.directory.instruments[leg.instrument].name, leg.ratio * bought) for leg in legs
        ]


class Part(msgspec.Struct, frozen=True):
    """One of the amounts that the pre-trade check adds up. USD."""

    name: str
    before: str
    after: str
    note: str


class Checked(msgspec.Struct, frozen=True):
    """What the pre-trade check would say to an order. USD as decimal text."""

    order: str
    account: str
    accepted: bool  # As far as margin goes: phase, limits and bands are not tried.
    required: str  # With the order working; the parts add up to it,
    available: str
    required_before: str
    parts: list[Part]


def proposed(view: View, text: str) -> Proposal:
    """Return what `--order` asks for. ValueError says what cannot be meant."""
    found = _FORM.fullmatch(text.strip())
    if not found:
        form = "'buy LOTS CONTRACT @ PRICE' or sell, such as 'buy 5 H100_USD-31DEC26 @ 2.95'"
        raise ValueError(f"--order {text!r} is not {form}")
    side, lots, name, price = found.groups()
    try:
        terms = view.instrument(name)
    except RefusedError:
        raise ValueError(f"there is no contract {name!r}") from None
    if view.markets[terms.number].phase == Phase.EXPIRED:
        raise ValueError(f"{terms.name} is settled")
    wanted = units(price)
    if (wanted - terms.low) % terms.tick:
        raise ValueError(f"--order: {price} is not a multiple of {usd(terms.tick)}")
    if not terms.low <= wanted <= terms.high:
        ladder = f"{usd(terms.low)} to {usd(terms.high)}"
        raise ValueError(f"--order: {price} is not on the ladder of {name}, {ladder}")
    if not 1 <= int(lots) <= terms.clip:
        raise ValueError(f"--order: {lots} lots are not 1 to {terms.clip}, the most of one order")
    return Proposal(_SIDES[side], int(lots), terms, wanted)


def checked(view: View, account: int, proposal: Proposal) -> Checked:
    """Return what the pre-trade check would say if an account entered the order now.

    ValueError where the contract is not marked: then nothing of it is known.
    """
    side, lots, terms, price = proposal
    legs = view.directory.legs.get(terms.number) or [Leg(terms.number, 1)]
    for leg in legs:
        if view.markets[leg.instrument].mark == NIL_PRICE and not terms.is_paid:
            raise ValueError(f"{view.directory.instruments[leg.instrument].name} has no mark yet")
    made = tried(view, account, order_of(account, terms.number, side, price, lots))
    return Checked(
        order=str(proposal),
        account=view.directory.accounts[account].name,
        accepted=made.is_accepted,
        required=money(made.after.initial),
        available=money(made.after.equity),
        required_before=money(made.before.initial),
        parts=_parts(made),
    )


def _parts(made: Tried) -> list[Part]:
    """Return the parts of before and after, side by side, in their order."""
    was, now = ({part.name: part for part in parts} for parts in (made.was, made.parts))
    nothing = Node("", 0)
    return [
        Part(
            name,
            money(was.get(name, nothing).amount),
            money(now.get(name, nothing).amount),
            (now.get(name) or was[name]).note,
        )
        for name in dict.fromkeys([*now, *was])
    ]
