"""`cfx margin`: what an account or a portfolio needs, by which model, and why."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sim.cli_notes import bar, say_if_cold

if TYPE_CHECKING:
    from sim.margin_ask import Asked, Lots, Measure
    from sim.margin_order import Checked

_Spn = Annotated[pathlib.Path | None, typer.Option(help="Risk parameters, a .spn file 4.00.")]
_Portfolio = Annotated[
    pathlib.Path | None,
    typer.Option(
        help='JSON: [{"contract": "1/2", "quantity": -5}, ...]; in a .spn file pfId/cId names '
        "a contract, in a folder its name."
    ),
]
_Folder = Annotated[
    pathlib.Path | None, typer.Option("--data", help="Or a run's or an exchange's folder.")
]
_Account = Annotated[str, typer.Option(help="Whose positions, by name or number.")]
_Model = Annotated[
    Literal["span", "fhs"], typer.Option(help="Risk arrays, or historical simulation.")
]
_History = Annotated[
    pathlib.Path | None,
    typer.Option(
        help="CSV of date, model, value that fhs simulates, such as an index.csv; "
        "without it a folder's own index."
    ),
]
_Kind = Annotated[
    Literal["member", "hedger", "speculator"] | None,
    typer.Option(
        "--type",
        help="Of the account: it decides the initial margin. A portfolio's is speculator.",
    ),
]
_Add = Annotated[
    list[str] | None,
    typer.Option(metavar="CONTRACT=LOTS", help="What if these were added? May be repeated."),
]
_Order = Annotated[
    str,
    typer.Option(
        metavar="'buy LOTS CONTRACT @ PRICE'",
        help="What if an --account entered this order? Tells what the pre-trade check would say, "
        "and what the house would ask for if all of it filled.",
    ),
]
_Extract = Annotated[
    pathlib.Path | None,
    typer.Option(help="A new .spn file of just the parameters that this portfolio needs."),
]
_Compare = Annotated[bool, typer.Option("--compare", help="Show both models side by side.")]
_Explain = Annotated[bool, typer.Option("--explain", help="Show what every amount is the sum of.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]


def margin(
    spn: _Spn = None,
    portfolio: _Portfolio = None,
    folder: _Folder = None,
    account: _Account = "",
    model: _Model = "span",
    history: _History = None,
    kind: _Kind = None,
    add: _Add = None,
    order: _Order = "",
    extract: _Extract = None,
    compare: _Compare = False,
    explained: _Explain = False,
    as_json: _Json = False,
) -> None:
    """Compute a margin by SPAN or by filtered historical simulation: --spn and --portfolio.

    Or of a folder's --account; or of a --portfolio as if an account held it there. With --add or
    --order also the margin before, and what the change costs. With --data alone: of every account,
    and in all by origin.
    """
    from sim import margin_read

    narrower = spn, portfolio, account, order, add, explained, compare, history, kind, extract
    if folder and model == "span" and not any(narrower):
        _show_all(folder, as_json)
        return
    _check(spn, portfolio, folder, account, extract)
    _check_order(order, account, add)
    changes, checked = margin_read.read_changes(add or []), None
    if spn and portfolio:
        asked = _by_file(spn, portfolio, changes, kind, history)
    elif folder and order:
        asked, checked, changes = _by_order(folder, account, order, kind, history)
    elif folder:
        asked = _by_folder(folder, account, portfolio, kind, history)
    lots = (asked.held if changes else None, margin_read.added(asked.held, changes))
    models = tuple(asked.measures) if compare else (model,)
    shown = _shown(asked.measures, models, lots, explained, as_json, checked)
    if extract and asked.parameters:
        margin_read.write_extract(asked.parameters, extract)
    typer.echo(shown, nl=as_json)


def _check(
    spn: pathlib.Path | None,
    portfolio: pathlib.Path | None,
    folder: pathlib.Path | None,
    account: str,
    extract: pathlib.Path | None,
) -> None:
    """Refuse a command line that says too little, or two things at once."""
    if bool(spn) == bool(folder):
        raise typer.BadParameter("say --spn or --data, one of them", param_hint="--spn")
    if spn and (account or not portfolio):
        raise typer.BadParameter("say whose with --portfolio", param_hint="--spn")
    if folder and bool(account) == bool(portfolio):
        raise typer.BadParameter("say --account or --portfolio, one of them", param_hint="--data")
    if extract and not spn:
        raise typer.BadParameter("it is a part of --spn", param_hint="--extract")


def _check_order(order: str, account: str, add: list[str] | None) -> None:
    """Refuse an order of nobody, and two changes at once."""
    if order and not account:
        raise typer.BadParameter("say whose with --data and --account", param_hint="--order")
    if order and add:
        raise typer.BadParameter("say --order or --add, one of them", param_hint="--order")


def _show_all(folder: pathlib.Path, as_json: bool) -> None:
    """Print what every account of a folder needs."""
    from sim.margin_accounts import overview, page
    from sim.margin_house import replayed_house
    from sim.report import to_json

    say_if_cold()
    with bar("rows of the journal") as tell:
        shown = overview(replayed_house(folder, tell))
    typer.echo(to_json(shown) if as_json else page(shown), nl=as_json)


def _by_file(
    spn: pathlib.Path,
    portfolio: pathlib.Path,
    changes: "Sequence[tuple[str, int]]",
    kind: str | None,
    history: pathlib.Path | None,
) -> "Asked":
    from sim.margin_ask import by_file
    from sim.margin_read import added, read_parameters, read_portfolio

    held = read_portfolio(portfolio)
    return by_file(read_parameters(spn, added(held, changes)), held, kind, history)


def _by_folder(
    folder: pathlib.Path,
    account: str,
    portfolio: pathlib.Path | None,
    kind: str | None,
    history: pathlib.Path | None,
) -> "Asked":
    from sim.margin_house import by_house, replayed_house
    from sim.margin_read import read_portfolio

    say_if_cold()
    held = read_portfolio(portfolio) if portfolio else None
    with bar("rows of the journal") as tell:
        house = replayed_house(folder, tell)
    return by_house(house, account, held, kind, history)


def _by_order(
    folder: pathlib.Path,
    account: str,
    order: str,
    kind: str | None,
    history: pathlib.Path | None,
) -> "tuple[Asked, Checked, list[tuple[str, int]]]":
    """Return also what the pre-trade check says to an order, and what it would change."""
    from gateway.view import View
    from sim.margin_house import account_of, by_house, replayed_house
    from sim.margin_order import checked, proposed

    say_if_cold()
    view = View()
    with bar("rows of the journal") as tell:
        house = replayed_house(folder, tell, view.fold)
    number, proposal = account_of(house, account), proposed(view, order)
    told = checked(view, number, proposal)
    return by_house(house, account, None, kind, history), told, proposal.changes(view)


def _shown(
    measures: "Mapping[str, Measure]",
    models: tuple[str, ...],
    lots: "tuple[Lots | None, Lots]",
    explained: bool,
    as_json: bool,
    order: "Checked | None",
) -> str:
    """Return what is printed. lots: before a change, or None without one, and after it."""
    from sim import margin_page

    before, after = lots
    earlier = {name: None if before is None else measures[name](before) for name in models}
    made = {name: measures[name](after) for name in models}
    if as_json:
        answers = {
            name: margin_page.answer(made[name], explained, earlier[name], order) for name in models
        }
        return margin_page.to_json(answers if len(models) > 1 else answers[models[0]])
    pages = [margin_page.of_order(order)] if order else []
    pages += [margin_page.page(made[name], explained, earlier[name]) for name in models]
    if len(models) > 1:
        pages.append(margin_page.compared(list(made.values())))
    return "\n".join(pages)
