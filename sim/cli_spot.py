"""`cfx spot`: a scenario's marketplace by itself, and the truth beside what the index finds."""

import pathlib
from typing import Annotated

import typer

from sim.cli_notes import bar, say_if_cold


def spot(
    scenario: Annotated[
        str, typer.Argument(help="The name of a scenario with a marketplace, or its TOML file.")
    ] = "spot",
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the scenario's.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="The most trade dates.")] = None,
    out: Annotated[
        pathlib.Path | None, typer.Option(help="A new folder, for trades, auctions, contracts.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")] = False,
) -> None:
    """Play a scenario's spot marketplace without its futures: auctions, quotes, contracts.

    The level and what regions add are known here and to nobody on the marketplace; beside them
    stands what the index makes of the trades. All of it is illustrative.
    """
    from sim.files import claim
    from sim.plan import Span, planned
    from sim.report import to_json
    from sim.scenario import load
    from sim.spot_days import SpotDays
    from sim.spot_pages import HEADING, closing_lines, line_text, write_spot

    plan = planned(load(scenario, seed=seed, days=days), Span())
    market = SpotDays(plan)
    if out:
        claim(out)
    say_if_cold()
    lines = []
    with bar("trade dates") as progress:
        for done, today in enumerate(market.days(), start=1):
            lines += today
            progress(done, len(plan.days))
    found = market.summary(lines)
    if out:
        write_spot(market.market, market.played, out)
    if as_json:
        typer.echo(to_json(found))
        return
    for text in (HEADING, *map(line_text, lines), *closing_lines(found)):
        typer.echo(text)
