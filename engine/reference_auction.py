"""The opening auction in the reference: its indicative price, and one uncrossing at it.

Part of the reference: for readers, and the tests' oracle.
"""

from engine.reference_book import auction_price, balance
from engine.reference_guards import witness
from engine.reference_match import elect_in, reached, trade
from engine.reference_risk import Instrument, appraise
from engine.reference_world import World
from engine.schema import NIL_PRICE, Did, Phase, Role, Side


def uncross(world: World, instrument: Instrument) -> None:
    """Let elected stops join; then trade all that meets at the opening price, by priority.

    What traded before does not count for the guards any more.
    """
    book, tick = instrument.book, instrument.tick
    price, lots = auction_price(book, tick, anchor(instrument))
    appraise(instrument)
    if lots > 0:
        gather(world, instrument, anchor(instrument))
    instrument.indicative, instrument.prints = (0, 0), []
    while lots > 0:
        (bid,), (ask,) = book.first(Side.BUY), book.first(Side.SELL)
        traded = min(lots, bid.shown, ask.shown)
        lots -= traded
        trade(world, instrument, (bid, Role.AUCTION), (ask, Role.AUCTION), price, traded)
        instrument.prints = []
        witness(world, instrument, price)


def gather(world: World, instrument: Instrument, anchor: int) -> None:
    """Let every stop join the book that the opening price elects, on its way to rest."""
    while True:
        price, _ = balance(instrument.book, [], instrument.tick, anchor)
        instrument.last, instrument.traded = price, [price]
        if not reached(instrument):
            instrument.traded = []
            return
        elect_in(world, instrument)


def publish_indicative(world: World, instrument: Instrument) -> None:
    """Report the opening price as it stands, where that changed and the phase has one."""
    if instrument.phase not in (Phase.PRE_OPEN, Phase.NO_CANCEL):
        return
    seen = auction_price(instrument.book, instrument.tick, anchor(instrument))
    if seen != instrument.indicative:
        instrument.indicative = seen
        told = {"price": seen[0], "quantity": seen[1]}
        world.say(Did.INDICATIVE, account=0, instrument=instrument.number, **told)


def anchor(instrument: Instrument) -> int:
    """Return the price that decides between equal opening prices; NIL_PRICE for none."""
    return instrument.last if instrument.settlement == NIL_PRICE else instrument.settlement
