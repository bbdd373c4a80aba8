"""Who holds what, at what cost: a compiled fold over events, one call a frame.

It books nothing and decides nothing: it counts positions, variation, fees, volume and open
interest, which the house reads at its cycles.
"""

import numpy as np
from numpy.typing import NDArray

from engine.jit import Row, Table, entry, kernel
from engine.layout import EVENT
from engine.schema import NIL_PRICE, NOT_HELD, AccountType, Did, Role, Side

MINUTES = 16  # Of trading that are kept, minute by minute, for volume-weighted prices.
MINUTE = 60_000_000_000  # Nanoseconds.

HOLDING = np.dtype(
    [
        ("net", "<i8"),  # Lots, long above 0.
        ("cost", "<i8"),  # Price units x lots: what `net` was traded or last marked at.
    ]
)

CONTRACT = np.dtype(
    [
        ("value", "<i8"),  # Micro-dollars a price unit and lot.
        ("mark", "<i8"),  # NIL_PRICE: none.
        ("volume", "<i8"),  # Lots traded since it was last set to 0, as legs of spreads too.
        ("open_interest", "<i8"),  # Lots held long.
        ("net", "<i8"),  # Sum over all accounts: 0 between frames.
        ("fee_member", "<i8"),  # Micro-dollars a lot and side.
        ("fee_other", "<i8"),
        ("settlement_fee_member", "<i8"),
        ("settlement_fee_other", "<i8"),
        ("block_fee_member", "<i8"),
        ("block_fee_other", "<i8"),
        ("paid", "<i8"),  # 1: its price is paid at the trade; it has no cost and no variation.
    ]
)

HOLDER = np.dtype(
    [
        ("open", "<i8"),  # Micro-dollars of variation since the last marks, unpaid.
        ("variation", "<i8"),  # Of marks and settlements, not yet booked.
        ("premium", "<i8"),  # Received for options and event contracts, not yet booked.
        ("fees", "<i8"),  # Not yet charged.
        ("trades", "<i8"),  # Fills.
        ("lots", "<i8"),  # Filled.
        ("type", "<i8"),  # An AccountType.
    ]
)

# What traded in one minute of a contract.
TRADED = np.dtype([("minute", "<i8"), ("turnover", "<i8"), ("lots", "<i8")])


@entry
def fold(events: Table, holdings: Table, contracts: Table, traded: Table, holders: Table) -> int:
    """Take in the events of one frame, in place; return the greatest of their kinds, or 0.

    holdings: HOLDING, shape (instruments, accounts). contracts: CONTRACT, (instruments,).
    traded: TRADED, shape (instruments, MINUTES). holders: HOLDER, shape (accounts,).
    """
    highest = 0
    for i in range(len(events)):
        event = events[i]
        highest = max(highest, event.kind)
        if event.kind == Did.FILLED:
            _fill(event, holdings, contracts, traded, holders)
        elif event.kind == Did.BUSTED or event.kind == Did.ADJUSTED:
            _review(event, holdings, contracts, holders)
        elif event.kind == Did.MARKED or event.kind == Did.SETTLED:
            held, contract = holdings[event.instrument], contracts[event.instrument]
            if not contract.paid:
                _mark(event, held, contract, holders)
            if event.kind == Did.SETTLED:
                _close(event, held, contract, holders)
    return highest


@kernel
def _fill(event: Row, holdings: Table, contracts: Table, traded: Table, holders: Table) -> None:
    contract = contracts[event.instrument]
    if is_print(event):
        _remember(event, traded)
    if event.flags & NOT_HELD:
        contract.volume += event.quantity if is_print(event) else 0
        return
    holder = holders[event.account]
    bought = event.quantity if event.side == Side.BUY else -event.quantity
    _hold(contract, holdings[event.instrument, event.account], holder, bought, event.price)
    holder.fees += event.quantity * _fee(contract, holder, event.role)
    holder.trades += 1
    holder.lots += event.quantity
    if event.side == Side.BUY:
        contract.volume += event.quantity


@kernel
def _hold(contract: Row, holding: Row, holder: Row, bought: int, price: int) -> None:
    """Give a holder lots at a price; below 0: take them."""
    contract.open_interest += max(holding.net + bought, 0) - max(holding.net, 0)
    contract.net += bought
    holding.net += bought
    if contract.paid:
        holder.premium -= bought * price * contract.value
        return
    holding.cost += bought * price
    if contract.mark != NIL_PRICE:
        holder.open += bought * (contract.mark - price) * contract.value


@kernel
def _fee(contract: Row, holder: Row, role: int) -> int:
    """Return what a lot costs its side."""
    is_member = holder.type == AccountType.MEMBER
    if role == Role.BLOCK:
        blocked: int = contract.block_fee_member if is_member else contract.block_fee_other
        return blocked
    fee: int = contract.fee_member if is_member else contract.fee_other
    return fee


@kernel
def _review(event: Row, holdings: Table, contracts: Table, holders: Table) -> None:
    """Take back a trade's lots at the price that they had; of an adjusted one give them anew.

    Its fees and its volume stand.
    """
    contract, holder = contracts[event.instrument], holders[event.account]
    holding = holdings[event.instrument, event.account]
    bought = event.quantity if event.side == Side.BUY else -event.quantity
    if event.kind == Did.BUSTED:
        _hold(contract, holding, holder, -bought, event.price)
    else:
        _hold(contract, holding, holder, -bought, event.other)
        _hold(contract, holding, holder, bought, event.price)


@kernel
def is_print(event: Row) -> bool:
    """Whether a FILLED row stands for a trade of its own book: one row of each such trade does.

    A leg's price in a trade of two spread orders is no price of the leg's book.
    """
    if event.role == Role.AUCTION:
        made: bool = event.side == Side.BUY
        return made
    return event.role == Role.TAKER or event.role == Role.IMPLIED


@kernel
def _remember(event: Row, traded: Table) -> None:
    minute = event.time // MINUTE
    place = traded[event.instrument, minute % MINUTES]
    if place.minute != minute:
        place.minute = minute
        place.turnover = 0
        place.lots = 0
    place.turnover += event.quantity * event.price
    place.lots += event.quantity


@kernel
def _mark(event: Row, held: Table, contract: Row, holders: Table) -> None:
    """Turn what is unpaid into variation, so that every holder's cost is the new price."""
    for account in range(len(held)):
        holding = held[account]
        if holding.net != 0 or holding.cost != 0:
            if contract.mark != NIL_PRICE:
                unpaid = holding.net * contract.mark - holding.cost
                holders[account].open -= unpaid * contract.value
            gain = holding.net * event.price - holding.cost
            holders[account].variation += gain * contract.value
            holding.cost = holding.net * event.price
    contract.mark = event.price


@kernel
def _close(event: Row, held: Table, contract: Row, holders: Table) -> None:
    """End every position: for the settlement fee, and the final price of what was paid for."""
    for account in range(len(held)):
        holding = held[account]
        if contract.paid:
            holders[account].premium += holding.net * event.price * contract.value
        if holding.net != 0:
            is_member = holders[account].type == AccountType.MEMBER
            fee = contract.settlement_fee_member if is_member else contract.settlement_fee_other
            holders[account].fees += abs(holding.net) * fee
        contract.net -= holding.net
        holding.net = 0
        holding.cost = 0
    contract.open_interest = 0


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
        tables = self._holdings, self._contracts, self._traded, self._holders
        return int(fold(events, *tables))

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
