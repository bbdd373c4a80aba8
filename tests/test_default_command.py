"""The shipped default: played to its end, and borne tranche by tranche to the micro-dollar."""

import numpy as np
import pytest

from engine.exchange import Outcome
from engine.schema import Kind, Role
from sim.default_page import defaulted, page
from sim.plan import Span, planned
from sim.run import Run
from sim.scenario import load


@pytest.fixture(scope="module")
def seen() -> list[Outcome]:
    """Outcomes of the scenario `default`, once `run` has played it."""
    return []


@pytest.fixture(scope="module")
def run(seen: list[Outcome]) -> Run:
    """The scenario `default`, played."""
    made = Run(planned(load("default"), Span()), watch=seen.extend)
    assert len(list(made.days())) == 7
    return made


def moved(outcomes: list[Outcome], kind: Kind, role: Role) -> int:
    """Return how many lots rows of a kind moved, by the events of one role."""
    found = 0
    for frame, events in outcomes:
        rows = frame.commands["seq"][frame.commands["kind"] == kind]
        chosen = (events["role"] == role) & np.isin(events["seq"], rows)
        found += int(events["quantity"][chosen].sum())
    return found


def test_the_house_sells_in_the_book_and_the_rest_by_auction(run: Run, seen: list[Outcome]) -> None:
    assert run.venue.house.defaults.cases
    assert moved(seen, Kind.LIQUIDATE, Role.TAKER) > 0
    assert moved(seen, Kind.ASSIGN, Role.ASSIGNED) > 0


def test_it_reaches_the_other_members_and_adds_up(run: Run) -> None:
    (shown,) = defaulted(run)
    assert sum(shown.tranches.values()) == sum(one.amount_micro for one in shown.borne)
    assert sum(shown.tranches.values()) == shown.loss_micro
    reached = [name for name, amount in shown.tranches.items() if amount]
    assert reached == ["margin", "contribution", "capital", "fund"]
    assert run.summary().ledger_sum_micro == 0


def test_members_bid_and_the_best_bid_won(run: Run) -> None:
    (sold,) = defaulted(run)[0].auctions
    assert {bid.account for bid in sold.bids} == {"maker-1", "maker-2", "maker-3"}
    assert (sold.winner, sold.price_micro) == (sold.bids[0].account, sold.bids[0].price_micro)
    assert sold.price_micro == max(bid.price_micro for bid in sold.bids)


def test_with_forwards_those_who_traded_with_it_lose(run: Run) -> None:
    (shown,) = defaulted(run)
    assert {one.account for one in shown.bilateral} > {"maker-1", "hedger-1"}
    assert all(0 < one.lost_micro < one.owed_micro for one in shown.bilateral)


def test_the_page_names_every_tranche(run: Run) -> None:
    text = page(defaulted(run)[0])
    for line in ("the exchange's own capital", "haircut of the day's gains", "lost by counterpart"):
        assert line in text
