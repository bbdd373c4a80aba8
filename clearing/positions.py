"""Who holds what, at what cost: a fold over events, one call a frame.

It books nothing and decides nothing: it counts positions, variation, fees, volume and open
interest, which the house reads at its cycles.
"""

import numpy as np
from numpy.typing import NDArray

from clearing.holdings import CONTRACT, HOLDER, HOLDING, MINUTE, MINUTES, TRADED, fold
from engine.jit import Table, direct
from engine.layout import EVENT
from engine.schema import NIL_PRICE


class Positions:
    """The fold's tables, grown as accounts and instruments come into being."""

    def __init__(self) -> None:
        self.accounts = 1
        self.instruments = 0
        self._holdings = np.zeros((128, 64), HOLDING)
        self._contracts = np.zeros(128, CONTRACT)
        self._contracts["mark"] = NIL_PRICE
        self._traded = np.zeros((128, MINUTES), TRADED)
        self._holders = np.zeros(64, HOLDER)
        tables = self._holdings, self._contracts, self._traded, self._holders
        self._fold = direct(fold, np.zeros(1, EVENT), *tables)

    @property
    def holdings(self) -> Table:
        """HOLDING, shape (instruments, accounts); a view."""
        return self._holdings[: self.instruments, : self.accounts]

    @property
    def contracts(self) -> Table:
        """CONTRACT, shape (instruments,); a view."""
        return self._contracts[: self.instruments]

    @property
    def holders(self) -> Table:
        """HOLDER, shape (accounts,); a view."""
        return self._holders[: self.accounts]

    def add_instrument(
        self, value: int, fees: tuple[int, int, int, int, int, int], *, is_paid: bool = False
    ) -> None:
        """Count one more instrument.

        fees: a lot, of a trade for members and others, of a settlement and of a block likewise.
        is_paid: whether its price is paid at the trade.
        """
        if self.instruments == len(self._contracts):
            self._grow(2 * self.instruments, len(self._holders))
        contract = self._contracts[self.instruments]
        contract["value"], contract["paid"] = value, is_paid
        contract["fee_member"], contract["fee_other"] = fees[:2]
        contract["settlement_fee_member"], contract["settlement_fee_other"] = fees[2:4]
        contract["block_fee_member"], contract["block_fee_other"] = fees[4:]
        self.instruments += 1

    def add_account(self, account_type: int) -> None:
        """Count one more account."""
        if self.accounts == len(self._holders):
            self._grow(len(self._contracts), 2 * self.accounts)
        self._holders[self.accounts]["type"] = account_type
        self.accounts += 1

    def fold(self, events: Table) -> int:
        """Take in the events of a frame; return the greatest Did among them, or 0.

        events: EVENT, shape (n,).
        """
        assert events.dtype == EVENT
        assert events.flags.c_contiguous
        return self._fold(events, self._holdings, self._contracts, self._traded, self._holders)

    def take(self, what: str) -> NDArray[np.int64]:
        """Return what each account got and is not yet booked, and forget it.

        what: `variation` or `premium`. Micro-dollars.
        """
        taken: NDArray[np.int64] = self.holders[what].copy()
        self.holders[what] = 0
        return taken

    def turnover(self, instrument: int, opened: int, closed: int) -> tuple[int, int]:
        """Return price units x lots, and lots, that traded in whole minutes of a window.

        Only the last MINUTES are known. opened, closed: nanoseconds, multiples of a minute.
        """
        kept = self._traded[instrument]
        minutes = kept["minute"]
        inside = (minutes >= opened // MINUTE) & (minutes < closed // MINUTE)
        return int(kept["turnover"][inside].sum()), int(kept["lots"][inside].sum())

    def check(self) -> None:
        """Assert that longs equal shorts in every instrument. Cheap: for every frame."""
        assert not self.contracts["net"].any(), "positions of an instrument do not add to zero"

    def check_whole(self) -> None:
        """Assert that the running sums equal the holdings. Dear: for cycles."""
        net = self.holdings["net"]
        assert not net.sum(axis=1).any()
        assert (np.maximum(net, 0).sum(axis=1) == self.contracts["open_interest"]).all()

    def _grow(self, instruments: int, accounts: int) -> None:
        holdings = np.zeros((instruments, accounts), HOLDING)
        rows, columns = self._holdings.shape
        holdings[:rows, :columns] = self._holdings
        contracts = np.zeros(instruments, CONTRACT)
        contracts["mark"] = NIL_PRICE
        contracts[:rows] = self._contracts
        traded = np.zeros((instruments, MINUTES), TRADED)
        traded[:rows] = self._traded
        holders = np.zeros(accounts, HOLDER)
        holders[:columns] = self._holders
        self._holdings, self._contracts = holdings, contracts
        self._traded, self._holders = traded, holders
