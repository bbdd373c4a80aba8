"""`cfx admin` for clearing: what the house is told, and what becomes of trades once made."""

import pathlib
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli_options import Folder, Operator, Reason

if TYPE_CHECKING:
    from gateway.clearing_desk import Told
    from gateway.post_trade import PostTrade

_DIGITS_MAX = 12
_Whose = Annotated[str, typer.Argument(help="Whose, by name or number.")]
_Asset = Annotated[str, typer.Argument(help="t-bill, note-1y, note-3y ...")]
_Face = Annotated[str, typer.Argument(help="USD.")]
_Amount = Annotated[str, typer.Argument(help="USD.")]


def review(folder: Folder, operator: Operator, reason: Reason = "") -> None:
    """Check every account's margin now, and call who is short; prints the calls as JSON."""
    from gateway.clearing_desk import CycleNow

    _tell(folder, CycleNow(operator=operator, reason=reason))


def correct(
    folder: Folder,
    row: Annotated[int, typer.Argument(help="The journal row, as a statement has it.")],
    account: Annotated[str, typer.Argument(help="An account's name or number.")],
    entry: Annotated[str, typer.Argument(help="The kind of line: fees, deposit, variation ...")],
    operator: Operator,
    reason: Reason = "",
) -> None:
    """Reverse one line of an account's money by a line of its own; prints it as JSON."""
    from gateway.clearing_desk import Correct

    _tell(folder, Correct(row, account, entry, operator=operator, reason=reason))


def interest(
    folder: Folder,
    credit: Annotated[str, typer.Option(help="Percent a year that cash earns.")],
    debit: Annotated[str, typer.Option(help="Percent a year that missing cash costs.")],
    operator: Operator,
    reason: Reason = "",
) -> None:
    """Set the rates of interest from the next end of day on; prints it as JSON."""
    from gateway.clearing_desk import SetInterest

    rates = _decimal(credit), _decimal(debit)
    _tell(folder, SetInterest(*rates, operator=operator, reason=reason))


def port(
    folder: Folder,
    account: Annotated[str, typer.Argument(help="A member in default, by name or number.")],
    to: Annotated[str, typer.Argument(help="A member of another firm, who takes them.")],
    operator: Operator,
    reason: Reason = "",
) -> None:
    """Let the customers of a member in default clear through another; prints who, as JSON."""
    from gateway.default_desk import Port

    _tell(folder, Port(account, to, operator=operator, reason=reason))


def bid(
    folder: Folder,
    account: Annotated[str, typer.Argument(help="A member, by name or number.")],
    auction: Annotated[int, typer.Argument(help="The auction's number.")],
    price: Annotated[str, typer.Option(help="USD above the portfolio's value; below 0: to get.")],
    operator: Operator,
    reason: Reason = "",
) -> None:
    """Bid, sealed, for what a defaulter held, on a member's behalf; prints it as JSON."""
    from gateway.default_desk import PlaceBid

    _tell(folder, PlaceBid(account, auction, _decimal(price), operator=operator, reason=reason))


def haircut(
    folder: Folder,
    asset: _Asset,
    percent: Annotated[str, typer.Argument(help="Of its face, that it counts for less.")],
    operator: Operator,
    reason: Reason = "",
) -> None:
    """Set what an asset counts for from now on; every pledge of it is revalued. Prints JSON."""
    from gateway.collateral import SetHaircut

    _tell(folder, SetHaircut(asset, _decimal(percent), operator=operator, reason=reason))


def pledge(
    folder: Folder,
    account: _Whose,
    asset: _Asset,
    face: _Face,
    operator: Operator,
    reason: Reason = "",
) -> None:
    """Take a security for margin, at its face less its haircut; prints it as JSON."""
    from gateway.collateral import Pledge

    _tell(folder, Pledge(account, asset, _decimal(face), operator=operator, reason=reason))


def recall(
    folder: Folder,
    account: _Whose,
    asset: _Asset,
    face: _Face,
    operator: Operator,
    reason: Reason = "",
) -> None:
    """Give a security back, if what it counts for is above initial margin; prints it as JSON."""
    from gateway.collateral import Recall

    _tell(folder, Recall(account, asset, _decimal(face), operator=operator, reason=reason))


def deposit(
    folder: Folder, account: _Whose, amount: _Amount, operator: Operator, reason: Reason = ""
) -> None:
    """Pay money in for an account; prints it as JSON."""
    from gateway.cash import Deposit

    _tell(folder, Deposit(account, _decimal(amount), operator=operator, reason=reason))


def withdraw(
    folder: Folder, account: _Whose, amount: _Amount, operator: Operator, reason: Reason = ""
) -> None:
    """Pay an account's money out, if its initial margin stays; prints it as JSON."""
    from gateway.cash import Withdraw

    _tell(folder, Withdraw(account, _decimal(amount), operator=operator, reason=reason))


def pay(
    folder: Folder,
    account: _Whose,
    to: Annotated[str, typer.Argument(help="Another account of the same owner.")],
    amount: _Amount,
    operator: Operator,
    reason: Reason = "",
) -> None:
    """Pay money to another account of the owner, if initial margin stays; prints it as JSON."""
    from gateway.cash import Pay

    _tell(folder, Pay(account, to, _decimal(amount), operator=operator, reason=reason))


def give_up(
    folder: Folder,
    trade: Annotated[int, typer.Argument(help="A trade's number.")],
    account: Annotated[str, typer.Argument(help="Who traded, by name or number.")],
    to: Annotated[str, typer.Argument(help="Who takes over.")],
    operator: Operator,
    lots: Annotated[
        int | None, typer.Option(min=1, help="Of a spread's trade lots of the spread. All if none.")
    ] = None,
    reason: Reason = "",
) -> None:
    """Let an account take over lots of a trade, or of a block, at its price; prints it as JSON."""
    from gateway.post_trade import GiveUp

    asked = GiveUp(trade, account, to, lots or 0, operator=operator, reason=reason)
    _hand_over(folder, asked)


def allocate(
    folder: Folder,
    order: Annotated[int, typer.Argument(help="An order's number.")],
    account: Annotated[str, typer.Argument(help="Whose it was, by name or number.")],
    shares: Annotated[list[str], typer.Argument(metavar="ACCOUNT=LOTS...", help="Who gets what.")],
    operator: Operator,
    reason: Reason = "",
) -> None:
    """Share out what an order traded, at its average price; prints it as JSON.

    Of an order for a spread each leg is shared out, at its own average; lots are the spread's.
    """
    from gateway.post_trade import Allocate

    asked = Allocate(order, account, _shares(shares), operator=operator, reason=reason)
    _hand_over(folder, asked)


def transfer(
    folder: Folder,
    account: Annotated[str, typer.Argument(help="Who holds it, by name or number.")],
    to: Annotated[str, typer.Argument(help="Another account of the same owner.")],
    instrument: Annotated[str, typer.Argument(help="A contract's name.")],
    lots: Annotated[int, typer.Argument()],
    operator: Operator,
    reason: Reason = "",
) -> None:
    """Move a position to another account of its owner at the last settlement; prints JSON."""
    from gateway.post_trade import Move

    _hand_over(folder, Move(account, to, instrument, lots, operator=operator, reason=reason))


def _shares(texts: list[str]) -> dict[str, int]:
    """Return lots by account of texts such as `ann=3`."""
    shares: dict[str, int] = {}
    for text in texts:
        name, _, lots = text.rpartition("=")
        if not name or not lots.isdecimal() or len(lots) > _DIGITS_MAX or name in shares:
            raise typer.BadParameter(f"{text!r} is no ACCOUNT=LOTS, or its account stands twice")
        shares[name] = int(lots)
    return shares


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not a number") from None


def _hand_over(folder: pathlib.Path, asked: "PostTrade") -> None:
    from gateway.operator import hand_over
    from sim.report import to_json

    typer.echo(to_json(hand_over(folder, asked)))


def _tell(folder: pathlib.Path, asked: "Told") -> None:
    from gateway.operator import clear
    from sim.report import to_json

    typer.echo(to_json(clear(folder, asked)))


OF_OPERATORS = (review, correct, interest, port, bid, haircut, give_up, allocate, transfer)
OF_ACCOUNTS = (deposit, withdraw, pledge, recall)
