"""`cfx backup` and `cfx restore`: an exchange's journal to a safe place, and back."""

import pathlib
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli_notes import bar, say_if_cold

if TYPE_CHECKING:
    from gateway.backup import Copied

_Json = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]


def backup(
    folder: Annotated[
        pathlib.Path, typer.Argument(metavar="DIR", help="A run's or an exchange's folder.")
    ],
    to: Annotated[pathlib.Path, typer.Argument(help="A folder that is new or empty.")],
    as_json: _Json = False,
) -> None:
    """Copy a folder's journal, also while it is served, with a snapshot of what it makes.

    Keys are not copied: they are secrets.
    """
    from gateway.backup import back_up

    say_if_cold()
    with bar("replaying the copy") as progress:
        made = back_up(folder, to, progress)
    _tell(made, as_json)


def restore(
    source: Annotated[pathlib.Path, typer.Argument(metavar="FROM", help="A backup.")],
    folder: Annotated[
        pathlib.Path, typer.Argument(metavar="DIR", help="A folder that is new or empty.")
    ],
    as_json: _Json = False,
) -> None:
    """Make a folder that can be served of a backup, if its replay ends as the backup says.

    Keys have to be made anew.
    """
    from gateway.backup import restore as restored

    say_if_cold()
    with bar("replaying the copy") as progress:
        made = restored(source, folder, progress)
    _tell(made, as_json)


def _tell(made: "Copied", as_json: bool) -> None:
    from sim.report import to_json

    if as_json:
        typer.echo(to_json(made))
        return
    typer.echo(f"{made.folder}: {made.rows:,} rows in {made.frames:,} frames, {made.files} file(s)")
    typer.echo(f"state {made.state_hash}, events {made.event_hash}, ledger {made.ledger_hash}")
