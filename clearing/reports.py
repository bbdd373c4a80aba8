"""What the clearing house publishes about each day. Plain records; nothing reads them back."""

from typing import NamedTuple


class Fixed(NamedTuple):
    """One product's index of one day."""

    date: int  # yyyymmdd, as in all records.
    product: int
    model: str
    value_micro: int  # 0: there was none.
    inputs: int
    refused: int
    providers: int
    gpu_hours_milli: int
    tier: int
    version: int
    inputs_hash: str


class Settlement(NamedTuple):
    """One contract's settlement of one day. Prices in price units."""

    date: int
    instrument: int
    name: str
    price: int  # The mark that variation was paid at.
    mode: str  # index, market, or final: the mean of the month's fixings.
    tier: int  # How good `price` is: of the fixing, or of the market settlement.
    market: int  # The market settlement of the day.
    market_tier: int  # From which source; clearing/market_settlement.py.
    known: int  # Fixings of its month so far,
    expected: int  # of how many; in the month of a start only those from the first day on.


class Variation(NamedTuple):
    """What one account was paid, or paid where below 0."""

    date: int
    account: int
    amount_micro: int


class Call(NamedTuple):
    """One margin call: what is missing to the initial margin. Micro-dollars."""

    date: int
    account: int
    amount_micro: int
    equity_micro: int
    maintenance_micro: int
    initial_micro: int
    due: int  # When it has to be met, ns.


class Unmet(NamedTuple):
    """A call that was not met when it was due."""

    date: int
    account: int
    amount_micro: int


class Correction(NamedTuple):
    """A reversal that an operator asked for, of an entry named by row, account and kind."""

    date: int
    seq: int
    account: int
    kind: int  # An Entry.
    amount_micro: int  # What the entry had paid the account.
    why: str  # Not; "": it was reversed.


class Accountable(NamedTuple):
    """An owner whose futures of a product are above a level of accountability."""

    date: int
    owner: int
    product: int
    month: int  # yyyymm; 0: all months together.
    lots: int  # Net over the owner's accounts, long above 0.
    level: int


class Activity(NamedTuple):
    """What traded in one contract since the last end of day, and what is held, in lots."""

    date: int
    instrument: int
    volume: int
    open_interest: int


UNFIXED = "no fixing of this date"  # Why a product was skipped.


class Skipped(NamedTuple):
    """A settlement that was not made, and why."""

    date: int
    product: int
    why: str
