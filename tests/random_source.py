"""What random commands are drawn from: an exchange's terms, and the state that it has reached."""

import random
from collections.abc import Sequence
from typing import NamedTuple

from engine.instruments import VALUE
from engine.jit import Table
from engine.reference import Reference
from engine.reference_risk import Instrument
from engine.reference_world import World
from engine.rows import Batch
from engine.schema import NIL, Form, Kind, Phase
from engine.state import Sizes

USD = 1_000_000
MEMBERS = 7
OWNERS = (0, 1, 1, 2, 3, 3, 0)  # Of each member.
FIRMS = (1, 1, 2)  # Of each owner.
DAYS = (20260105, 20260106, 20260107)


class Spread(NamedTuple):
    """A spread of some of the instruments that a setting lists."""

    form: int
    tick: int
    legs: tuple[tuple[int, int], ...]  # Number of the instrument, and ratio.
    implied: int = 0


class Setting(NamedTuple):
    """What random commands are given to."""

    sizes: Sizes
    listed: tuple[tuple[int, int, Form], ...]  # Product, tick, form of each instrument at first.
    spreads: tuple[Spread, ...]
    levels: int = 64  # Prices of each instrument.


def calendar(near: int, far: int) -> Spread:
    """Return a calendar of two months with a tick of 2 that takes part in implied prices."""
    return Spread(Form.CALENDAR, 2, ((near, 1), (far, -1)), implied=1)


# Three months of a product, and one of another; what is paid for at the trade beside them.
MONTHS = ((0, 2, Form.FUTURE), (0, 2, Form.FUTURE), (0, 2, Form.FUTURE), (1, 1, Form.FUTURE))
PAID = ((0, 1, Form.CALL), (1, 2, Form.EVENT))
CALENDARS = (calendar(0, 1), calendar(1, 2), calendar(0, 2))
OTHERS = (
    Spread(Form.BUTTERFLY, 1, ((0, 1), (1, -2), (2, 1))),
    Spread(Form.STRIP, 1, ((0, 1), (1, 1), (2, 1))),
    Spread(Form.INTER, 1, ((0, 1), (3, -1))),
    Spread(Form.TAS, 2, ((0, 1),)),
    Spread(Form.TAS, 2, ((3, 1),)),
)
ROOMY = Setting(
    Sizes(500, 8_192, instruments=32, products=3, accounts=16, positions=400),
    MONTHS + PAID,
    CALENDARS + OTHERS,
)
TIGHT = Setting(
    Sizes(14, 2_304, instruments=9, products=2, accounts=9, positions=30, trades=7),
    MONTHS + PAID[:1],
    (CALENDARS[0], OTHERS[0]),
)
FULL = Setting(
    Sizes(),
    tuple((month // 36, 2, Form.FUTURE) for month in range(108)),
    tuple(calendar(month, month + ahead) for month in range(12) for ahead in (1, 2, 3)),
    levels=4_095,
)


class Source:
    """Draws one command after the other, with an eye on what the reference has become."""

    def __init__(self, seed: int, setting: Setting) -> None:
        self.chance = random.Random(seed)
        self.setting = setting
        self.reference = Reference(setting.sizes)
        self.seq = 0
        self.time = 1_767_600_000_000_000_000
        self.middles = dict[int, int]()  # Of the ladders, by number of the instrument.

    @property
    def world(self) -> World:
        """What the reference has become."""
        return self.reference.world

    def opening(self) -> Table:
        """Return the rows that list products and instruments and open accounts."""
        batch = Batch()
        for product in sorted({product for product, _, _ in self.setting.listed}):
            batch.money(Kind.PRODUCT, product=product)
            batch.money(Kind.RATE, product=product, value=150 * USD)
        for number, (product, tick, form) in enumerate(self.setting.listed):
            self.list(batch, number, product, tick, form)
        for number, spread in enumerate(self.setting.spreads, len(self.setting.listed)):
            product, *_ = self.setting.listed[spread.legs[0][0]]
            self.list_spread(batch, number, product, spread)
        for owner, firm in enumerate(FIRMS, start=1):
            batch.money(Kind.OPEN_OWNER, other=owner, code=firm)
        for account in range(1, MEMBERS + 1):
            value, owner = 100 + 10 * (account % 2), OWNERS[account - 1]
            batch.money(Kind.OPEN_ACCOUNT, account=account, other=owner, value=value)
            batch.money(Kind.DEPOSIT, account=account, value=60_000 * USD * account)
        return self.stamp(batch)

    def list(self, batch: Batch, number: int, product: int, tick: int, form: Form) -> None:
        """List an instrument, give it a rate and open it."""
        low = self.chance.choice((-40, 0, 500) if form == Form.FUTURE else (0, 0, 20))
        value = VALUE // 1_000 if form == Form.FUTURE else 20 * USD
        self._list(batch, number, low, product=product, tick=tick, form=form, value=value)
        batch.money(Kind.RATE, instrument=number, value=800 * USD)
        batch.money(Kind.PHASE, instrument=number, code=Phase.OPEN, value=DAYS[0])

    def list_spread(self, batch: Batch, number: int, product: int, spread: Spread) -> None:
        """List a spread around what the middles of its legs' ladders make, and open it."""
        middle = sum(ratio * self.middles[leg] for leg, ratio in spread.legs)
        if spread.form == Form.STRIP:
            middle //= len(spread.legs)
        if spread.form == Form.TAS:
            middle = 0
        low = middle - self.setting.levels // 2 * spread.tick
        terms = {"product": product, "tick": spread.tick, "form": spread.form}
        terms |= {"legs": len(spread.legs), "implied": spread.implied, "value": VALUE // 1_000}
        self._list(batch, number, low, **terms)
        for leg, ratio in spread.legs:
            batch.leg(leg, ratio)
        batch.money(Kind.PHASE, instrument=number, code=Phase.OPEN, value=DAYS[0])

    def _list(self, batch: Batch, number: int, low: int, **terms: int) -> None:
        tick = terms["tick"]
        self.middles[number] = low + self.setting.levels // 2 * tick
        batch.listing(
            number,
            name=f"I{number}",
            low=low,
            high=low + (self.setting.levels - 1) * tick,
            clip=40,
            position_max=60,
            protection=5 * tick,
            month=202601,
            expiry=DAYS[-1],
            block=self.chance.choice((0, 2, 5)),
            **terms,
        )

    def stamp(self, batch: Batch) -> Table:
        """Return a batch's rows as an exchange would stamp them."""
        rows = batch.rows
        for i in range(len(rows)):
            self.seq += 1
            self.time += self.chance.randrange(1_000)
            rows["seq"][i], rows["time"][i] = self.seq, self.time
        return rows

    def account(self) -> int:
        """Return an account's number, seldom one that is none."""
        if self.rarely():
            return self.chance.choice((-1, 0, MEMBERS + 1, 10_000))
        return self.chance.randint(1, MEMBERS)

    def instrument(self) -> int:
        """Return an instrument's number, mostly of a near one, seldom of none."""
        count = len(self.world.market.instruments)
        if self.rarely():
            return self.chance.choice((-2, NIL, count, 10_000))
        spreads = self.chance.randrange(2)
        some = self.alive() if self.rarely(30) else [i for i in self.alive() if i.is_complete()]
        kind = [i.number for i in some if i.is_spread() == bool(spreads)]
        few = kind if self.rarely(4) else kind[:6]
        return self.chance.choice(few or [0])

    def month(self) -> int:
        """Return the number of an outright, seldom of another instrument or of none."""
        if self.rarely(6):
            return self.instrument()
        months = [i.number for i in self.alive() if not i.is_spread()]
        return self.chance.choice(months or [0])

    def alive(self) -> Sequence[Instrument]:
        """Return what has not expired."""
        return [i for i in self.world.market.instruments if i.phase != Phase.EXPIRED]

    def rarely(self, odds: int = 100) -> bool:
        """Whether something happens that happens once in `odds` times."""
        return self.chance.randrange(odds) == 0

    def price(self, number: int) -> int:
        """Return a price of an instrument, near the middle of its ladder; seldom none of it."""
        if not 0 <= number < len(self.world.market.instruments):
            return 0
        terms = self.world.market.instruments[number]
        if self.rarely(60):
            return self.chance.choice((terms.low - terms.tick, terms.high + 1, 2**62, -(2**63)))
        if self.rarely(60):
            return terms.low + 1
        spread = self.chance.choice((2, 6, 6, self.setting.levels // 2 - 1))
        away = self.chance.randint(-spread, spread)
        return terms.low + (self.setting.levels // 2 + away) * terms.tick

    def quantity(self) -> int:
        """Return a quantity, seldom one that no order may have."""
        if self.rarely(60):
            return self.chance.choice((0, -1, 41, 2**62, -(2**63)))
        return self.chance.choice((1, 1, 2, 3, 5, 8, 13, 25))
