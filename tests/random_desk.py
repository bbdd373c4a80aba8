"""Random rows of the desk and the house: blocks, assignments, liquidations, trades reviewed."""

from engine.rows import Batch
from engine.schema import Flag, Kind, Side, Tif, Type
from tests.random_source import MEMBERS, Source


def block(source: Source, batch: Batch) -> None:
    chance, instrument = source.chance, source.instrument()
    buyer = source.account()
    seller = buyer % MEMBERS + 1 if source.rarely(3) else source.account()
    price = source.price(instrument)
    batch.desk(
        Kind.BLOCK,
        buyer=buyer,
        seller=seller,
        instrument=instrument,
        quantity=source.quantity() + chance.choice((0, 0, 90)),
        price=price,
        tag=chance.randrange(1, 30),
        session=7,
    )
    spoil(source, batch, (("flags", (0, 17)), ("side", (1, 9)), ("quantity", (2**63 - 1, 200))))


def assign(source: Source, batch: Batch) -> None:
    """Move lots between two accounts, seldom far too many of them."""
    chance, instrument = source.chance, source.month()
    buyer = source.account()
    seller = buyer % MEMBERS + 1 if source.rarely(3) else source.account()
    batch.desk(
        Kind.ASSIGN,
        buyer=buyer,
        seller=seller,
        instrument=instrument,
        quantity=chance.choice((1, 5, 20, 45)),
        price=source.price(instrument),
        tag=chance.randrange(1, 30),
        session=7,
    )
    spoil(source, batch, (("flags", (0, 17)), ("side", (1, 9)), ("quantity", (2**63 - 1, 2**50))))


def liquidate(source: Source, batch: Batch) -> None:
    """Reduce what somebody holds, mostly after all orders of the account were canceled."""
    chance, accounts = source.chance, source.world.accounts
    held = [
        (account, number, one.net)
        for account, owner in enumerate(accounts)
        for number, one in owner.positions.items()
        if one.net != 0 and not source.world.market.instruments[number].is_spread()
    ]
    account, number, net = chance.choice(held or [(1, 0, 1)])
    lots = chance.choice((abs(net), 1, max(abs(net) // 2, 1), abs(net) + source.rarely(6)))
    side = Side.SELL if net > 0 else Side.BUY
    if not source.rarely(8):
        batch.cancel_all(account, flags=Flag.OPERATOR)
    batch.enter(account, number, side, lots, type=Type.MARKET, tif=Tif.FAK, tag=4, session=7)
    batch.rows["kind"][-1] = Kind.LIQUIDATE
    faults = ("side", (2, 1 - side)), ("type", (Type.LIMIT, 0)), ("tif", (Tif.DAY, Tif.FOK))
    more = ("smp_rule", (1, 3)), ("flags", (1, Flag.OPERATOR)), ("account", (0, 99))
    spoil(source, batch, (*faults, *more, ("instrument", (-1, source.instrument()))))


def review(source: Source, batch: Batch) -> None:
    """Bust or adjust a trade of late; seldom one that is gone or never was."""
    chance, trades = source.chance, source.world.recent
    trade_id = chance.choice((0, -1, source.world.trades + 1, -(2**63), 2**62))
    price = 0
    if trades and not source.rarely(10):
        trade_id = chance.choice(list(trades)[-40:])
        away = [t for t in list(trades)[-40:] if abs(trades[t].price - trades[t].fair) > 8]
        if away and not source.rarely(4):
            trade_id = chance.choice(away)
        price = source.price(trades[trade_id].instrument)
    kind = chance.choice((Kind.BUST, Kind.ADJUST))
    batch.desk(kind, trade_id, price=price, tag=5, session=7)
    spoil(source, batch, (("flags", (0, Flag.IN_FLIGHT)), ("order_id", (2**40, 1, 2))))


def spoil(source: Source, batch: Batch, faults: tuple[tuple[str, tuple[int, ...]], ...]) -> None:
    """Seldom write a value into the last row that is not to be accepted."""
    if source.rarely(15):
        field, values = source.chance.choice(faults)
        batch.rows[field][-1] = source.chance.choice(values)
