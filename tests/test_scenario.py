"""Scenarios: defaults are shown, and what is wrong in one is named."""

import datetime
import pathlib
import re

import msgspec
import pytest

from sim.agents import Agent, Arbitrageur, Hedger, Maker, Noise
from sim.clock import Link
from sim.scenario import Scenario, load, names, show_toml, toml_value
from tests import tidy

ROOT = pathlib.Path(__file__).parent.parent

MINIMAL = """
name = "small"
start = 2026-09-01
days = 3
seed = 1
agents = []

[[product]]
model = "H100"
mode = "index"
curve = [[0, "0.00"]]
rates = ["200"]
"""
MAKER = """
[[agents]]
kind = "maker"
count = 1
cash = "1000"
"""


def loaded(folder: pathlib.Path, text: str) -> Scenario:
    file = folder / "scenario.toml"
    file.write_text(text)
    return load(str(file))


def without(line: str) -> str:
    assert line in MINIMAL
    return MINIMAL.replace(line, "")


def test_the_required_keys_are_enough(tmp_path: pathlib.Path) -> None:
    scenario = loaded(tmp_path, MINIMAL)
    assert scenario.start == datetime.date(2026, 9, 1)
    assert scenario.product[0].index.carry_days == 3


@pytest.mark.parametrize("name", ["demo"])
def test_a_bare_name_is_a_scenario_that_ships(name: str) -> None:
    assert name in names()
    assert load(name).name == name


def test_what_is_shown_is_the_same_scenario(tmp_path: pathlib.Path) -> None:
    scenario = load("demo")
    assert loaded(tmp_path, show_toml(scenario)) == scenario


def test_what_is_shown_has_every_default(tmp_path: pathlib.Path) -> None:
    shown = show_toml(loaded(tmp_path, MINIMAL.replace("agents = []", "") + MAKER))
    for key in ("carry_days = 3", "half_spread = 1.0", "base_us = ", 'member = "3.65"'):
        assert key in shown


@pytest.mark.parametrize(
    "key", ["name", "start", "days", "seed", "agents", "model", "mode", "curve", "rates"]
)
def test_a_missing_key_is_named(tmp_path: pathlib.Path, key: str) -> None:
    line = next(line for line in MINIMAL.splitlines() if line.startswith(f"{key} = "))
    with pytest.raises(ValueError, match=f"missing required field `{key}`"):
        loaded(tmp_path, without(line))


@pytest.mark.parametrize("key", ["kind", "count", "cash"])
def test_a_missing_key_of_an_agent_is_named(tmp_path: pathlib.Path, key: str) -> None:
    line = next(line for line in MAKER.splitlines() if line.startswith(f"{key} = "))
    text = MINIMAL.replace("agents = []", "") + MAKER.replace(line, "")
    with pytest.raises(ValueError, match=f"missing required field `{key}`"):
        loaded(tmp_path, text)


@pytest.mark.parametrize(
    ("line", "instead", "complaint"),
    [
        ("days = 3", "days = 0", "days: .* >= 1 .*0"),
        ("days = 3", 'days = "three"', "days: Expected `int`.*'three'"),
        ("seed = 1", "seed = -1", "seed: .* >= 0 .*-1"),
        ("seed = 1", "sede = 1", "unknown field `sede`"),
        ("start = 2026-09-01", 'start = "soon"', "start: .*'soon'"),
        ('mode = "index"', 'mode = "spot"', r"product\[0\].mode: .*'spot'"),
        ('rates = ["200"]', 'rates = ["-1"]', "rates -1"),
        ('rates = ["200"]', 'rates = ["nan"]', "rates NaN"),
        ('curve = [[0, "0.00"]]', 'curve = [[0, "0.003"]]', "0.003"),
        ('rates = ["200"]', 'rates = ["200"]\ntick = 3', "unknown field `tick`"),
        ("agents = []", 'agents = [{kind = "oracle", count = 1, cash = 1}]', "oracle"),
        ("agents = []", 'agents = [{kind = "noise", count = 0, cash = 1}]', "count: .* >= 1"),
        ("agents = []", 'agents = [{kind = "noise", count = 1, cash = -1}]', "cash -1"),
        (
            "agents = []",
            'agents = [{kind = "noise", count = 1, cash = 1, models = ["X1"]}]',
            r"agents\[0\].models: 'X1' is no product",
        ),
        ("seed = 1", "seed = = 1", "Invalid value"),
    ],
)
def test_what_is_wrong_is_named_with_its_value(
    tmp_path: pathlib.Path, line: str, instead: str, complaint: str
) -> None:
    assert line in MINIMAL
    with pytest.raises(ValueError, match=complaint) as refusal:
        loaded(tmp_path, MINIMAL.replace(line, instead))
    assert "scenario.toml: " in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_an_unknown_name_lists_those_that_ship() -> None:
    with pytest.raises(ValueError, match=r"no scenario 'dmeo'.*demo"):
        load("dmeo")


def test_an_option_takes_the_place_of_a_key() -> None:
    scenario = load("demo", seed=5, days=2)
    assert (scenario.seed, scenario.days) == (5, 2)


@pytest.mark.parametrize("key", [field.name for field in msgspec.structs.fields(Agent)])
def test_the_table_of_keys_of_every_agent_is_the_code(key: str) -> None:
    text = (ROOT / "sim/agents/README.md").read_text(encoding="utf-8")
    stated = {
        name: row[1]
        for row in tidy.table(text, "key", "default")
        for name in re.findall(r"`(\w+)`", row[0])
    }
    field = next(one for one in msgspec.structs.fields(Agent) if one.name == key)
    if field.default is msgspec.NODEFAULT:
        assert stated[key] == "required"
    elif isinstance(field.default, Link):
        assert stated[key] == f"{field.default.base_us} and {field.default.jitter_us} us"
    else:
        assert stated[key].strip("`") == toml_value(field.default)


@pytest.mark.parametrize("kind", [Maker, Noise, Hedger, Arbitrageur])
def test_each_kind_stands_in_the_table(kind: type[Agent]) -> None:
    text = (ROOT / "sim/agents/README.md").read_text(encoding="utf-8")
    name = kind.__struct_config__.tag
    assert any(f"`{name}`" in row[0] for row in tidy.table(text, "kind", "who"))
