"""A halt ends in time, whether somebody trades or not, and for nobody's order."""

from clearing.calendar import eve, times
from clearing.genesis import genesis
from clearing.house import House
from clearing.venue import Venue
from engine.exchange import Exchange
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import NIL, Did, Kind, Phase
from tests.trading_days import FIRST_DAY, SIZES, TERMS

SECONDS = 1_000_000_000


def test_a_halt_ends_in_time_without_anybodys_order() -> None:
    venue = Venue(Exchange(sizes=SIZES), House())
    venue.submit(genesis(TERMS, FIRST_DAY), eve(FIRST_DAY))
    opens = times(FIRST_DAY)[2][0]
    venue.tick(opens)
    batch = Batch()
    batch.money(
        Kind.GUARD,
        product=0,
        other=NIL,
        denominator=20,
        batch=2 * SECONDS,
        source=5 * SECONDS,
    )
    batch.money(Kind.OPEN_ACCOUNT, account=1)
    batch.money(Kind.DEPOSIT, account=1, value=10**12)
    for side, lots, price in ((1, 1, 500), (1, 1, 520), (0, 2, 520)):
        batch.enter(1, 0, side, lots, price)
    events = venue.submit(batch, opens + 7)[0].events
    assert events["reason"][events["kind"] == Did.PHASED].tolist() == [Reason.VELOCITY]
    assert venue.next_due() == venue.exchange.deadline == opens + 7 + 5 * SECONDS
    assert venue.tick(opens + 6 + 5 * SECONDS) == []
    [outcome] = venue.tick(opens + 6 * SECONDS)
    assert outcome.frame.commands["kind"].tolist() == [Kind.TIME]
    assert outcome.frame.commands["time"].tolist() == [opens + 7 + 5 * SECONDS]
    told = [(int(event["kind"]), int(event["quantity"])) for event in outcome.events]
    assert told == [(Did.FILLED, 1), (Did.FILLED, 1), (Did.PHASED, Phase.OPEN)]
    assert venue.next_due() == times(FIRST_DAY)[3][0]
