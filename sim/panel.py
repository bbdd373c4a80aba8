"""Price panels: CSV files of posted GPU prices, read into OBSERVE rows.

A row that cannot be right becomes a finding and the rest goes on; a file that cannot be a
panel is one ValueError. This module reads files; it computes no price.
"""

import csv
import datetime
import gzip
import io
import itertools
import pathlib
import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from clearing.calendar import MINUTE, times
from engine.jit import Table
from engine.layout import OBSERVE
from engine.schema import Cycle
from sim.panel_rows import REQUIRED, Misread, Offer, Other, read_offer

GAP_DAYS = 3  # Days without a row, from one day with rows to the next, that are no gap.
_DAY = datetime.timedelta(days=1)
_GZIP = b"\x1f\x8b"


class Finding(NamedTuple):
    """Something in the file that could not be right, and was passed over."""

    row: int  # Line of the file, from 1, which is the header.
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        column = f"{self.column} " if self.column else ""
        return f"row {self.row}: {column}{self.value!r} {self.reason}"


class Panel(NamedTuple):
    """Observations by date, of the models that were asked for.

    An OBSERVE row's `model` is the place of its model in `models`, its `provider` the place
    in `providers`, its `row` the line of the file, from 1, which is the header.
    """

    source: str
    models: tuple[str, ...]
    providers: tuple[str, ...]
    days: dict[datetime.date, Table]  # OBSERVE rows, in the file's order; dates ascend.
    findings: tuple[Finding, ...]
    passed_over: dict[str, int]  # Sound rows that are no observation of these models, by why.
    regions: tuple[str, ...] = ("",)  # An OBSERVE row's `region` is a place here; 0: not known.
    columns: tuple[str, ...] = ()  # Of the file.

    @property
    def dates(self) -> list[datetime.date]:
        """The dates that have a row, ascending."""
        return list(self.days)

    @property
    def names(self) -> dict[int, str]:
        """The providers' names by number."""
        return dict(enumerate(self.providers))

    def remarks(self, most: int = 10) -> list[str]:
        """Return the first findings as sentences, and how many more there are."""
        told = [f"{self.source} {finding}" for finding in self.findings[:most]]
        rest = len(self.findings) - most
        return told + ([f"{self.source} has {rest} more findings"] if rest > 0 else [])

    def rows(self, date: datetime.date) -> Table:
        """Return the OBSERVE rows of a date; none where the panel has none."""
        return self.days.get(date, np.zeros(0, OBSERVE))

    def between(self, first: datetime.date, last: datetime.date) -> Table:
        """Return the OBSERVE rows from one date to another, both included, dates ascending."""
        dates = [first + number * _DAY for number in range((last - first).days + 1)]
        return np.concatenate([self.rows(date) for date in dates])

    def cut(self, first: datetime.date, last: datetime.date) -> "Panel":
        """Return the panel from one date to another, both included.

        Raises ValueError where nothing is left.
        """
        days = {date: rows for date, rows in self.days.items() if first <= date <= last}
        if not days:
            raise ValueError(f"{self.source} has no row of {self.wanted} from {first} to {last}")
        return self._replace(days=days)

    def last_stretch(self) -> "Panel":
        """Return the panel from the end of its last gap: dates at most GAP_DAYS apart."""
        dates = self.dates
        first = dates[0]
        for before, after in itertools.pairwise(dates):
            if (after - before).days > GAP_DAYS:
                first = after
        return self.cut(first, dates[-1])

    def of_region(self, region: str) -> "Panel":
        """Return the rows of one region. Raises ValueError as `levels` does, or names them."""
        return self._where("region", region, self.levels("region"))

    def of_provider(self, provider: str) -> "Panel":
        """Return the rows of one provider. Raises ValueError where there is none of that name."""
        return self._where("provider", provider, self.levels("provider"))

    def levels(self, column: str) -> dict[str, int]:
        """Return the regions or providers that rows name, ascending, with their numbers.

        Raises ValueError where the file lacks the column, or has it empty on every row.
        """
        if column not in self.columns:
            raise ValueError(f"{self.source} lacks the column {column}")
        names = self.regions if column == "region" else self.providers
        present = {int(n) for rows in self.days.values() for n in np.unique(rows[column])}
        found = {names[number]: number for number in present if names[number]}
        if not found:
            raise ValueError(f"{self.source} has no {column} on any row of {self.wanted}")
        return dict(sorted(found.items()))

    def _where(self, column: str, wanted: str, levels: dict[str, int]) -> "Panel":
        number = levels.get(" ".join(wanted.lower().split()))
        if number is None:
            known = ", ".join(list(levels)[:20])
            raise ValueError(f"{self.source} has no {column} {wanted!r}; it has {known}")
        kept = {date: rows[rows[column] == number] for date, rows in self.days.items()}
        return self._replace(days={date: rows for date, rows in kept.items() if len(rows)})

    @property
    def wanted(self) -> str:
        """The models, for a sentence."""
        return ", ".join(self.models)


def read_panel(path: pathlib.Path, models: Sequence[str], today: datetime.date) -> Panel:
    """Return what a CSV file, plain or gzipped, says about some models.

    today: a row of a later date is a finding. Raises ValueError where the file cannot be
    read, lacks a required column, or has no sound row of one of the models.
    """
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if content.startswith(_GZIP) else content
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text: {error.reason} at {error.start}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    return parse_panel(io.StringIO(text, newline=""), str(path), models, today)


def parse_panel(
    lines: Iterable[str], source: str, models: Sequence[str], today: datetime.date
) -> Panel:
    """Return what CSV text says about some models. Raises ValueError as `read_panel` does.

    A record is a line: a quote that is not closed spoils its own line and no other.
    """
    offers: list[Offer] = []
    findings: list[Finding] = []
    passed_over: dict[str, int] = {}
    found = set[str]()
    records = enumerate(lines, start=1)
    header = _header(next(records, (1, ""))[1], source)
    for row, text in records:
        if not text.strip():
            continue
        line = _line(text, header)
        match read_offer(line, row, models, today) if isinstance(line, dict) else line:
            case Misread(column, value, reason):
                findings.append(Finding(row, column, value, reason))
            case Other(reason, model):
                passed_over[reason] = passed_over.get(reason, 0) + 1
                found.add(model)
            case Offer() as offer:
                offers.append(offer)
    _check(offers, models, source, found, findings)
    providers = tuple(dict.fromkeys(offer.provider for offer in offers))
    regions = tuple(dict.fromkeys(["", *(offer.region for offer in offers)]))
    days = _days(offers, _numbered(providers), _numbered(regions))
    found_there = (tuple(findings), passed_over, regions, tuple(header))
    return Panel(source, tuple(models), providers, days, *found_there)


def _numbered(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def _line(text: str, header: Sequence[str]) -> dict[str, str] | Misread:
    """Return a line's values by column."""
    try:
        values = next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        return Misread("", text.strip()[:80], f"is not CSV: {error}")
    if len(values) != len(header):
        counts = f"{len(values)} values for {len(header)} columns"
        return Misread("", counts, "is a row that was cut or shifted")
    return dict(zip(header, values, strict=True))


def _header(text: str, source: str) -> list[str]:
    header = [name.strip() for name in next(csv.reader([text]), [])]
    if not any(header):
        raise ValueError(f"{source} is empty")
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise ValueError(f"{source} lacks the column {', '.join(missing)}")
    twice = sorted({name for name in header if header.count(name) > 1 and name})
    if twice:
        raise ValueError(f"{source} has the column {', '.join(twice)} twice")
    return header


def _check(
    offers: Sequence[Offer],
    models: Sequence[str],
    source: str,
    found: set[str],
    findings: Sequence[Finding],
) -> None:
    """Raise ValueError where a model has no row at all."""
    present = {models[offer.model] for offer in offers}
    absent = [model for model in models if model not in present]
    if absent:
        had = f"it has {', '.join(sorted(found | present)[:20]) or 'none of any model'}"
        hint = f"first finding: {findings[0]}" if findings else had
        raise ValueError(f"{source} has no sound row of {', '.join(absent)}; {hint}")


def _days(
    offers: Sequence[Offer], providers: dict[str, int], regions: dict[str, int]
) -> dict[datetime.date, Table]:
    ordered = sorted(offers, key=lambda offer: (offer.date, offer.row))
    grouped = itertools.groupby(ordered, key=lambda offer: offer.date)
    return {date: _table(date, list(group), providers, regions) for date, group in grouped}


def _table(
    date: datetime.date,
    offers: Sequence[Offer],
    providers: dict[str, int],
    regions: dict[str, int],
) -> Table:
    table = np.zeros(len(offers), OBSERVE)
    middle = quoted_at(date)
    table["traded"] = [offer.traded or middle for offer in offers]
    table["provider"] = [providers[offer.provider] for offer in offers]
    table["region"] = [regions[offer.region] for offer in offers]
    for name in ("price_micro", "row", "model", "term", "tier", "form", "gpu_hours_milli"):
        table[name] = [getattr(offer, name) for offer in offers]
    for name in ("gpu_count", "memory_gb", "vcpus", "ram_gb", "interconnect"):
        table[name] = [getattr(offer, name) for offer in offers]
    return table


def quoted_at(date: datetime.date) -> int:
    """Return the moment that a price of a date without a time counts as made, in ns.

    The middle of the index window: 14:00 Chicago, earlier where the market closes early.
    """
    fixing = next(time for time, due in times(date) if due.cycle == Cycle.FIXING)
    return fixing - 30 * MINUTE
