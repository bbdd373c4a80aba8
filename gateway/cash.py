"""Money that accounts pay in and take out: what is asked for, as rows."""

from decimal import Decimal

from clearing.directory import Directory
from engine.instruments import micro, money
from engine.jit import Row
from engine.rows import Batch
from engine.schema import MONEY_MAX, Did, Kind
from gateway.opening import OperatorError, account_named
from gateway.signed import Signed, signature


class Deposit(Signed, tag="deposit"):
    """Money that came in for an account. USD."""

    account: str
    amount: Decimal


class Withdraw(Signed, tag="withdraw"):
    """Money that an account wants out. What it has beyond its initial margin goes. USD."""

    account: str
    amount: Decimal


def cash_rows(directory: Directory, asked: Deposit | Withdraw) -> Batch:
    """Return the row that does it. Raises OperatorError."""
    account, text = account_named(directory, asked.account).number, signature(asked)
    kind = Kind.DEPOSIT if isinstance(asked, Deposit) else Kind.WITHDRAW
    batch = Batch(1)
    batch.money(kind, account=account, value=_amount(asked.amount), text=text)
    return batch


def moved(event: Row) -> tuple[str, str]:
    """Return the amount of a deposit or a withdrawal, below 0 where it went out, and why."""
    amount = money(int(event["quantity"]))
    if event["kind"] == Did.DEPOSITED:
        return amount, "paid in"
    return f"-{amount}", "paid out"


def _amount(amount: Decimal) -> int:
    most = MONEY_MAX // 1_000_000
    if not amount.is_finite() or not 0 < amount <= most:
        raise OperatorError(f"amount {amount} is not between 0 and {most} USD")
    try:
        return micro(amount)
    except ValueError as error:
        raise OperatorError(f"amount: {error}") from None
