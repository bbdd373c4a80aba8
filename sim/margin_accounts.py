"""`cfx margin --data DIR` without an account: what every account needs, and each origin in all.

Customers' accounts are margined one by one, and so is each of the house: origins never net, and
what one customer is long does not cover what another is short.
"""

import msgspec
import numpy as np
from rich.table import Table
from rich.text import Text

from clearing.house import House
from clearing.ledger import HOUSE
from engine.instruments import money
from engine.schema import AccountType, Standing
from sim.margin_page import printed

ORIGINS = ("house", "customer")


class AccountNeed(msgspec.Struct, frozen=True):
    """What one account needs and has. USD as decimal text."""

    account: str
    origin: str
    type: str
    standing: str
    maintenance: str
    initial: str
    equity: str


class OriginNeed(msgspec.Struct, frozen=True):
    """The same of all accounts of one origin."""

    origin: str
    accounts: int
    maintenance: str
    initial: str
    equity: str


class OriginPosition(msgspec.Struct, frozen=True):
    """Lots of a contract that the accounts of one origin hold; net is long less short."""

    origin: str
    contract: str
    long: int
    short: int
    net: int


class Overview(msgspec.Struct, frozen=True):
    """All of it, as `--json` prints it."""

    accounts: list[AccountNeed]
    origins: list[OriginNeed]
    positions: list[OriginPosition]


def overview(house: House) -> Overview:
    """Return what every account of a house needs, and what each origin needs and holds."""
    known = house.directory.accounts
    numbers = np.arange(house.positions.accounts)
    maintenance, initial = house.calls.requirements(numbers)
    amounts = np.stack([maintenance, initial, house.calls.equity()], axis=1)
    lines = [
        AccountNeed(
            each.name,
            each.origin,
            AccountType(each.type).name.lower(),
            Standing(house.calls.standing(each.number)).name.lower(),
            *map(money, amounts[each.number].tolist()),
        )
        for each in known
        if each.number != HOUSE
    ]
    origins, positions = [], []
    for origin in ORIGINS:
        mine = [each.number for each in known if each.origin == origin and each.number != HOUSE]
        totals = amounts[mine].sum(axis=0).tolist()
        origins.append(OriginNeed(origin, len(mine), *map(money, totals)))
        positions += _positions(house, origin, mine)
    return Overview(lines, origins, positions)


def _positions(house: House, origin: str, accounts: list[int]) -> list[OriginPosition]:
    """Return the contracts that some of these accounts hold."""
    net = house.positions.holdings["net"][:, accounts]
    longs, shorts = np.maximum(net, 0).sum(axis=1), np.maximum(-net, 0).sum(axis=1)
    names = house.directory.instruments
    return [
        OriginPosition(
            origin,
            names[number].name,
            int(longs[number]),
            int(shorts[number]),
            int(longs[number] - shorts[number]),
        )
        for number in np.flatnonzero(longs + shorts).tolist()
    ]


def page(shown: Overview) -> str:
    """Return it as three tables."""
    needs = ["maintenance", "initial", "equity"]
    accounts = _table(["account", "origin", "type", "standing"], needs)
    for each in shown.accounts:
        accounts.add_row(*map(Text, msgspec.structs.astuple(each)))
    origins = _table(["margin"], ["accounts", *needs])
    for one in shown.origins:
        origins.add_row(*(Text(str(value)) for value in msgspec.structs.astuple(one)))
    positions = _table(["positions", "contract"], ["long", "short", "net"])
    for held in shown.positions:
        lots = (f"{each:,}" for each in (held.long, held.short, held.net))
        positions.add_row(Text(held.origin), Text(held.contract), *lots)
    return "\n".join(map(printed, (accounts, origins, positions)))


def _table(names: list[str], amounts: list[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name)
    for name in amounts:
        table.add_column(name, justify="right")
    return table
