"""What the house's own contracts lose in the scenarios: futures, options, event contracts."""

import msgspec
import numpy as np
import pytest

from clearing.calendar import eve, next_business_day
from clearing.house import House
from clearing.margin import fhs
from clearing.margin.fhs import Moves
from clearing.margin.fhs_history import HORIZON, history
from clearing.margin.fhs_house import depths, exposures, index_history
from clearing.venue import Venue
from engine.instruments import LOT_HOURS, units
from engine.schema import Form
from tests.trading_days import FIRST_DAY, SIZES, TERMS, finish, fix, founding, front, trade

FIXED = [2_810_000, 1_400_000]
AUGUST = "H100_USD-31AUG26"


@pytest.fixture(scope="module")
def house() -> House:
    """Return a house after two days: options on two months, event contracts, some trades."""
    terms = [msgspec.structs.replace(TERMS[0], options=2, events=1), TERMS[1]]
    venue = Venue.open(sizes=SIZES._replace(instruments=512))
    venue.submit(founding(terms=terms), eve(FIRST_DAY))
    fix(venue, FIRST_DAY, FIXED)
    finish(venue, FIRST_DAY)
    date = next_business_day(FIRST_DAY)
    fix(venue, date, FIXED)
    trade(venue, 1, 3, front(venue, date, 1), 12, units("2.80"), venue.exchange.time)
    finish(venue, date)
    return venue.house


@pytest.fixture(scope="module")
def moved() -> Moves:
    days = range(20260101, 20260129)
    values = {day: 2.5 + 0.2 * np.sin(day * 1.3) for day in days}
    return fhs.moves(history({"H100": values, "A100": values}, ("H100", "A100")))


def test_a_month_ahead_moves_with_its_whole_price(house: House, moved: Moves) -> None:
    contract = house.marking.contracts[house.directory.instrument_of[AUGUST].number]
    found = exposures(house, moved, [AUGUST])[AUGUST]
    move = moved.of("H100", False)
    expected = -move * contract.mark * 0.005 * LOT_HOURS * 10**6
    np.testing.assert_allclose(found.losses, expected, atol=0.51)
    assert (found.worth, found.owed) == (0, 0)


def test_in_the_averaging_month_only_what_is_still_to_be_fixed_moves(
    house: House, moved: Moves
) -> None:
    july = "H100_USD-31JUL26"
    contract = house.marking.contracts[house.directory.instrument_of[july].number]
    assert contract.expected == 20
    found = exposures(house, moved, [july])[july]
    left = contract.mark * 0.005 - 2 * 2.81 / 20  # Two of twenty are known.
    expected = -moved.of("H100", True) * left * LOT_HOURS * 10**6
    np.testing.assert_allclose(found.losses, expected, atol=0.51)
    worst = -0.4 * 18 / 20 * 2.81 * LOT_HOURS * 10**6
    assert found.losses.min() == pytest.approx(worst, rel=0.01)


def test_a_call_less_a_put_loses_what_the_future_loses(house: House, moved: Moves) -> None:
    names = [AUGUST, f"{AUGUST}-2d8-C", f"{AUGUST}-2d8-P"]
    future, call, put = exposures(house, moved, names).values()
    lost = call.losses - put.losses
    np.testing.assert_allclose(np.diff(lost), np.diff(future.losses), atol=2.1)
    for option in (call, put):
        assert option.worth > 0
        assert option.losses.max() <= option.worth
        assert option.losses.min() < 0
    assert HORIZON == 2


def test_sold_event_contracts_may_pay_in_every_scenario(house: House, moved: Moves) -> None:
    event = next(each for each in house.directory.instruments if each.form == Form.EVENT)
    found = exposures(house, moved, [event.name])[event.name]
    assert not found.losses.any()
    assert found.owed == event.high * event.value
    made = fhs.simulate(moved, {event.name: found}, {event.name: -3}, {}, 110)
    assert made.maintenance == made.initial == 3 * found.owed
    assert fhs.simulate(moved, {event.name: found}, {event.name: 3}, {}, 110).maintenance == 0


def test_a_bought_option_needs_nothing_and_a_sold_one_its_worth_and_more(
    house: House, moved: Moves
) -> None:
    name = f"{AUGUST}-2d8-C"
    found = exposures(house, moved, [name])
    bought, sold = (fhs.simulate(moved, found, {name: lots}, {}, 100) for lots in (5, -5))
    assert bought.maintenance == 0
    assert bought.net_option_value == -sold.net_option_value == 5 * found[name].worth
    assert sold.maintenance > 5 * found[name].worth


def test_depth_and_history_are_the_houses_own(house: House) -> None:
    assert depths(house)["H100"] == (12, 12)  # Of the one day on which something was held.
    assert depths(house)["A100"] == (0, 0)
    with pytest.raises(ValueError, match="holds 2 days; a simulation needs 21"):
        index_history(house, ["H100"])
