"""What `cfx margin` asks of a run's or an exchange's folder: an account's positions, and measures.

The house is replayed from the journal and belongs to nobody else, so a what-if is asked of the
house itself: with other positions of one account in it.
"""

import pathlib
from collections.abc import Callable

import numpy as np

from clearing.house import House
from clearing.ledger import HOUSE
from clearing.margin import fhs
from clearing.margin.fhs_history import History
from clearing.margin.fhs_house import check_live, depths, exposures, index_history
from clearing.venue import proven, replayed
from engine.exchange import Outcome
from sim.margin_ask import Asked, Lots, percent_of
from sim.margin_figures import Figures, of_fhs, of_house
from sim.margin_read import read_history

Tell = Callable[[int, int], object]  # Is told how many rows of the journal of how many are read.


def replayed_house(
    folder: pathlib.Path, tell: Tell, see: Callable[[Outcome], object] | None = None
) -> House:
    """Return the house as the journal of a folder made it. Raises JournalError.

    see: is shown each outcome, in order.
    """
    rows = proven(folder)

    def watch(outcome: Outcome) -> None:
        if see is not None:
            see(outcome)
        tell(outcome.frame.last, rows)

    return replayed(folder, watch).house


def by_house(
    house: House,
    name: str,
    portfolio: Lots | None,
    kind: str | None,
    history: pathlib.Path | None,
) -> Asked:
    """Return what an account of a house holds and what measures it; without a name a portfolio.

    kind: a type of account instead of its own; a portfolio's is speculator. history: of the
    index, instead of the house's own. ValueError for an unknown account.
    """
    account = account_of(house, name) if name else HOUSE
    held = holdings(house, account) if portfolio is None else portfolio
    percent = house.directory.accounts[account].initial_percent
    if kind or portfolio is not None:
        percent = percent_of(kind or "speculator")

    def spanned(lots: Lots) -> Figures:
        put(house, account, lots)
        return of_house(house, account, percent)

    def simulated(lots: Lots) -> Figures:
        models = [product.name for product in house.directory.products]
        moves = fhs.moves(_history(house, models, history))
        made = exposures(house, moves, lots)
        return of_fhs(fhs.simulate(moves, made, lots, depths(house), percent))

    return Asked(held, {"span": spanned, "fhs": simulated})


def holdings(house: House, account: int) -> dict[str, int]:
    """Return an account's lots by contract."""
    net = house.positions.holdings["net"][:, account]
    instruments = house.directory.instruments
    return {instruments[number].name: int(net[number]) for number in np.flatnonzero(net).tolist()}


def _history(house: House, models: list[str], path: pathlib.Path | None) -> History:
    if path is not None:
        return read_history(path, models)
    try:
        return index_history(house, models)
    except ValueError as error:
        raise ValueError(f"the index {error}: say --history FILE") from None


def put(house: House, account: int, lots: Lots) -> None:
    """Give an account other positions, in place. ValueError names a contract that cannot be."""
    net = house.positions.holdings["net"][:, account]
    found = house.directory.instrument_of
    for name in lots:
        check_live(house, name)
    net[:] = 0
    for name, quantity in lots.items():
        net[found[name].number] = quantity


def account_of(house: House, text: str) -> int:
    """Return the account of a name or a number; ValueError where there is none."""
    directory = house.directory
    if text in directory.account_of:
        return directory.account_of[text].number
    if text.isdecimal() and int(text) < len(directory.accounts):
        return int(text)
    raise ValueError(f"there is no account {text!r}")
