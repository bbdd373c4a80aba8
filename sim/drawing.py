"""What all pictures share: figures, an axis of days without holes, colors. No screen is needed.

The one module that knows matplotlib, which is imported when something is drawn: it takes a second.
"""

import datetime
import itertools
import math
import pathlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

INK, QUIET, RIVAL, BREAK = "#1f3b57", "#9aa7b4", "#d08a2e", "#b23a48"
_HOLE = datetime.timedelta(days=10)  # Between two dates; a longer one is cut out.
_CUT = 2  # Places that stand for a hole.
_LABELS = 11  # Dates that fit under a picture.

Days = Mapping[datetime.date, int]


def day_axis(dates: Collection[datetime.date], parted: Collection[datetime.date] = ()) -> Days:
    """Return the place of each date on an axis of what there is: one after the other.

    Long holes are cut to a small gap, and so is the space before each date of `parted`.
    """
    ordered, place = sorted(dates), 0
    places = dict.fromkeys(ordered[:1], 0)
    for before, date in itertools.pairwise(ordered):
        place += 1 + _CUT * (date - before > _HOLE or date in parted)
        places[date] = place
    return places


def draw_days(axes: Any, days: Days) -> None:
    """Name some dates under a picture: where a stretch begins first, others where there is room."""
    dates = list(days)
    begins = dates[:1] + [b for a, b in itertools.pairwise(dates) if days[b] - days[a] > 1]
    apart = max(days.values(), default=0) / _LABELS
    named: list[datetime.date] = []
    for date in itertools.chain(reversed(begins), dates):
        if all(abs(days[date] - days[other]) >= apart for other in named):
            named.append(date)
    axes.set_xticks([days[date] for date in named], [str(date) for date in named])
    axes.margins(x=0.02)


def line(
    days: Days, points: Iterable[tuple[datetime.date, float]]
) -> tuple[list[float], list[float]]:
    """Return places and values of a line that is broken where a stretch ends."""
    stretch = dict(zip(days, _stretches(days), strict=True))
    places, values = list[float](), list[float]()
    last = -1
    for date, value in points:
        if last not in (-1, stretch[date]):
            places.append(math.nan)
            values.append(math.nan)
        last = stretch[date]
        places.append(days[date])
        values.append(value)
    return places, values


def _stretches(days: Days) -> Iterable[int]:
    """Yield the number of the stretch of each date."""
    number, before = 0, 0
    for place in days.values():
        number += place - before > 1
        before = place
        yield number


def figure(rows: int, height: Sequence[float]) -> tuple[Any, Any]:
    """Return a figure and its axes, one below the other. height: of each, inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(10, sum(height)), layout="constrained")
    FigureCanvasAgg(made)
    axes = made.subplots(rows, 1, sharex=True, squeeze=False, height_ratios=height)[:, 0]
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
        each.grid(axis="y", color="#e6eaee", lw=0.7)
        each.set_axisbelow(True)
        each.tick_params(colors="#4a5560", labelsize=8)
    return made, axes


def colors(count: int) -> list[str]:
    """Return so many colors that can be told apart."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    chosen = [colormaps["tab10"](place % 10) for place in range(count)]
    return [to_hex(color) for color in chosen]


def save(made: Any, path: pathlib.Path) -> None:
    """Write a figure; the name's ending says in which format."""
    made.savefig(path, dpi=130)
