"""`cfx admin`: what operators do, on a running server or on a folder at rest."""

import datetime
import pathlib
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli_options import Folder as _Folder
from sim.cli_options import Operator as _Operator
from sim.cli_options import Reason as _Reason

if TYPE_CHECKING:
    from gateway.controls import Control, Who
    from gateway.desk import Act

admin = typer.Typer(help="Acts of the exchange's operators.", no_args_is_help=True)


_Trade = Annotated[int, typer.Argument(help="A trade's number.")]
_Price = Annotated[str, typer.Argument(help="USD per GPU-hour.")]
_Account = Annotated[str, typer.Option(help="An account's name or number.")]
_Owner = Annotated[str, typer.Option(help="Or all of an owner, by name or number.")]
_Firm = Annotated[str, typer.Option(help="Or all of a firm, by number.")]
_Market = Annotated[str, typer.Argument(help="A contract's name, or a model for all of it.")]
_Contract = Annotated[str, typer.Argument(help="A contract's name.")]
_Guard = Annotated[str, typer.Option(help="USD per GPU-hour; 0: off.")]


@admin.command()
def bust(folder: _Folder, trade: _Trade, operator: _Operator, reason: _Reason = "") -> None:
    """Undo a trade whose price was far from what the contract was worth; prints it as JSON."""
    from gateway.desk import Bust

    _review(folder, Bust(trade, operator=operator, reason=reason))


@admin.command()
def adjust(
    folder: _Folder, trade: _Trade, price: _Price, operator: _Operator, reason: _Reason = ""
) -> None:
    """Give such a trade another price; prints it as JSON."""
    from gateway.desk import Adjust

    _review(folder, Adjust(trade, _decimal(price), operator=operator, reason=reason))


@admin.command()
def block(
    folder: _Folder,
    buyer: Annotated[str, typer.Argument(help="An account's name or number.")],
    seller: Annotated[str, typer.Argument(help="Another's.")],
    instrument: _Contract,
    lots: Annotated[int, typer.Argument()],
    price: _Price,
    operator: _Operator,
    reason: _Reason = "",
) -> None:
    """Report a trade that two accounts agreed on elsewhere; prints it as JSON."""
    from gateway.desk import Block

    terms = buyer, seller, instrument, lots, _decimal(price)
    _review(folder, Block(*terms, operator=operator, reason=reason))


@admin.command()
def kill(
    folder: _Folder,
    operator: _Operator,
    account: _Account = "",
    owner: _Owner = "",
    firm: _Firm = "",
    reason: _Reason = "",
) -> None:
    """Stop an account, an owner or a firm, and cancel their orders; prints who, as JSON."""
    from gateway.controls import Kill

    _control(folder, Kill(*_meant(account, owner, firm), operator=operator, reason=reason))


@admin.command()
def release(
    folder: _Folder,
    operator: _Operator,
    account: _Account = "",
    owner: _Owner = "",
    firm: _Firm = "",
    reason: _Reason = "",
) -> None:
    """Let them trade again, once a second operator has asked for the same; prints who, as JSON."""
    from gateway.controls import Release

    _control(folder, Release(*_meant(account, owner, firm), operator=operator, reason=reason))


@admin.command()
def default(
    folder: _Folder,
    account: Annotated[str, typer.Argument(help="An account's name or number.")],
    operator: _Operator,
    reason: _Reason = "",
) -> None:
    """Declare an account in default, once a second operator has asked for the same.

    Suspends it, and offers what it holds to the members. Prints what was done, as JSON.
    """
    from gateway.controls import Default

    _control(folder, Default(account, operator=operator, reason=reason))


@admin.command()
def halt(folder: _Folder, name: _Market, operator: _Operator, reason: _Reason = "") -> None:
    """Stop trading in what is open; orders may be canceled. Prints what was halted, as JSON."""
    from gateway.controls import Halt

    _control(folder, Halt(name, operator=operator, reason=reason))


@admin.command()
def resume(folder: _Folder, name: _Market, operator: _Operator, reason: _Reason = "") -> None:
    """Open what was halted; prints it as JSON."""
    from gateway.controls import Resume

    _control(folder, Resume(name, operator=operator, reason=reason))


@admin.command()
def limit(
    folder: _Folder,
    instrument: _Contract,
    lots: Annotated[int, typer.Argument(help="The most that an owner may hold.")],
    operator: _Operator,
    reason: _Reason = "",
) -> None:
    """Change a contract's position limit; who holds more may keep it. Prints it as JSON."""
    from gateway.controls import Limit

    _control(folder, Limit(instrument, lots, operator=operator, reason=reason))


@admin.command()
def fix(
    folder: _Folder,
    model: Annotated[str, typer.Argument(help="A GPU model, such as H100.")],
    date: Annotated[datetime.datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="DATE")],
    value: _Price,
    operator: _Operator,
    reason: _Reason = "",
) -> None:
    """Set today's index of a model by hand, once a second operator asks for the same.

    Only until a settlement has used it, and only by more than 0.10%. Prints it as JSON.
    """
    from gateway.pricing import Fix

    terms = model, date.date(), _decimal(value)
    _control(folder, Fix(*terms, operator=operator, reason=reason))


@admin.command()
def settle(
    folder: _Folder, instrument: _Contract, price: _Price, operator: _Operator, reason: _Reason = ""
) -> None:
    """Settle a month that has ended without a fixing, once a second operator asks for the same."""
    from gateway.pricing import Settle

    asked = Settle(instrument, _decimal(price), operator=operator, reason=reason)
    _control(folder, asked)


@admin.command()
def guard(
    folder: _Folder,
    product: Annotated[str, typer.Argument(help="A model.")],
    operator: _Operator,
    band: _Guard = "",
    daily: _Guard = "",
    velocity: _Guard = "",
    velocity_ms: Annotated[int | None, typer.Option(help="Window of the velocity.")] = None,
    breaker: Annotated[int | None, typer.Option(help="Basis points; 0: off.")] = None,
    breaker_ms: Annotated[int | None, typer.Option(help="A bucket of its look-back.")] = None,
    halt_ms: Annotated[int | None, typer.Option(help="How long a breach halts.")] = None,
    reason: _Reason = "",
) -> None:
    """Change guards of a model; those that are not named stay. Prints it as JSON."""
    from gateway.controls import Guard

    asked = Guard(
        product,
        band=_decimal(band) if band else None,
        daily=_decimal(daily) if daily else None,
        velocity=_decimal(velocity) if velocity else None,
        velocity_ms=velocity_ms,
        breaker=breaker,
        breaker_ms=breaker_ms,
        halt_ms=halt_ms,
        operator=operator,
        reason=reason,
    )
    _control(folder, asked)


def _meant(account: str, owner: str, firm: str) -> tuple["Who", str]:
    """Return whom options name: exactly one. Raises typer.BadParameter."""
    named: list[tuple[Who, str]] = [("account", account), ("owner", owner), ("firm", firm)]
    given = [one for one in named if one[1]]
    if len(given) != 1:
        raise typer.BadParameter("name one of --account, --owner and --firm")
    return given[0]


def _decimal(price: str) -> Decimal:
    try:
        return Decimal(price)
    except InvalidOperation:
        raise typer.BadParameter(f"{price!r} is not a price") from None


def _review(folder: pathlib.Path, asked: "Act") -> None:
    from gateway.operator import review
    from sim.report import to_json

    typer.echo(to_json(review(folder, asked)))


def _control(folder: pathlib.Path, asked: "Control") -> None:
    from gateway.operator import control
    from sim.report import to_json

    typer.echo(to_json(control(folder, asked)))
