"""What a run has to show: a line a trading day, a summary, and the rows of its files.

It reads what the house published and counts outcomes; it decides nothing.
"""

import hashlib
import importlib.metadata
import pathlib
from collections.abc import Sequence

import msgspec
import numpy as np

from clearing.house import House
from clearing.reports import UNFIXED, Settlement
from engine.exchange import Outcome
from engine.instruments import as_date, usd
from engine.jit import Table
from engine.layout import EVENT
from engine.schema import NOT_HELD, Did, Side

_LOCK = pathlib.Path(__file__).parent.parent / "requirements.lock"


class Summary(msgspec.Struct, frozen=True):
    """The keys of `summary.json`, in their order."""

    state_hash: str
    event_hash: str
    ledger_hash: str
    ledger_sum_micro: int
    position_sum: int
    commands: int
    events: int
    trades: int
    volume: int
    days: int
    margin_calls: int
    liquidations: int
    seed: int
    lock_hash: str
    cpu_level: str
    cpu_s: float


class Tally:
    """Counts over outcomes, and every fill that a position stands behind."""

    def __init__(self) -> None:
        self.commands = 0
        self.events = 0
        self._fills: list[Table] = []

    def fold(self, outcomes: Sequence[Outcome]) -> None:
        """Take in outcomes, in order."""
        for outcome in outcomes:
            self.commands += len(outcome.frame.commands)
            self.events += len(outcome.events)
            events = outcome.events
            filled = events[(events["kind"] == Did.FILLED) & (events["flags"] & NOT_HELD == 0)]
            if len(filled):
                self._fills.append(filled)

    def fills(self, side: Side) -> Table:
        """Return one FILLED row a trade, the given side's, in order of trades."""
        both = np.concatenate([np.zeros(0, EVENT), *self._fills])
        fills: Table = both[both["side"] == side]
        return fills[np.argsort(fills["trade_id"], kind="stable")]


class DayLine(msgspec.Struct, frozen=True):
    """One trading day, as it is printed. Amounts in micro-dollars, quantities in lots."""

    date: int
    indexes: list[str]
    fronts: list[str]
    volume: int
    open_interest: int
    variation: int  # What the winners of the day were paid.
    calls: int
    ledger_sum: int

    def __str__(self) -> str:
        return (
            f"{as_date(self.date)} {_columns(self.indexes)} |{_columns(self.fronts)} |"
            f"{self.volume:8,}{self.open_interest:8,}{_dollars(self.variation):>16}"
            f"{self.calls:6}{self.ledger_sum:7}"
        )


def day_line(house: House, date: int) -> DayLine:
    """Return what a trade date (yyyymmdd) came to, as the house published it."""
    fixed = [one for one in house.fixings.fixed if one.date == date]
    settled = [one for one in house.marking.settlements if one.date == date]
    active = [one for one in house.activity if one.date == date]
    paid = [one.amount_micro for one in house.variations if one.date == date]
    return DayLine(
        date=date,
        indexes=[f"{one.value_micro / 1e6:.2f}" if one.value_micro else "-" for one in fixed],
        fronts=[_front(house, settled, product.number) for product in house.directory.products],
        volume=sum(one.volume for one in active),
        open_interest=sum(one.open_interest for one in active),
        variation=sum(amount for amount in paid if amount > 0),
        calls=sum(one.date == date for one in house.calls.calls),
        ledger_sum=house.ledger.total(),
    )


def _front(house: House, settled: Sequence[Settlement], product: int) -> str:
    """Return a product's nearest settlement price, with a star where it is the final one."""
    instruments = house.directory.instruments
    for one in sorted(settled, key=lambda each: instruments[each.instrument].expiry):
        if instruments[one.instrument].product == product:
            return usd(one.price) + "*" * (one.mode == "final")
    return "-"


def heading(models: Sequence[str]) -> str:
    """Return the two lines that stand above the days."""
    width = 7 * len(models)
    groups = f"{'':10} {'index':^{width}} |{'front settlement':^{width}} |"
    names = _columns(models)
    columns = f"{'date':10} {names} |{names} |{'volume':>8}{'open':>8}{'variation USD':>16}"
    return f"{groups}\n{columns}{'calls':>6}{'ledger':>7}"


def closing(house: House, summary: Summary) -> str:
    """Return the lines that stand under the days."""
    finals = [one for one in house.marking.settlements if one.mode == "final"]
    settled = ", ".join(f"{one.name} {usd(one.price)}" for one in finals) or "none"
    calls = house.calls
    return (
        f"* final settlement: {settled}\n{_standing_still(house)}"
        f"{summary.days} days, {summary.commands:,} commands, {summary.events:,} events, "
        f"{summary.trades:,} trades of {summary.volume:,} lots, "
        f"{summary.cpu_s:.1f} s of processor time\n"
        f"margin calls: {len(calls.calls)}, of which {len(calls.unmet)} were not met when due "
        f"and {len(calls.open)} are open; liquidations: {summary.liquidations}, "
        f"defaults: {len(house.defaults.cases)}; ledger sum {summary.ledger_sum_micro}, "
        f"position sum {summary.position_sum}\n"
        f"state {summary.state_hash}, events {summary.event_hash}, ledger {summary.ledger_hash}"
    )


def _standing_still(house: House) -> str:
    """Return a line a product not settled, now or for a while, and one a month without a price."""
    marking = house.marking
    lines = [
        f"* {series.terms.model} is not settled since {as_date(series.stopped)}: no fixing\n"
        for series in marking.series
        if series.stopped
    ]
    unfixed = [one for one in marking.skipped if one.why == UNFIXED]
    for product, series in enumerate(marking.series):
        missed = [one.date for one in unfixed if one.product == product]
        if missed and not series.stopped:
            which = f"{as_date(missed[0])} to {as_date(missed[-1])}, {len(missed)} in all"
            lines.append(
                f"* {series.terms.model} was not settled on days from {which}: no fixing\n"
            )
    waits = [each.terms for each in marking.contracts.values() if each.terms.expiry <= house.date]
    lines += [f"* {one.name} has ended and waits for an operator's price\n" for one in waits]
    return "".join(lines)


def _columns(values: Sequence[str]) -> str:
    return "".join(f"{value:>7}" for value in values)


def _dollars(micro: int) -> str:
    """Return micro-dollars as USD, rounded to cents, thousands parted."""
    return f"{micro / 1e6:,.2f}"


def to_json(value: object) -> str:
    """Return a Struct or a dictionary as one object of JSON, indented."""
    return msgspec.json.format(msgspec.json.encode(value)).decode()


def lock_hash() -> str:
    """Return SHA-256, cut to 128 bits, of the lock file; of the installed versions without one."""
    if _LOCK.exists():
        text = _LOCK.read_text("utf-8")
    else:
        found = importlib.metadata.distributions()
        text = "\n".join(sorted({f"{one.name}=={one.version}" for one in found}))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def cpu_level() -> str:
    """Return the widest instruction set that numpy uses on this machine."""
    shown = np.show_config(mode="dicts") or {}
    extensions = shown.get("SIMD Extensions", {})
    return str([*extensions.get("baseline", []), *extensions.get("found", []), "none"][-2])
