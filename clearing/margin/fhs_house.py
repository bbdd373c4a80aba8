"""What the house's own contracts lose by scenario, how deep its markets are, what its index did.

It reads a house and changes nothing. A month that is being averaged moves only with the fixings
still to come: what is known of it is fixed.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from clearing.calendar import business_days, days_between
from clearing.house import House
from clearing.margin.averaging import Average, Option, average
from clearing.margin.fhs import Depth, Exposure, Integers, Moves, losses, moves, simulate
from clearing.margin.fhs_history import HORIZON, History, history
from clearing.marking import Contract
from clearing.premiums import Paid
from engine.instruments import UNIT_MICRO, as_date
from engine.schema import NIL_PRICE, Form

_WHOLE = 100  # Percent.
VOLUME_DAYS = 20  # The latest; their mean is a product's volume a day.


def index_history(house: House, models: Sequence[str]) -> History:
    """Return what the index of some models did since the house began; ValueError as `history`.

    Days on which one of them was not fixed are left out: the next return spans them.
    """
    found: dict[str, dict[int, float]] = {model: {} for model in models}
    for one in house.fixings.fixed:
        if one.model in found and one.value_micro:
            found[one.model][one.date] = one.value_micro / 1e6
    common = set.intersection(*(set(values) for values in found.values())) if found else set()
    kept = {
        model: {date: values[date] for date in common if date in values}
        for model, values in found.items()
    }
    return history(kept, models)


def check_live(house: House, name: str) -> None:
    """Raise ValueError, naming the contract, unless an account could hold it now."""
    instrument = house.directory.instrument_of.get(name)
    if instrument is None:
        raise ValueError(f"there is no contract {name!r}")
    if instrument.is_spread:
        raise ValueError(f"{name} is a spread: nobody holds it, say its legs")
    number = instrument.number
    if number not in house.marking.contracts and number not in house.premiums.contracts:
        raise ValueError(f"{name} is settled")


def exposures(house: House, moves: Moves, names: Iterable[str]) -> dict[str, Exposure]:
    """Return the exposures of some contracts, by name.

    ValueError names one that nobody could hold, or that is not marked yet.
    """
    return {name: _exposure(house, moves, name) for name in names}


def _exposure(house: House, moves: Moves, name: str) -> Exposure:
    check_live(house, name)
    instrument = house.directory.instrument_of[name]
    model = house.directory.products[instrument.product].name
    if instrument.is_paid:
        return _paid(house, house.premiums.contracts[instrument.number], model, moves)
    contract = house.marking.contracts[instrument.number]
    if contract.mark == NIL_PRICE:
        raise ValueError(f"{name} has no mark yet")
    is_front = instrument.month == house.marking.front_month(instrument.product)
    moved = moves.of(model, is_front)
    return Exposure(name, model, losses(moving_micro(house, contract), moved))


def _paid(house: House, paid: Paid, model: str, moves: Moves) -> Exposure:
    """Return the exposure of what is paid in full at the trade."""
    number = paid.terms.number
    priced = house.pricing.options.get(number)
    future = _future_of(house, paid)
    if priced is None or future is None:
        still = np.zeros(len(moves.dates) + len(moves.stresses), np.int64)
        return Exposure(paid.terms.name, model, still, owed=paid.need())
    worth = paid.mark * paid.terms.value
    lost = option_losses(house, paid, priced.volatility, future, moves)
    return Exposure(paid.terms.name, model, lost, worth=worth)


def option_losses(
    house: House, paid: Paid, volatility: int, future: Contract, moves: Moves
) -> Integers:
    """Return what a lot of an option loses by scenario, revalued in full at the horizon's end.

    volatility: millionths a year, that it is marked by; it does not move. What is fixed of the
    month stays. The one rounding: to the nearest micro-dollar.
    """
    is_front = future.terms.month == house.marking.front_month(paid.terms.product)
    model = house.directory.products[paid.terms.product].name
    moved = moves.of(model, is_front) * moving_micro(house, future) / paid.terms.value
    month = _month(house, future).after(HORIZON)
    option = Option(paid.terms.strike, paid.terms.form == Form.CALL)
    sigma = volatility / 1e6
    worth = [option.value(month, future.mark + move, sigma) for move in moved.tolist()]
    lost: Integers = np.rint((paid.mark - np.array(worth)) * paid.terms.value).astype(np.int64)
    return lost


def _future_of(house: House, paid: Paid) -> Contract | None:
    """Return the marked future that an option is on, or None."""
    for contract in house.marking.live(paid.terms.product):
        if contract.terms.month == paid.terms.month and contract.mark != NIL_PRICE:
            return contract
    return None


def _month(house: House, future: Contract) -> Average:
    """Return what is fixed of a future's month, and how long the rest can move from today on."""
    months = house.marking.series[future.terms.product].months
    days = business_days(future.terms.month)
    ahead = max(days_between(as_date(house.date), days[0]), 1)
    return average(months.get(future.terms.month, []), future.expected or len(days), ahead)


def moving_micro(house: House, contract: Contract) -> float:
    """Return what of a lot's worth still moves, in micro-dollars: all but its known fixings."""
    terms = contract.terms
    months = house.marking.series[terms.product].months
    known = months.get(terms.month, []) if contract.expected else []
    if known and len(known) >= contract.expected:
        return 0.0
    fixed = sum(known) / contract.expected / UNIT_MICRO if known else 0.0
    return max(contract.mark - fixed, 0.0) * terms.value


def depths(house: House) -> dict[str, Depth]:
    """Return how much of each product trades a day and is held, in lots."""
    directory = house.directory
    traded = [0] * len(directory.products)
    dates = sorted({one.date for one in house.activity})[-VOLUME_DAYS:]
    for one in house.activity:
        if dates and one.date >= dates[0]:
            traded[directory.instruments[one.instrument].product] += one.volume
    held = [0] * len(directory.products)
    for number, lots in enumerate(house.positions.contracts["open_interest"].tolist()):
        held[directory.instruments[number].product] += lots
    return {
        product.name: Depth(traded[product.number] // max(len(dates), 1), held[product.number])
        for product in directory.products
    }


def requirements(house: House) -> Integers | None:
    """Return what every account would need to keep its positions, in micro-dollars.

    None where that cannot be said yet: the index is too young, or what is held is not marked.
    """
    net = house.positions.holdings["net"]
    held = np.flatnonzero(net.any(axis=1)).tolist()
    names = [house.directory.instruments[number].name for number in held]
    try:
        moved = moves(index_history(house, [each.name for each in house.directory.products]))
        made = exposures(house, moved, names)
    except ValueError:
        return None
    deep, found = depths(house), np.zeros(net.shape[1], np.int64)
    for account in np.flatnonzero(net.any(axis=0)).tolist():
        lots = {
            name: int(net[house.directory.instrument_of[name].number, account]) for name in names
        }
        found[account] = simulate(moved, made, lots, deep, _WHOLE).maintenance
    return found
