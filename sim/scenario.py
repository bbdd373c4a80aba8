"""A scenario: which products, which participants, which days, as TOML.

The only module that reads scenario files. Unknown keys are refused by name, missing keys are
named, and a value out of its range is shown with its path.
"""

import datetime
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from clearing.default.terms import FundTerms
from clearing.terms import GUARDS, GuardTerms, Mode, ProductTerms, read
from sim.agents import Arbitrageur, Fund, Hedger, Maker, Noise, OptionMaker, Spreader
from sim.marketplace.terms import SpotTerms
from sim.shock import Shock
from sim.spot_models import LEVELS, SpotModel


class Product(ProductTerms, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A product's terms, of which a scenario must also say the mode and the curve.

    The rulebook's guards hold unless it says otherwise.
    """

    mode: Mode
    curve: tuple[tuple[int, Decimal], ...]
    guards: GuardTerms = GUARDS


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that a run needs besides a price panel; without a panel one is generated."""

    name: str
    start: datetime.date  # The first trade date, or the business day after it.
    days: Annotated[int, Meta(ge=1, le=5_000)]  # Trade dates.
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    product: Annotated[list[Product], Meta(min_length=1, max_length=8)]
    agents: list[Maker | Noise | Hedger | Arbitrageur | Spreader | Fund | OptionMaker]
    fund: FundTerms = FundTerms()  # What stands behind a default.
    shock: list[Shock] = []
    levels: dict[str, SpotModel] = {}  # How the level of spot prices moves, by model.
    spot: SpotTerms = SpotTerms()

    def __post_init__(self) -> None:
        models = [product.model for product in self.product]
        if len(set(models)) < len(models):
            raise ValueError(f"product: a model stands twice in {models}")
        for model in sorted(set(self.levels) - set(models)):
            raise ValueError(f"levels.{model}: there is no such product")
        for model in models:
            if model in LEVELS:
                self.levels.setdefault(model, LEVELS[model])
        for number, shock in enumerate(self.shock):
            if shock.model not in models:
                raise ValueError(f"shock[{number}].model: {shock.model!r} is no product")
            if self.spot.source == "marketplace":
                raise ValueError(f"shock[{number}]: a marketplace makes its own prices")
        for number, agent in enumerate(self.agents):
            unknown = sorted(set(agent.models) - set(models))
            if unknown:
                raise ValueError(f"agents[{number}].models: {unknown[0]!r} is no product")


def load(name: str, *, seed: int | None = None, days: int | None = None) -> Scenario:
    """Return the scenario of a bare name (one that ships with cfx) or of a file.

    seed, days: instead of the file's, where given. Raises ValueError with one sentence that
    names the file, and what is wrong in it.
    """
    return parse(_text(name), f"scenario {name}", {"seed": seed, "days": days})


def parse(text: str, source: str, given: Mapping[str, int | None] = {}) -> Scenario:
    """Return the scenario of a TOML text. given: instead of its keys, unless None.

    Raises ValueError with one sentence that begins with `source`.
    """
    try:
        document = tomllib.loads(text, parse_float=Decimal)
        document |= {key: value for key, value in given.items() if value is not None}
        return read(document, Scenario)
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from None


def names() -> list[str]:
    """Return the names of the scenarios that ship with cfx."""
    folder = resources.files("sim") / "scenarios"
    return sorted(Path(entry.name).stem for entry in folder.iterdir() if "toml" in entry.name)


def show_toml(scenario: Scenario) -> str:
    """Return a scenario as TOML, with every default written out."""
    return _table("", msgspec.to_builtins(scenario, builtin_types=(datetime.date,)))


def _text(name: str) -> str:
    if name in names():
        return (resources.files("sim") / "scenarios" / f"{name}.toml").read_text("utf-8")
    path = Path(name)
    if not path.exists() and path.suffix == "":
        raise ValueError(f"no scenario {name!r}: it is none of {', '.join(names())}, and no file")
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"scenario {name}: not UTF-8 text") from None


def _table(path: str, table: Mapping[str, Any]) -> str:
    """Return a TOML table: its plain keys first, then the tables in it."""
    plain = [f"{key} = {toml_value(value)}\n" for key, value in table.items() if not _nests(value)]
    nested = []
    for key, value in table.items():
        inner = f"{path}.{key}" if path else key
        if isinstance(value, Mapping):
            nested.append(f"\n[{inner}]\n" + _table(inner, value))
        elif _nests(value):
            nested += [f"\n[[{inner}]]\n" + _table(inner, one) for one in value]
    return "".join(plain + nested)


def _nests(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and isinstance(value[0], Mapping)
    return isinstance(value, Mapping)


def toml_value(value: object) -> str:
    """Return a value as TOML."""
    if isinstance(value, Decimal):
        value = str(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    return str(value)
