"""The market settlement's tiers by hand: the lead month, chains of calendars, and what is left."""

from fractions import Fraction

import pytest

from clearing.market_settlement import (
    FOURTH,
    QUOTED,
    THIRD,
    TRADED,
    Calendar,
    Market,
    Outright,
    Seen,
    market_settlements,
)
from engine.instruments import units
from engine.schema import NIL_PRICE

LEAD = 202609
MODEL = units("2.50")


def month(number: int, seen: Seen = Seen(), prior: int = NIL_PRICE) -> Outright:
    """Return the month so many after August 2026, on a tick of two units."""
    return Outright(number, 202608 + number, 2, prior, MODEL, seen)


def quoted(bid: str, ask: str, last: str = "") -> Seen:
    """Return a book that was quoted and did not trade in the window."""
    return Seen(0, 0, units(bid), units(ask), units(last) if last else NIL_PRICE)


def traded(price: str, lots: int = 1) -> Seen:
    """Return a book that traded in the window at one price."""
    return Seen(units(price) * lots, lots, last=units(price))


def settled(*months: Outright, calendars: tuple[Calendar, ...] = ()) -> dict[int, Market]:
    """Return the market settlements where September leads."""
    return market_settlements(months, calendars, LEAD)


def test_the_metals_vector() -> None:
    december, far = 1, {3: "-3.7", 5: "-17.5", 7: "-10.6", 9: "-14.0"}
    months = [Outright(december, 202609, 1, NIL_PRICE, 0, Seen(13_222, 1))]
    months += [Outright(number, 202608 + number, 1, NIL_PRICE, 0, Seen()) for number in far]
    calendars = [
        Calendar(december, number, number - december, Seen(int(Fraction(price) * 10), 1))
        for number, price in far.items()
    ]
    found = market_settlements(months, calendars, LEAD)
    assert {number: market.price for number, market in found.items()} == {
        1: 13_222,
        3: 13_259,
        5: 13_397,
        7: 13_328,
        9: 13_362,
    }
    assert {market.tier for market in found.values()} == {TRADED}


@pytest.mark.parametrize(
    ("seen", "market"),
    [
        (
            Seen(units("2.80") * 3 + units("2.84"), 4, units("2.00"), units("3.00")),
            ("2.81", TRADED),
        ),
        (quoted("2.70", "2.74"), ("2.72", QUOTED)),
        (Seen(bid=units("2.70")), ("2.50", THIRD)),
        (Seen(ask=units("2.70")), ("2.50", THIRD)),
        (quoted("2.74", "2.70"), ("2.50", THIRD)),
        (quoted("2.70", "2.70"), ("2.50", THIRD)),
        (Seen(last=units("2.70")), ("2.50", THIRD)),
    ],
)
def test_the_lead_month_stands_on_its_own_book(seen: Seen, market: tuple[str, int]) -> None:
    assert settled(month(1, seen)) == {1: Market(units(market[0]), market[1])}


@pytest.mark.parametrize(("prior", "price"), [("2.60", "2.71"), ("2.90", "2.72"), ("", "2.72")])
def test_a_midpoint_between_two_ticks_goes_to_the_one_nearer_the_prior(
    prior: str, price: str
) -> None:
    before = units(prior) if prior else NIL_PRICE
    assert settled(month(1, quoted("2.70", "2.73"), before))[1].price == units(price)


def test_calendars_weigh_by_lots_over_the_months_between_and_chain_outward() -> None:
    calendars = (
        Calendar(1, 2, 1, traded("0.02", 3)),
        Calendar(2, 3, 1, traded("0.01", 4)),
        Calendar(1, 3, 2, traded("0.09", 4)),
    )
    found = settled(month(1, traded("2.80")), month(2), month(3), calendars=calendars)
    assert found[2] == (units("2.78"), TRADED)
    exact = (4 * Fraction("2.77") + 2 * Fraction("2.71")) / 6
    assert exact == Fraction("2.75")
    assert found[3] == (units("2.75"), TRADED)


def test_a_chained_price_between_two_ticks_goes_to_the_one_nearer_the_prior() -> None:
    calendars = (Calendar(1, 2, 1, Seen(units("0.03"), 2)),)
    for prior, price in (("2.60", "2.78"), ("2.90", "2.79")):
        found = settled(
            month(1, traded("2.80")), month(2, Seen(), units(prior)), calendars=calendars
        )
        assert found[2].price == units(price)


@pytest.mark.parametrize(("last", "spread"), [("0.02", "0.02"), ("0.00", "0.01"), ("0.09", "0.03")])
def test_a_calendars_last_trade_is_moved_to_the_nearer_side_of_its_quotes(
    last: str, spread: str
) -> None:
    calendars = (Calendar(1, 2, 1, quoted("0.01", "0.03", last)),)
    found = settled(month(1, traded("2.80")), month(2), calendars=calendars)
    assert found[2] == (units("2.80") - units(spread), QUOTED)


def test_of_several_last_trades_the_shortest_calendars_counts() -> None:
    calendars = (
        Calendar(1, 3, 2, Seen(last=units("0.50"))),
        Calendar(2, 3, 1, Seen(last=units("0.01"))),
    )
    months = month(1, traded("2.80")), month(2, traded("2.20")), month(3)
    assert settled(*months, calendars=calendars)[3] == (units("2.19"), QUOTED)


def test_a_back_month_is_then_its_own_bid_and_ask_and_then_the_model() -> None:
    silent = (Calendar(1, 2, 1, quoted("0.01", "0.03")),)
    lead = month(1, traded("2.80"))
    assert settled(lead, month(2, quoted("2.60", "2.64")), calendars=silent)[2] == (
        units("2.62"),
        THIRD,
    )
    assert settled(lead, month(2), calendars=silent)[2] == (MODEL, FOURTH)


def test_a_month_without_calendars_and_one_that_is_averaging_stand_on_their_own_books() -> None:
    found = settled(
        month(0, traded("2.90")),
        month(1, traded("2.80")),
        month(2, traded("2.60")),
        calendars=(Calendar(0, 1, 1, traded("0.50")),),
    )
    assert found == {
        0: (units("2.90"), TRADED),
        1: (units("2.80"), TRADED),
        2: (units("2.60"), TRADED),
    }
