"""`cfx basis`, `cfx performance` and `cfx tokens`: prices beside the index."""

import datetime
import pathlib
from typing import Annotated, Literal

import typer

from sim.cli_index import Model, Prices, remark
from sim.cli_notes import bar
from sim.cli_outputs import check_outputs

_Out = Annotated[pathlib.Path, typer.Option(help="The CSV file to write.")]
_Plot = Annotated[pathlib.Path | None, typer.Option(help="A picture.")]


def basis(
    prices: Prices,
    model: Model,
    out: _Out,
    by: Annotated[Literal["provider", "region"], typer.Option(help="Of what.")] = "provider",
    plot: _Plot = None,
) -> None:
    """Compute the sub-index of each region or provider, and its basis to the whole's index."""
    from clearing.terms import IndexTerms
    from sim.basis import bases, write_bases
    from sim.panel import read_panel

    check_outputs(out, pictures=(plot,), inputs=(prices,))
    panel = read_panel(prices, [model], _today())
    remark(panel)
    with bar("sub-indices") as progress:
        found = bases(panel, model, by, IndexTerms(), progress)
    write_bases(out, model, found)
    if plot:
        from sim.basis_plots import plot_basis

        levels = sorted({one.level for one in found})
        series = {
            level: [
                (one.date, (one.value_micro - one.index_micro) / 1e6)
                for one in found
                if one.level == level
            ]
            for level in levels
        }
        plot_basis(plot, f"{model}: basis by {by}", "USD per GPU-hour above the index", series)
    typer.echo(f"{len(found)} values of {len({one.level for one in found})} sub-indices of {model}")


def performance(
    prices: Prices,
    model: Model,
    throughput: Annotated[pathlib.Path, typer.Option(help="CSV: Model, acc, median a second.")],
    benchmark: Annotated[str, typer.Option(help="Such as llama3.1-8b.")],
    out: _Out,
) -> None:
    """Compute what a million units of a benchmark's work cost at a model's index."""
    from clearing.terms import IndexTerms
    from sim.basis import per_million, read_throughput, write_performance
    from sim.index_table import fixings
    from sim.panel import read_panel

    check_outputs(out, inputs=(prices, throughput))
    measured = read_throughput(throughput, benchmark)
    panel = read_panel(prices, [model], _today())
    remark(panel)
    rows = per_million(fixings(panel, model, IndexTerms()), model, benchmark, measured)
    write_performance(out, rows)
    typer.echo(f"{len(rows)} days of {model}; the last: {rows[-1][-1]} USD per million units")


def tokens(
    consumption: Annotated[pathlib.Path, typer.Option(help="Weekly use by model, CSV or CSV.gz.")],
    out: _Out,
    prices: Annotated[
        pathlib.Path | None, typer.Option(help="A log of list prices, CSV or CSV.gz.")
    ] = None,
    plot: _Plot = None,
) -> None:
    """Compute the token index, USD per million tokens, and the naive one beside it."""
    from sim.tokens import Listed, chained, read_listed, read_weeks, write_weeks

    check_outputs(out, pictures=(plot,), inputs=(consumption, prices))
    listed, findings = read_listed(prices, _today()) if prices else (Listed({}), [])
    weeks, more = read_weeks(consumption, listed, _today())
    _say_first(findings, prices)
    _say_first(more, consumption)
    found = list(chained(weeks))
    write_weeks(out, found)
    if plot:
        from sim.basis_plots import plot_lines

        series = {
            "chained": [(week.date, week.value) for week in found],
            "naive": [(week.date, week.naive) for week in found],
        }
        plot_lines(plot, "Token index", "USD per million tokens", series, bold="chained")
    typer.echo(f"{len(found)} weeks, the last {found[-1].value:.4f} USD per million tokens")


def _say_first(findings: list[str], path: pathlib.Path | None, most: int = 5) -> None:
    """Say on stderr what a file holds that cannot be right: the first, and how many more."""
    for finding in findings[:most]:
        typer.echo(finding, err=True)
    if len(findings) > most:
        typer.echo(f"{path} has {len(findings) - most} more findings", err=True)


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()
