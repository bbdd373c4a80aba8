"""Random commands of every kind, biased so that auctions and refusals are frequent."""

from collections.abc import Callable

from engine.jit import Table
from engine.layout import LISTING, MONEY
from engine.rows import Batch
from engine.schema import NIL, NIL_PRICE, Flag, Form, Kind, Phase
from tests.random_desk import assign, block, liquidate, review
from tests.random_orders import cancel, cancel_all, enter, replace
from tests.random_quotes import protect, quote
from tests.random_source import DAYS, MEMBERS, USD, Source, Spread, calendar


def draw(source: Source) -> Table:
    """Return one command, or the few that list an instrument."""
    batch = Batch()
    verbs = [verb for verb, _ in WEIGHTS]
    weights = [weight for _, weight in WEIGHTS]
    source.chance.choices(verbs, weights)[0](source, batch)
    return source.stamp(batch)


def amount(source: Source) -> int:
    """Return an amount of money, seldom a foolish one."""
    if source.rarely(12):
        return source.chance.choice((0, -1, 2**60, 2**63 - 1, -(2**63)))
    return source.chance.randint(1, 20_000) * USD


def pay(source: Source, batch: Batch) -> None:
    kind = source.chance.choice(
        (Kind.DEPOSIT, Kind.DEPOSIT, Kind.WITHDRAW, Kind.WITHDRAW, Kind.TRANSFER, Kind.CHARGE)
    )
    value = amount(source)
    if kind == Kind.CHARGE:
        value = source.chance.choice((5 * USD, -3 * USD, 2**60 + 1))
    other = source.account() if kind == Kind.TRANSFER else 0
    batch.money(kind, account=source.account(), other=other, value=value, code=4)


def pledge(source: Source, batch: Batch) -> None:
    """Pledge an asset, or recall one, seldom with terms that cannot be."""
    kind = source.chance.choice((Kind.PLEDGE, Kind.RECALL))
    face = amount(source)
    value = face * 9 // 10 if 0 < face < 2**50 else amount(source)
    code = -1 if source.rarely(12) else source.chance.randrange(3)
    batch.money(kind, account=source.account(), value=value, value_2=face, code=code)


def credit(source: Source, batch: Batch) -> None:
    """Grant a credit of a size that matters, seldom one that cannot be."""
    value = source.chance.choice((0, 500, 5_000, 20_000)) * USD
    if source.rarely(12):
        value = source.chance.choice((-1, 2**60, 2**60 + 1, -(2**63), 2**63 - 1))
    product = source.chance.choice((0, 0, 0, 1, 1, 7, NIL))
    batch.money(Kind.CREDIT, account=source.account(), product=product, value=value)


def suspend(source: Source, batch: Batch) -> None:
    code = source.chance.choices((0, 1, 2, 3, -1), (10, 4, 3, 1, 1))[0]
    batch.money(Kind.SUSPEND, account=source.account(), code=code, value=12)


def pardon(source: Source, batch: Batch) -> None:
    batch.money(Kind.SUSPEND, account=source.chance.randint(1, MEMBERS))


def mark(source: Source, batch: Batch) -> None:
    instrument = source.month()
    price = source.price(instrument)
    settlement = source.chance.choice((price, price + 1, NIL_PRICE))
    batch.money(Kind.MARK, instrument=instrument, value=price, value_2=settlement)


def price(source: Source, batch: Batch) -> None:
    """Price what traded at settlement, or seldom something that cannot be priced."""
    books = [i for i in source.alive() if i.form == Form.TAS and i.is_complete()]
    number, settlement = source.instrument(), 0
    if books and not source.rarely(8):
        book = source.chance.choice(books)
        number, settlement = book.number, source.price(book.legs[0].number)
    batch.money(Kind.PRICE, instrument=number, value=settlement)


def rate(source: Source, batch: Batch) -> None:
    value = source.chance.choice((0, 300, 800, 800, 1_500)) * USD + source.chance.randrange(100)
    if source.rarely(8):
        value = source.chance.choice((-1, 2**40 + 1))
    instrument = source.chance.choice((NIL, source.month(), source.month()))
    product = source.chance.choice((0, 1, 0, 1, 2, NIL))
    batch.money(Kind.RATE, instrument=instrument, product=product, value=value)


def limit(source: Source, batch: Batch) -> None:
    """Change a position limit, mostly to one that is near what is held."""
    value = source.chance.choice((20, 40, 60, 60, 90))
    if source.rarely(12):
        value = source.chance.choice((0, -1, 2**50, 2**63 - 1))
    batch.money(Kind.LIMIT, instrument=source.instrument(), value=value)


def guard(source: Source, batch: Batch) -> None:
    """Set the guards of a product: mostly off or wide, so that trading goes on."""
    chance, product = source.chance, source.chance.choice((0, 0, 1))
    listed = source.world.market.instruments
    months = [i.number for i in listed if i.product == product and i.phase != Phase.EXPIRED]
    batch.money(
        Kind.GUARD,
        product=product,
        other=chance.choice((NIL, *months[:1])),
        value=chance.choice((0, 0, 0, 16, 30)),
        value_2=chance.choice((0, 0, 25, 40)),
        value_3=chance.choice((1_000, 1_000, 100)),
        numerator=chance.choice((0, 0, 1_000, 3_000, 10_000)),
        denominator=chance.choice((0, 0, 6, 12, 25)),
        batch=chance.choice((400, 9_000, 20_000)),
        source=chance.choice((1, 2_000, 20_000)),
    )
    if source.rarely(6):
        field, value = chance.choice(
            (
                ("product", 9),
                ("other", len(listed)),
                ("other", -2),
                ("other", 3 if product == 0 else 0),
                ("value", -1),
                ("value_2", 2**41),
                ("value_3", -1),
                ("batch", 2**51),
                ("source", -1),
            )
        )
        batch.rows.view(MONEY)[field][-1] = value


def kill(source: Source, batch: Batch) -> None:
    """Kill or release an account, an owner or a firm; what is killed is soon released."""
    killed = [n for n, one in enumerate(source.world.accounts) if one.is_killed]
    if killed and not source.rarely(6):
        batch.money(Kind.KILL, account=source.chance.choice(killed), value=0)
        return
    code = source.chance.choice((0, 0, 0, 0, 0, 0, 1, 2, 3, -1))
    value = 2 if source.rarely(12) else 1
    other = source.chance.choice((0, 1, 2, 3, 9))
    batch.money(Kind.KILL, account=source.account(), other=other, code=code, value=value)


def port(source: Source, batch: Batch) -> None:
    """Let an owner move to another firm, seldom one who is not there, or not by an operator."""
    other = source.chance.choice((1, 2, 3, 3, 0, 9, -1)) if source.rarely(3) else 2
    flags = 0 if source.rarely(12) else Flag.OPERATOR
    firm = source.chance.choice((1, 2, 7, 0, -1))
    batch.money(Kind.OPEN_OWNER, other=other, code=firm, flags=flags)


AGAIN = (Form.FUTURE, Form.FUTURE, Form.CALL, Form.EVENT)  # What takes a settled one's place.


def settle(source: Source, batch: Batch) -> None:
    """Settle an instrument; list another in its place, and a calendar, if its legs fit."""
    instrument = source.month()
    batch.money(Kind.SETTLE, instrument=instrument, value=source.price(instrument))
    number = len(source.world.market.instruments)
    if number + 1 < source.world.sizes.instruments:
        source.list(batch, number, 0, 2, source.chance.choice(AGAIN))
        months = [i.number for i in source.alive() if i.product == 0 and not i.is_spread()]
        near = source.chance.choice(months or [0])
        source.list_spread(batch, number + 1, 0, calendar(near, number))


def move(source: Source, batch: Batch) -> None:
    code = source.chance.choices(list(Phase), (30, 10, 3, 20, 8, 20, 10, 1))[0]
    instrument = source.chance.choice((NIL, source.instrument()))
    product = source.chance.choice((0, 1, 0, 1, 5)) if instrument == NIL else NIL
    date = source.chance.choice(DAYS)
    batch.money(Kind.PHASE, instrument=instrument, product=product, code=code, value=date)


def reopen(source: Source, batch: Batch) -> None:
    """Open an instrument that is not open, where there is one; or all of the first product."""
    if source.rarely(4):
        batch.money(Kind.PHASE, product=0, code=Phase.OPEN, value=DAYS[0])
        return
    shut = [i.number for i in source.world.market.instruments if i.phase != Phase.OPEN]
    number = source.chance.choice(shut or [0])
    batch.money(Kind.PHASE, instrument=number, code=Phase.OPEN, value=DAYS[0])


def arrange(source: Source, batch: Batch) -> None:
    """Open, list or note something; often it is refused."""
    kind = source.chance.choice(
        (
            *(Kind.PRODUCT, Kind.OPEN_OWNER, Kind.OPEN_ACCOUNT, Kind.KEY, Kind.OBSERVE),
            *(Kind.TIME, Kind.CYCLE, Kind.INDEX, Kind.CURVE, Kind.LEG, Kind.SKIP),
            *(Kind.VOL, Kind.DELTA, Kind.FHS_REQUIREMENT, Kind.RISK),
            *(Kind.DEFAULT, Kind.BID, Kind.REVIEW),
        )
    )
    batch.money(
        kind,
        account=source.chance.choice((len(source.world.accounts), 3)),
        instrument=source.chance.choice((0, NIL, len(source.world.market.instruments))),
        other=source.chance.choice((0, len(source.world.owners))),
        product=source.chance.choice((0, 1, len(source.world.market.charges))),
        value=source.chance.choice((0, 0, 99)),
        code=source.chance.choice((0, 1, 2, 3, 3, -1)),
        source=DAYS[0],
    )


def list_badly(source: Source, batch: Batch) -> None:
    """List an instrument with terms that no ladder has, or where no room is left."""
    if source.rarely(4):
        leg_badly(source, batch)
        return
    form = source.chance.choice((Form.FUTURE, Form.PUT))
    source.list(batch, len(source.world.market.instruments), 0, 1, form)
    family = batch.rows.view(LISTING)
    field, value = source.chance.choice(
        (
            ("instrument", 0),
            ("product", 9),
            ("tick", 0),
            ("high", -(2**40)),
            ("low", -1),
            ("value", 2**50),
            ("clip", 0),
            ("form", 0),
            ("legs", 2),
            ("implied", 1),
            ("protection", -1),
            ("high", family["low"][0] + 2**17 - 1),
        )
    )
    family[field][0] = value


def leg_badly(source: Source, batch: Batch) -> None:
    """Add a leg that no spread waits for, or seldom list a spread that never gets its own."""
    if source.rarely(9):
        number = len(source.world.market.instruments)
        source.list_spread(batch, number, 0, Spread(Form.STRIP, 1, ((0, 1), (number - 1, 1))))
    else:
        batch.leg(source.instrument(), source.chance.choice((1, -1)))


WEIGHTS: list[tuple[Callable[[Source, Batch], None], float]] = [
    (enter, 60),
    (replace, 12),
    (cancel, 6),
    (cancel_all, 1.5),
    (quote, 8),
    (protect, 1),
    (block, 1),
    (assign, 0.5),
    (liquidate, 1.2),
    (pledge, 0.6),
    (credit, 1.5),
    (review, 1.2),
    (pay, 4),
    (suspend, 0.2),
    (pardon, 1),
    (mark, 1.5),
    (price, 0.8),
    (rate, 1),
    (limit, 0.5),
    (kill, 1),
    (port, 1),
    (guard, 0.6),
    (settle, 0.04),
    (move, 0.8),
    (reopen, 6),
    (arrange, 2),
    (list_badly, 0.3),
]
