"""Accounts and keys: what an operator asks for, as rows and as an entry of the key file."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from clearing.directory import Account, Directory
from clearing.terms import INITIAL_PERCENT
from engine.instruments import micro
from engine.jit import Row, Table
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import MONEY_MAX, AccountType, Did, Kind
from gateway.keys import Key, Scope, add_key

_NAME_MAX = 64
_FIRM_MAX = 2**31 - 1


class OperatorError(Exception):
    """What an operator asked for cannot be done. One sentence."""


class NewAccount(msgspec.Struct, forbid_unknown_fields=True):
    """An account to be opened, with what is paid into it."""

    owner: str
    type: Literal["member", "hedger", "speculator"] = "speculator"
    origin: Literal["house", "customer"] = "customer"
    cash: Decimal = Decimal(0)
    firm: int = 0  # Of the clearing member that a new owner trades through; 0: of none.


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """A key to be made: for an account, by name or number."""

    account: str
    scopes: tuple[Scope, ...] = (Scope.READ, Scope.TRADE)


class Opened(msgspec.Struct):
    """An account that was opened."""

    account: int
    name: str
    owner: int


def check(asked: NewAccount) -> None:
    """Raise OperatorError where no exchange would open such an account."""
    if not 0 < len(asked.owner) <= _NAME_MAX:
        raise OperatorError(f"owner {asked.owner!r} has not 1 to {_NAME_MAX} letters")
    _cash(asked.cash)
    if not 0 <= asked.firm <= _FIRM_MAX:
        raise OperatorError(f"firm {asked.firm} is not between 0 and {_FIRM_MAX}")


def account_rows(directory: Directory, asked: NewAccount) -> tuple[Batch, int]:
    """Return the rows that open an account and pay into it, and its number.

    The owner is opened with their first account. Raises OperatorError.
    """
    if not directory.products:
        raise OperatorError("the exchange lists nothing yet; serve it once before")
    check(asked)
    batch = Batch(3)
    owner = directory.owner_of.get(asked.owner)
    number = len(directory.owners) if owner is None else owner.number
    if owner is None:
        batch.money(Kind.OPEN_OWNER, other=number, code=asked.firm, text=asked.owner)
    elif asked.firm and asked.firm != owner.firm:
        raise OperatorError(f"owner {owner.name} is with firm {owner.firm}, not {asked.firm}")
    account, type_ = len(directory.accounts), AccountType[asked.type.upper()]
    batch.money(
        Kind.OPEN_ACCOUNT,
        account=account,
        other=number,
        code=type_,
        value=INITIAL_PERCENT[type_],
        value_2=int(asked.origin == "house"),
        text=_name(directory, asked.owner),
    )
    paid = _cash(asked.cash)
    if paid:
        batch.money(Kind.DEPOSIT, account=account, value=paid)
    return batch, account


def require_taken(events: Table, more: Callable[[Row], str] = lambda _: "") -> None:
    """Raise OperatorError if a row was refused. more: what there is to say of it besides."""
    refused = events[events["kind"] == Did.REJECTED]
    if len(refused):
        name, besides = Reason(int(refused[0]["reason"])).name, more(refused[0])
        raise OperatorError(f"the exchange refused: {name}" + (f", {besides}" if besides else ""))


def opened(directory: Directory, number: int, events: Table) -> Opened:
    """Return an account once its rows are published. Raises OperatorError if they were refused."""
    require_taken(events)
    account = directory.accounts[number]
    return Opened(account.number, account.name, account.owner)


def make_key(folder: Path, directory: Directory, asked: NewKey) -> Key:
    """Return a new key of an account, which is in the folder's key file. Raises OperatorError."""
    account = account_named(directory, asked.account)
    if not asked.scopes:
        raise OperatorError("scopes is empty")
    return add_key(folder, account.number, asked.scopes)


def scopes_of(names: Sequence[str]) -> tuple[Scope, ...]:
    """Return scopes by their names. Raises OperatorError."""
    known = {scope.value: scope for scope in (Scope.READ, Scope.TRADE)}
    for name in names:
        if name not in known:
            raise OperatorError(f"scope {name!r} is none of {', '.join(known)}")
    return tuple(known[name] for name in names)


def account_named(directory: Directory, text: str) -> Account:
    """Return an account by its name or number. Raises OperatorError."""
    found = directory.account_of.get(text)
    if found is None and text.isdecimal() and 0 < int(text) < len(directory.accounts):
        found = directory.accounts[int(text)]
    if found is None or found.number == 0:
        raise OperatorError(f"account {text!r} does not exist")
    return found


def _name(directory: Directory, owner: str) -> str:
    """Return the owner's name, or with a number behind it where that account exists."""
    name, count = owner, 1
    while name in directory.account_of:
        count += 1
        name = f"{owner}-{count}"
    return name


def _cash(amount: Decimal) -> int:
    if not amount.is_finite() or not 0 <= amount <= MONEY_MAX // 1_000_000:
        raise OperatorError(f"cash {amount} is not between 0 and {MONEY_MAX // 1_000_000} USD")
    try:
        return micro(amount)
    except ValueError as error:
        raise OperatorError(f"cash: {error}") from None
