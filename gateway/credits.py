"""How much a caller may ask: leaky buckets of credits, two a key."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Limits(NamedTuple):
    """Requests a second, and how many at once; cancels are not counted as orders."""

    order_rate: int = 500
    order_burst: int = 1_000
    request_rate: int = 1_000
    request_burst: int = 2_000


LIMITS = Limits()

_CREDIT = 1_000_000_000


@dataclass(slots=True)
class Bucket:
    """Credits that refill with time, up to a burst."""

    rate: int  # Credits a second.
    burst: int
    nano: int = -1  # Credits left, in 1e-9; -1: full.
    at: int = 0  # Nanoseconds of the last look.

    def take(self, now: int) -> bool:
        """Take one credit; False where there is none left."""
        full = self.burst * _CREDIT
        gained = max(now - self.at, 0) * self.rate
        self.nano = full if self.nano < 0 else min(full, self.nano + gained)
        self.at = now
        if self.nano < _CREDIT:
            return False
        self.nano -= _CREDIT
        return True


@dataclass(slots=True)
class Credits:
    """What a caller has left for orders and for everything else."""

    limits: Limits = LIMITS
    orders: Bucket = field(init=False)
    requests: Bucket = field(init=False)

    def __post_init__(self) -> None:
        self.orders = Bucket(self.limits.order_rate, self.limits.order_burst)
        self.requests = Bucket(self.limits.request_rate, self.limits.request_burst)
