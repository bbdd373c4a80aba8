"""Random orders, replaces and cancels, biased so that trades and self-matches are frequent."""

from engine.rows import Batch
from engine.schema import NIL, NIL_PRICE, VERSION, Flag, Kind, Side, Smp, Tif, Type
from tests.random_source import DAYS, Source


def enter(source: Source, batch: Batch) -> None:
    chance, instrument = source.chance, source.instrument()
    tif = chance.choices(list(Tif), (50, 12, 8, 15, 15))[0]
    type_ = chance.choices((Type.LIMIT, Type.MARKET, Type.MARKET_LIMIT), (86, 8, 6))[0]
    quantity = source.quantity()
    batch.enter(
        source.account(),
        instrument,
        chance.choice(list(Side)),
        quantity,
        source.price(instrument),
        type=type_,
        tif=tif,
        tag=chance.randrange(1_000),
        expiry=chance.choice(DAYS) if tif == Tif.GTD else 0,
        minimum=chance.randint(0, 8) if tif == Tif.FAK and source.rarely(3) else 0,
        protection=chance.choice((0, 0, 1, 7, 2**31 - 1)) if type_ == Type.MARKET else 0,
        smp_id=chance.choice((0, 0, 1, 2)),
        smp_rule=chance.choice(list(Smp)),
        session=chance.randrange(5),
    )
    if source.rarely(25):
        spoil(source, batch)


def spoil(source: Source, batch: Batch) -> None:
    """Write a value into the last row that a careless participant might have sent."""
    field, values = source.chance.choice(
        (
            ("side", (2, 255)),
            ("type", (0, Type.STOP_LIMIT, Type.STOP, 255)),
            ("tif", (0, 6, 255)),
            ("smp_rule", (3, 255)),
            ("flags", (Flag.POST_ONLY, Flag.IN_FLIGHT, Flag.OPERATOR, 2**15)),
            ("minimum", (-1, 1, 50)),
            ("display", (-1, 1)),
            ("trigger", (1,)),
            ("protection", (-1, 3)),
            ("expiry", (-1, DAYS[1])),
            ("version", (0, VERSION + 1)),
            ("kind", (0, Kind.QUOTE, Kind.LIQUIDATE, Kind.BUST, 255)),
            ("price", (NIL_PRICE,)),
            ("order_id", (7,)),
        )
    )
    batch.rows[field][-1] = source.chance.choice(values)


def named(source: Source) -> tuple[int, int, int]:
    """Return account, instrument and id of a live order; seldom they do not fit together."""
    live = source.world.live
    if not live or source.rarely(40):
        stale = source.chance.choice((0, -1, 1 << 24 | 1, 3 << 24 | 2, 2**62, -(2**63)))
        return source.account(), source.instrument(), stale
    order = live[source.chance.choice(list(live))]
    account = source.account() if source.rarely(25) else order.account
    instrument = source.instrument() if source.rarely(25) else order.instrument
    return account, instrument, order.order_id


def replace(source: Source, batch: Batch) -> None:
    account, instrument, order_id = named(source)
    order = source.world.live.get(order_id)
    price, quantity = source.price(instrument), source.quantity()
    if order is not None and source.rarely(2):
        price = order.price
    if order is not None and source.rarely(3):
        quantity = order.leaves + source.chance.choice((-2, -1, 0, 1))
    flags = source.chance.choice((0, 0, Flag.IN_FLIGHT))
    tag = source.chance.choice((0, 77))
    batch.replace(account, instrument, order_id, quantity, price, flags=flags, tag=tag, session=9)
    if source.rarely(60):
        spoil(source, batch)


def cancel(source: Source, batch: Batch) -> None:
    account, instrument, order_id = named(source)
    flags = Flag.OPERATOR if source.rarely(10) else 0
    batch.cancel(account, instrument, order_id, flags=flags, session=9)


def cancel_all(source: Source, batch: Batch) -> None:
    instrument = source.chance.choice((NIL, source.instrument()))
    flags = Flag.OPERATOR if source.rarely(4) else 0
    batch.cancel_all(source.account(), instrument, flags=flags, session=9)
