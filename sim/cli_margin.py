"""`cfx margin`: what a portfolio needs by a day's risk parameters, and why."""

import pathlib
from typing import Annotated, Literal

import typer


def margin(
    spn: Annotated[pathlib.Path, typer.Option(help="Risk parameters, a .spn file 4.00.")],
    portfolio: Annotated[
        pathlib.Path,
        typer.Option(
            help='JSON: [{"contract": "1/2", "quantity": -5}, ...]; contract is pfId/cId.'
        ),
    ],
    model: Annotated[Literal["span"], typer.Option(help="How risk is measured.")] = "span",
    kind: Annotated[
        Literal["member", "hedger", "speculator"],
        typer.Option("--type", help="Of the account: it decides the initial margin."),
    ] = "speculator",
    add: Annotated[
        list[str] | None,
        typer.Option(metavar="CONTRACT=LOTS", help="What if these were added? May be repeated."),
    ] = None,
    extract: Annotated[
        pathlib.Path | None,
        typer.Option(help="A new .spn file of just the parameters that this portfolio needs."),
    ] = None,
    explained: Annotated[
        bool, typer.Option("--explain", help="Show what every amount is the sum of.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")] = False,
) -> None:
    """Compute a portfolio's margin: scan, spreads, credits, minimum, option value.

    With --add also the margin before, and what the change costs.
    """
    from clearing.margin.span import margin as span
    from clearing.terms import INITIAL_PERCENT
    from engine.schema import AccountType
    from sim import margin_page

    held = margin_page.read_portfolio(portfolio)
    changed = margin_page.added(held, margin_page.read_changes(add or []))
    parameters = margin_page.read_parameters(spn, changed)
    percent = INITIAL_PERCENT[AccountType[kind.upper()]]
    before = span(parameters, held, percent) if add else None
    made = span(parameters, changed, percent)
    if extract:
        margin_page.write_extract(parameters, extract)
    if as_json:
        typer.echo(margin_page.to_json(margin_page.answer(model, made, explained, before)))
    else:
        typer.echo(margin_page.page(made, explained, before), nl=False)
