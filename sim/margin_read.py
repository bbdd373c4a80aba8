"""What `cfx margin` reads: portfolios, changes to them, `.spn` files, histories of an index."""

import csv
import datetime
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import BinaryIO, TextIO

import msgspec
from rich.console import Console
from rich.progress import open as opened

from clearing.margin.fhs_history import History, history
from clearing.margin.parameters import Parameters
from clearing.margin.spn_read import read
from clearing.margin.spn_write import held_alone, write
from engine.instruments import as_number

Values = dict[str, dict[int, float]]  # USD per GPU-hour, by model and date (yyyymmdd).

_COLUMNS = ("date", "model", "value")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,12})?")


class Holding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of a portfolio file: lots of one contract, negative where sold."""

    contract: str
    quantity: int


def read_portfolio(path: pathlib.Path) -> dict[str, int]:
    """Return lots by contract; entries of one contract add up. ValueError names the file."""
    try:
        holdings = msgspec.json.decode(path.read_bytes(), type=list[Holding])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a portfolio: {error}") from None
    return added({}, [(each.contract, each.quantity) for each in holdings])


def read_changes(texts: Sequence[str]) -> list[tuple[str, int]]:
    """Return what `--add CONTRACT=LOTS` asks for; ValueError for another form."""
    found = []
    for text in texts:
        contract, _, lots = text.rpartition("=")
        if not contract or not lots.removeprefix("-").removeprefix("+").isdecimal():
            raise ValueError(f"--add {text!r} is not CONTRACT=LOTS, such as 1/2=-5")
        found.append((contract, int(lots)))
    return found


def added(lots: Mapping[str, int], changes: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Return lots with changes added to them."""
    total = dict(lots)
    for contract, quantity in changes:
        total[contract] = total.get(contract, 0) + quantity
    return total


def read_parameters(path: pathlib.Path, lots: Mapping[str, int]) -> Parameters:
    """Return a file's parameters with the contracts of `lots`; ValueError names file and contract.

    A bar on stderr shows how far it is, where a terminal shows it.
    """
    with _opened(path) as file:
        try:
            parameters = read(file, lots.keys())
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
    unknown = [repr(name) for name in lots if name not in parameters.contracts]
    if unknown:
        raise ValueError(f"{path} holds no contract {' and no '.join(unknown[:5])}")
    return parameters


def write_extract(parameters: Parameters, path: pathlib.Path) -> None:
    """Write the part of parameters that their contracts need; FileExistsError is a refusal."""
    with path.open("x", encoding="utf-8") as file:
        write(held_alone(parameters), file)


def read_history(path: pathlib.Path, models: Sequence[str]) -> History:
    """Return the history of some models from a CSV file with columns date, model, value.

    Other columns are not read, so the `index.csv` of a run will do. ValueError names the file.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return history(_values(file, models), models)
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path} {error}") from None


def _values(file: TextIO, models: Sequence[str]) -> Values:
    """Return a file's values of some models; ValueError, without a subject, names the line."""
    rows = csv.DictReader(file)
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise ValueError(f"has no column {' and no '.join(missing)}")
    found: Values = {}
    for row in rows:
        date, model, value = (row[name] or "" for name in _COLUMNS)
        if model in models:
            try:
                _add(found.setdefault(model, {}), date, value)
            except ValueError as error:
                raise ValueError(f"has in line {rows.line_num} {error}") from None
    return found


def _add(known: dict[int, float], date: str, value: str) -> None:
    """Add a day's value; ValueError says what is wrong with it."""
    if not _DATE.fullmatch(date):
        raise ValueError(f"no date: {date!r}")
    day = as_number(datetime.date.fromisoformat(date))
    if day in known:
        raise ValueError(f"a second value of {date}")
    if not _NUMBER.fullmatch(value):
        raise ValueError(f"no price: {value!r}")
    known[day] = float(value)


def _opened(path: pathlib.Path) -> BinaryIO:
    console = Console(stderr=True)
    bar = opened(path, "rb", description=path.name, console=console, transient=True)
    return bar if console.is_terminal else path.open("rb")  # type: ignore[return-value]
