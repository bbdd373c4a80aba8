"""The same trades as bilateral forwards, shocks of a scenario, and a default by two operators."""

import datetime
from pathlib import Path

import numpy as np
import pytest

from clearing.default.cases import Case
from clearing.venue import Venue
from engine.jit import Table
from engine.layout import EVENT
from gateway.controls import Acted, Default
from gateway.operator import OperatorError, control
from sim.bilateral import Loss, losses, owed
from sim.scenario import parse
from sim.shock import Shock, shocked
from tests.serving import at_rest
from tests.small_world import FIRST, SMALL, panel

DAY = datetime.timedelta(days=1)


def fills(*rows: tuple[int, int, int, int]) -> Table:
    """Return FILLED rows of (account, instrument, price, quantity)."""
    made = np.zeros(len(rows), EVENT)
    for place, row in enumerate(rows):
        for name, value in zip(("account", "instrument", "price", "quantity"), row, strict=True):
            made[place][name] = value
    return made


def test_two_parties_net_what_they_have_with_each_other() -> None:
    bought = fills((9, 0, 500, 4), (9, 0, 510, 1), (2, 0, 500, 1), (9, 7, 1, 1))
    sold = fills((1, 0, 500, 4), (2, 0, 510, 1), (9, 0, 500, 1), (1, 7, 1, 1))
    assert owed(bought, sold, {0: 450}, {0: 10}, 9) == {1: 2_000, 2: 600 - 500}


def test_what_others_do_with_each_other_is_nobody_else_s_debt() -> None:
    assert owed(fills((1, 0, 500, 4)), fills((2, 0, 500, 4)), {0: 450}, {0: 10}, 9) == {}


def test_creditors_share_what_the_debtor_brought_and_is_owed() -> None:
    assert losses({1: 600, 2: 300, 3: -100}, 200) == [Loss(1, 600, 400), Loss(2, 300, 200)]
    assert losses({1: 600}, 600) == [Loss(1, 600, 0)]
    assert losses({3: -100}, -50) == []


def test_a_shock_moves_prices_from_its_date_on() -> None:
    before = panel(["2.80", "2.80"])
    after = shocked(before, [Shock(date=FIRST, model="H100", percent=-50)])
    assert set(after.rows(FIRST - DAY)["price_micro"].tolist()) == {2_800_000}
    assert set(after.rows(FIRST)["price_micro"].tolist()) == {1_400_000}
    assert set(before.rows(FIRST)["price_micro"].tolist()) == {2_800_000}


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ('[fund]\ncapital = "-1"', "capital -1 is not between 0"),
        ("[fund]\nassessments = 11", "assessments 11 is not between 0 and 10"),
        ('[fund]\nmoney = "1"', "money"),
        ('[[shock]]\ndate = 2026-09-28\nmodel = "B9"\npercent = 5', "shock\\[0\\].model: 'B9'"),
        ('[[shock]]\ndate = 2026-09-28\nmodel = "H100"\npercent = -96', "-96"),
    ],
)
def test_what_a_scenario_cannot_say_of_defaults_is_refused(text: str, finding: str) -> None:
    with pytest.raises(ValueError, match=finding):
        parse(f"{SMALL}\n{text}\n", "a test's scenario")


def cases(folder: Path) -> list[Case]:
    venue = Venue.open(folder / "journal")
    venue.close()
    return venue.house.defaults.cases


def test_an_account_is_declared_in_default_by_two_operators(tmp_path: Path) -> None:
    at_rest(tmp_path, "ann", "bob")
    asked = Default("bob", operator="eve", reason="told us so")
    assert control(tmp_path, asked) == Acted("default", [], waits=True)
    assert control(tmp_path, asked) == Acted("default", [], waits=True)
    assert cases(tmp_path) == []
    assert control(tmp_path, Default("bob", operator="max", reason="agreed")) == Acted(
        "default", ["bob"]
    )
    assert [case.account for case in cases(tmp_path)] == [2]
    with pytest.raises(OperatorError, match="account 'zed'"):
        control(tmp_path, Default("zed", operator="max", reason="agreed"))
