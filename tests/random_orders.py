"""Random orders, replaces and cancels, biased so that trades and self-matches are frequent."""

from engine.rows import Batch
from engine.schema import NIL, NIL_PRICE, VERSION, Flag, Kind, Side, Smp, Tif, Type
from tests.random_source import DAYS, Source


def enter(source: Source, batch: Batch) -> None:
    chance, instrument = source.chance, source.instrument()
    type_ = chance.choices(list(Type), (58, 6, 8, 17, 11))[0]
    stops = type_ in (Type.STOP_LIMIT, Type.STOP) and not source.rarely(20)
    tif = chance.choices(list(Tif), (50, 12, 8, 0, 0) if stops else (50, 12, 8, 15, 15))[0]
    side, quantity, price = chance.choice(list(Side)), source.quantity(), source.price(instrument)
    trigger = reachable(source, instrument, side, price) if stops else 0
    if stops and trigger != price and not source.rarely(8):
        price = chance.choice((trigger, trigger + 4 if side == Side.BUY else trigger - 4))
    batch.enter(
        source.account(),
        instrument,
        side,
        quantity,
        price,
        type=type_,
        tif=tif,
        trigger=trigger,
        display=chance.choice((1, 2, 3, 5)) if quantity > 4 and source.rarely(3) else 0,
        flags=flags(source),
        tag=chance.randrange(1, 30),
        expiry=chance.choice(DAYS) if tif == Tif.GTD else 0,
        minimum=chance.randint(0, 8) if tif == Tif.FAK and source.rarely(3) else 0,
        protection=chance.choice((0, 0, 1, 7, 2**31 - 1)) if price % 2 else 0,
        smp_id=chance.choice((0, 0, 1, 2)),
        smp_rule=chance.choice(list(Smp)),
        session=chance.randrange(5),
    )
    if source.rarely(25):
        spoil(source, batch)


def flags(source: Source) -> int:
    """Return an order's flags: mostly none, sometimes those that a limit order may have."""
    some = (Flag.POST_ONLY, Flag.POST_ONLY | Flag.SLIDE, Flag.REDUCE_ONLY)
    return source.chance.choice(some) if source.rarely(8) else 0


def reachable(source: Source, number: int, side: int, price: int) -> int:
    """Return a trigger close beyond the last trade, so that it is soon reached."""
    if source.rarely(20) or not 0 <= number < len(source.world.market.instruments):
        return price
    terms = source.world.market.instruments[number]
    last = (terms.low + terms.high) // 2 if terms.last == NIL_PRICE else terms.last
    away = source.chance.randint(1, 5) * terms.tick
    return last + away if side == Side.BUY else last - away


def spoil(source: Source, batch: Batch) -> None:
    """Write a value into the last row that a careless participant might have sent."""
    field, values = source.chance.choice(
        (
            ("side", (2, 255)),
            ("type", (0, Type.STOP_LIMIT, Type.STOP, 6, 255)),
            ("tif", (0, 6, 255)),
            ("smp_rule", (3, 255)),
            ("flags", (Flag.POST_ONLY, Flag.SLIDE, Flag.IN_FLIGHT, Flag.OPERATOR, 2**15)),
            ("minimum", (-1, 1, 50)),
            ("display", (-1, 1, 41)),
            ("trigger", (1, 2**62, -(2**63))),
            ("protection", (-1, 3)),
            ("expiry", (-1, DAYS[1])),
            ("version", (0, VERSION + 1)),
            ("kind", (0, Kind.LIQUIDATE, Kind.SKIP, 255)),
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
    moved = 0
    if order is not None and order.trigger != 0:
        moved = source.chance.choice(
            (0, order.trigger, order.trigger + 2, order.trigger - 2, price)
        )
    batch.replace(
        account,
        instrument,
        order_id,
        quantity,
        price,
        trigger=moved,
        flags=source.chance.choice((0, 0, Flag.IN_FLIGHT)),
        tag=source.chance.choice((0, 77)),
        session=9,
    )
    if source.rarely(60):
        spoil(source, batch)


def cancel(source: Source, batch: Batch) -> None:
    account, instrument, order_id = named(source)
    tag = 0
    if source.rarely(3):
        order = source.world.live.get(order_id)
        order_id, tag = 0, order.tag if order is not None else 77
    flags = Flag.OPERATOR if source.rarely(10) else 0
    batch.cancel(account, instrument, order_id, tag=tag, flags=flags, session=9)


def cancel_all(source: Source, batch: Batch) -> None:
    chance = source.chance
    batch.cancel_all(
        source.account(),
        chance.choice((NIL, source.instrument())),
        product=chance.choice((NIL, NIL, 0, 1, 9)),
        side=chance.choice((NIL, NIL, Side.BUY, Side.SELL, 2)),
        flags=Flag.OPERATOR if source.rarely(4) else 0,
        session=9,
    )
