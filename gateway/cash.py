"""Money that accounts pay in, take out, or pay to another of their owner: as rows."""

from decimal import Decimal

from clearing.directory import Account, Directory
from clearing.ledger import Book, Ledger
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


class Pay(Signed, tag="pay"):
    """Money that goes to another account of the same owner, likewise. USD."""

    account: str
    to: str
    amount: Decimal


def cash_rows(directory: Directory, ledger: Ledger, asked: Deposit | Withdraw | Pay) -> Batch:
    """Return the row that does it. Raises OperatorError.

    Whether initial margin stays is for the engine to say. That what goes out is money, and no
    security on which somebody else would have to lend, is said here.
    """
    account, value = account_named(directory, asked.account), _amount(asked.amount)
    batch, text = Batch(1), signature(asked)
    cash = int(ledger.balances[account.number, Book.CASH])
    if not isinstance(asked, Deposit) and value > cash:
        wanted = f"{money(value)} USD are wanted"
        raise OperatorError(f"{wanted} and {money(cash)} are free, in cash, of {account.name}")
    match asked:
        case Deposit():
            batch.money(Kind.DEPOSIT, account=account.number, value=value, text=text)
        case Withdraw():
            batch.money(Kind.WITHDRAW, account=account.number, value=value, text=text)
        case Pay():
            to = _another(directory, account, asked.to).number
            batch.money(Kind.TRANSFER, account=account.number, other=to, value=value, text=text)
    return batch


def moved(directory: Directory, event: Row) -> tuple[str, str]:
    """Return the amount of a payment, below 0 where it went out, and where it came from or went."""
    is_in, amount = event["kind"] == Did.DEPOSITED, money(int(event["quantity"]))
    other = int(event["other"])
    if other > 0:
        name = directory.accounts[other].name
        return (amount, f"from {name}") if is_in else (f"-{amount}", f"to {name}")
    return (amount, "paid in") if is_in else (f"-{amount}", "paid out")


def _another(directory: Directory, account: Account, name: str) -> Account:
    """Return another account of the same owner. Raises OperatorError."""
    other = account_named(directory, name)
    if other.number == account.number:
        raise OperatorError(f"{account.name} cannot pay itself")
    if other.owner != account.owner:
        whose = " and ".join(directory.owners[each.owner].name for each in (account, other))
        raise OperatorError(f"{account.name} and {other.name} have two owners, {whose}")
    return other


def _amount(amount: Decimal) -> int:
    most = MONEY_MAX // 1_000_000
    if not amount.is_finite() or not 0 < amount <= most:
        raise OperatorError(f"amount {amount} is not between 0 and {most} USD")
    try:
        return micro(amount)
    except ValueError as error:
        raise OperatorError(f"amount: {error}") from None
