"""`cfx margin --data`: an account of a run by both models, what if, and what cannot be."""

import json
import pathlib
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from clearing.house import House
from engine.instruments import units
from engine.rows import Batch
from engine.schema import AccountType, Kind
from gateway.view import View
from sim.margin_accounts import overview, page
from sim.margin_house import by_house, replayed_house
from sim.margin_order import checked, proposed
from sim.margin_page import of_order
from sim.plan import Span, planned
from sim.run import Run
from tests import small_world
from tests.shell import Shell, refused
from tests.trading_days import FIRST_DAY, founded, front, trade

HEDGER = "hedger-1"


def quiet(days: int) -> str:
    """Return a scenario of few orders a day."""
    text = small_world.SMALL.replace("days = 4", f"days = {days}")
    return text.replace("wakes_a_day = 120", "wakes_a_day = 8").replace("a_day = 80", "a_day = 8")


def played(folder: pathlib.Path, days: int) -> pathlib.Path:
    run = Run(planned(small_world.scenario(quiet(days)), Span()), folder)
    for _ in run.days():
        pass
    run.close()
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Return the folder of a run that is long enough for its own history."""
    return played(tmp_path_factory.mktemp("long") / "run", 23)


@pytest.fixture(scope="module")
def house(folder: pathlib.Path) -> House:
    return replayed_house(folder, lambda _read, _of: None)


def asked(cfx: Shell, *arguments: object) -> Any:
    ended = cfx("margin", *arguments, "--json")
    assert ended.status == 0
    return json.loads(ended.out)


def leaves(part: dict[str, Any]) -> Decimal:
    if not part["parts"]:
        return Decimal(part["amount"])
    return sum(map(leaves, part["parts"]), Decimal(0))


@pytest.fixture(scope="module")
def other(folder: pathlib.Path) -> House:
    """Return the same house again, whose positions a what-if may change."""
    return replayed_house(folder, lambda _read, _of: None)


@pytest.fixture(scope="module")
def view(folder: pathlib.Path) -> View:
    """Return what was published of the same run."""
    seen = View()
    replayed_house(folder, lambda _read, _of: None, seen.fold)
    return seen


def held_by(house: House, name: str) -> dict[str, int]:
    net = house.positions.holdings["net"][:, house.directory.account_of[name].number].tolist()
    names = [each.name for each in house.directory.instruments]
    return {each: lots for each, lots in zip(names, net, strict=True) if lots}


def test_both_models_of_an_account_and_their_explanations(
    cfx: Shell, folder: pathlib.Path, house: House
) -> None:
    both = asked(cfx, "--data", folder, "--account", HEDGER, "--compare", "--explain")
    held, opened = house.calls.requirements(np.array([house.directory.account_of[HEDGER].number]))
    assert Decimal(both["span"]["maintenance"]) * 10**6 == int(held[0])
    assert Decimal(both["span"]["initial"]) * 10**6 == int(opened[0])
    for model, made in both.items():
        assert made["model"] == model
        assert leaves(made["explain"]) == Decimal(made["requirement"]) > 0
        assert [line["product"] for line in made["products"]] == ["H100"]
    shortfall = both["fhs"]["explain"]["parts"][0]["parts"][0]
    assert shortfall["note"].startswith("mean of the 1 worst of 22 past moves")


def test_the_simulation_uses_the_runs_own_index(
    cfx: Shell, folder: pathlib.Path, house: House, other: House
) -> None:
    lines = ["date,model,value"]
    for one in house.fixings.fixed:
        text = str(one.date)
        lines.append(f"{text[:4]}-{text[4:6]}-{text[6:]},{one.model},{one.value_micro / 10**6}")
    path = folder.parent / "index.csv"
    path.write_text("\n".join(lines) + "\n")
    made = asked(cfx, "--data", folder, "--account", HEDGER, "--model", "fhs", "--history", path)
    own = by_house(other, HEDGER, None, None, None)
    assert Decimal(made["requirement"]) * 10**6 == own.measures["fhs"](own.held).maintenance


@pytest.mark.parametrize("model", ["span", "fhs"])
def test_what_if_is_asked_of_the_same_house(house: House, other: House, model: str) -> None:
    asks = by_house(other, HEDGER, None, None, None)
    assert asks.held == held_by(house, HEDGER)
    measure = asks.measures[model]
    plain = measure(asks.held)
    twice = measure({name: 2 * lots for name, lots in asks.held.items()})
    assert twice.maintenance > 1.9 * plain.maintenance
    assert measure({}).maintenance == 0
    assert measure(asks.held) == plain


@pytest.mark.parametrize("model", ["span", "fhs"])
def test_a_portfolio_is_margined_as_if_an_account_held_it(
    house: House, other: House, model: str
) -> None:
    portfolio = held_by(house, HEDGER)
    asks = by_house(other, HEDGER, None, "hedger", None)
    as_hedger = asks.measures[model](asks.held)
    made = by_house(other, "", portfolio, None, None).measures[model](portfolio)
    assert made.maintenance == as_hedger.maintenance == as_hedger.initial
    assert made.initial == -(-made.maintenance * 110 // 100)  # A speculator's.


def test_what_if_on_the_command_line(cfx: Shell, folder: pathlib.Path, house: House) -> None:
    name, lots = next(iter(held_by(house, HEDGER).items()))
    arguments = ("--data", folder, "--account", HEDGER, "--add", f"{name}={lots}")
    made = asked(cfx, *arguments)
    assert Decimal(made["requirement"]) > Decimal(made["before"]["requirement"]) > 0


def test_every_account_and_each_origin(cfx: Shell, folder: pathlib.Path, house: House) -> None:
    made = asked(cfx, "--data", folder)
    names = [each.name for each in house.directory.accounts[1:]]
    assert [each["account"] for each in made["accounts"]] == names
    held, opened = house.calls.requirements(np.arange(1, len(names) + 1))
    for name, amounts in (("maintenance", held), ("initial", opened)):
        assert [Decimal(each[name]) * 10**6 for each in made["accounts"]] == amounts.tolist()
    both = [(each["origin"], each["accounts"]) for each in made["origins"]]
    assert both == [("house", 0), ("customer", len(names))]
    for line in made["positions"]:
        assert (line["origin"], line["net"]) == ("customer", 0)
        assert line["long"] == line["short"] > 0


def test_origins_are_margined_apart() -> None:
    venue = founded()
    batch = Batch()
    terms = {"other": 1, "code": AccountType.MEMBER, "value": 100, "value_2": 1}
    batch.money(Kind.OPEN_ACCOUNT, account=5, **terms, text="own")
    batch.money(Kind.DEPOSIT, account=5, value=10**10)
    venue.submit(batch, venue.exchange.time)
    month, price = front(venue, FIRST_DAY), units("2.81")
    for buyer, seller, lots in ((5, 2, 7), (3, 5, 2), (3, 4, 4)):
        trade(venue, buyer, seller, month, lots, price, venue.exchange.time)
    shown = overview(venue.house)
    held = [(each.origin, each.long, each.short, each.net) for each in shown.positions]
    assert held == [("house", 5, 0, 5), ("customer", 6, 11, -5)]
    need = {each.account: Decimal(each.initial) for each in shown.accounts}
    assert [Decimal(each.initial) for each in shown.origins] == [
        need.pop("own"),
        sum(need.values()),
    ]
    assert page(shown).splitlines()[-1].split()[2:] == ["6", "11", "-5"]


def test_an_order_is_tried_by_the_check_and_by_the_house(
    cfx: Shell, folder: pathlib.Path, house: House, other: House, view: View
) -> None:
    name, lots = next(iter(held_by(house, HEDGER).items()))
    side, change = ("buy", 3) if lots > 0 else ("sell", -3)
    made = asked(cfx, "--data", folder, "--account", HEDGER, "--order", f"{side} 3 {name} @ 2.80")
    asks = by_house(other, HEDGER, None, None, None)
    after = asks.measures["span"]({**asks.held, name: lots + change})
    assert Decimal(made["requirement"]) * 10**6 == after.maintenance
    assert Decimal(made["before"]["requirement"]) < Decimal(made["requirement"])
    told = made["order"]
    assert (told["order"], told["account"]) == (f"{side} 3 {name} @ 2.80", HEDGER)
    for when, total in (("before", "required_before"), ("after", "required")):
        assert sum(Decimal(part[when]) for part in told["parts"]) == Decimal(told[total])
    account = house.directory.account_of[HEDGER].number
    large = checked(view, account, proposed(view, f"{side} 2000 {name} @ 2.80"))
    assert f" of {HEDGER} is refused: it needs {large.required}, and " in of_order(large)


def test_an_order_that_cannot_be_meant_is_one_sentence(house: House, view: View) -> None:
    live, settled = next(iter(held_by(house, HEDGER))), house.directory.instruments[0].name
    for text, why in (
        ("hold 5", "is not 'buy LOTS CONTRACT @ PRICE'"),
        (f"buy 5 {live} at 2.80", "is not 'buy LOTS CONTRACT @ PRICE'"),
        ("buy 5 H9 @ 2.80", "there is no contract 'H9'"),
        (f"buy 5 {settled} @ 2.80", f"{settled} is settled"),
        (f"buy 5 {live} @ 2.805", "is not a multiple of 0.01"),
        (f"buy 5 {live} @ 99", "is not on the ladder"),
        (f"buy 0 {live} @ 2.80", "0 lots are not 1 to"),
        (f"sell 999999 {live} @ 2.80", "999999 lots are not 1 to"),
    ):
        with pytest.raises(ValueError, match=why):
            proposed(view, text)


def test_what_cannot_be_margined_is_one_sentence(
    cfx: Shell, folder: pathlib.Path, other: House, tmp_path: pathlib.Path
) -> None:
    account = ("--account", HEDGER)
    nobody = cfx("margin", "--data", folder, "--account", "nobody")
    assert "there is no account 'nobody'" in refused(nobody)
    assert "holds no journal" in refused(cfx("margin", "--data", tmp_path, *account))
    short = played(tmp_path / "short", 2)
    ended = cfx("margin", "--data", short, *account, "--model", "fhs")
    assert refused(ended).startswith("cfx: the index holds 2 days; a simulation needs 21: say --hi")
    with pytest.raises(ValueError, match="there is no account '99'"):
        by_house(other, "99", None, None, None)
    settled = other.directory.instruments[0].name
    for measure in by_house(other, HEDGER, None, None, None).measures.values():
        with pytest.raises(ValueError, match=f"{settled} is settled"):
            measure({settled: 1})
        with pytest.raises(ValueError, match="there is no contract 'H100'"):
            measure({"H100": 1})
    history = tmp_path / "history.csv"
    history.write_text("date,model,value\n2026-01-02,A100,1.5\n")
    simulated = by_house(other, HEDGER, None, None, history).measures["fhs"]
    with pytest.raises(ValueError, match=r"history.csv holds no values of H100"):
        simulated({})


def test_a_command_line_that_says_too_little_or_too_much(
    cfx: Shell, folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    spn = tmp_path / "x.spn"
    for arguments in (
        (),
        ("--data", folder, "--explain"),
        ("--data", folder, "--model", "fhs"),
        ("--data", folder, "--account", HEDGER, "--portfolio", spn),
        ("--data", folder, "--account", HEDGER, "--spn", spn),
        ("--data", folder, "--account", HEDGER, "--extract", spn),
        ("--spn", spn, "--account", HEDGER),
        ("--spn", spn, "--portfolio", spn, "--order", "buy 1 X @ 2"),
        ("--data", folder, "--account", HEDGER, "--order", "buy 1 X @ 2", "--add", "X=1"),
    ):
        assert cfx("margin", *arguments).status == 2
