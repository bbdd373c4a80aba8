"""Shocks: from a date on, spot prices stand higher or lower than they were drawn."""

import datetime
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from sim.panel import Panel


class Shock(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What happens to a model's prices, all providers' alike, and stays so."""

    date: datetime.date
    model: str
    percent: Annotated[int, Meta(ge=-95, le=1_000)]


def shocked(panel: Panel, shocks: Sequence[Shock]) -> Panel:
    """Return a panel whose prices are as the shocks leave them, rounded down to micro-dollars."""
    days = dict(panel.days)
    for shock in shocks:
        model = panel.models.index(shock.model)
        for date in [each for each in days if each >= shock.date]:
            rows = days[date].copy()
            hit = rows["model"] == model
            rows["price_micro"][hit] = rows["price_micro"][hit] * (100 + shock.percent) // 100
            days[date] = rows
    return panel._replace(days=days)
