"""A venue on a disk that loses power, fails or is full: what it told is true afterwards."""

import contextlib
import pathlib

import pytest

from clearing.calendar import times
from clearing.house import House
from clearing.venue import Venue
from clearing.verify import figures
from engine.exchange import Exchange, Outcome
from engine.frame import Frame
from engine.journal import JournalError, JournalFullError, NoJournal
from engine.schema import Origin
from tests.forgetful import ForgetfulDisk
from tests.trading_days import FIRST_DAY, SIZES, Driver, found


def test_a_power_failure_keeps_every_synced_day_to_the_cent() -> None:
    disk, folder = ForgetfulDisk(), pathlib.Path("journal")
    venue = Venue.open(folder, disk, sizes=SIZES)
    found(venue, cash=6_000_000_000)
    driver = Driver(venue, seed=4)
    driver.day(orders=5)
    venue.sync()
    kept = figures(venue)
    driver.day(orders=5)
    disk.lose_power()
    assert figures(Venue.open(folder, disk, sizes=SIZES)) == kept


@pytest.mark.parametrize("fail_at", range(5, 165, 20))
def test_a_disk_that_fails_within_a_day_leaves_a_venue_that_opens(fail_at: int) -> None:
    disk, folder = ForgetfulDisk(), pathlib.Path("journal")
    venue = Venue.open(folder, disk, sizes=SIZES)
    found(venue, cash=6_000_000_000)
    driver = Driver(venue, seed=4)
    driver.day(orders=3)
    whole = list(driver.outcomes)
    disk.calls, disk.fail_at = 0, fail_at
    with contextlib.suppress(JournalError):
        for _ in range(9):
            driver.day(orders=3)
    disk.fail_at = 0
    disk.kill()
    healed = Venue.open(folder, disk, sizes=SIZES)
    assert healed.exchange.seq >= whole[-1].frame.last
    assert healed.house.ledger.total() == 0
    seen: list[Outcome] = []
    healed.tick(healed.next_due())
    healed.close()
    again = Venue.open(folder, disk, sizes=SIZES, watch=seen.append)
    assert figures(again)._replace(frames=0) == figures(healed)._replace(frames=0)
    assert seen[-1].frame.last == again.exchange.seq


class Brimful(NoJournal):
    """A journal without room for what the house answers."""

    def append(self, frame: Frame) -> None:
        """Refuse what does not come from outside."""
        if frame.origin != Origin.PARTICIPANT:
            raise JournalFullError("no room")


def test_an_answer_that_finds_no_room_is_no_refusal() -> None:
    venue = Venue(Exchange(Brimful(), SIZES), House())
    found(venue)
    with pytest.raises(JournalError, match="no room for the house's answer to seq") as caught:
        venue.tick(times(FIRST_DAY)[-1][0])
    assert not isinstance(caught.value, JournalFullError)
