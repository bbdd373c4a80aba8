"""The guards of a product follow its lead month; a spot month's limit comes in time."""

import datetime
from decimal import Decimal

from clearing.calendar import eve, times
from clearing.directory import Directory
from clearing.genesis import genesis
from clearing.guards import add_changes
from clearing.house import House
from clearing.terms import GUARDS, GuardTerms, ProductTerms, decode_terms, encode_terms
from clearing.venue import Venue
from engine.exchange import Exchange
from engine.layout import MONEY
from engine.rows import Batch
from engine.schema import Did, Kind
from tests.trading_days import SIZES

FIRST_DAY = datetime.date(2026, 7, 27)
GUARDED = ProductTerms(
    model="H100", rates=(Decimal(250),), position_max=9_000, spot_max=7_500, guards=GUARDS
)
SECONDS = 1_000_000_000
PLAIN = ProductTerms(model="B200", rates=(Decimal(500),))


def changes(
    directory: Directory, date: datetime.date, is_late: bool = False
) -> list[tuple[int, ...]]:
    """Return kind, product, lead, instrument, value and halt of the rows of a close."""
    batch = Batch()
    add_changes(batch, directory, date, is_late)
    names = ("kind", "product", "other", "instrument", "value", "source")
    rows = batch.rows.view(MONEY)
    return [tuple(int(row[name]) for name in names) for row in rows]


def test_guards_follow_the_lead_month() -> None:
    venue = Venue(Exchange(sizes=SIZES), House())
    batch = genesis([GUARDED, PLAIN], FIRST_DAY)
    founded = batch.rows.view(MONEY)[batch.rows["kind"] == Kind.GUARD]
    assert founded["product"].tolist() == [0]
    assert founded["other"].tolist() == [1], "July is averaging, so August leads"
    [outcome] = venue.submit(batch, eve(FIRST_DAY))[:1]
    assert Did.REJECTED not in outcome.events["kind"]
    product = venue.exchange.state.products[0]
    assert (product["band"], product["points"], product["breaker"]) == (40, 40, 1_000)
    assert (product["lead"], product["halt"]) == (1, 120_000_000_000)
    directory = venue.house.directory
    plain, short = (Kind.GUARD, 0, 1, -1, 40, 120 * SECONDS), 5 * SECONDS
    assert changes(directory, datetime.date(2026, 7, 30)) == [plain]
    last = datetime.date(2026, 7, 31)
    assert changes(directory, last, is_late=True) == [(Kind.GUARD, 0, 1, -1, 40, short)]
    assert changes(directory, last) == [(Kind.GUARD, 0, 2, -1, 40, 120 * SECONDS)]


def test_a_spot_months_limit_comes_three_business_days_before_its_end() -> None:
    house = House()
    venue = Venue(Exchange(sizes=SIZES), house)
    venue.submit(genesis([GUARDED, PLAIN], FIRST_DAY), eve(FIRST_DAY))
    rows = changes(house.directory, datetime.date(2026, 7, 28))
    assert rows[1:] == [(Kind.LIMIT, -1, 0, 0, 7_500, 0)]
    assert changes(house.directory, datetime.date(2026, 7, 28), is_late=True)[1:] == []
    assert venue.exchange.state.instruments["position_max"][0] == 9_000


def test_guards_stand_in_the_terms() -> None:
    assert decode_terms(encode_terms(GUARDED)) == GUARDED
    assert not GuardTerms().are_on
    assert not PLAIN.guards.are_on


def test_halts_are_short_before_the_close_and_long_again_afterwards() -> None:
    venue = Venue(Exchange(sizes=SIZES), House())
    venue.submit(genesis([PLAIN, GUARDED], FIRST_DAY), eve(FIRST_DAY))
    product, halts = venue.exchange.state.products[1], []
    for time, _ in times(FIRST_DAY):
        venue.tick(time)
        halts.append(int(product["halt"]) // SECONDS)
    assert halts == [120] * 9 + [5, 120]
