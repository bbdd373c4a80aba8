"""`cfx margin`: what a portfolio needs by a day's risk parameters, and why."""

import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from sim.margin_ask import Lots, Measure

_Kind = Literal["member", "hedger", "speculator"]


def margin(
    spn: Annotated[pathlib.Path, typer.Option(help="Risk parameters, a .spn file 4.00.")],
    portfolio: Annotated[
        pathlib.Path,
        typer.Option(
            help='JSON: [{"contract": "1/2", "quantity": -5}, ...]; contract is pfId/cId.'
        ),
    ],
    model: Annotated[
        Literal["span", "fhs"], typer.Option(help="Risk arrays, or historical simulation.")
    ] = "span",
    history: Annotated[
        pathlib.Path | None,
        typer.Option(help="CSV of date, model, value that fhs simulates: an index.csv will do."),
    ] = None,
    kind: Annotated[
        _Kind, typer.Option("--type", help="Of the account: it decides the initial margin.")
    ] = "speculator",
    add: Annotated[
        list[str] | None,
        typer.Option(metavar="CONTRACT=LOTS", help="What if these were added? May be repeated."),
    ] = None,
    extract: Annotated[
        pathlib.Path | None,
        typer.Option(help="A new .spn file of just the parameters that this portfolio needs."),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Show both models side by side.")
    ] = False,
    explained: Annotated[
        bool, typer.Option("--explain", help="Show what every amount is the sum of.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")] = False,
) -> None:
    """Compute a portfolio's margin by SPAN or by filtered historical simulation, or by both.

    With --add also the margin before, and what the change costs.
    """
    from sim import margin_ask, margin_read

    held = margin_read.read_portfolio(portfolio)
    changed = margin_read.added(held, margin_read.read_changes(add or []))
    parameters = margin_read.read_parameters(spn, changed)
    measures = margin_ask.by_file(parameters, kind, history)
    models = tuple(measures) if compare else (model,)
    shown = _shown(measures, models, (held if add else None, changed), explained, as_json)
    if extract:
        margin_read.write_extract(parameters, extract)
    typer.echo(shown, nl=as_json)


def _shown(
    measures: "Mapping[str, Measure]",
    models: tuple[str, ...],
    lots: "tuple[Lots | None, Lots]",
    explained: bool,
    as_json: bool,
) -> str:
    """Return what is printed. lots: before a change, or None without one, and after it."""
    from sim import margin_page

    before, after = lots
    made = {name: measures[name](after) for name in models}
    earlier = {name: None if before is None else measures[name](before) for name in models}
    if as_json:
        answers = {
            name: margin_page.answer(made[name], explained, earlier[name]) for name in models
        }
        return margin_page.to_json(answers if len(models) > 1 else answers[models[0]])
    pages = [margin_page.page(made[name], explained, earlier[name]) for name in models]
    return "\n".join([*pages, *([margin_page.compared(list(made.values()))] * (len(models) > 1))])
