"""`cfx evidence`: what can be shown for the index, as tables."""

import datetime
import pathlib
from typing import Annotated

import typer


def evidence(
    prices: Annotated[
        pathlib.Path | None, typer.Option(help="A price panel, CSV or CSV.gz, to show it on too.")
    ] = None,
    model: Annotated[list[str] | None, typer.Option(help="Models of the panel.")] = None,
    days: Annotated[int, typer.Option(min=2, max=250, help="Of the simulated feed.")] = 40,
    observations: Annotated[int, typer.Option(min=100, max=200_000, help="A day of it.")] = 2_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """Show what the index withstands: bad feeds, known answers, manipulation, comings and goings.

    All of the simulated feed is invented; its truth is known. With --prices: a panel's last
    stretch without a gap as well.
    """
    from sim.evidence_pages import of_panel, simulated

    for line in simulated(days, observations, seed):
        typer.echo(line)
    if prices:
        today = datetime.datetime.now(datetime.UTC).date()
        for line in of_panel(prices, model or ["H100", "A100", "B200"], today, seed):
            typer.echo(line)
