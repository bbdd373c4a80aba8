"""Owners above a level of accountability are reported, and positions are told by origin."""

import msgspec
import pytest

from clearing.calendar import eve, times
from clearing.reports import Accountable
from clearing.store.bulletin import Bulletin, bulletin
from clearing.store.database import Database
from clearing.store.oversight import Origin, Over
from clearing.store.rebuild import catch_up
from clearing.store.rendering import bulletin_text
from clearing.venue import Venue
from engine.layout import MONEY
from engine.rows import Batch
from engine.schema import Kind
from tests.trading_days import FIRST_DAY, SIZES, TERMS, finish, founding, front

LEVELS = [
    msgspec.structs.replace(TERMS[0], accountable_month=50, accountable_all=70),
    TERMS[1],
]
JULY, AUGUST = "H100_USD-31JUL26", "H100_USD-31AUG26"


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Venue, Bulletin]:
    """A day's end, and its bulletin.

    Owner 1 has accounts 1 and 6 of house origin, and 5 of a customer's; all others are customers.
    """
    folder = tmp_path_factory.mktemp("accountability")
    venue = Venue.open(folder / "journal", sizes=SIZES)
    batch = founding(terms=LEVELS)
    opened = batch.rows["kind"] == Kind.OPEN_ACCOUNT
    batch.rows.view(MONEY)["value_2"][opened & (batch.rows["account"] == 1)] = 1
    for account in (5, 6):
        name, is_house = f"account-{account}", int(account == 6)
        batch.money(Kind.OPEN_ACCOUNT, account=account, other=1, value_2=is_house, text=name)
    venue.submit(batch, eve(FIRST_DAY))
    venue.tick(times(FIRST_DAY)[3][0])
    july, august = front(venue, FIRST_DAY), front(venue, FIRST_DAY, 1)
    lots = Batch()
    for buyer, seller, number, count in (
        *((1, 2, july, 30), (5, 3, july, 21), (2, 6, july, 20), (5, 4, july, 20)),  # Owner 1: 51.
        *((5, 2, august, 20), (4, 3, august, 50)),
    ):
        lots.desk(
            Kind.ASSIGN,
            buyer=buyer,
            seller=seller,
            instrument=number,
            quantity=count,
            price=560,
        )
    venue.submit(lots, venue.exchange.time)
    finish(venue, FIRST_DAY)
    venue.close()
    catch_up(folder)
    database = Database.at("", folder)
    with database.transaction() as connection:
        made = bulletin(connection, 20260706)
    database.close()
    return venue, made


def test_only_an_owner_above_a_level_is_reported_net_over_all_accounts(
    ended: tuple[Venue, Bulletin],
) -> None:
    date = 20260706
    assert ended[0].house.accountable == [
        Accountable(date, 1, 0, 202607, 51, 50),
        Accountable(date, 1, 0, 0, 71, 70),
        Accountable(date, 3, 0, 0, -71, 70),
    ]


def test_the_bulletin_says_the_same(ended: tuple[Venue, Bulletin]) -> None:
    assert ended[1].accountable == [
        Over("owner-1", "H100", "all", 71, 70),
        Over("owner-3", "H100", "all", -71, 70),
        Over("owner-1", "H100", "2026-07", 51, 50),
    ]
    assert "owner-3  H100     all       -71     70" in bulletin_text(ended[1])


def test_customers_are_told_gross_and_the_house_net(ended: tuple[Venue, Bulletin]) -> None:
    assert ended[1].origins == [
        Origin(JULY, 41, 51, 10, 0),
        Origin(AUGUST, 70, 70, 0, 0),
    ]
