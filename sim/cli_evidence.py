"""`cfx evidence`: what can be shown for the index, as tables."""

import datetime
import itertools
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
    from sim.panel import read_panel

    today = datetime.datetime.now(datetime.UTC).date()
    asked = model or ["H100", "A100", "B200"]
    panels = {name: read_panel(prices, [name], today).last_stretch() for name in asked if prices}
    pages = simulated(days, observations, seed), of_panel(panels, seed)
    for line in itertools.chain(*pages[: 1 + bool(panels)]):
        typer.echo(line)
