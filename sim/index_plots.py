"""Pictures of the index: its fixings with what they were made of, and its adjustment."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clearing.index.adjustment import MILLION, UNKNOWN, Coefficient
from clearing.index.cells import FIELDS
from clearing.index.fixing import Fixing
from clearing.index.population import Refusal, Tier
from clearing.index.rivals import provider_mean, used
from engine.instruments import as_date
from sim.drawing import BREAK, INK, QUIET, RIVAL, Days, day_axis, draw_days, figure, line, save
from sim.index_explain import level_name
from sim.panel import Panel

TIERS: Mapping[Tier, str] = {
    Tier.TRADE: "#2f7d4f",
    Tier.POSTED: "#1f3b57",
    Tier.CARRIED: "#e0a526",
    Tier.MANUAL: "#7a4fa3",
    Tier.NONE: "#b23a48",
}
_DOUBTED = (  # Refused for what they are, not for which market or day they are of.
    *(Refusal.FLAGGED, Refusal.ONE_OWNER, Refusal.REVERSED, Refusal.OUT_OF_BAND),
    *(Refusal.RETURNING, Refusal.UNADJUSTED),
)
_MOST = 40  # Bars in one picture of coefficients.


def plot_index(path: pathlib.Path, found: Sequence[Fixing], model: str) -> None:
    """Draw fixings with their inputs, the plain provider mean, tiers, and where series begin.

    Days without a fixing are cut out.
    """
    made, (upper, lower) = figure(2, height=(6, 1))
    anchors = {as_date(each.adjustment.since) for each in found if each.adjustment.since}
    days = day_axis([as_date(each.date) for each in found], anchors)
    _draw_inputs(upper, found, days)
    valued = [each for each in found if each.tier != Tier.NONE]
    dates = [as_date(each.date) for each in valued]
    values = [each.value_micro / 1e6 for each in valued]
    made_of = [each for each in valued if each.inputs]
    means = [(as_date(each.date), provider_mean(used(each.audit))) for each in made_of]
    upper.plot(*line(days, zip(dates, values, strict=True)), color=INK, lw=2, label="index",
               zorder=4, marker="o", ms=2.5)  # fmt: skip
    upper.plot(*line(days, means), color=RIVAL, lw=1.2, label="plain mean of providers")
    for number, date in enumerate(sorted(anchors & set(days))):
        upper.axvline(days[date], color=BREAK, lw=0.9, ls=(0, (4, 3)), zorder=1,
                      label="series anchored" if number == 0 else "")  # fmt: skip
    _draw_tiers(lower, found, days)
    draw_days(lower, days)
    upper.set_title(f"{model}: daily index", loc="left", color=INK)
    upper.set_ylabel("USD per GPU-hour", fontsize=9)
    upper.set_ylim(*_reach([*values, *(mean for _, mean in means)], found))
    place = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0)}
    upper.legend(frameon=False, ncols=5, fontsize=8, **place)
    save(made, path)


def plot_adjustment(path: pathlib.Path, found: Sequence[Fixing], panel: Panel, model: str) -> None:
    """Draw the last adjustment: what each level adds to a price, with two standard errors.

    Raises ValueError where none was fitted.
    """
    fitted = [each.adjustment for each in found if each.adjustment.fitted]
    if not fitted:
        raise ValueError(f"no adjustment of {model} was fitted between these dates")
    adjustment = fitted[-1]
    known = [each for each in adjustment.coefficients if each.error != UNKNOWN or not each.field]
    ordered = sorted(known, key=lambda each: (-each.field, -each.effect))[-_MOST:]
    made, (axes,) = figure(1, height=(max(2.5, 0.24 * len(ordered)),))
    for place, each in enumerate(ordered):
        name = level_name(panel, FIELDS[each.field], each.level)
        effect, reach = each.effect / MILLION, 2 * max(each.error, 0) / MILLION
        color = INK if each.field == 0 else RIVAL
        axes.errorbar(effect, place, xerr=reach, fmt="o", color=color, ms=4, lw=1.2)
        label = name if each.field == 0 else f"{FIELDS[each.field]} {name}"
        axes.text(-0.01, place, label, transform=axes.get_yaxis_transform(), ha="right",
                  va="center", fontsize=7, color=color)  # fmt: skip
    axes.axvline(0, color=QUIET, lw=0.8)
    axes.set_yticks([])
    base = _base(adjustment.coefficients, panel)
    axes.set_xlabel(f"log of the price, against {base}; bars of two standard errors", fontsize=9)
    title = f"{model}: adjustment fitted {as_date(adjustment.fitted)}"
    axes.set_title(title, loc="left", color=INK)
    save(made, path)


def _base(coefficients: Sequence[Coefficient], panel: Panel) -> str:
    """Return the base of all fields that have more than one level, the provider's apart."""
    named = []
    for field, name in enumerate(FIELDS):
        levels = [each for each in coefficients if each.field == field]
        if field and len(levels) > 1:
            commonest = max(levels, key=lambda each: each.cells)
            named.append(f"{name} {level_name(panel, name, commonest.level)}")
    return ", ".join(["the index", *named])


def _draw_inputs(axes: Any, found: Sequence[Fixing], days: Days) -> None:
    """Draw each price that counted, and what was refused as doubtful."""
    for verdicts, color, marker, label in (
        ((Refusal.NONE,), QUIET, "o", "prices used"),
        (_DOUBTED, BREAK, "x", "refused"),
    ):
        places: list[int] = []
        prices: list[float] = []
        for each in found:
            rows = each.audit[np.isin(each.audit["reason"], verdicts)]
            places += [days[as_date(each.date)]] * len(rows)
            prices += (rows["price_micro"] / 1e6).tolist()
        axes.scatter(
            places, prices, s=6, color=color, marker=marker, alpha=0.5, lw=0.6, label=label
        )


def _draw_tiers(axes: Any, found: Sequence[Fixing], days: Days) -> None:
    """Draw how many providers counted, in the color of the day's tier."""
    for tier, color in TIERS.items():
        of_tier = [each for each in found if each.tier == tier]
        if of_tier:
            places = [days[as_date(each.date)] for each in of_tier]
            heights = [max(each.providers, 1) for each in of_tier]
            axes.bar(places, heights, width=0.8, color=color, label=tier.name.lower())
    axes.set_ylabel("providers", fontsize=8)
    axes.legend(frameon=False, fontsize=7, ncols=5, loc="upper left", bbox_to_anchor=(0, 1.35))


def _reach(values: Sequence[float], found: Sequence[Fixing]) -> tuple[float, float]:
    """Return a range that shows the lines and nine of ten prices, not the far ones."""
    audits = [each.audit["price_micro"][each.audit["reason"] == 0] / 1e6 for each in found]
    prices = np.concatenate([np.array(values), *audits])
    low, high = (float(each) for each in np.percentile(prices, [3, 97]))
    low, high = min(low, *values), max(high, *values)
    margin = max(0.08 * (high - low), 0.02)
    return max(0.0, low - margin), high + margin
