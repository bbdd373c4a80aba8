"""The index of a whole panel: a fixing each business day, and the rows that are published.

This module joins a panel to `clearing/index`; the method is there.
"""

import csv
import datetime
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from clearing.calendar import is_business_day, times
from clearing.index.adjustment import Adjustment
from clearing.index.fixing import Fixing, gather, window_before
from clearing.index.population import Refusal, Tier
from clearing.index.series import new_memory, next_fixing, remembered
from clearing.terms import IndexTerms
from engine.instruments import as_date, as_number
from engine.schema import Cycle
from sim.index_explain import COEFFICIENTS, coefficient_rows
from sim.panel import Panel

HEADER = (
    *("date", "model", "value", "inputs", "refused", "providers", "gpu_hours"),
    *("tier", "version", "inputs_hash"),
)
AUDIT_SCHEMA = pa.schema(
    [
        ("date", pa.date32()),
        ("model", pa.string()),
        ("row", pa.int64()),
        ("provider", pa.string()),
        ("price", pa.float64()),
        ("adjusted", pa.float64()),
        ("weight", pa.float64()),
        ("used", pa.bool_()),
        ("reason", pa.string()),
        ("tier", pa.int8()),
        ("version", pa.int32()),
    ]
)
_DAY = datetime.timedelta(days=1)


def fixings(panel: Panel, model: str, terms: IndexTerms) -> list[Fixing]:
    """Return the fixings of a model over all business days of a panel, ascending.

    A business day in a hole of the panel that is longer than the carry limit has none.
    """
    found = []
    product = panel.models.index(model)
    memory = new_memory(product)
    since = panel.dates[0]
    for date in _business_days(panel):
        due = next(time for time, due in times(date) if due.cycle == Cycle.FIXING)
        rows = panel.between(since, date)
        day = gather(rows, product, panel.names, terms, window_before(due))
        fixing = next_fixing(memory, day, terms, as_number(date))
        memory = remembered(memory, fixing, day, terms.absences)
        since = date + _DAY
        if fixing.tier != Tier.NONE or len(fixing.audit):
            found.append(fixing)
    return found


def coefficients(found: Iterable[Fixing]) -> list[Adjustment]:
    """Return the adjustments that were fitted on the way, ascending."""
    fitted = {each.adjustment.fitted: each.adjustment for each in found}
    return [adjustment for date, adjustment in sorted(fitted.items()) if date]


def narrowed(panel: Panel, region: str = "", provider: str = "") -> Panel:
    """Return the rows behind a sub-index: of a region, of a provider, or of both.

    Raises ValueError where the panel does not know what is asked for.
    """
    panel = panel.of_region(region) if region else panel
    return panel.of_provider(provider) if provider else panel


def within(found: Iterable[Fixing], first: datetime.date, last: datetime.date) -> list[Fixing]:
    """Return the fixings from one date to another, both included.

    A fixing does not depend on which are asked for: its series begins where the panel's does.
    """
    return [each for each in found if first <= as_date(each.date) <= last]


def _business_days(panel: Panel) -> Iterator[datetime.date]:
    date = panel.dates[0]
    while date <= panel.dates[-1]:
        if is_business_day(date):
            yield date
        date += _DAY


def index_row(fixing: Fixing, model: str) -> tuple[str, ...]:
    """Return a fixing as it stands under HEADER; value "" where there is none."""
    return (
        str(as_date(fixing.date)),
        model,
        "" if fixing.tier == Tier.NONE else f"{Decimal(fixing.value_micro).scaleb(-6):.2f}",
        str(fixing.inputs),
        str(sum(fixing.refused.values())),
        str(fixing.providers),
        f"{Decimal(fixing.gpu_hours_milli).scaleb(-3):.3f}",
        str(int(fixing.tier)),
        str(fixing.version),
        fixing.inputs_hash,
    )


def index_fields(fixing: Fixing, model: str) -> dict[str, str | int | float | None]:
    """Return a fixing by the names of HEADER; `value` in USD per GPU-hour, None without one."""
    return {
        "date": str(as_date(fixing.date)),
        "model": model,
        "value": None if fixing.tier == Tier.NONE else fixing.value_micro / 1e6,
        "inputs": fixing.inputs,
        "refused": sum(fixing.refused.values()),
        "providers": fixing.providers,
        "gpu_hours": fixing.gpu_hours_milli / 1e3,
        "tier": int(fixing.tier),
        "version": fixing.version,
        "inputs_hash": fixing.inputs_hash,
    }


def write_index(path: pathlib.Path, rows: Iterable[Sequence[str]]) -> None:
    """Write `index.csv`: HEADER and rows."""
    with path.open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)


def write_coefficients(
    path: pathlib.Path, found: Iterable[Fixing], panel: Panel, model: str
) -> None:
    """Write every adjustment that was fitted on the way, a row a coefficient."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COEFFICIENTS)
        for adjustment in coefficients(found):
            writer.writerows(coefficient_rows(adjustment, panel, model))


def audit_table(fixing: Fixing, model: str, names: Mapping[int, str]) -> pa.Table:
    """Return the audit rows of a fixing under AUDIT_SCHEMA. names: of the providers.

    Prices in USD per GPU-hour; the weights of a day add to 1; reason "" where used is True.
    """
    rows = fixing.audit
    columns = {
        "date": [as_date(fixing.date)] * len(rows),
        "model": [model] * len(rows),
        "row": rows["row"],
        "provider": [names.get(number, "") for number in rows["provider"].tolist()],
        "price": rows["price_micro"] / 1e6,
        "adjusted": rows["adjusted_micro"] / 1e6,
        "weight": rows["weight_ppb"] / 1e9,
        "used": rows["reason"] == Refusal.NONE,
        "reason": [Refusal(code).name if code else "" for code in rows["reason"].tolist()],
        "tier": [int(fixing.tier)] * len(rows),
        "version": [fixing.version] * len(rows),
    }
    return pa.table(columns, AUDIT_SCHEMA)


def unread_table(panel: Panel) -> pa.Table:
    """Return a panel's findings under AUDIT_SCHEMA: rows of the file that no fixing ever saw.

    What could not be read is null, so most is: such a row has a place in the file and a reason.
    """
    model = panel.models[0] if len(panel.models) == 1 else None
    rows = [
        {
            "model": model,
            "row": one.row,
            "used": False,
            "reason": " ".join(f"UNREAD: {one.column} {one.value!r} {one.reason}".split()),
        }
        for one in panel.findings
    ]
    return pa.Table.from_pylist(rows, AUDIT_SCHEMA)


def write_audit(path: pathlib.Path, tables: Iterable[pa.Table]) -> None:
    """Write `audit.parquet`: the tables of all fixings, in order, and what could not be read."""
    pq.write_table(pa.concat_tables([AUDIT_SCHEMA.empty_table(), *tables]), path)
