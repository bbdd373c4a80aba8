"""The guards of a product follow its lead month; a spot month's limit comes in time."""

import datetime
from decimal import Decimal

from clearing.calendar import eve
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
PLAIN = ProductTerms(model="B200", rates=(Decimal(500),))


def changes(directory: Directory, date: datetime.date) -> list[tuple[int, ...]]:
    """Return kind, product, lead, instrument and value of the rows of a close."""
    batch = Batch()
    add_changes(batch, directory, date)
    names = ("kind", "product", "other", "instrument", "value")
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
    assert changes(directory, datetime.date(2026, 7, 30)) == []
    assert changes(directory, datetime.date(2026, 7, 31)) == [(Kind.GUARD, 0, 2, -1, 40)]


def test_a_spot_months_limit_comes_three_business_days_before_its_end() -> None:
    house = House()
    venue = Venue(Exchange(sizes=SIZES), house)
    venue.submit(genesis([GUARDED, PLAIN], FIRST_DAY), eve(FIRST_DAY))
    rows = changes(house.directory, datetime.date(2026, 7, 28))
    assert rows == [(Kind.LIMIT, -1, 0, 0, 7_500)]
    assert venue.exchange.state.instruments["position_max"][0] == 9_000


def test_guards_stand_in_the_terms() -> None:
    assert decode_terms(encode_terms(GUARDED)) == GUARDED
    assert not GuardTerms().are_on
    assert not PLAIN.guards.are_on
