"""`cfx index --explain`: one fixing in full, as lines for a reader and as fields for a machine."""

from collections.abc import Iterator, Mapping

import msgspec

from clearing.index.adjustment import MILLION, UNKNOWN, Adjustment
from clearing.index.cells import A_GPU, FIELDS
from clearing.index.fixing import Fixing
from clearing.index.population import Refusal, Tier
from clearing.index.rivals import provider_mean, used
from engine.instruments import as_date
from engine.jit import Row
from sim.panel import Panel
from sim.panel_rows import FORMS, LINKS

COEFFICIENTS = ("fitted", "model", "field", "level", "effect", "error", "cells")


class Observation(msgspec.Struct, frozen=True):
    """One row of the feed in a fixing. Prices in USD per GPU-hour."""

    row: int
    provider: str
    price: float
    adjusted: float
    weight: float
    reason: str  # "": it was used.


class Explained(msgspec.Struct, frozen=True):
    """A fixing, and what it was made of."""

    date: str
    model: str
    value: float
    tier: str
    version: int
    inputs: int
    refused: dict[str, int]
    providers: int
    gpu_hours: float
    inputs_hash: str
    carried: int
    fitted: str  # When the adjustment in force was fitted; "": none was.
    since: str  # When the series was anchored.
    provider_mean: float  # The plain mean of all providers' means, for comparison.
    observations: list[Observation]


def explained(fixing: Fixing, model: str, names: Mapping[int, str]) -> Explained:
    """Return a fixing with every observation. names: of the providers, by number."""
    return Explained(
        date=str(as_date(fixing.date)),
        model=model,
        value=fixing.value_micro / 1e6,
        tier=fixing.tier.name,
        version=fixing.version,
        inputs=fixing.inputs,
        refused={reason.name: count for reason, count in fixing.refused.items()},
        providers=fixing.providers,
        gpu_hours=fixing.gpu_hours_milli / 1e3,
        inputs_hash=fixing.inputs_hash,
        carried=fixing.carried,
        fitted=_day(fixing.adjustment.fitted),
        since=_day(fixing.adjustment.since),
        provider_mean=round(provider_mean(used(fixing.audit)), 4) if fixing.inputs else 0.0,
        observations=[_observation(row, names) for row in fixing.audit],
    )


def _observation(row: Row, names: Mapping[int, str]) -> Observation:
    return Observation(
        row=int(row["row"]),
        provider=names.get(int(row["provider"]), ""),
        price=int(row["price_micro"]) / 1e6,
        adjusted=int(row["adjusted_micro"]) / 1e6,
        weight=int(row["weight_ppb"]) / 1e9,
        reason=Refusal(int(row["reason"])).name if row["reason"] else "",
    )


def lines(found: Explained) -> Iterator[str]:
    """Yield an explanation as text: the value, what it stands on, who counts, who does not."""
    value = f"{found.value:.2f} USD per GPU-hour" if found.tier != Tier.NONE.name else "no value"
    yield f"{found.model} on {found.date}: {value}, tier {found.tier}, version {found.version}"
    refused = sum(found.refused.values())
    yield f"used {found.inputs} observations of {found.providers} providers, refused {refused}"
    yield f"inputs hash {found.inputs_hash}"
    if found.carried:
        yield f"carried forward, {found.carried} in a row"
    if found.fitted:
        yield f"adjustment fitted {found.fitted}, series anchored {found.since}"
    if found.inputs:
        yield f"plain mean of the providers' means, for comparison: {found.provider_mean:.4f}"
    yield f"{'row':>8} {'provider':20} {'price':>9} {'adjusted':>9} {'weight':>8}  reason"
    for one in sorted(found.observations, key=lambda one: (one.reason, -one.weight, one.row)):
        yield (
            f"{one.row:8} {one.provider:20} {one.price:9.4f} {one.adjusted:9.4f} "
            f"{one.weight:8.4f}  {one.reason}".rstrip()
        )


def coefficient_rows(adjustment: Adjustment, panel: Panel, model: str) -> Iterator[tuple[str, ...]]:
    """Yield an adjustment's rows under COEFFICIENTS; error "" where it is not known."""
    for each in adjustment.coefficients:
        field = FIELDS[each.field]
        error = "" if each.error == UNKNOWN else f"{each.error / MILLION:.6f}"
        effect = f"{each.effect / MILLION:.6f}"
        name = level_name(panel, field, each.level)
        yield _day(adjustment.fitted), model, field, name, effect, error, str(each.cells)


def level_name(panel: Panel, field: str, level: int) -> str:
    """Return a level as the panel writes it; `unknown` where the panel does not say."""
    if field in ("provider", "region"):
        return (panel.providers if field == "provider" else panel.regions)[level] or "unknown"
    if field in ("form", "interconnect"):
        known = FORMS if field == "form" else LINKS
        names = {number: name for name, number in known.items()}
        return names.get(level, "other") or "unknown"
    unit = " a GPU" if field in A_GPU else ""
    return f"{level}{unit}" if level else "unknown"


def _day(date: int) -> str:
    return str(as_date(date)) if date else ""
