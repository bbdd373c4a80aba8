"""`cfx disclose`: the figures by which members judge a clearing house."""

import pathlib
from typing import Annotated

import typer

from sim.cli_notes import bar, say_if_cold


def disclose(
    folder: Annotated[
        pathlib.Path, typer.Argument(metavar="DIR", help="A run's or an exchange's folder.")
    ],
    compare: Annotated[
        bool, typer.Option("--compare", help="Coverage of historical simulation besides.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")] = False,
) -> None:
    """Print resources, margin, coverage and its tests, calls, stress losses, concentration.

    After the quantitative disclosures of CPMI-IOSCO; coverage is of the folder's own days.
    """
    from sim.disclosure_page import disclosed, page
    from sim.report import to_json

    say_if_cold()
    with bar("rows of the journal") as tell:
        shown = disclosed(folder, tell, is_compared=compare)
    typer.echo(to_json(shown) if as_json else page(shown), nl=as_json)
