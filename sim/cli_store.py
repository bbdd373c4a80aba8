"""The commands that read the SQL database of a run's or an exchange's folder, or make it."""

import pathlib
from typing import Annotated

import typer

from sim.cli_notes import bar, say_if_cold

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
