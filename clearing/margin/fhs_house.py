"""What the house's own contracts lose by scenario, how deep its markets are, what its index did.

It reads a house and changes nothing. A month that is being averaged moves only with the fixings
still to come: what is known of it is fixed.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from clearing.house import House
from clearing.margin.fhs import Depth, Exposure, Moves, losses
from clearing.margin.fhs_history import History, history
from clearing.marking import Contract
from clearing.premiums import Paid
from engine.instruments import UNIT_MICRO
from engine.schema import NIL_PRICE, Form

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
        return _paid(house.premiums.contracts[instrument.number], model, moves)
    contract = house.marking.contracts[instrument.number]
    if contract.mark == NIL_PRICE:
        raise ValueError(f"{name} has no mark yet")
    is_front = instrument.month == house.marking.front_month(instrument.product)
    moved = moves.of(model, is_front)
    return Exposure(name, model, losses(moving_micro(house, contract), moved))


def _paid(paid: Paid, model: str, moves: Moves) -> Exposure:
    """Return the exposure of what is paid in full at the trade."""
    if paid.terms.form != Form.EVENT:
        raise ValueError(f"{paid.terms.name} is an option whose volatility is not known")
    still = np.zeros(len(moves.dates) + len(moves.stresses), np.int64)
    return Exposure(paid.terms.name, model, still, owed=paid.need())


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
