"""Options are listed on the nearest futures once they are marked, and again with each new month."""

import datetime

import msgspec
import pytest

from clearing.calendar import eve, next_business_day, times
from clearing.options import payoff, strikes
from clearing.venue import Venue
from engine.instruments import option_name, units
from engine.rows import Batch
from engine.schema import Form, Phase, Side
from tests.trading_days import (
    FIRST_DAY,
    SIZES,
    TERMS,
    assert_books_agree,
    finish,
    fix,
    founding,
)

FLAT = [2_810_000, 1_400_000]
LAST_DAY = datetime.date(2026, 7, 31)
EXPIRY = datetime.date(2026, 12, 31)


def founded(options: int) -> Venue:
    """Return a venue whose first product has options on so many months; its first day is open."""
    terms = [msgspec.structs.replace(TERMS[0], options=options), TERMS[1]]
    venue = Venue.open(sizes=SIZES._replace(instruments=512))
    venue.submit(founding(terms=terms), eve(FIRST_DAY))
    venue.tick(times(FIRST_DAY)[3][0])
    return venue


def pass_day(venue: Venue, date: datetime.date) -> None:
    fix(venue, date, FLAT)
    finish(venue, date)


def names(venue: Venue) -> list[str]:
    return [each.name for each in venue.house.directory.instruments if each.is_paid]


def test_strikes_are_every_ten_cents_within_half_of_the_mark() -> None:
    found = strikes(units("2.81"))
    assert found[0] == units("1.50")
    assert found[-1] == units("4.20")
    assert found[1] - found[0] == units("0.10")
    assert strikes(units("0.20")) == [units("0.10"), units("0.20"), units("0.30")]
    assert strikes(0) == []


@pytest.mark.parametrize(
    ("form", "strike", "price", "pays"),
    [
        (Form.CALL, "2.80", "2.95", "0.15"),
        (Form.CALL, "2.80", "2.80", "0"),
        (Form.CALL, "2.80", "2.00", "0"),
        (Form.PUT, "2.80", "2.00", "0.80"),
        (Form.PUT, "2.80", "2.95", "0"),
    ],
)
def test_what_an_option_pays(form: Form, strike: str, price: str, pays: str) -> None:
    assert payoff(form, units(strike), units(price)) == units(pays)


def test_names_are_the_dialects() -> None:
    assert option_name("H100", EXPIRY, units("2.50"), True) == "H100_USD-31DEC26-2d5-C"
    assert option_name("H100", EXPIRY, units("3.00"), False) == "H100_USD-31DEC26-3-P"


def test_options_are_listed_after_the_first_mark_and_open_the_next_day() -> None:
    venue = founded(options=2)
    assert names(venue) == []
    pass_day(venue, FIRST_DAY)
    listed = names(venue)
    assert len(listed) == 2 * 28 + 2 * 29  # August is marked at 2.80: its lowest strike is 1.40.
    assert listed[0] == "H100_USD-31JUL26-1d5-C"
    assert listed[-1].startswith("H100_USD-31AUG26")
    call = venue.house.directory.instrument_of["H100_USD-31JUL26-2d8-C"].number
    venue.tick(times(next_business_day(FIRST_DAY))[3][0])
    state = venue.exchange.state.instruments[call]
    assert state["phase"] == Phase.OPEN
    assert state["mark"] == units("0.05")  # At 26% a year; it would pay 0.01 now.
    assert 0 < state["rate"] < venue.house.marking.live(0)[0].rate
    pass_day(venue, next_business_day(FIRST_DAY))
    assert names(venue) == listed


def test_no_options_where_the_terms_ask_for_none() -> None:
    venue = founded(options=0)
    pass_day(venue, FIRST_DAY)
    assert names(venue) == []


def test_options_end_with_their_future_and_the_next_month_gets_its_own() -> None:
    venue, date = founded(options=1), FIRST_DAY
    pass_day(venue, date)
    of = venue.house.directory.instrument_of
    call, put = of["H100_USD-31JUL26-2d7-C"].number, of["H100_USD-31JUL26-2d9-P"].number
    date = next_business_day(date)
    venue.tick(times(date)[3][0])
    batch = Batch()
    for number, price in ((call, "0.15"), (put, "0.10")):
        batch.enter(2, number, Side.SELL, 1, units(price))
        batch.enter(1, number, Side.BUY, 1, units(price))
    venue.submit(batch, venue.exchange.time)
    while date <= LAST_DAY:
        pass_day(venue, date)
        assert_books_agree(venue)
        date = next_business_day(date)
    # At 2.81: the call pays 0.11, the put 0.09, for 0.25 paid; two fees of trade and settlement.
    lost = 5 * 7_300_000 + 2 * (3_650_000 + 900_000)
    assert venue.house.calls.equity()[1] == 40_000_000_000 - lost
    assert venue.exchange.state.instruments[call]["phase"] == Phase.EXPIRED
    assert not any("31JUL26" in each.terms.name for each in venue.house.premiums.contracts.values())
    assert any(name.startswith("H100_USD-31AUG26") for name in names(venue))
