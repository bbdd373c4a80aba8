"""`cfx recover` opens what a mistake of ours closed, `cfx upgrade` seals for a newer release."""

import pathlib
from typing import Annotated

import typer

from sim.cli_notes import bar, say_if_cold
from sim.cli_options import Operator, Reason

_Folder = Annotated[
    pathlib.Path, typer.Argument(metavar="DIR", help="A run's or an exchange's folder.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]


def recover(
    folder: _Folder,
    skip: Annotated[
        list[int], typer.Option(metavar="SEQ", min=1, help="A row; may be said more than once.")
    ],
    operator: Operator,
    reason: Reason = "",
    as_json: _Json = False,
) -> None:
    """Pass over a row of the last frame that the house cannot take in, and record it.

    All other rows stand. Where another row is at fault, or none is, nothing is changed.
    """
    from gateway.recovery import pass_over
    from gateway.signed import Signed, signature
    from sim.report import to_json

    why = signature(Signed(operator=operator, reason=reason))
    say_if_cold()
    with bar("replaying the journal") as progress:
        made = pass_over(folder, skip, why, progress)
    if as_json:
        typer.echo(to_json({"skipped": sorted(set(skip)), **made._asdict()}))
        return
    passed = ", ".join(map(str, sorted(set(skip))))
    typer.echo(f"{folder}: passed over seq {passed}; the journal ends at seq {made.rows}")
    typer.echo(f"state {made.state_hash}, events {made.event_hash}, ledger {made.ledger_hash}")


def upgrade(folder: _Folder, as_json: _Json = False) -> None:
    """Replay a folder with this release, and seal it: a newer one goes on from there.

    What was acknowledged and paid then stands as it was told, whatever rules the newer one has.
    """
    from gateway.upgrading import upgrade as upgraded
    from sim.report import to_json

    say_if_cold()
    with bar("replaying the journal") as progress:
        made = upgraded(folder, progress)
    if as_json:
        typer.echo(to_json(made))
        return
    typer.echo(f"{made.seal}: {made.rows:,} rows and {made.events:,} events, rules {made.rules}")
    typer.echo(f"state {made.state_hash}, events {made.event_hash}, ledger {made.ledger_hash}")
