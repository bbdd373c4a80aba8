"""Days of random trading in a database, for the tests of the store and of what reads it."""

import functools
from collections.abc import Sequence

from sqlalchemy import select

from clearing.calendar import times
from clearing.store.database import Database
from clearing.store.schema import METADATA
from clearing.store.store import Store
from clearing.venue import Venue
from engine.exchange import Outcome
from engine.rows import Batch
from engine.schema import Kind, Side, Tif
from tests.trading_days import SIZES, Driver, found, front

Contents = dict[str, list[tuple[object, ...]]]


@functools.cache
def history(days: int = 5) -> tuple[Venue, list[Outcome]]:
    """Return a venue after some days of random trading, and all that happened.

    Then comes a day on which account 1 buys many lots of 2, and an order of 3 stays.
    """
    venue = Venue.open(sizes=SIZES)
    outcomes = found(venue, cash=6_000_000_000)
    driver = Driver(venue, seed=11)
    for _ in range(days):
        driver.day(orders=20)
    outcomes += driver.outcomes
    now, number = times(driver.date)[3][0], front(venue, driver.date, 1)
    batch = Batch()
    for account in (1, 2):
        batch.money(Kind.DEPOSIT, account=account, value=10**11)
    batch.desk(Kind.BLOCK, buyer=1, seller=2, instrument=number, quantity=60, price=500)
    batch.enter(3, number, Side.BUY, 1, 300, tif=Tif.GTC)
    outcomes += venue.tick(now) + venue.submit(batch, now)
    return venue, outcomes + venue.tick(times(driver.date)[-1][0])


def contents(database: Database) -> Contents:
    """Return every row of every table, in the order of the keys."""
    with database.transaction() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in METADATA.sorted_tables
        }


def stored(database: Database, outcomes: Sequence[Outcome]) -> Store:
    """Return a store that has taken in outcomes, whole."""
    store = Store(database)
    for outcome in outcomes:
        store.fold(outcome)
    store.finish()
    return store
