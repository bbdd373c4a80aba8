"""Random quotes and protections, near each other so that they trade, keep their place or cross."""

from engine.layout import MONEY
from engine.quote_rows import add_protection, add_quote
from engine.rows import Batch
from engine.schema import Smp
from tests.random_desk import spoil
from tests.random_source import Source

_MAKERS = (1, 2, 3)  # Few, so that quotes meet older ones.
_FAULTS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("side", (1, 9)),
    ("type", (1, 9)),
    ("tif", (1, 9)),
    ("smp_rule", (3,)),
    ("flags", (1, 16, 32)),
    ("minimum", (1, -1)),
    ("protection", (1, -1)),
    ("expiry", (1,)),
    ("display", (-1, 41, 2**63 - 1, -(2**63))),
    ("trigger", (2**62, -(2**63))),
)


def quote(source: Source, batch: Batch) -> None:
    chance, instrument = source.chance, source.instrument()
    account = source.account() if source.rarely(10) else chance.choice(_MAKERS)
    bid, tick = source.price(instrument), 1
    if 0 <= instrument < len(source.world.market.instruments):
        tick = source.world.market.instruments[instrument].tick
    ask = bid + chance.choice((0, 1, 1, 2, 3, 5)) * tick
    old = [o for o in source.world.live.values() if o.is_quote and o.account == account]
    same = [o for o in old if o.instrument == instrument and not source.rarely(3)]
    sides = {side: (source.quantity(), price) for side, price in ((0, bid), (1, ask))}
    for order in same:
        sides[order.side] = order.leaves + chance.choice((-1, 0, 0, 1)), order.price
    for side in (0, 1):
        if source.rarely(8):
            sides[side] = 0, 0
    add_quote(
        batch,
        account,
        instrument,
        sides[0],
        sides[1],
        tag=chance.randrange(1, 30),
        smp_id=chance.choice((0, 0, 1, 2)),
        smp_rule=chance.choice(list(Smp)),
        session=3,
    )
    spoil(source, batch, _FAULTS)


def protect(source: Source, batch: Batch) -> None:
    """Set or reset a protection; mostly one that was breached."""
    chance = source.chance
    breached = [
        (number, product)
        for number, account in enumerate(source.world.accounts)
        for product, protection in account.protections.items()
        if protection.is_breached
    ]
    account, product = chance.choice(_MAKERS), chance.choice((0, 1))
    if breached and not source.rarely(4):
        account, product = chance.choice(breached)
    window = chance.choice((600, 3_000, 10**9))
    add_protection(batch, account, product, chance.choice((0, 4, 12, 30)), window=window)
    if source.rarely(12):
        faults = (("value", (-1, 2**61)), ("batch", (0, -5, 2**61)), ("product", (-1, 9)))
        field, values = chance.choice((*faults, ("account", (0, 99))))
        batch.rows[-1:].view(MONEY)[field] = chance.choice(values)
