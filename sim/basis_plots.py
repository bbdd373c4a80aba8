"""Pictures of prices beside each other over time: lines, or, where they are many, a map."""

import datetime
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim.drawing import INK, RIVAL, colors, day_axis, draw_days, figure, line, save

_LINES = 8  # More than so many lines cannot be told apart.

Series = Mapping[str, Sequence[tuple[datetime.date, float]]]


def plot_lines(
    path: pathlib.Path, title: str, unit: str, series: Series, *, bold: str = ""
) -> None:
    """Draw some series over time, each named at its end; `bold`: the one that stands out."""
    made, (axes,) = figure(1, height=(5,))
    days = day_axis({date for points in series.values() for date, _ in points})
    shades = [RIVAL] * len(series) if bold else colors(len(series))
    ends = []
    for (name, points), shade in zip(series.items(), shades, strict=True):
        is_bold = name == bold
        color = INK if is_bold else shade
        axes.plot(*line(days, points), color=color, lw=2.4 if is_bold else 1.4, zorder=2 + is_bold)
        ends.append((points[-1][1], name, color))
    draw_days(axes, days)
    _name_ends(axes, ends)
    axes.set_title(title, loc="left", color=INK)
    axes.set_ylabel(unit, fontsize=9)
    save(made, path)


def plot_basis(path: pathlib.Path, title: str, unit: str, series: Series) -> None:
    """Draw what lies above and below 0: as lines, or as a map where there are many.

    On a map a row is a series, the highest at its end uppermost, and its last value is written.
    """
    if len(series) <= _LINES:
        plot_lines(path, title, unit, series)
        return
    rows = sorted(series.items(), key=lambda item: -item[1][-1][1])
    days = day_axis({date for points in series.values() for date, _ in points})
    values = np.full((len(rows), 1 + max(days.values())), np.nan)
    for place, (_, points) in enumerate(rows):
        values[place, [days[date] for date, _ in points]] = [value for _, value in points]
    reach = float(np.nanpercentile(np.abs(values), 95)) or 1.0
    made, (axes,) = figure(1, height=(max(3.0, 0.22 * len(rows) + 1.2),))
    shown = axes.imshow(values, cmap="RdBu_r", vmin=-reach, vmax=reach, aspect="auto",
                        interpolation="none")  # fmt: skip
    axes.grid(visible=False)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows], fontsize=7)
    for place, (_, points) in enumerate(rows):
        axes.text(1.005, place, f"{points[-1][1]:+.2f}", transform=axes.get_yaxis_transform(),
                  va="center", fontsize=7, color=INK)  # fmt: skip
    draw_days(axes, days)
    made.colorbar(shown, ax=axes, pad=0.06, aspect=40).set_label(unit, fontsize=8)
    axes.set_title(f"{title}, and the last of each", loc="left", color=INK)
    save(made, path)


def _name_ends(axes: Any, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write each series' name beside its last value, names moved apart where they would touch."""
    low, high = axes.get_ylim()
    step, floor = (high - low) / 30, low
    for value, name, color in sorted(ends):
        floor = max(value, floor)
        place = (1.005, (floor - low) / (high - low))
        axes.annotate(name, place, xycoords="axes fraction", fontsize=7, color=color, va="center")
        floor += step
