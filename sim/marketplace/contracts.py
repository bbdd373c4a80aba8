"""Reserved and forward contracts: hours a month, between two who are named, at a price for all.

Each month the buyer pays for the hours that were delivered, and the provider for what the missing
ones cost to replace. Where one of the two defaults, what is left is closed out: every remaining
hour is valued at what it costs now, and the difference is a claim of one on the other (as in the
close-out amount of the ISDA 2002 Master Agreement, section 6(e): payable in either direction).
Money is whole micro-dollars; all who owe are named.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from sim.marketplace.goods import Configuration

HOURS_MAX = 10**9  # GPU-hours of one month.
MONTHS_MAX = 36


class Contract(NamedTuple):
    """Hours of one configuration in each of some months. Parties as in the auctions."""

    number: int
    buyer: int
    provider: int
    configuration: Configuration
    price_micro: int  # A GPU-hour.
    hours: int  # GPU-hours of each month.
    months: tuple[int, ...]  # yyyymm, ascending.
    signed: int  # Trade date, yyyymmdd.

    @property
    def form(self) -> Literal["reserved", "forward"]:
        """Whether it begins in the month after it was signed, or later."""
        return "reserved" if self.months[0] <= month_after(self.signed // 100, 1) else "forward"


class Bill(NamedTuple):
    """What a month of a contract came to."""

    contract: int
    month: int
    hours: int  # That were to be delivered,
    delivered: int  # and that were.
    due_micro: int  # The buyer owes it to the provider,
    damages_micro: int  # and the provider this to the buyer.


class CloseOut(NamedTuple):
    """What one who defaulted and the other of a contract owe each other."""

    contract: int
    defaulter: int
    survivor: int
    months: int  # That were left.
    unpaid_micro: int  # Billed and not paid: to the survivor, or below 0 to the defaulter.
    replacement_micro: int  # What replacing the rest costs the survivor; below 0: gains it.
    recovered_micro: int  # Of the survivor's claim, what the estate pays.
    lost_micro: int  # The rest of the claim.

    @property
    def claim_micro(self) -> int:
        """The survivor's claim; below 0 the survivor owes so much to the estate, in full."""
        return self.unpaid_micro + self.replacement_micro


def check_terms(hours: int, months: Sequence[int], price_micro: int) -> None:
    """Raise ValueError, with one sentence, where no contract can be made of these terms."""
    if not 0 < hours <= HOURS_MAX:
        raise ValueError(f"a contract is for 1 to {HOURS_MAX} GPU-hours a month, not {hours}")
    if not 0 < len(months) <= MONTHS_MAX:
        raise ValueError(f"a contract has 1 to {MONTHS_MAX} months, not {len(months)}")
    if any(not 1 <= month % 100 <= 12 for month in months) or sorted(set(months)) != list(months):
        raise ValueError(f"months {list(months)} do not rise, or are none")
    if price_micro <= 0:
        raise ValueError(f"a price of {price_micro} micro-dollars is not above 0")


def month_after(month: int, count: int) -> int:
    """Return the month (yyyymm) so many after another."""
    ordinal = month // 100 * 12 + month % 100 - 1 + count
    return ordinal // 12 * 100 + ordinal % 12 + 1


def bill(contract: Contract, month: int, delivered: int, replacement_micro: int) -> Bill:
    """Return a month's bill. replacement_micro: what a GPU-hour cost elsewhere."""
    assert month in contract.months
    assert 0 <= delivered <= contract.hours
    missing = contract.hours - delivered
    dearer = max(0, replacement_micro - contract.price_micro)
    due = delivered * contract.price_micro
    return Bill(contract.number, month, contract.hours, delivered, due, missing * dearer)


def close_out(
    contract: Contract,
    defaulter: int,
    since: int,
    unpaid_micro: int,
    replacement_micro: Mapping[int, int],
    recovery_percent: int,
) -> CloseOut:
    """Return what is owed when a party defaults before the month `since` (yyyymm).

    unpaid_micro: what the buyer owes the provider already; below 0 the provider owes the buyer.
    replacement_micro: of each month left, what a GPU-hour costs now. What the estate pays is
    rounded down.
    """
    assert defaulter in (contract.buyer, contract.provider)
    left = [month for month in contract.months if month >= since]
    dearer = sum(replacement_micro[month] - contract.price_micro for month in left)
    if defaulter == contract.provider:
        survivor, sign = contract.buyer, 1
    else:
        survivor, sign = contract.provider, -1
    unpaid, replacement = -sign * unpaid_micro, sign * contract.hours * dearer
    claim = max(0, unpaid + replacement)
    recovered = claim * recovery_percent // 100
    return CloseOut(
        contract=contract.number,
        defaulter=defaulter,
        survivor=survivor,
        months=len(left),
        unpaid_micro=unpaid,
        replacement_micro=replacement,
        recovered_micro=recovered,
        lost_micro=claim - recovered,
    )
