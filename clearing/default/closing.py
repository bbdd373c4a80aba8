"""How losses of defaults are borne, at the end of a day: who pays what, and the rows it takes.

Defaults of one day are closed in order of their declaration, each with what the ones before it
left of the fund, of assessments and of the day's gains.
"""

from collections import Counter
from collections.abc import Mapping

from clearing.default.cases import Case
from clearing.default.fund import Fund, charge
from clearing.default.steps import Step
from clearing.default.waterfall import Payment, Resources, Tranche, allocated
from clearing.ledger import HOUSE, Book
from engine.rows import Batch
from engine.schema import Kind, Standing

_BOOKS = {  # Where a party's payment goes, and the defaulter's comes from.
    Tranche.CAPITAL: Book.CAPITAL,
    Tranche.FUND: Book.LOSS,
    Tranche.ASSESSMENT: Book.LOSS,
    Tranche.GAINS: Book.HAIRCUT,
}


class Purse:
    """What there is to bear losses with; what one default has drawn is gone for the next."""

    def __init__(self, fund: Fund, members: list[int], gains: Mapping[int, int]) -> None:
        """Begin with members that can pay, and what accounts gained this day (micro-dollars)."""
        self._fund = fund
        self._members = members
        self._gains = gains
        self._drawn: Counter[tuple[Tranche, int]] = Counter()

    def resources(self, case: Case) -> Resources:
        """Return what a default can draw on."""
        others = [each for each in self._members if each != case.account]
        parts = {each: self._fund.of(each) for each in others}
        gains = {each: gain for each, gain in self._gains.items() if each != case.account}
        times = self._fund.terms.assessments
        return Resources(
            margin=case.margin,
            contribution=self._fund.of(case.account),
            capital=self._fund.capital_left() - self._drawn[Tranche.CAPITAL, HOUSE],
            fund=self._left(Tranche.FUND, parts),
            assessments=self._left(
                Tranche.ASSESSMENT, {each: times * part for each, part in parts.items()}
            ),
            gains=self._left(Tranche.GAINS, gains),
        )

    def _left(self, tranche: Tranche, parts: Mapping[int, int]) -> dict[int, int]:
        return {each: part - self._drawn[tranche, each] for each, part in parts.items()}

    def draw(self, payments: list[Payment]) -> None:
        """Take out what a default has drawn."""
        for each in payments:
            self._drawn[each.tranche, each.account] += each.amount


def cover(batch: Batch, purse: Purse, case: Case, cash: int, date: int) -> None:
    """Add the rows by which a loss is borne, and the default closed.

    cash: micro-dollars that the defaulter has now that nothing is held. Its contribution comes
    back to it whole: what the loss leaves of that is its own.
    """
    resources = purse.resources(case)
    loss = max(0, case.margin - cash)
    payments = allocated(loss, resources, case.account, HOUSE)
    purse.draw(payments)
    if resources.contribution:
        charge(batch, case.account, -resources.contribution, Book.FUND, date)
    for payment in payments:
        _bear(batch, case.account, payment, date)
    for book in (Book.CAPITAL, Book.LOSS, Book.HAIRCUT):
        got = sum(each.amount for each in payments if _BOOKS.get(each.tranche) == book)
        if got:
            charge(batch, case.account, -got, book, date)
    batch.money(Kind.DEFAULT, account=case.account, code=Step.CLOSE, value=loss, source=date)
    if loss <= resources.margin + resources.contribution:
        batch.money(Kind.SUSPEND, account=case.account, code=Standing.GOOD, source=date)


def _bear(batch: Batch, defaulter: int, payment: Payment, date: int) -> None:
    """Add what one party pays, out of the fund or out of its cash, and the record of it."""
    tranche, account, amount = payment
    if tranche == Tranche.FUND:
        charge(batch, account, -amount, Book.FUND, date)
    if tranche in _BOOKS and account != HOUSE:
        charge(batch, account, amount, _BOOKS[tranche], date)
    batch.money(
        Kind.DEFAULT,
        account=defaulter,
        other=account,
        numerator=tranche,
        value=amount,
        source=date,
        code=Step.COVER,
    )
