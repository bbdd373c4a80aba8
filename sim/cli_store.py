"""The commands that read the SQL database of a run's or an exchange's folder, or make it."""

import contextlib
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sim.cli_notes import bar, say_if_cold

if TYPE_CHECKING:
    from sqlalchemy import Connection

_Form = Literal["text", "csv", "html"]
_Table = Literal[
    "orders",
    "changes",
    "trades",
    "reviews",
    "positions",
    "ledger",
    "variations",
    "calls",
    "collateral",
    "settlements",
    "fixings",
    "statements",
]

_Folder = Annotated[
    pathlib.Path, typer.Argument(metavar="DIR", help="A run's or an exchange's folder.")
]
_Database = Annotated[
    str,
    typer.Option("--database", metavar="URL", help="Instead of store.sqlite in the folder."),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]


def rebuild(folder: _Folder, database: _Database = "", as_json: _Json = False) -> None:
    """Drop the tables of a database, and fill them again from the journal."""
    from clearing.store.rebuild import rebuild as rebuilt
    from sim.report import to_json

    say_if_cold()
    with bar("rows of the journal") as tell:
        made = rebuilt(folder, database, tell)
    if as_json:
        typer.echo(to_json(made._asdict()))
    else:
        typer.echo(f"{made.database}: {made.rows:,} rows, up to seq {made.seq:,}")


def statement(
    folder: _Folder,
    account: Annotated[str, typer.Option(help="Its name or number.")],
    date: Annotated[str, typer.Option(metavar="D", help="A trade date: 2026-09-30.")] = "",
    month: Annotated[str, typer.Option(metavar="M", help="Or a month: 2026-09.")] = "",
    form: Annotated[_Form, typer.Option("--format", help="How it is set.")] = "text",
    database: _Database = "",
) -> None:
    """Print an account's statement of a day or a month; the database catches up first."""
    if bool(date) == bool(month):
        raise typer.BadParameter("say --date or --month", param_hint="--date")
    from clearing.store import rendering
    from clearing.store.statements import day_of, month_of
    from clearing.store.statements import statement as stated

    period = day_of(date) if date else month_of(month)
    renderers = {"text": rendering.as_text, "csv": rendering.as_csv, "html": rendering.as_html}
    with _caught_up(folder, database) as connection:
        made = stated(connection, account, period)
    typer.echo(renderers[form](made), nl=False)


def bulletin(
    folder: _Folder,
    date: Annotated[str, typer.Option(metavar="D", help="A trade date; the last if none.")] = "",
    large: Annotated[
        pathlib.Path | None,
        typer.Option("--large", help="Also write the large traders to a file, CSV."),
    ] = None,
    as_json: _Json = False,
    database: _Database = "",
) -> None:
    """Print what each contract settled at and how it traded on a day, and the large traders."""
    from clearing.store.bulletin import bulletin as published
    from clearing.store.rendering import bulletin_text, large_csv
    from clearing.store.statements import day_of
    from sim.report import to_json

    day = day_of(date).first if date else 0
    with _caught_up(folder, database) as connection:
        made = published(connection, day)
    if large is not None:
        large.write_text(large_csv(made))
    if as_json:
        lines = [one._asdict() for one in made.contracts]
        told = {
            "large_traders": [one._asdict() for one in made.large],
            "accountable": [one._asdict() for one in made.accountable],
            "origins": [one._asdict() for one in made.origins],
        }
        typer.echo(to_json({"date": made.date, "contracts": lines, **told}))
    else:
        typer.echo(bulletin_text(made), nl=False)


def query(
    folder: _Folder,
    what: Annotated[_Table, typer.Argument(help="A table.")],
    account: Annotated[
        str, typer.Option(help="Its name or number; settlements and fixings are everybody's.")
    ] = "",
    first: Annotated[str, typer.Option("--from", metavar="D", help="First trade date.")] = "",
    last: Annotated[str, typer.Option("--to", metavar="D", help="Last trade date.")] = "",
    after: Annotated[str, typer.Option(help="Where the page before ended.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Rows of a page.")] = 100,
    database: _Database = "",
) -> None:
    """Print rows of an account, a page at a time, as JSON: {rows, after}."""
    from clearing.store.queries import EVERYBODYS, FOREVER, Asked, holder, page
    from clearing.store.statements import day_of
    from sim.report import to_json

    if not account and what not in EVERYBODYS:
        raise typer.BadParameter(f"say whose {what}", param_hint="--account")
    begin = day_of(first).first if first else 0
    end = day_of(last).last if last else FOREVER
    with _caught_up(folder, database) as connection:
        number = holder(connection, account).account if account else 0
        asked = Asked(number, begin, end, after, limit)
        found = page(connection, what, asked)
    typer.echo(to_json(found._asdict()))


@contextlib.contextmanager
def _caught_up(folder: pathlib.Path, address: str) -> Iterator["Connection"]:
    """Yield a connection to a database that holds all of the journal of a folder."""
    from clearing.store.database import Database
    from clearing.store.rebuild import catch_up

    say_if_cold()
    with bar("rows of the journal") as tell:
        catch_up(folder, address, tell)
    with Database.at(address, folder).transaction() as connection:
        yield connection
