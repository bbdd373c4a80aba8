"""What random commands are drawn from: an exchange's terms, and the state that it has reached."""

import random
from typing import NamedTuple

from engine.instruments import VALUE
from engine.jit import Table
from engine.reference import Reference
from engine.reference_world import World
from engine.rows import Batch
from engine.schema import NIL, Form, Kind, Phase
from engine.state import Sizes

USD = 1_000_000
MEMBERS = 7
OWNERS = (0, 1, 1, 2, 3, 3, 0)  # Of each member.
FIRMS = (1, 1, 2)  # Of each owner.
DAYS = (20260105, 20260106, 20260107)


class Setting(NamedTuple):
    """What random commands are given to."""

    sizes: Sizes
    listed: tuple[tuple[int, int, Form], ...]  # Product, tick, form of each instrument at first.
    levels: int = 64  # Prices of each instrument.


# Three months of a product, and one of another; what is paid for at the trade beside them.
MONTHS = ((0, 1, Form.FUTURE), (0, 2, Form.FUTURE), (0, 2, Form.FUTURE), (1, 1, Form.FUTURE))
PAID = ((0, 1, Form.CALL), (1, 2, Form.EVENT))
ROOMY = Setting(
    Sizes(500, 8_192, instruments=32, products=3, accounts=16, positions=400), MONTHS + PAID
)
TIGHT = Setting(
    Sizes(14, 1_280, instruments=5, products=2, accounts=9, positions=27, trades=7),
    MONTHS[:2] + PAID,
)
FULL = Setting(Sizes(), tuple((month // 36, 2, Form.FUTURE) for month in range(108)), levels=4_095)


class Source:
    """Draws one command after the other, with an eye on what the reference has become."""

    def __init__(self, seed: int, setting: Setting) -> None:
        self.chance = random.Random(seed)
        self.setting = setting
        self.reference = Reference(setting.sizes)
        self.seq = 0
        self.time = 1_767_600_000_000_000_000

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
        batch.listing(
            number,
            product,
            f"I{number}",
            low=low,
            high=low + (self.setting.levels - 1) * tick,
            tick=tick,
            value=VALUE // 1_000 if form == Form.FUTURE else 20 * USD,
            clip=40,
            position_max=60,
            protection=5 * tick,
            month=202601,
            expiry=DAYS[-1],
            form=form,
            block=self.chance.choice((0, 2, 5)),
        )
        batch.money(Kind.RATE, instrument=number, value=800 * USD)
        batch.money(Kind.PHASE, instrument=number, code=Phase.OPEN, value=DAYS[0])

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
        alive = [i.number for i in self.world.market.instruments if i.phase != Phase.EXPIRED]
        few = alive if self.rarely(4) else alive[:6]
        return self.chance.choice(few or [0])

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
