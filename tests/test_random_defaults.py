"""Random days with defaults in them: the books add up after every frame, replayed and cut off.

`CFX_DEFAULTS` says how many seeds more are played (default 0), `CFX_DEFAULT_DAYS` for how long.
"""

import multiprocessing
import os
import pathlib
import signal

import pytest

from clearing.default.cases import Case
from clearing.default.steps import Step
from clearing.default.waterfall import Tranche, drawn
from clearing.house import House
from clearing.ledger import HOUSE, Book
from clearing.venue import Venue
from clearing.verify import Verification, figures
from engine.check import check
from engine.disk import Disk
from engine.exchange import Exchange, Outcome
from engine.layout import MONEY
from engine.schema import AccountType, Kind, Standing
from engine.survey import Survey
from tests.dying import die_playing
from tests.random_defaults import SIZES_OF_RUN, opened, play
from tests.trading_days import assert_books_agree

ALL_TRANCHES, SOME = 10, 8  # Seeds: every tranche is drawn on; the fund is not used up.
SEEDS = (ALL_TRANCHES, SOME, *range(100, 100 + int(os.environ.get("CFX_DEFAULTS", "0"))))
DAYS = int(os.environ.get("CFX_DEFAULT_DAYS", "6"))


class Watch:
    """Looks at the books after each frame, and at what a closed default was borne by."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._left: dict[Tranche, dict[int, int]] = {}  # By party, before the frame.
        self._parts: dict[int, int] = {}  # Of the guaranty fund, before the frame.
        self._closed = 0
        self.reached: set[Tranche] = set()

    def __call__(self, outcome: Outcome) -> None:
        """Assert that one more frame made and lost nothing, and that all paid in their order."""
        house = self._house
        balances, holders = house.ledger.balances, house.positions.holders
        assert house.ledger.total() == 0
        assert not house.positions.holdings["net"].sum(axis=1).any()
        assert not holders["open"].sum()
        assert not holders["variation"].any()
        assert balances[HOUSE, [Book.VARIATION, Book.PREMIUM]].tolist() == [0, 0]
        if not house.defaults.open:
            assert balances[HOUSE, [Book.LOSS, Book.HAIRCUT]].tolist() == [0, 0]
        closed = [case for case in house.defaults.cases if case.closed]
        if len(closed) > self._closed:
            self._gain(house.date)
            for row in outcome.frame.commands.view(MONEY):
                if row["kind"] == Kind.DEFAULT and row["code"] == Step.CLOSE:
                    self._judge([one for one in closed if one.account == row["account"]][-1])
            self._closed = len(closed)
        self._remember()

    def _judge(self, case: Case) -> None:
        """Assert that a loss is borne whole, by no tranche before those above are empty."""
        borne = drawn(case.payments)
        assert sum(borne.values()) == case.loss
        own = {Tranche.MARGIN: case.margin, Tranche.CONTRIBUTION: self._parts[case.account]}
        for tranche in list(Tranche)[:-1]:
            parties = self._left.get(tranche, {})
            others = sum(left for account, left in parties.items() if account != case.account)
            full = own.get(tranche, others)
            assert 0 <= borne[tranche] <= full
            assert borne[tranche] == full or not any(borne[one] for one in Tranche if one > tranche)
        for each in case.payments:
            self.reached.add(each.tranche)
            if each.tranche in self._left:
                self._left[each.tranche][each.account] -= each.amount
                assert self._left[each.tranche][each.account] >= 0

    def _gain(self, date: int) -> None:
        """Note what each account won on a day."""
        gains: dict[int, int] = {}
        for paid in self._house.variations:
            if paid.date == date:
                gains[paid.account] = gains.get(paid.account, 0) + paid.amount_micro
        self._left[Tranche.GAINS] = {one: max(0, gain) for one, gain in gains.items()}

    def _remember(self) -> None:
        """Note what there is to draw on."""
        house, fund = self._house, self._house.defaults.fund
        accounts = house.directory.accounts[1:]
        self._parts = {each.number: fund.of(each.number) for each in accounts}
        members = [each.number for each in accounts if each.type == AccountType.MEMBER]
        good = [one for one in members if house.calls.standing(one) == Standing.GOOD]
        self._left = {
            Tranche.CAPITAL: {HOUSE: fund.capital_left()},
            Tranche.FUND: {one: self._parts[one] for one in good},
            Tranche.ASSESSMENT: {one: fund.terms.assessments * self._parts[one] for one in good},
        }


def watched(folder: pathlib.Path) -> tuple[Venue, Watch]:
    """Return a venue as a folder's journal makes it, each frame looked at."""
    venue = Venue(Exchange(sizes=SIZES_OF_RUN), House())
    watch = Watch(venue.house)
    venue.replay(Survey(folder, Disk()).read(), watch)
    return venue, watch


def played(folder: pathlib.Path, seed: int, days: int) -> Verification:
    """Play on into a folder, from wherever its journal ends; return the hashes at the end."""
    venue = opened(folder)
    play(venue, seed, days)
    check(venue.exchange.state)
    assert_books_agree(venue)
    venue.close()
    return figures(venue)


@pytest.mark.parametrize("seed", SEEDS)
def test_books_add_up_after_every_frame_and_replayed(tmp_path: pathlib.Path, seed: int) -> None:
    live = played(tmp_path, seed, DAYS)
    again, watch = watched(tmp_path)
    assert figures(again) == live
    assert again.house.defaults.cases or seed not in (ALL_TRANCHES, SOME)
    assert watch.reached == set(Tranche) or seed != ALL_TRANCHES


def test_kill_9_between_declaration_and_close_goes_on_to_the_same_books(
    tmp_path: pathlib.Path,
) -> None:
    seed, days = 1, 1
    whole = played(tmp_path / "whole", seed, days)
    frames = list(Survey(tmp_path / "whole", Disk()).read())
    inside = [
        place for place, each in enumerate(frames, 1) if Kind.DEFAULT in each.commands["kind"]
    ]
    clean = multiprocessing.get_context("forkserver")  # Threads of this process survive no fork.
    clean.set_forkserver_preload(["tests.dying"])
    declared, *_, closed = inside[1:]  # The first is of the founding.
    for fatal in ((declared + closed) // 2, closed):
        folder = tmp_path / str(fatal)
        child = clean.Process(target=die_playing, args=(fatal, folder, seed, days))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert len(list(Survey(folder, Disk()).read())) == fatal - 1
        assert played(folder, seed, days) == whole
