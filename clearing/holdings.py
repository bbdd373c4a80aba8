"""What an event does to holdings, variation, fees and volume: the compiled half of positions."""

import numpy as np

from engine.jit import Row, Table, entry, kernel
from engine.schema import NIL_PRICE, NOT_HELD, AccountType, Did, Role, Side

MINUTES = 64  # Of trading that are kept, minute by minute: for prices, and an hour's volume.
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
        elif event.kind == Did.PRICED:
            _price(event, holdings, contracts, holders)
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
    if event.role == Role.ASSIGNED:  # Nobody traded: no fee, and no volume.
        return
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

    A busted trade's fees are due no more, or are given back. Of its lots so many leave today's
    volume as there are: it may be of an earlier day.
    """
    contract, holder = contracts[event.instrument], holders[event.account]
    holding = holdings[event.instrument, event.account]
    bought = event.quantity if event.side == Side.BUY else -event.quantity
    if event.kind == Did.BUSTED:
        _hold(contract, holding, holder, -bought, event.price)
        holder.fees -= event.quantity * _fee(contract, holder, event.role)
        holder.trades -= 1
        holder.lots -= event.quantity
        if event.side == Side.BUY:
            contract.volume -= min(event.quantity, contract.volume)
    else:
        _hold(contract, holding, holder, -bought, event.other)
        _hold(contract, holding, holder, bought, event.price)


@kernel
def _price(event: Row, holdings: Table, contracts: Table, holders: Table) -> None:
    """Let what traded at settlement cost it: by `other` more than what it stood in at."""
    contract = contracts[event.instrument]
    holdings[event.instrument, event.account].cost += event.other
    if contract.mark != NIL_PRICE:
        holders[event.account].open -= event.other * contract.value


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
