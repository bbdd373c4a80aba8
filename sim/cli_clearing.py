"""`cfx admin` for the clearing house: what its operators tell it outside of its timetable."""

import pathlib
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli_options import Folder, Operator, Reason

if TYPE_CHECKING:
    from gateway.clearing_desk import Told


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

    rates = _percent(credit), _percent(debit)
    _tell(folder, SetInterest(*rates, operator=operator, reason=reason))


def _percent(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not a percentage") from None


def _tell(folder: pathlib.Path, asked: "Told") -> None:
    from gateway.operator import clear
    from sim.report import to_json

    typer.echo(to_json(clear(folder, asked)))
