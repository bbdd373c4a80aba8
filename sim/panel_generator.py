"""A price panel without a file: invented providers that post prices around hidden levels.

Same seed, same bytes. Everything in it is invented and illustrative: no provider of these
names is meant, and no price was ever asked. The text is read back by `sim/panel.py`, so a
generated panel and a panel from a file are the same thing.
"""

import csv
import datetime
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sim.levels import draw_levels, stream
from sim.panel import Panel, parse_panel
from sim.spot_models import LEVELS, SpotModel

HEADER = (
    *("date", "source", "provider", "region", "gpu_model", "form_factor", "gpu_count"),
    *("gpu_mem_gb", "vcpus", "ram_gb", "market", "price_per_hour_usd", "price_per_gpu_hour"),
    *("price_min", "price_max", "n_offers", "kind", "instance", "flag", "license", "upstream"),
)
PROVIDERS = (
    *("alderrack", "basaltgrid", "cinderhall", "driftwell", "emberyard", "fernhollow"),
    *("gablecloud", "heronfield", "inkstone", "junipervault", "kestrelbay", "larchway"),
    *("marlpoint", "nettlebridge"),
)
SOURCE = "cfx-generator"
BOARDS = {"A100": ("SXM", 80), "H100": ("SXM", 80), "B200": ("", 180), "H200": ("SXM", 141)}

_DAY = datetime.timedelta(days=1)
_CARRIES = 0.85  # Chance that a provider carries a model.
_SPOT = 0.4  # Chance that it also sells interruptible machines, and at which part of the price.
_SPOT_PART = 0.6
_EIGHT_PART = 0.97  # Price of eight GPUs in one machine, each, against one alone.
_EFFECT_SIGMA = 0.14  # Of a provider's lasting distance from the level, in logs.
_NOISE_SIGMA = 0.01  # Of a newly posted price.
_RESTLESS = 0.02  # Chance that a price is posted anew although it still fits.
_PATIENCE = (0.02, 0.06)  # A price further than this from what it should be is posted anew.
_LISTED = 0.9  # Chance that an offer stands on the first day.
_LEAVES, _RETURNS = 0.002, 0.012  # Chances a day.
_SLIPS = 0.003  # Chance that a posted price is wrong on one day; half of these are flagged.
_SLIP_FACTORS = (10.0, 0.1, 3.0)


class Shelf(NamedTuple):
    """What one provider offers of one model: (market, GPUs, part of the price) each."""

    provider: int
    model: str
    effect: float  # Lasting distance from the level, in logs.
    patience: float
    offers: tuple[tuple[str, int, float], ...]


def generate(
    models: Sequence[str],
    first: datetime.date,
    last: datetime.date,
    seed: int,
    spot: Mapping[str, SpotModel] = LEVELS,
) -> Panel:
    """Return the generated panel of all days from one date to another, both included.

    spot: how each model's hidden level moves. Raises ValueError for a model without one.
    """
    text = panel_text(models, first, last, seed, spot)
    return parse_panel(io.StringIO(text), f"the panel of seed {seed}", models, last)


def panel_text(
    models: Sequence[str],
    first: datetime.date,
    last: datetime.date,
    seed: int,
    spot: Mapping[str, SpotModel] = LEVELS,
) -> str:
    """Return the generated panel as CSV text. A longer panel begins with a shorter one."""
    for model in models:
        if model not in LEVELS:
            raise ValueError(f"no levels to generate {model} from: it is none of {list(LEVELS)}")
    days = (last - first).days + 1
    levels = {model: draw_levels(model, first, days, seed, spot) for model in models}
    posted = [
        _posted(shelf, levels[shelf.model], seed)
        for model in models
        for shelf in _shelves(model, seed)
    ]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    for number in range(days):
        date = str(first + number * _DAY)
        writer.writerows((date, *line) for shelf in posted for line in next(shelf))
    return file.getvalue()


def _shelves(model: str, seed: int) -> list[Shelf]:
    """Return the shelves of a model, the effects' mean taken off."""
    number = list(LEVELS).index(model)
    effects = _EFFECT_SIGMA * stream(seed, 100).standard_normal(len(PROVIDERS))
    chances = stream(seed, 101, number).random((len(PROVIDERS), 4))
    effects -= effects.mean()
    shelves = []
    for provider, (carries, spot, eight, patience) in enumerate(chances.tolist()):
        if carries >= _CARRIES:
            continue
        offers = [("on-demand", 1, 1.0)]
        if eight < 0.5:
            offers.append(("on-demand", 8, _EIGHT_PART))
        if spot < _SPOT:
            offers.append(("spot", 1, _SPOT_PART))
        low, high = _PATIENCE
        calm = low + (high - low) * patience
        shelves.append(Shelf(provider, model, float(effects[provider]), calm, tuple(offers)))
    return shelves


Values = tuple[str | int, ...]  # Of a line, without its date.


def _posted(shelf: Shelf, levels: list[float], seed: int) -> Iterator[list[Values]]:
    """Yield a day's lines of a shelf, day after day."""
    key = (102, list(LEVELS).index(shelf.model), shelf.provider)
    rolls = stream(seed, *key, 0).random((len(levels), 4)).tolist()
    noises = (_NOISE_SIGMA * stream(seed, *key, 1).standard_normal(len(levels))).tolist()
    price, is_listed = 0.0, rolls[0][0] < _LISTED
    for level, (stays, restless, slips, how), noise in zip(levels, rolls, noises, strict=True):
        wanted = level * math.exp(shelf.effect)
        if not price or restless < _RESTLESS or _distance(wanted, price) > shelf.patience:
            price = wanted * math.exp(noise)
        yield _lines(shelf, price, slips, how) if is_listed else []
        is_listed = stays >= _LEAVES if is_listed else stays < _RETURNS


def _distance(wanted: float, price: float) -> float:
    return abs(math.log(wanted / price))


def _lines(shelf: Shelf, price: float, slips: float, how: float) -> list[Values]:
    """Return one day's lines of a shelf; where the price slips, its first one is wrong."""
    factors = [1.0] * len(shelf.offers)
    flag = ""
    if slips < _SLIPS:
        factors[0] = _SLIP_FACTORS[int(how * len(_SLIP_FACTORS))]
        flag = "outlier" if slips < _SLIPS / 2 else ""
    lines: list[Values] = []
    form, memory = BOARDS[shelf.model]
    for (market, count, part), factor in zip(shelf.offers, factors, strict=True):
        cents = max(1, round(100 * price * part * factor))
        lines.append(
            (
                *(SOURCE, PROVIDERS[shelf.provider], "", shelf.model, form, count, memory, "", ""),
                *(market, _dollars(cents * count), _dollars(cents), "", "", "", market, ""),
                *(flag if factor != 1.0 else "", "Apache-2.0", "generated: illustrative"),
            )
        )
    return lines


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
