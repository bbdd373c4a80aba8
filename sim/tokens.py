"""The token index: what a million tokens of language models cost, week by week.

Chained: each week's change is that of the week before's basket at both weeks' prices, over the
models that stand in both, so that a change of what people use is no change of price. The naive
index, all spending over all tokens, jumps with the mix; it stands beside it to show why.
Source: chained Laspeyres index, Consumer Price Index Manual (ILO and others, 2020), chapter 9.
"""

import csv
import datetime
import gzip
import pathlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

HEADER = ("date", "value", "naive", "models", "linked_share", "listed")
CONSUMED = (
    "date",
    "slug",
    "prompt_tokens",
    "completion_tokens",
    "prompt_price",
    "completion_price",
)
LISTED = ("date", "model", "input_usd_per_mtok", "output_usd_per_mtok")

_MILLION = 1e6
_GZIP = b"\x1f\x8b"
_STAMP = re.compile(r"\d{8}")  # A date in a model's name.
_OPEN_MARKET = "openrouter"


class Price(NamedTuple):
    """USD per token, in and out; 0 and 0 where nothing is known, or it is free."""

    prompt: float = 0.0
    completion: float = 0.0


class Use(NamedTuple):
    """What was used of one model in one week."""

    slug: str
    prompt: float  # Tokens.
    completion: float
    own: Price  # That the file of consumption states,
    listed: Price  # and that the log of list prices had on that day.

    @property
    def tokens(self) -> float:
        """All tokens."""
        return self.prompt + self.completion

    def spending(self, price: Price) -> float:
        """Return what this use costs at a price, USD."""
        return self.prompt * price.prompt + self.completion * price.completion


class Week(NamedTuple):
    """One week of the index."""

    date: datetime.date
    value: float  # USD per million tokens.
    naive: float
    models: int
    linked_share: float  # Of the week before's spending, what the link stands on; 1 at first.
    listed: int  # Models whose price stands in the log of list prices too.


class Listed(NamedTuple):
    """The log of list prices by normalised name: (date, price), ascending."""

    changes: Mapping[tuple[str, ...], Sequence[tuple[datetime.date, Price]]]

    def at(self, slug: str, date: datetime.date) -> Price:
        """Return the list price that held on a date."""
        earlier = [price for day, price in self.changes.get(normalised(slug), ()) if day <= date]
        return earlier[-1] if earlier else Price()


def normalised(name: str) -> tuple[str, ...]:
    """Return what tells two models apart: the words of a name, without dates, in one order."""
    last = name.lower().rpartition("/")[2].removesuffix(":free")
    words = re.split(r"[-.:@_]", last)
    return tuple(sorted(word for word in words if word and not _STAMP.fullmatch(word)))


def read_listed(path: pathlib.Path, today: datetime.date) -> tuple[Listed, list[str]]:
    """Return the log of list prices, and findings: rows that cannot be right.

    today: a row of a later date cannot be right.
    Of several sellers of a model the open market's row is taken, else its maker's own.
    """
    changes: dict[tuple[str, ...], list[tuple[bool, datetime.date, Price]]] = {}
    findings = []
    for row, line in _records(path, LISTED):
        try:
            day = _date(line["date"], today)
            price = Price(*(_price(line[name]) / _MILLION for name in LISTED[2:]))
        except ValueError as error:
            findings.append(f"{path} row {row}: {error}")
            continue
        is_market = line["model"].startswith(_OPEN_MARKET)
        if is_market or line["model"].count("/") < 2:
            changes.setdefault(normalised(line["model"]), []).append((is_market, day, price))
    chosen = {}
    for name, found in changes.items():
        best = max(is_market for is_market, _, _ in found)
        chosen[name] = sorted((day, price) for is_market, day, price in found if is_market == best)
    return Listed(chosen), findings


def read_weeks(
    path: pathlib.Path, listed: Listed, today: datetime.date
) -> tuple[dict[datetime.date, list[Use]], list[str]]:
    """Return what was used in each week, ascending, and findings.

    A week that does not say which tokens went in and which came out is left out, and said. So is
    the second row of a model in a week. today: as for `read_listed`.
    """
    weeks: dict[datetime.date, list[Use]] = {}
    findings = []
    seen = set[tuple[datetime.date, str]]()
    for row, line in _records(path, CONSUMED):
        try:
            date = _date(line["date"], today)
            prompt, completion, *own = (_price(line[name]) for name in CONSUMED[2:])
        except ValueError as error:
            findings.append(f"{path} row {row}: {error}")
            continue
        slug, price = line["slug"], Price(*own)
        if (date, slug) in seen:
            findings.append(f"{path} row {row}: {slug} stands in the week of {date} already")
            continue
        seen.add((date, slug))
        at_list = listed.at(slug, date) if any(price) else Price()
        weeks.setdefault(date, []).append(Use(slug, prompt, completion, price, at_list))
    for date in sorted(weeks):
        if not any(use.tokens for use in weeks[date]):
            findings.append(f"{path}: the week of {date} has no split of its tokens: left out")
            del weeks[date]
    if not weeks:
        raise ValueError(f"{path} has no week that can be used")
    return dict(sorted(weeks.items())), findings


def chained(weeks: Mapping[datetime.date, Sequence[Use]]) -> Iterator[Week]:
    """Yield the index week by week; it begins at the naive one."""
    before: Sequence[Use] = ()
    value = 0.0
    for date, uses in weeks.items():
        now = {use.slug: use for use in uses}
        linked = [(use, *_comparable(use, now[use.slug])) for use in before if use.slug in now]
        base = sum(use.spending(then) for use, then, _ in linked)
        naive = _naive(uses)
        if base:
            value *= sum(use.spending(price) for use, _, price in linked) / base
        elif not value:
            value = naive
        whole = sum(use.spending(use.own) for use in before)
        share = sum(use.spending(use.own) for use, _, _ in linked) / whole if whole else 1.0
        yield Week(date, value, naive, len(uses), share, sum(any(use.listed) for use in uses))
        before = uses


def _comparable(before: Use, now: Use) -> tuple[Price, Price]:
    """Return a model's prices in two weeks by one source: a change of source is no change."""
    if any(before.listed) and any(now.listed):
        return before.listed, now.listed
    return before.own, now.own


def write_weeks(path: pathlib.Path, weeks: Sequence[Week]) -> None:
    """Write weeks as CSV under HEADER."""
    with path.open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for week in weeks:
            prices = f"{week.value:.4f}", f"{week.naive:.4f}"
            writer.writerow(
                (week.date, *prices, week.models, f"{week.linked_share:.4f}", week.listed)
            )


def _naive(uses: Sequence[Use]) -> float:
    tokens = sum(use.tokens for use in uses)
    return _MILLION * sum(use.spending(use.own) for use in uses) / tokens if tokens else 0.0


def _records(path: pathlib.Path, required: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each line's place and values. Raises ValueError where the file cannot be read."""
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if content.startswith(_GZIP) else content).decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in required if name not in (reader.fieldnames or ())]
    if missing:
        raise ValueError(f"{path} lacks the column {', '.join(missing)}")
    for row, line in enumerate(reader, start=2):
        yield row, {name: line[name] or "" for name in required}


def _date(text: str, today: datetime.date) -> datetime.date:
    try:
        date = datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date") from None
    if date > today:
        raise ValueError(f"{text!r} is after {today}")
    return date


def _price(text: str) -> float:
    """Return a number of tokens or USD. Raises ValueError: not a number, or not from 0 on."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e18:
        raise ValueError(f"{text!r} is not a number from 0 on")
    return number
