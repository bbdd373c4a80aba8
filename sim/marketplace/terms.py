"""A scenario's `[spot]` table: where its observations come from, and who makes them."""

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from clearing.terms import Market

REGIONS = {"us-east": 0.0, "eu-north": -0.06, "ap-south": 0.08}  # What each adds, in logs.
Percent = Annotated[int, Meta(ge=0, le=100)]

_NAME = re.compile(r"[a-z][a-z0-9-]{1,23}")
_EFFECT_MAX = 0.5


class SpotTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The spot market of a scenario. All but `source` is of the marketplace, and illustrative."""

    source: Literal["posted", "marketplace"] = "posted"  # Posted prices, or trades.
    regions: dict[str, float] = msgspec.field(default_factory=REGIONS.copy)
    terms: Annotated[tuple[Market, ...], Meta(min_length=1, max_length=3)] = ("on-demand",)
    providers: Annotated[int, Meta(ge=1, le=100)] = 8
    buyers: Annotated[int, Meta(ge=1, le=100)] = 12
    machines: Annotated[int, Meta(ge=1, le=1_000)] = 30  # Of each provider and model.
    rounds: Annotated[int, Meta(ge=1, le=60)] = 12  # Auctions in the hour before the fixing.
    depth: Annotated[int, Meta(ge=1, le=1_000)] = 40  # Blocks of a side, in the first region.
    block_hours: Annotated[int, Meta(ge=1, le=10_000)] = 100
    spread: Annotated[float, Meta(ge=0.001, le=0.2)] = 0.03  # Of minds about a price, in logs.
    requests: Annotated[float, Meta(ge=0.0, le=1_000.0)] = 6.0  # For quotes, a model and day.
    reserved_percent: Percent = 25  # Of them for months instead of hours.
    floor_percent: Percent = 90  # Of the promised performance; below it a machine is refused.
    premium_percent: Percent = 50  # Of what performance lies beyond the promise, in the price.
    premium_most: Percent = 10  # The most of the price, up or down.
    defaults_a_year: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.05  # Of each participant.
    recovery_percent: Percent = 40  # Of a claim on who defaulted.

    def __post_init__(self) -> None:
        if not 1 <= len(self.regions) <= 16:
            raise ValueError(f"regions: {len(self.regions)} is not between 1 and 16")
        for name, effect in self.regions.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"regions: {name!r} is not 2 to 24 of a-z, 0-9 and -")
            if not -_EFFECT_MAX <= effect <= _EFFECT_MAX:  # Not a number is neither.
                raise ValueError(f"regions: {name} {effect} is not between -0.5 and 0.5")
        if len(set(self.terms)) < len(self.terms):
            raise ValueError(f"terms: one stands twice in {list(self.terms)}")
