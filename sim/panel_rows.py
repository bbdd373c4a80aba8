"""One line of a price panel: what it offers, or why it cannot be read.

Text comes in and whole numbers leave; nothing here knows files or other lines.
"""

import datetime
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from clearing.calendar import CHICAGO, FIRST
from clearing.index.population import TERMS, Tier

REQUIRED = ("date", "provider", "gpu_model", "market", "price_per_gpu_hour")

# A model is its chip with the memory it is traded with, GB from and to, where the panel knows
# it. Left out are smaller boards, slices of a board, and the H100 NVL (94 GB).
MEMORY_GB: Mapping[str, tuple[int, int]] = {
    "A100": (80, 80),
    "H100": (80, 80),
    "H200": (141, 143),
    "B200": (180, 192),
}
FORMS: Mapping[str, int] = {"": 0, "SXM": 1, "PCIE": 2, "NVL": 3}
LINKS: Mapping[str, int] = {"": 0, "NVLINK": 1, "PCIE": 2, "INFINIBAND": 3, "ETHERNET": 4}
OTHER_FORM = OTHER_LINK = 255
SERVERLESS = "serverless"  # Billed by the second of work: no rental.

_PRICE_MAX = 1_000_000  # USD per GPU-hour.
_SMALL_MAX = 32_767  # What the row's smallest fields hold.
_RAM_MAX = 1_000_000  # GB.
_HOURS_MAX = 10**9  # GPU-hours of one observation.
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?", re.ASCII | re.IGNORECASE)

Line = Mapping[str, str]  # Values by column.


class Offer(NamedTuple):
    """One observation, as whole numbers."""

    date: datetime.date
    row: int
    provider: str
    model: int  # Its place among the models asked for.
    price_micro: int
    term: int
    tier: int  # NONE where the source flags the row.
    form: int
    gpu_count: int  # 0 where unknown, as in all below.
    memory_gb: int
    vcpus: int
    ram_gb: int
    region: str
    interconnect: int
    gpu_hours_milli: int
    traded: int  # When, ns; 0: the source knows the date only.


class Misread(NamedTuple):
    """A line that cannot be right, by its first column that cannot."""

    column: str  # "" where it is the whole line.
    value: str
    reason: str


class Other(NamedTuple):
    """A line that is no observation of the models asked for."""

    reason: str
    model: str


class _BadValueError(ValueError):
    """A value that cannot be right. Arguments: column, reason."""


def read_offer(
    line: Line, row: int, models: Sequence[str], today: datetime.date
) -> Offer | Misread | Other:
    """Return what a line says. today: a later date cannot be right."""
    model, market = line["gpu_model"].strip(), line["market"].strip().lower()
    if not model:
        return Misread("gpu_model", line["gpu_model"], "is empty")
    if model not in models:
        return Other("other model", model)
    if market == SERVERLESS:
        return Other(SERVERLESS, model)
    try:
        offer = _offer(line, row, models.index(model), market, today)
    except _BadValueError as error:
        column, reason = error.args
        return Misread(column, line[column], reason)
    low, high = MEMORY_GB.get(model, (0, _SMALL_MAX))
    is_other = offer.memory_gb and not low <= offer.memory_gb <= high
    return Other("other memory", model) if is_other else offer


def _offer(line: Line, row: int, model: int, market: str, today: datetime.date) -> Offer:
    if market not in TERMS:
        raise _BadValueError("market", f"is none of {', '.join(TERMS)}, {SERVERLESS}")
    if line.get("currency", "").strip().upper() not in {"", "USD"}:
        raise _BadValueError("currency", "is not USD")
    date = _date(line["date"].strip(), today)
    hours = line.get("gpu_hours", "").strip()
    milli = int(1_000 * _bounded("gpu_hours", hours, _HOURS_MAX)) if hours else 0
    return Offer(
        date=date,
        row=row,
        provider=_provider(line["provider"]),
        model=model,
        price_micro=_price_micro(line["price_per_gpu_hour"].strip()),
        term=TERMS[market],
        tier=_tier(line.get("flag", "").strip(), milli),
        form=FORMS.get(line.get("form_factor", "").strip().upper(), OTHER_FORM),
        gpu_count=_count(line, "gpu_count", _SMALL_MAX),
        memory_gb=_count(line, "gpu_mem_gb", _SMALL_MAX),
        vcpus=_count(line, "vcpus", _SMALL_MAX),
        ram_gb=_count(line, "ram_gb", _RAM_MAX),
        region=" ".join(line.get("region", "").lower().split()),
        interconnect=LINKS.get(line.get("interconnect", "").strip().upper(), OTHER_LINK),
        gpu_hours_milli=milli,
        traded=_traded(line.get("time", "").strip(), date),
    )


def _tier(flag: str, hours_milli: int) -> int:
    """Return what an observation is: of known GPU-hours a trade, else a posted price."""
    if flag:
        return Tier.NONE
    return Tier.TRADE if hours_milli else Tier.POSTED


def _traded(text: str, date: datetime.date) -> int:
    """Return a time in ns, 0 where there is none. It must name its zone, and be of the date."""
    if not text:
        return 0
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise _BadValueError("time", "is not a time such as 2026-08-03T14:05:00Z") from None
    if time.tzinfo is None:
        raise _BadValueError("time", "names no time zone")
    if time.astimezone(CHICAGO).date() != date:
        raise _BadValueError("time", f"is not of {date} in Chicago")
    return int(time.timestamp() * 1_000_000) * 1_000


def _date(text: str, today: datetime.date) -> datetime.date:
    if not _DATE.fullmatch(text):
        raise _BadValueError("date", "is not a date yyyy-mm-dd")
    try:
        date = datetime.date.fromisoformat(text)
    except ValueError:
        raise _BadValueError("date", "is no day of the calendar") from None
    if date > today:
        raise _BadValueError("date", f"is after {today}")
    if date < FIRST:
        raise _BadValueError("date", f"is before {FIRST}")
    return date


def _provider(text: str) -> str:
    name = " ".join(text.lower().split())
    if not name:
        raise _BadValueError("provider", "is empty")
    return name


def _price_micro(text: str) -> int:
    """Return a price in micro-dollars, rounded half up."""
    price = _number("price_per_gpu_hour", text)
    if price <= 0:
        raise _BadValueError("price_per_gpu_hour", "is not positive")
    if price > _PRICE_MAX:
        raise _BadValueError("price_per_gpu_hour", f"is above {_PRICE_MAX}")
    micro = int(price * 1_000_000 + Decimal("0.5"))
    if micro == 0:
        raise _BadValueError("price_per_gpu_hour", "is below a micro-dollar")
    return micro


def _count(line: Line, column: str, most: int) -> int:
    """Return an optional whole number, rounded down; 0 where it is missing."""
    text = line.get(column, "").strip()
    return int(_bounded(column, text, most)) if text else 0


def _bounded(column: str, text: str, most: int) -> Decimal:
    number = _number(column, text)
    if not 0 <= number <= most:
        raise _BadValueError(column, f"is not between 0 and {most}")
    return number


def _number(column: str, text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise _BadValueError(column, "is not a number")
    return Decimal(text)
