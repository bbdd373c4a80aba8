"""`cfx curve` and `cfx hardware`: forward curves, their models, and what a machine is worth."""

import datetime
import pathlib
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli_index import Model

if TYPE_CHECKING:
    from sim.curve_fit import Fit
    from sim.curve_sources import Forward

curve = typer.Typer(help="Forward curves and models of the spot price.", no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]
_Scenario = Annotated[str, typer.Option(help="Whose model of the spot price: a name or a file.")]
_Panel = Annotated[
    pathlib.Path | None, typer.Option("--prices", help="A price panel: from its last fixing on.")
]
_Run = Annotated[
    pathlib.Path | None, typer.Option("--settlements", help="A run's settlements.csv.")
]


@curve.command("show")
def show(
    model: Model,
    scenario: _Scenario = "demo",
    prices: _Panel = None,
    settlements: _Run = None,
    out: Annotated[pathlib.Path | None, typer.Option(help="A CSV file: month, price.")] = None,
    as_json: _Json = False,
) -> None:
    """Show a model's futures by month: price and, where a form is known, volatility and risk."""
    from sim import curve_page
    from sim.curve_sources import write_curve

    found = _forward(model, scenario, prices, settlements, None)
    if out:
        write_curve(out, found.points)
    typer.echo(curve_page.curve_json(found) if as_json else curve_page.curve_table(found))


@curve.command("fit")
def fit(
    model: Model, prices: _Panel = None, settlements: _Run = None, as_json: _Json = False
) -> None:
    """Fit two factors to a panel: of futures, or of spot prices alone. Illustrative."""
    from sim import curve_page

    found = _fitted(model, prices, settlements)
    typer.echo(curve_page.fit_json(found) if as_json else curve_page.fit_table(found))


def hardware(
    model: Model,
    price: Annotated[float, typer.Option(help="USD of one GPU, its part of the server too.")],
    refurbished: Annotated[
        float | None, typer.Option(help="USD of a refurbished one, to compare with.")
    ] = None,
    age_months: Annotated[int, typer.Option(help="How old the refurbished one is.")] = 24,
    life_months: Annotated[int, typer.Option(help="How long a new one earns.")] = 60,
    opex: Annotated[float, typer.Option(help="USD an hour, sold or not.")] = 0.40,
    utilisation: Annotated[float, typer.Option(help="Part of the hours that is sold.")] = 0.70,
    failure: Annotated[float, typer.Option(help="Chance a year that it is lost.")] = 0.05,
    discount: Annotated[float, typer.Option(help="A year's rate.")] = 0.10,
    curve_file: Annotated[
        pathlib.Path | None, typer.Option("--curve", help="A CSV file: month, price.")
    ] = None,
    scenario: _Scenario = "demo",
    prices: _Panel = None,
    settlements: _Run = None,
    as_json: _Json = False,
) -> None:
    """Say what a machine is worth on a forward curve: its rent to come, discounted."""
    from sim import curve_page
    from sim.hardware import Machine, compared

    new = Machine(price, life_months, opex, utilisation, failure)
    found = _forward(model, scenario, prices, settlements, curve_file)
    made = compared(new, refurbished, age_months, found.prices, discount)
    shown = curve_page.hardware_json if as_json else curve_page.hardware_tables
    typer.echo(shown(found, made))


def _forward(
    model: str,
    scenario: str,
    prices: pathlib.Path | None,
    settlements: pathlib.Path | None,
    file: pathlib.Path | None,
) -> "Forward":
    """Return the curve of the one source that was named; of the scenario, if none was."""
    from sim import curve_sources
    from sim.scenario import load

    if sum(one is not None for one in (prices, settlements, file)) > 1:
        raise typer.BadParameter("name one of --prices, --settlements and --curve")
    if file:
        return curve_sources.of_file(file)
    if settlements:
        return curve_sources.of_run(settlements, model)
    if prices:
        return curve_sources.of_panel(prices, model, _today())
    return curve_sources.of_scenario(load(scenario), model)


def _fitted(model: str, prices: pathlib.Path | None, settlements: pathlib.Path | None) -> "Fit":
    from sim.curve_fit import fit as likeliest
    from sim.curve_fit import spot_curves
    from sim.curve_panel import as_panel, read_curves
    from sim.curve_sources import read_index

    if (prices is None) == (settlements is None):
        raise typer.BadParameter("name one of --prices and --settlements")
    if settlements:
        return likeliest(as_panel(read_curves(settlements, model)))
    assert prices is not None
    return likeliest(spot_curves(read_index(prices, model, _today())))


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()
