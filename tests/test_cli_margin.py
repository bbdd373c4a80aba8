"""`cfx margin`: its figures, its explanation, what if, and one sentence for what cannot be."""

import datetime
import json
import math
import pathlib
from decimal import Decimal
from typing import Any

import pytest

from clearing.margin.spn_read import read
from tests.shell import Shell, refused
from tests.small_spn import SMALL


@pytest.fixture
def spn(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "small.spn"
    path.write_text(SMALL)
    return path


def held(folder: pathlib.Path, **lots: int) -> pathlib.Path:
    """Write a portfolio and return its file; `c1_2=3` is 3 of contract 1/2."""
    path = folder / "portfolio.json"
    entries = [
        {"contract": name[1:].replace("_", "/"), "quantity": quantity}
        for name, quantity in lots.items()
    ]
    path.write_text(json.dumps(entries))
    return path


def asked(cfx: Shell, *arguments: object) -> Any:
    ended = cfx("margin", *arguments, "--json")
    assert (ended.status, ended.err) == (0, "")
    return json.loads(ended.out)


def leaves(part: dict[str, Any]) -> list[Decimal]:
    if not part["parts"]:
        return [Decimal(part["amount"])]
    return [amount for each in part["parts"] for amount in leaves(each)]


def test_the_keys_and_figures_of_an_answer(
    cfx: Shell, spn: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    made = asked(cfx, "--spn", spn, "--portfolio", held(tmp_path, c1_1=2, c1_2=-2, c2_11=-3))
    product = made["products"][0]
    assert {key: value for key, value in made.items() if key != "products"} == {
        "model": "span",
        "currency": "USD",
        "requirement": "672.80",
        "initial": "740.08",
        "maintenance": "672.80",
        "net_option_value": "-262.80",
        "explain": None,
        "before": None,
    }
    assert product == {
        "product": "H100",
        "scan": "390.00",
        "scenario": 11,
        "intra": "20.00",
        "spot": "0.00",
        "inter": "0.00",
        "som": "75.00",
        "requirement": "410.00",
    }


def test_an_explanation_adds_up_and_names_scenario_spread_and_rate(
    cfx: Shell, spn: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    portfolio = held(tmp_path, c1_1=5, c1_2=-2, c2_11=-1)
    made = asked(cfx, "--spn", spn, "--portfolio", portfolio, "--explain")
    assert sum(leaves(made["explain"])) == Decimal(made["requirement"])
    page = cfx("margin", "--spn", spn, "--portfolio", portfolio, "--explain").out
    assert "scenario 13: price down 3/3, volatility up" in page
    assert "2 x 40.00, A long and B short (A: 20261030, B: 20261130)" in page
    assert made["requirement"] in page


def test_members_and_hedgers_open_at_maintenance(
    cfx: Shell, spn: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    arguments = ("--spn", spn, "--portfolio", held(tmp_path, c1_1=1))
    found = {kind: asked(cfx, *arguments, "--type", kind) for kind in ("member", "hedger")}
    assert {made["initial"] for made in found.values()} == {"219.00"}
    assert asked(cfx, *arguments)["initial"] == "240.90"


def test_what_if_shows_the_margin_before_and_after(
    cfx: Shell, spn: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    arguments = ("--spn", spn, "--portfolio", held(tmp_path, c1_1=2), "--add", "1/2=-1")
    made = asked(cfx, *arguments, "--add", "1/2=-1")
    assert made["before"]["requirement"] == "438.00"
    assert made["requirement"] == "80.00"
    page = cfx("margin", *arguments).out
    assert page.splitlines()[-4].split() == ["requirement", "438.00", "-179.00", "259.00"]


def test_entries_of_one_contract_add_up_and_nothing_needs_nothing(
    cfx: Shell, spn: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    portfolio = tmp_path / "twice.json"
    portfolio.write_text(json.dumps([{"contract": "1/1", "quantity": n} for n in (3, -2)]))
    assert asked(cfx, "--spn", spn, "--portfolio", portfolio)["requirement"] == "219.00"
    portfolio.write_text("[]")
    made = asked(cfx, "--spn", spn, "--portfolio", portfolio, "--explain")
    assert (made["requirement"], made["products"]) == ("0.00", [])


def test_an_extract_holds_what_the_portfolio_needs_and_is_never_written_over(
    cfx: Shell, spn: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    portfolio, part = held(tmp_path, c1_1=2), tmp_path / "part.spn"
    whole = asked(cfx, "--spn", spn, "--portfolio", portfolio, "--extract", part)
    assert asked(cfx, "--spn", part, "--portfolio", portfolio) == whole
    with part.open("rb") as file:
        assert list(read(file).contracts) == ["1/1"]
    before = part.read_bytes()
    sentence = refused(cfx("margin", "--spn", spn, "--portfolio", portfolio, "--extract", part))
    assert "part.spn" in sentence
    assert part.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "portfolio.json is not a portfolio"),
        ("{}", "portfolio.json is not a portfolio: Expected `array`, got `object`"),
        ('[{"contract": "1/1"}]', "missing required field `quantity`"),
        ('[{"contract": "1/1", "quantity": "2"}]', "Expected `int`, got `str`"),
        ('[{"contract": "1/1", "quantity": 2.5}]', "Expected `int`, got `float`"),
        ('[{"contract": 1, "quantity": 2}]', "Expected `str`, got `int`"),
        ('[{"contract": "1/1", "quantity": 2, "side": "buy"}]', "unknown field `side`"),
        ('[{"contract": "9/9", "quantity": 2}]', "small.spn holds no contract '9/9'"),
        ('[{"contract": "1/1", "quantity": 99999999999}]', "99999999999 lots of 1/1 are more than"),
        ("\udcff", "portfolio.json is not a portfolio"),
    ],
)
def test_a_portfolio_that_cannot_be_is_one_sentence(
    cfx: Shell, spn: pathlib.Path, tmp_path: pathlib.Path, text: str, complaint: str
) -> None:
    portfolio = tmp_path / "portfolio.json"
    portfolio.write_text(text, errors="surrogateescape")
    assert complaint in refused(cfx("margin", "--spn", spn, "--portfolio", portfolio))


def test_a_file_that_cannot_be_is_one_sentence(
    cfx: Shell, spn: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    portfolio = held(tmp_path, c1_1=1)
    spn.write_text(SMALL[:900])
    sentence = refused(cfx("margin", "--spn", spn, "--portfolio", portfolio))
    assert "small.spn: line" in sentence
    assert "cut off" in sentence
    spn.write_text(SMALL.replace("4.00", "3.00"))
    assert "format '3.00'" in refused(cfx("margin", "--spn", spn, "--portfolio", portfolio))
    nowhere = tmp_path / "nowhere.spn"
    assert "nowhere.spn" in refused(cfx("margin", "--spn", nowhere, "--portfolio", portfolio))
    assert "nowhere.spn" in refused(cfx("margin", "--spn", spn, "--portfolio", nowhere))


def test_a_change_of_another_form_is_one_sentence(
    cfx: Shell, spn: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    arguments = ("margin", "--spn", spn, "--portfolio", held(tmp_path, c1_1=1), "--add")
    for text in ("1/1", "1/1=", "=5", "1/1=a", "1/1=1.5"):
        assert f"--add {text!r} is not CONTRACT=LOTS" in refused(cfx(*arguments, text))
    assert "no contract '9/9'" in refused(cfx(*arguments, "9/9=1"))
    assert cfx("margin", "--spn", spn).status == 2
    assert cfx(*arguments, "1/1=1", "--model", "guess").status == 2


def series(folder: pathlib.Path, days: int = 60, **changed: str) -> pathlib.Path:
    """Write a history of H100 and return its file; `line5="x"` puts x where line 5 stood."""
    first = datetime.date(2026, 1, 1)
    lines = ["date,model,value,tier"]
    for day in range(days):
        value = 2.5 + 0.1 * math.sin(day * 1.7) + 0.003 * day
        lines.append(f"{first + datetime.timedelta(days=day)},H100,{value:.4f},1")
    for place, text in changed.items():
        lines[int(place.removeprefix("line")) - 1] = text
    path = folder / "history.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_historical_simulation_of_a_file_scales_with_the_position(
    cfx: Shell, spn: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    past = series(tmp_path)

    def simulated(**lots: int) -> Any:
        arguments = ("--spn", spn, "--portfolio", held(tmp_path, **lots), "--history", past)
        return asked(cfx, *arguments, "--model", "fhs", "--explain")

    one, ten = simulated(c1_1=-1), simulated(c1_1=-10)
    assert one["model"] == "fhs"
    line = one["products"][0]
    at_most = Decimal("0.4") * Decimal("2.81") * 730
    assert Decimal(line["stress"]) == at_most
    shortfall = Decimal(line["expected_shortfall"])
    assert Decimal(line["value_at_risk"]) <= shortfall
    weighted = shortfall + (at_most - shortfall) / 4
    assert abs(Decimal(one["requirement"]) - weighted) <= Decimal("0.000001")
    assert Decimal(ten["requirement"]) == pytest.approx(10 * Decimal(one["requirement"]))
    assert sum(leaves(ten["explain"])) == Decimal(ten["requirement"])
    assert Decimal(ten["initial"]) == pytest.approx(Decimal("1.1") * Decimal(ten["requirement"]))
    assert simulated()["requirement"] == "0.00"


def test_both_models_stand_side_by_side(
    cfx: Shell, spn: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    arguments = (
        *("--spn", spn, "--portfolio", held(tmp_path, c1_1=3), "--compare"),
        *("--history", series(tmp_path), "--add", "1/2=-1"),
    )
    both = asked(cfx, *arguments)
    assert list(both) == ["span", "fhs"]
    last = cfx("margin", *arguments).out.splitlines()[-4:]
    for name in both:
        assert both[name]["requirement"] in last[0]
        assert both[name]["before"]["requirement"] != both[name]["requirement"]


def test_a_history_that_cannot_be_is_one_sentence(
    cfx: Shell, spn: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    def sentence(path: pathlib.Path, **lots: int) -> str:
        portfolio = held(tmp_path, **(lots or {"c1_1": 1}))
        arguments = ("--spn", spn, "--portfolio", portfolio, "--model", "fhs", "--history", path)
        return refused(cfx("margin", *arguments))

    for line, complaint in (
        ("2026-01-04,H100,nan,1", "history.csv has in line 5 no price: 'nan'"),
        ("2026-01-04,H100,,4", "history.csv has in line 5 no price: ''"),
        ("2026-01-04,H100,-2,1", "history.csv has in line 5 no price: '-2'"),
        ("2026-01-04,H100,0.0,1", "history.csv 0.0 of H100 on 2026-01-04 is not a price"),
        ("2026-01-03,H100,2.5,1", "history.csv has in line 5 a second value of 2026-01-03"),
        ("2026-13-03,H100,2.5,1", "history.csv has in line 5 month must be in 1..12"),
        ("yesterday,H100,2.5,1", "history.csv has in line 5 no date: 'yesterday'"),
    ):
        assert complaint in sentence(series(tmp_path, line5=line))
    assert "holds 9 days; a simulation needs 21" in sentence(series(tmp_path, 9))
    assert "no column value" in sentence(series(tmp_path, line1="date,model,price"))
    (tmp_path / "history.csv").write_bytes(b"date,model,value\n\xff\xfe,H100,1\n")
    assert "history.csv" in sentence(tmp_path / "history.csv")
    assert "2/11 is an option" in sentence(series(tmp_path), c2_11=1)
    spn.write_text(SMALL.replace("H100", "H200"))
    assert "history.csv holds no values of H200" in sentence(series(tmp_path))
    portfolio = held(tmp_path, c1_1=1)
    ended = cfx("margin", "--spn", spn, "--portfolio", portfolio, "--model", "fhs")
    assert "say --history FILE" in refused(ended)
