"""What can be shown for the index: on a feed with a known truth, and on a real panel.

`cfx evidence` prints these tables; docs/index.md quotes them.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from clearing.calendar import index_window, next_business_day, on_or_after
from clearing.index.adjustment import MILLION, adjusted_micro, effects, factors
from clearing.index.cells import A_GPU, FIELDS, a_gpu, merged
from clearing.index.fixing import Fixing, gather, mean_of, partition
from clearing.index.manipulation import Attack, counted, monthly
from clearing.index.population import Refusal, Tier
from clearing.index.regression import regress
from clearing.index.rivals import provider_mean, used, volume_weighted
from clearing.index.series import Memory, new_memory, next_fixing, remembered
from clearing.terms import Estimator, IndexTerms
from engine.instruments import as_date, as_number
from engine.jit import Table
from sim.index_table import fixings
from sim.panel import Panel
from sim.spot_feed import (
    KINDS,
    PCIE,
    PROVIDERS,
    Form,
    Truth,
    corrupted,
    draw_day,
    draw_truth,
    every_offer,
    levels,
)

METHODS: tuple[Estimator, ...] = ("winsorised", "median")
NAMES = {number: f"provider-{number}" for number in range(PROVIDERS)}
TICK = 0.01
FIXINGS = 21  # Of a month, for the cost of moving its mean.
FIRST = 20260105  # Of a simulated feed, yyyymmdd.


class Moved(NamedTuple):
    """How far a corrupted feed moves a method's values before they are rounded: USD, a day each."""

    method: str
    moves: list[float]

    @property
    def share(self) -> float:
        """The share of days on which it moves by less than a tick."""
        return sum(move < TICK for move in self.moves) / len(self.moves)


class Feed:
    """A series of fixings over a simulated feed."""

    def __init__(self, terms: IndexTerms) -> None:
        self._terms = terms
        self.memory: Memory = new_memory(0)

    def fix(self, rows: Table, date: int, window: tuple[int, int]) -> Fixing:
        """Return a date's fixing, and remember it."""
        day = gather(rows, 0, NAMES, self._terms, window)
        fixing = next_fixing(self.memory, day, self._terms, date)
        self.memory = remembered(self.memory, fixing, day, self._terms.absences)
        return fixing


def bad_feed(days: int, count: int, seed: int) -> tuple[list[Moved], dict[str, dict[str, int]]]:
    """Return how far 11% of wrong rows move each method, and what became of them, by kind.

    count: observations a day. The first day, on which the series is anchored, is right.
    """
    chance = np.random.default_rng(seed)
    truth, path = draw_truth(chance), levels(chance, days)
    methods = {name: IndexTerms(estimator=name) for name in METHODS}
    clean = {name: Feed(terms) for name, terms in methods.items()}
    dirty = {name: Feed(terms) for name, terms in methods.items()}
    moved = {name: Moved(name, []) for name in (*methods, "plain provider mean")}
    fates: dict[str, dict[str, int]] = {}
    before = np.zeros(0, draw_day(chance, truth, 1.0, 0, 1).dtype)
    for date, window, level in zip(*_calendar(days), path, strict=True):
        rows = draw_day(chance, truth, level, window[0], count)
        wrong, kinds = corrupted(chance, rows, before)
        if not len(before):
            wrong, kinds = rows, np.full(len(rows), -1)
        before = rows
        for name in methods:
            right, found = clean[name].fix(rows, date, window), dirty[name].fix(wrong, date, window)
            if date != FIRST:
                moved[name].moves.append(_apart(found, right))
        means = provider_mean(rows), provider_mean(wrong)
        if date != FIRST:
            moved["plain provider mean"].moves.append(abs(means[0] - means[1]))
        _count_fates(fates, kinds, found.audit["reason"])
    return list(moved.values()), fates


def recovered(form: Form, days: int, count: int, seed: int) -> tuple[float, float, float]:
    """Return how well effects are found: worst error in standard errors, in logs, and the index's.

    Of providers, regions, form factor, GPUs, vCPUs and RAM, against the truth of the feed; the
    index's error is the largest change of its ratio to the level, as a part.
    """
    chance = np.random.default_rng(seed)
    truth = draw_truth(chance, form)
    path, feed = levels(chance, days), Feed(IndexTerms())
    ratios = []
    for date, window, level in zip(*_calendar(days), path, strict=True):
        fixing = feed.fix(draw_day(chance, truth, level, window[0], count), date, window)
        ratios.append(fixing.value_micro / 1e6 / level)
    known = true_effects(truth)
    found = {(FIELDS[c.field], c.level): c for c in feed.memory.adjustment.coefficients}
    errors, deviations = [], []
    for (field, level), true in known.items():
        one, first = found[field, level], found[field, min(n for f, n in known if f == field)]
        error = abs((one.effect - first.effect) / MILLION - true)
        errors.append(error)
        if one is not first:
            deviations.append(error * MILLION / math.hypot(max(one.error, 0), max(first.error, 0)))
    return max(deviations), max(errors), max(ratios) / min(ratios) - 1


def true_effects(truth: Truth) -> dict[tuple[str, int], float]:
    """Return what each level adds to the log of a price beside its field's lowest level.

    On average over all other levels, as often as each of them is drawn.
    """
    grid = every_offer()
    logs = np.log(truth.factor(grid))
    share = np.where(grid["form"] == 2, PCIE, 1 - PCIE)
    levels = {name: a_gpu(grid[name], grid["gpu_count"]) for name in A_GPU}
    known: dict[tuple[str, int], float] = {}
    for field, column in (grid | levels).items():
        means = {
            level: float(np.average(logs[column == level], weights=share[column == level]))
            for level in np.unique(column).tolist()
        }
        known |= {(field, level): mean - means[min(means)] for level, mean in means.items()}
    return known


def attacks(count: int, seed: int) -> dict[str, Attack]:
    """Return the cost of lifting a month's mean by one tick, by method, on a feed of trades."""
    chance = np.random.default_rng(seed)
    truth, feed, terms = draw_truth(chance), Feed(IndexTerms()), IndexTerms()
    ((date,), (window,)) = _calendar(1)
    rows = draw_day(chance, truth, 2.81, window[0], count)
    adjustment = feed.fix(rows, date, window).adjustment

    def by_index(given: Table) -> float:
        day = gather(given, 0, NAMES, terms, window)
        effect, known = effects(day.cells, adjustment)
        prices = adjusted_micro(day.cells["price_twice"] / 2, factors(effect))
        parts = partition(day.cells, prices, known, terms.estimator, terms.cap_percent)
        return float(mean_of(parts)) / 1e6

    def filtered(given: Table) -> Table:
        day = gather(given, 0, NAMES, terms, window)
        return counted(day.rows, day.verdicts)

    hours = [int(rows["gpu_hours_milli"][rows["provider"] == n].sum()) for n in range(PROVIDERS)]
    largest = int(np.argmax(hours))
    return {
        "index": monthly(rows, largest, by_index, FIXINGS),
        "plain VWAP": monthly(rows, largest, lambda r: volume_weighted(filtered(r)), FIXINGS),
        "weighted provider mean": monthly(
            rows, largest, lambda r: provider_mean(filtered(r)), FIXINGS
        ),
    }


def composition(found: Sequence[Fixing]) -> tuple[int, float, float]:
    """Return, over the days on which a provider came or went: how many, and the mean move.

    Of the index, and of the plain mean of providers; USD.
    """
    moves = []
    for before, after in _pairs(found):
        there = [set(each.audit["provider"][_is_there(each)].tolist()) for each in (before, after)]
        if there[0] != there[1]:
            index = abs(after.value_micro - before.value_micro) / 1e6
            means = [provider_mean(used(each.audit)) for each in (before, after)]
            moves.append((index, abs(means[1] - means[0])))
    if not moves:
        return 0, 0.0, 0.0
    index, plain = (sum(column) / len(moves) for column in zip(*moves, strict=True))
    return len(moves), index, plain


def out_of_sample(panel: Panel, model: str, terms: IndexTerms) -> tuple[float, float]:
    """Return the mean absolute error of next week's log prices: adjusted, and by provider alone.

    Each week is predicted from those before it; what is common to a day is not counted.
    """
    weeks: dict[tuple[int, int], list[Table]] = {}
    for date in panel.dates:
        rows = panel.rows(date)
        day = gather(rows, panel.models.index(model), panel.names, terms, index_window(date))
        calendar = date.isocalendar()
        weeks.setdefault((calendar.year, calendar.week), []).append(day.cells)
    cells = [merged(np.concatenate(found)) for found in weeks.values()]
    for number, each in enumerate(cells):
        each["part"] = number
    errors: tuple[list[float], list[float]] = ([], [])
    for number in range(1, len(cells)):
        for is_plain, found in enumerate(errors):
            found += _errors(np.concatenate(cells[:number]), cells[number], bool(is_plain))
    return float(np.mean(errors[0])), float(np.mean(errors[1]))


def real_bad_feed(panel: Panel, model: str, seed: int) -> list[Moved]:
    """Return how far 11% of wrong rows move each method on a panel's own, the first day right."""
    chance = np.random.default_rng(seed)
    days, before, anchored = {}, panel.rows(panel.dates[0]), on_or_after(panel.dates[0])
    for date, rows in panel.days.items():
        days[date] = corrupted(chance, rows, before)[0] if date > anchored else rows
        before = rows
    found = []
    for name in METHODS:
        terms = IndexTerms(estimator=name)
        found.append(_compared(panel, panel._replace(days=days), model, terms))
    plain = [
        abs(a - b) for a, b in zip(_means(panel), _means(panel._replace(days=days)), strict=True)
    ]
    return [*found, Moved("plain provider mean", plain)]


def _compared(clean: Panel, dirty: Panel, model: str, terms: IndexTerms) -> Moved:
    values = [{f.date: f for f in fixings(p, model, terms)} for p in (clean, dirty)]
    moves = [_apart(values[0][date], values[1][date]) for date in values[0] if date in values[1]]
    return Moved(terms.estimator, moves)


def _apart(one: Fixing, other: Fixing) -> float:
    return abs(float(one.mean_micro - other.mean_micro)) / 1e6


def _means(panel: Panel) -> list[float]:
    return [provider_mean(rows[rows["tier"] != Tier.NONE]) for rows in panel.days.values()]


def _errors(train: Table, test: Table, is_plain: bool) -> list[float]:
    if is_plain:
        train, test = train.copy(), test.copy()
        for name in FIELDS[1:]:
            train[name] = test[name] = 0
        train = merged(train)
    known = {(each.field, each.level): each.effect for each in regress(train)}
    rest = []
    for cell in test:
        keys = [(place, int(cell[name])) for place, name in enumerate(FIELDS)]
        if all(key in known for key in keys):
            rest.append(math.log(cell["price_twice"] / 2) - sum(known[key] for key in keys))
    common = float(np.median(rest)) if rest else 0.0
    return [abs(each - common) for each in rest]


def _pairs(found: Sequence[Fixing]) -> Iterator[tuple[Fixing, Fixing]]:
    for before, after in itertools.pairwise(found):
        days = (as_date(after.date) - as_date(before.date)).days
        if Tier.NONE not in (before.tier, after.tier) and days <= 4:
            yield before, after


def _is_there(fixing: Fixing) -> Table:
    reasons = (Refusal.NONE, Refusal.UNADJUSTED, Refusal.RETURNING)
    there: Table = np.isin(fixing.audit["reason"], reasons)
    return there


def _count_fates(fates: dict[str, dict[str, int]], kinds: Table, reasons: Table) -> None:
    for kind, reason in zip(kinds.tolist(), reasons.tolist(), strict=True):
        if kind >= 0:
            fate = Refusal(reason).name if reason else "used"
            counts = fates.setdefault(KINDS[kind], {})
            counts[fate] = counts.get(fate, 0) + 1


def _calendar(days: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Return consecutive trade dates, yyyymmdd, and the window of each."""
    dates = [on_or_after(as_date(FIRST))]
    while len(dates) < days:
        dates.append(next_business_day(dates[-1]))
    return [as_number(date) for date in dates], [index_window(date) for date in dates]
