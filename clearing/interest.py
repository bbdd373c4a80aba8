"""Interest on cash, by the night: what is there earns, what is missing costs.

Rates are basis points a year, days are counted actual/360. The fraction of a micro-dollar that a
night leaves is carried, so over any number of nights an account is paid the exact sum, rounded
down once.
"""

from typing import NamedTuple

from clearing.ledger import Book, Ledger, Numbers
from engine.instruments import as_date
from engine.jit import Row
from engine.rows import Batch
from engine.schema import Kind

YEAR = 360 * 10_000  # Days of a year x basis points of a whole.


class Rates(NamedTuple):
    """Basis points a year."""

    credit: int = 0  # That cash earns.
    debit: int = 0  # That missing cash costs.


class Night(NamedTuple):
    """What the books held at an end of day, and at which rates it is carried to the next."""

    date: int
    rates: Rates
    cash: list[int]  # Micro-dollars by account.


def accrued(cash: int, rates: Rates, days: int, carried: int) -> tuple[int, int]:
    """Return the interest of some days in whole micro-dollars, and what is carried on.

    cash: micro-dollars, below 0: missing. carried: of a micro-dollar, in 1 / YEAR; so is what is
    returned, from 0 to YEAR - 1. Rounded down: what an account is paid waits until it is whole.
    """
    rate = rates.credit if cash > 0 else rates.debit
    return divmod(cash * rate * days + carried, YEAR)


class Interest:
    """The rates, and what each account has coming of the next micro-dollar."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.rates = Rates()
        self._night = Night(0, self.rates, [])
        self._carried: dict[int, int] = {}

    def take(self, row: Row) -> None:
        """Take in a REVIEW row with the rates from the next end of day on."""
        self.rates = Rates(int(row["value"]), int(row["value_2"]))

    def accrue(self, date: int, fees: Numbers) -> Batch:
        """Return a CHARGE row for each account with interest since the last end of day.

        fees: micro-dollars by account that are charged beside it; what is left then is carried.
        """
        batch, night = Batch(), self._night
        cash = (self._ledger.cash(len(fees)) - fees).tolist()
        days = (as_date(date) - as_date(night.date)).days if night.date else 0
        for account, held in enumerate(night.cash if any(night.rates) else []):
            paid, self._carried[account] = accrued(
                held, night.rates, days, self._carried.get(account, 0)
            )
            if paid:
                cash[account] += paid
                code = Book.INTEREST
                batch.money(Kind.CHARGE, account=account, value=-paid, code=code, source=date)
        cash[0] = 0
        self._night = Night(date, self.rates, cash)
        return batch
