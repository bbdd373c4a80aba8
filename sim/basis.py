"""What lies between prices: sub-indices and their basis to the whole, and price for performance.

Sub-indices are the same method over part of the observations; nothing here computes a price.
"""

import csv
import datetime
import math
import pathlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from clearing.index.fixing import Fixing
from clearing.index.population import Tier
from clearing.terms import IndexTerms
from engine.instruments import as_date
from sim.csv_lines import csv_lines
from sim.index_table import fixings
from sim.panel import Panel

BASIS = ("date", "model", "level", "value", "index", "basis", "inputs")
PERFORMANCE = ("date", "model", "value", "benchmark", "throughput", "usd_per_million")

_SECONDS = 3_600  # Of an hour.


class Basis(NamedTuple):
    """A sub-index on one date beside the index of the whole, micro-dollars."""

    date: datetime.date
    level: str  # The region or provider.
    value_micro: int
    index_micro: int
    inputs: int


def bases(
    panel: Panel,
    model: str,
    column: str,
    terms: IndexTerms,
    progress: Callable[[int, int], object],
) -> list[Basis]:
    """Return every sub-index of a column, `region` or `provider`, beside the whole's index.

    Raises ValueError where the panel lacks the column, or has it empty on every row.
    """
    levels = panel.levels(column)
    part_of = panel.of_region if column == "region" else panel.of_provider
    whole = _values(fixings(panel, model, terms))
    found = []
    for done, level in enumerate(levels):
        progress(done, len(levels))
        for date, fixing in _values(fixings(part_of(level), model, terms)).items():
            if date in whole:
                values = fixing.value_micro, whole[date].value_micro
                found.append(Basis(date, level, *values, fixing.inputs))
    return sorted(found)


def write_bases(path: pathlib.Path, model: str, found: Sequence[Basis]) -> None:
    """Write sub-indices as CSV under BASIS; basis: sub-index less index, USD."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(BASIS)
        for one in found:
            values = one.value_micro, one.index_micro, one.value_micro - one.index_micro
            prices = (f"{micro / 1e6:.2f}" for micro in values)
            writer.writerow((one.date, model, one.level, *prices, one.inputs))


def read_throughput(path: pathlib.Path, benchmark: str) -> dict[str, float]:
    """Return each accelerator's median throughput in one benchmark, units a second.

    Raises ValueError where the file lacks a column or the benchmark.
    """
    found, known = {}, set[str]()
    for place, line in csv_lines(path, ("Model", "acc", "median")):
        known.add(line["Model"])
        if line["Model"] == benchmark:
            if line["acc"] in found:
                raise ValueError(f"{place}: {line['acc']} stands there already")
            found[line["acc"]] = _throughput(line["median"], place)
    if not found:
        raise ValueError(
            f"{path} has no benchmark {benchmark!r}; it has {', '.join(sorted(known))}"
        )
    return found


def _throughput(text: str, place: str) -> float:
    """Return units a second. Raises ValueError where it is no number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise ValueError(f"{place}: median {text!r} is not a number above 0")
    return number


def per_million(
    found: Sequence[Fixing], model: str, benchmark: str, throughput: dict[str, float]
) -> list[tuple[str, ...]]:
    """Return fixings under PERFORMANCE: what a million units of a benchmark's work cost.

    Raises ValueError where the benchmark was not run on the model.
    """
    if model not in throughput:
        known = ", ".join(sorted(throughput))
        raise ValueError(f"{benchmark} was not measured on {model}; it was on {known}")
    units_an_hour = throughput[model] * _SECONDS
    return [
        (
            *(str(date), model, f"{fixing.value_micro / 1e6:.2f}", benchmark),
            *(f"{throughput[model]:g}", f"{fixing.value_micro / units_an_hour:.6f}"),
        )
        for date, fixing in _values(found).items()
    ]


def write_performance(path: pathlib.Path, rows: Sequence[Sequence[str]]) -> None:
    """Write rows as CSV under PERFORMANCE."""
    with path.open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(PERFORMANCE)
        writer.writerows(rows)


def _values(found: Sequence[Fixing]) -> dict[datetime.date, Fixing]:
    return {as_date(each.date): each for each in found if each.tier != Tier.NONE}
