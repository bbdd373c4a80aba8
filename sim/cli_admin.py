"""`cfx admin`: what the exchange's desk does, on a running server or on a folder at rest."""

import pathlib
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gateway.desk import Act

admin = typer.Typer(help="Acts of the exchange's desk.", no_args_is_help=True)

_Folder = Annotated[pathlib.Path, typer.Option("--data", help="The exchange's folder.")]
_Reason = Annotated[str, typer.Option(help="Why; it is kept in the journal.")]
_Trade = Annotated[int, typer.Argument(help="A trade's number.")]
_Price = Annotated[str, typer.Argument(help="USD per GPU-hour.")]


@admin.command()
def bust(folder: _Folder, trade: _Trade, reason: _Reason = "") -> None:
    """Undo a trade whose price was far from what the contract was worth; prints it as JSON."""
    from gateway.desk import Bust

    _review(folder, Bust(trade, reason))


@admin.command()
def adjust(folder: _Folder, trade: _Trade, price: _Price, reason: _Reason = "") -> None:
    """Give such a trade another price; prints it as JSON."""
    from gateway.desk import Adjust

    _review(folder, Adjust(trade, _decimal(price), reason))


@admin.command()
def block(
    folder: _Folder,
    buyer: Annotated[str, typer.Argument(help="An account's name or number.")],
    seller: Annotated[str, typer.Argument(help="Another's.")],
    instrument: Annotated[str, typer.Argument(help="A contract's name.")],
    lots: Annotated[int, typer.Argument()],
    price: _Price,
    reason: _Reason = "",
) -> None:
    """Report a trade that two accounts agreed on elsewhere; prints it as JSON."""
    from gateway.desk import Block

    _review(folder, Block(buyer, seller, instrument, lots, _decimal(price), reason))


def _decimal(price: str) -> Decimal:
    try:
        return Decimal(price)
    except InvalidOperation:
        raise typer.BadParameter(f"{price!r} is not a price") from None


def _review(folder: pathlib.Path, asked: "Act") -> None:
    from gateway.operator import review
    from sim.report import to_json

    typer.echo(to_json(review(folder, asked)))
