"""Decimals become price units and money in one place, exactly or not at all."""

import datetime

import pytest

from engine.instruments import (
    VALUE,
    as_date,
    as_number,
    code_name,
    future_name,
    micro,
    money,
    units,
    usd,
)


@pytest.mark.parametrize(
    ("text", "number"), [("2.81", 562), ("2.805", 561), ("0", 0), ("-0.01", -2)]
)
def test_prices_in_units_of_half_a_cent(text: str, number: int) -> None:
    assert units(text) == number
    assert units(usd(number)) == number


def test_a_price_is_written_with_two_decimals_where_they_suffice() -> None:
    assert [usd(562), usd(561), usd(-1)] == ["2.81", "2.805", "-0.005"]


@pytest.mark.parametrize("text", ["2.811", "NaN", "Infinity", "1e400", "", "two", "1e-9"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"price|multiple"):
        units(text)


def test_a_tick_of_a_lot_is_seven_dollars_thirty() -> None:
    assert money(2 * VALUE) == "7.30"


@pytest.mark.parametrize(
    ("text", "number"), [("7.30", 7_300_000), ("-0.000001", -1), ("1000", 10**9)]
)
def test_money_in_whole_micro_dollars(text: str, number: int) -> None:
    assert micro(text) == number
    assert micro(money(number)) == number


@pytest.mark.parametrize("text", ["0.0000001", "NaN", "x"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"money|micro"):
        micro(text)


def test_names_of_futures() -> None:
    day = datetime.date(2026, 12, 31)
    assert future_name("H100", day) == "H100_USD-31DEC26"
    assert code_name("H100", 202612) == "H1HZ6"
    assert as_date(as_number(day)) == day
