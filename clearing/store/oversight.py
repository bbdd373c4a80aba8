"""What the exchange looks at beside prices: who is accountable, and what is held for whom."""

from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import Connection, select

from clearing.store.queries import instrument_names
from clearing.store.schema import ACCOUNTABLE, ACCOUNTS, OWNERS, POSITIONS


class Over(NamedTuple):
    """An owner whose futures are above a level of accountability. Lots, long above 0."""

    owner: str
    product: str
    months: str  # One, as 2026-08, or "all".
    lots: int
    level: int


class Origin(NamedTuple):
    """What is held of a contract. Lots.

    Customers' positions are gross, account by account: no customer's long stands for another's
    short. House positions are net by owner.
    """

    contract: str
    customer_long: int
    customer_short: int
    house_long: int
    house_short: int


def over(connection: Connection, date: int) -> list[Over]:
    """Return who held more than a level of accountability at the end of a trade date."""
    joined = ACCOUNTABLE.join(OWNERS, OWNERS.c.owner == ACCOUNTABLE.c.owner)
    columns = OWNERS.c.name, ACCOUNTABLE
    chosen = select(*columns).select_from(joined).where(ACCOUNTABLE.c.date == date)
    order = ACCOUNTABLE.c.product, ACCOUNTABLE.c.month, ACCOUNTABLE.c.owner
    return [
        Over(row.name, row.model, _months(row.month), row.lots, row.level)
        for row in connection.execute(chosen.order_by(*order))
    ]


def origins(connection: Connection, date: int) -> list[Origin]:
    """Return what was held at the end of a trade date for customers, and by the house."""
    joined = POSITIONS.join(ACCOUNTS, ACCOUNTS.c.account == POSITIONS.c.account)
    columns = ACCOUNTS.c.owner, ACCOUNTS.c.origin, POSITIONS.c.instrument, POSITIONS.c.lots
    customers: dict[int, list[int]] = defaultdict(list)
    house: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    of_day = select(*columns).select_from(joined).where(POSITIONS.c.date == date)
    for owner, origin, number, lots in connection.execute(of_day):
        if origin == "customer":
            customers[number].append(lots)
        else:
            house[number][owner] += lots
    names = instrument_names(connection)
    return [
        Origin(names[number], *sides(customers[number]), *sides(list(house[number].values())))
        for number in sorted({*customers, *house})
    ]


def sides(lots: list[int]) -> tuple[int, int]:
    """Return the lots that are held long, and those that are held short."""
    return sum(each for each in lots if each > 0), -sum(each for each in lots if each < 0)


def _months(month: int) -> str:
    return f"{month // 100}-{month % 100:02}" if month else "all"
