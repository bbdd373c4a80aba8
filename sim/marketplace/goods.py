"""What is sold on the marketplace, and the roundings between a price in mind and one in writing.

Blocks of GPU-hours of one configuration. Prices count units of 0.005 USD per GPU-hour, as on
the exchange (engine/instruments.py); what is paid after a benchmark is in micro-dollars.
"""

from typing import NamedTuple

from engine.instruments import LADDER_MAX, TICK, UNIT_MICRO

NOMINAL = 10_000  # Performance as it was promised; a machine's is measured in parts of it.

_MICRO = 1_000_000


class Configuration(NamedTuple):
    """What the blocks of one book have in common."""

    model: int  # Its place among the models.
    region: int  # Its place among the regions.
    term: str  # One of clearing.index.population.TERMS.


def is_a_price(price: int) -> bool:
    """Whether a price, in units, can stand in a book: above 0, on the tick, on the ladder."""
    return 0 < price <= LADDER_MAX and price % TICK == 0


def on_tick(dollars: float) -> int:
    """Return the nearest price that can stand in a book, in units. dollars: per GPU-hour."""
    ticks = round(dollars * _MICRO / (UNIT_MICRO * TICK))
    return min(max(ticks, 1), LADDER_MAX // TICK) * TICK


def paid_micro(price_micro: int, premium: int) -> int:
    """Return a price with a premium of so many 1/10,000 (below 0: a discount), half up."""
    return (price_micro * (NOMINAL + premium) * 2 + NOMINAL) // (2 * NOMINAL)
