"""Options that the acts of operators share: which exchange, who asks, and why."""

import getpass
import pathlib
from typing import Annotated

import typer


def _user() -> str:
    """Return who is logged in; "operator" where the machine cannot tell."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"


Folder = Annotated[pathlib.Path, typer.Option("--data", help="The exchange's folder.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept in the journal.")]
Operator = Annotated[
    str, typer.Option(help="Who; it is kept in the journal.", default_factory=_user)
]
