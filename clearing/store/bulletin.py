"""The bulletin of a day: what each contract settled at and how it traded; and who holds much."""

from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from clearing.store.database import StoreError
from clearing.store.oversight import Origin, Over, origins, over, sides
from clearing.store.queries import instrument_names
from clearing.store.schema import ACCOUNTS, ACTIVITY, OWNERS, POSITIONS, SETTLEMENTS
from engine.instruments import as_date, usd

LARGE = 25  # Lots: from here on an owner's position in a contract is reported.


class Contract(NamedTuple):
    """One contract's day. Prices in USD per GPU-hour; "" where there is none."""

    contract: str
    settle: str
    change: str  # Since its settlement before.
    volume: int  # Lots traded since the end of the day before, blocks and legs of spreads too.
    block_volume: int
    open_interest: int


class Large(NamedTuple):
    """What an owner holds of a contract in all their accounts, where that is much. Lots."""

    owner: str
    contract: str
    long: int
    short: int


class Bulletin(NamedTuple):
    """All contracts that settled, traded or were held on a trade date, and by whom."""

    date: str
    contracts: list[Contract]
    large: list[Large]
    accountable: list[Over]
    origins: list[Origin]


def bulletin(connection: Connection, date: int = 0) -> Bulletin:
    """Return the bulletin of a trade date, yyyymmdd; 0: of the last day that ended.

    Raises StoreError where no such day has ended.
    """
    last = connection.execute(select(func.max(SETTLEMENTS.c.date))).scalar() or 0
    contracts = _contracts(connection, date or last)
    if not contracts:
        when = f"on {as_date(date)}" if date else "yet"
        known = f"; the last day that is known is {as_date(last)}" if last else ""
        raise StoreError(f"no contract settled or traded {when}{known}")
    day = date or last
    beside = _large(connection, day), over(connection, day), origins(connection, day)
    return Bulletin(str(as_date(day)), contracts, *beside)


def _contracts(connection: Connection, date: int) -> list[Contract]:
    of_day = select(ACTIVITY).where(ACTIVITY.c.date == date)
    active = {row.instrument: row for row in connection.execute(of_day)}
    prices = _prices(connection, date)
    before = _prices(connection, _before(connection, date))
    names = instrument_names(connection)
    found = []
    for number in sorted({*active, *prices}):
        price, row = prices.get(number), active.get(number)
        lots = (row.volume, row.block_volume, row.open_interest) if row else (0, 0, 0)
        settle = "" if price is None else usd(price)
        change = usd(price - before[number]) if price is not None and number in before else ""
        found.append(Contract(names[number], settle, change, *lots))
    return found


def _prices(connection: Connection, date: int) -> dict[int, int]:
    """Return what each contract settled at on a date, in price units."""
    of_day = select(SETTLEMENTS).where(SETTLEMENTS.c.date == date).order_by(SETTLEMENTS.c.seq)
    return {row.instrument: row.price for row in connection.execute(of_day)}


def _before(connection: Connection, date: int) -> int:
    """Return the last date before another on which anything settled; 0: none."""
    earlier = select(func.max(SETTLEMENTS.c.date)).where(SETTLEMENTS.c.date < date)
    return connection.execute(earlier).scalar() or 0


def _large(connection: Connection, date: int) -> list[Large]:
    joined = POSITIONS.join(ACCOUNTS, ACCOUNTS.c.account == POSITIONS.c.account)
    owned = joined.join(OWNERS, OWNERS.c.owner == ACCOUNTS.c.owner)
    columns = OWNERS.c.name, POSITIONS.c.instrument, POSITIONS.c.lots
    held: dict[tuple[int, str], list[int]] = defaultdict(list)
    of_day = select(*columns).select_from(owned).where(POSITIONS.c.date == date)
    for owner, number, lots in connection.execute(of_day):
        held[number, owner].append(lots)
    names = instrument_names(connection)
    return [
        Large(owner, names[number], long, short)
        for (number, owner), lots in sorted(held.items())
        for long, short in [sides(lots)]
        if max(long, short) >= LARGE
    ]
