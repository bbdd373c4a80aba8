"""`cfx index`: a model's daily fixings from a price panel, their audit, and pictures of them."""

import datetime
import pathlib
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sim.cli_outputs import check_outputs

if TYPE_CHECKING:
    from clearing.index.fixing import Fixing
    from sim.panel import Panel

_DAY = ["%Y-%m-%d"]
From = Annotated[
    datetime.datetime | None,
    typer.Option("--from", formats=_DAY, metavar="D", help="First date, such as 2026-07-05."),
]
To = Annotated[
    datetime.datetime | None,
    typer.Option("--to", formats=_DAY, metavar="D", help="Last date."),
]
Prices = Annotated[pathlib.Path, typer.Option(help="A price panel, CSV or CSV.gz.")]
Model = Annotated[str, typer.Option(help="A GPU model, such as H100.")]
Estimate = Annotated[
    Literal["winsorised", "median"], typer.Option(help="How weighted prices become one.")
]


def index(
    prices: Prices,
    model: Model,
    out: Annotated[pathlib.Path | None, typer.Option(help="The CSV file of fixings.")] = None,
    first: From = None,
    last: To = None,
    region: Annotated[str, typer.Option(help="Only observations of this region.")] = "",
    provider: Annotated[str, typer.Option(help="Only observations of this provider.")] = "",
    estimator: Estimate = "winsorised",
    unadjusted: Annotated[
        bool, typer.Option("--unadjusted", help="Prices as they are, without the regression.")
    ] = False,
    audit: Annotated[
        pathlib.Path | None, typer.Option(help="A Parquet file of every observation.")
    ] = None,
    coefficients: Annotated[
        pathlib.Path | None, typer.Option(help="A CSV file of the regression's coefficients.")
    ] = None,
    plot: Annotated[
        pathlib.Path | None, typer.Option(help="A picture: index, inputs, tiers, breaks.")
    ] = None,
    plot_coefficients: Annotated[
        pathlib.Path | None, typer.Option(help="A picture of the last adjustment.")
    ] = None,
    explain: Annotated[
        datetime.datetime | None,
        typer.Option(formats=_DAY, metavar="D", help="Show one fixing in full."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON alone: the fixings, or the explanation.")
    ] = False,
) -> None:
    """Compute a model's daily fixings from a price panel: all of its dates, unless told some.

    A fixing does not depend on the dates asked for: a series begins where the panel's does.
    """
    if not (out or explain or as_json):
        raise typer.BadParameter("say where the fixings go: --out or --json, or one to --explain")
    check_outputs(out, audit, coefficients, pictures=(plot, plot_coefficients), inputs=(prices,))
    from clearing.terms import IndexTerms, read
    from sim.index_table import fixings, narrowed, within

    panel = narrowed(_panel(prices, model), region, provider)
    remark(panel)
    terms = read({"estimator": estimator, "adjusted": not unadjusted}, IndexTerms)
    found = fixings(panel.cut(datetime.date.min, date_of(last, panel.dates[-1])), model, terms)
    chosen = within(found, date_of(first), date_of(last, panel.dates[-1]))
    if not chosen:
        raise ValueError(f"{panel.source} has no fixing of {model} between these dates")
    if explain:
        _explain(chosen, panel, model, explain.date(), as_json)
    elif as_json:
        _print(chosen, model)
    if out:
        _write(chosen, model, out)
        if not as_json:
            _tell(chosen, model)
    _write_beside(chosen, panel, model, audit, coefficients)
    _draw(chosen, panel, model, plot, plot_coefficients)


def _panel(prices: pathlib.Path, model: str) -> "Panel":
    from sim.panel import read_panel

    return read_panel(prices, [model], datetime.datetime.now(datetime.UTC).date())


def _explain(
    found: "list[Fixing]", panel: "Panel", model: str, date: datetime.date, as_json: bool
) -> None:
    from sim.index_explain import explained, lines
    from sim.index_table import within
    from sim.report import to_json

    chosen = within(found, date, date)
    if not chosen:
        raise ValueError(f"{panel.source} has no fixing of {model} on {date}")
    shown = explained(chosen[0], model, panel.names)
    typer.echo(to_json(shown) if as_json else "\n".join(lines(shown)))


def _print(found: "list[Fixing]", model: str) -> None:
    """Print fixings as one object: a row of `index.csv` each, numbers as numbers."""
    from sim.index_table import index_fields
    from sim.report import to_json

    typer.echo(to_json({"model": model, "fixings": [index_fields(each, model) for each in found]}))


def _write(found: "list[Fixing]", model: str, out: pathlib.Path) -> None:
    from sim.index_table import index_row, write_index

    write_index(out, (index_row(fixing, model) for fixing in found))


def _tell(found: "list[Fixing]", model: str) -> None:
    from engine.instruments import as_date

    dates = f"from {as_date(found[0].date)} to {as_date(found[-1].date)}"
    typer.echo(f"{len(found)} fixings of {model} {dates}")


def _write_beside(
    found: "list[Fixing]",
    panel: "Panel",
    model: str,
    audit: pathlib.Path | None,
    coefficients: pathlib.Path | None,
) -> None:
    from sim.index_table import audit_table, unread_table, write_audit, write_coefficients

    if audit:
        seen = (audit_table(fixing, model, panel.names) for fixing in found)
        write_audit(audit, [*seen, unread_table(panel)])
    if coefficients:
        write_coefficients(coefficients, found, panel, model)


def _draw(
    found: "list[Fixing]",
    panel: "Panel",
    model: str,
    index: pathlib.Path | None,
    adjustment: pathlib.Path | None,
) -> None:
    from sim.index_plots import plot_adjustment, plot_index

    if index:
        plot_index(index, found, model)
    if adjustment:
        plot_adjustment(adjustment, found, panel, model)


def remark(panel: "Panel") -> None:
    """Say on stderr which rows of a panel could not be right."""
    for line in panel.remarks():
        typer.echo(line, err=True)


def date_of(
    day: datetime.datetime | None, default: datetime.date = datetime.date.min
) -> datetime.date:
    """Return the date of an option, or the default where it was not given."""
    return day.date() if day else default
