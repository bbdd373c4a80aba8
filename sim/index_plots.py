"""Pictures of the index: the one module that draws. No screen is needed.

matplotlib is imported when something is drawn: it takes a second.
"""

import datetime
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clearing.index.adjustment import MILLION, UNKNOWN
from clearing.index.cells import FIELDS
from clearing.index.fixing import Fixing
from clearing.index.population import Refusal, Tier
from clearing.index.rivals import provider_mean, used
from engine.instruments import as_date
from sim.index_explain import level_name
from sim.panel import Panel

INK, QUIET, RIVAL, BREAK = "#1f3b57", "#9aa7b4", "#d08a2e", "#b23a48"
TIERS: Mapping[Tier, str] = {
    Tier.TRADE: "#2f7d4f",
    Tier.POSTED: "#1f3b57",
    Tier.CARRIED: "#e0a526",
    Tier.MANUAL: "#7a4fa3",
    Tier.NONE: "#b23a48",
}
_GAP = datetime.timedelta(days=10)
_MOST = 40  # Bars in one picture of coefficients.


def plot_index(path: pathlib.Path, found: Sequence[Fixing], model: str) -> None:
    """Draw fixings with their inputs, the plain provider mean, tiers, and where series begin."""
    figure, (upper, lower) = _figure(2, height=(6, 1))
    _draw_inputs(upper, found)
    valued = [each for each in found if each.tier != Tier.NONE]
    dates, values = _broken(valued, [each.value_micro / 1e6 for each in valued])
    upper.plot(dates, values, color=INK, lw=2, label="index", zorder=4)
    means = [provider_mean(used(each.audit)) for each in valued]
    upper.plot(*_broken(valued, means), color=RIVAL, lw=1.2, label="plain mean of providers")
    _draw_breaks(upper, found)
    _draw_tiers(lower, found)
    upper.set_title(f"{model}: daily index", loc="left", color=INK)
    upper.set_ylabel("USD per GPU-hour")
    upper.set_ylim(*_reach([*values, *means], found))
    place = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0)}
    upper.legend(frameon=False, ncols=5, fontsize=8, **place)
    _save(figure, path)


def plot_adjustment(path: pathlib.Path, found: Sequence[Fixing], panel: Panel, model: str) -> None:
    """Draw the last adjustment: what each level adds to a price, with two standard errors."""
    fitted = [each.adjustment for each in found if each.adjustment.fitted]
    if not fitted:
        raise ValueError(f"no adjustment of {model} was fitted between these dates")
    adjustment = fitted[-1]
    known = [each for each in adjustment.coefficients if each.error != UNKNOWN or not each.field]
    ordered = sorted(known, key=lambda each: (-each.field, -each.effect))[-_MOST:]
    figure, (axes,) = _figure(1, height=(max(2.5, 0.24 * len(ordered)),))
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
    axes.set_xlabel("log of the price, against the base; bars of two standard errors")
    title = f"{model}: adjustment fitted {as_date(adjustment.fitted)}"
    axes.set_title(title, loc="left", color=INK)
    _save(figure, path)


def plot_lines(
    path: pathlib.Path,
    title: str,
    unit: str,
    series: Mapping[str, Sequence[tuple[datetime.date, float]]],
    *,
    bold: str = "",
) -> None:
    """Draw some series over time, each named at its end; `bold`: the one that stands out."""
    figure, (axes,) = _figure(1, height=(5,))
    colors = _colors(len(series))
    ends = []
    for (name, points), color in zip(series.items(), colors, strict=True):
        is_bold = name == bold
        shown = INK if is_bold else color
        axes.plot(*_parted(points), color=shown, lw=2.4 if is_bold else 1.1, zorder=2 + is_bold)
        ends.append((points[-1][1], name, shown))
    _name_ends(axes, ends)
    axes.set_title(title, loc="left", color=INK)
    axes.set_ylabel(unit)
    _save(figure, path)


def _figure(rows: int, height: Sequence[float]) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, sum(height)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, 1, sharex=True, squeeze=False, height_ratios=height)[:, 0]
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
        each.grid(axis="y", color="#e6eaee", lw=0.7)
        each.set_axisbelow(True)
        each.tick_params(colors="#4a5560", labelsize=8)
    return figure, axes


def _draw_inputs(axes: Any, found: Sequence[Fixing]) -> None:
    """Draw each price that counted, and what was refused as doubtful."""
    for verdicts, color, marker, label in (
        ((Refusal.NONE,), QUIET, ".", "prices used"),
        ((Refusal.FLAGGED, Refusal.OUT_OF_BAND, Refusal.UNADJUSTED), BREAK, "x", "refused"),
    ):
        days: list[datetime.date] = []
        prices: list[float] = []
        for each in found:
            rows = each.audit[np.isin(each.audit["reason"], verdicts)]
            days += [as_date(each.date)] * len(rows)
            prices += (rows["price_micro"] / 1e6).tolist()
        axes.scatter(days, prices, s=9, color=color, marker=marker, alpha=0.45, lw=0.6, label=label)


def _draw_breaks(axes: Any, found: Sequence[Fixing]) -> None:
    """Draw where a series is anchored: at its first day, and after each hole."""
    anchors = sorted({each.adjustment.since for each in found} - {0})
    shown = [date for date in anchors if date >= found[0].date]
    for number, date in enumerate(shown):
        label = "series anchored" if number == 0 else ""
        axes.axvline(as_date(date), color=BREAK, lw=0.9, ls=(0, (4, 3)), label=label, zorder=1)


def _draw_tiers(axes: Any, found: Sequence[Fixing]) -> None:
    """Draw how many providers counted, in the color of the day's tier."""
    for tier, color in TIERS.items():
        of_tier = [each for each in found if each.tier == tier]
        if of_tier:
            days = [as_date(each.date) for each in of_tier]
            heights = [max(each.providers, 1) for each in of_tier]
            axes.bar(days, heights, width=0.8, color=color, label=tier.name.lower())
    axes.set_ylabel("providers", fontsize=8)
    axes.legend(frameon=False, fontsize=7, ncols=5, loc="upper left", bbox_to_anchor=(0, 1.35))


def _broken(
    found: Sequence[Fixing], values: Sequence[float]
) -> tuple[list[datetime.date], list[float]]:
    """Return dates and values with a nan in every hole, so that no line crosses it."""
    return _parted([(as_date(each.date), v) for each, v in zip(found, values, strict=True)])


def _parted(
    points: Sequence[tuple[datetime.date, float]],
) -> tuple[list[datetime.date], list[float]]:
    dates: list[datetime.date] = []
    values: list[float] = []
    for date, value in points:
        if dates and date - dates[-1] > _GAP:
            dates.append(date)
            values.append(float("nan"))
        dates.append(date)
        values.append(value)
    return dates, values


def _reach(values: Sequence[float], found: Sequence[Fixing]) -> tuple[float, float]:
    """Return a range that shows the lines and nine of ten prices, not the far ones."""
    audits = [each.audit["price_micro"][each.audit["reason"] == 0] / 1e6 for each in found]
    prices = np.concatenate([np.array(values), *audits])
    low, high = np.nanpercentile(prices, [3, 93])
    return max(0.0, float(low) * 0.9), float(max(high, np.nanmax(values))) * 1.12


def _name_ends(axes: Any, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write each series' name beside its last value, names moved apart where they would touch."""
    low, high = axes.get_ylim()
    step, floor = (high - low) / 30, low
    for value, name, color in sorted(ends):
        floor = max(value, floor)
        place = (1.005, (floor - low) / (high - low))
        axes.annotate(name, place, xycoords="axes fraction", fontsize=7, color=color, va="center")
        floor += step


def _colors(count: int) -> list[str]:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    places = np.linspace(0.0, 0.8, max(count, 2))
    return [to_hex(colormaps["viridis"](place)) for place in places[:count]]


def _save(figure: Any, path: pathlib.Path) -> None:
    figure.savefig(path, dpi=130)
