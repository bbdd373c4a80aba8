"""Workload D: a product of twelve months and its thirty calendars, of one, two and three months.

Most flow is in the near months. All prices move together, those of one month a little apart,
and what makes orders follows: it sees implied prices as everybody does, so that they change
and trade at a plausible rate.
"""

import numpy as np

from bench.workloads import DAY, RANKS, TERMS, Flow, Maker, Shape, kept_flow, market
from engine.jit import Table
from engine.rows import Batch
from engine.schema import Did, Form, Kind, Phase, Side

MONTHS = 12
APART_MAX = 3  # Months between the legs of a calendar.
PAIRS = [
    (near, near + apart) for apart in range(1, APART_MAX + 1) for near in range(MONTHS - apart)
]
LISTED = {"months": 0, "plain": len(PAIRS), "implied": len(PAIRS)}  # Calendars beside the months.

_FRONT, _STEP = 3_400, 200  # The front month's price, and by how much each later one is cheaper.
_STRAY = 40  # Prices that one instrument may stray from where all others have it.


def months_flow(kind: str, messages: int, seed: int = 1) -> Flow:
    """Return workload D with calendars of a kind in `LISTED`."""
    return kept_flow(f"D-{kind}", messages, _MonthsMaker(kind, seed), __file__)


def _listing(kind: str) -> Batch:
    """Return the rows that list the months and these calendars, and open them."""
    batch = market(MONTHS)
    for month in range(MONTHS):
        price = _FRONT - _STEP * month
        batch.money(Kind.MARK, instrument=month, value=price, value_2=price)
    for place, pair in enumerate(PAIRS[: LISTED[kind]]):
        number = MONTHS + place
        implied = int(kind == "implied")
        terms = {**TERMS, "protection": _STRAY, "form": Form.CALENDAR, "legs": 2}
        batch.listing(number, 0, "", **terms, implied=implied)
        for month, ratio in zip(pair, (1, -1), strict=True):
            batch.leg(month, ratio)
        batch.money(Kind.PHASE, instrument=number, code=Phase.OPEN, value=DAY)
    return batch


def _weight(number: int) -> float:
    """Return the activity of an instrument; the front month's is 1."""
    if number < MONTHS:
        return 1 / (number + 1)
    near, far = PAIRS[number - MONTHS]
    return 0.35 / (near + 1) / (far - near)


class _MonthsMaker(Maker):
    def __init__(self, kind: str, seed: int) -> None:
        count = MONTHS + LISTED[kind]
        shape = Shape(instruments=count, resting=300, depth=5.0, cancels=0.41)
        super().__init__(shape, _listing(kind), seed)
        weights = [_weight(number) for number in range(count)]
        self.weights = np.cumsum(weights).tolist()
        self.wanted = [round(shape.resting * weight) for weight in weights]
        self.level = 0
        self.astray = [0] * count
        self.implied: dict[tuple[int, int], int] = {}
        self._follow()

    def _drift(self, number: int, change: int) -> None:
        if number < MONTHS and self.rng.random() < 0.5:
            self.level = min(max(self.level + change, -RANKS // 8), RANKS // 8)
        else:
            self.astray[number] = min(max(self.astray[number] + change, -_STRAY), _STRAY)
        self._follow()

    def _follow(self) -> None:
        """Let the price of each calendar follow those of its months."""
        for month in range(MONTHS):
            self.middle[month] = _FRONT - _STEP * month + self.level + self.astray[month]
        for number in range(MONTHS, len(self.middle)):
            near, far = PAIRS[number - MONTHS]
            apart = self.middle[near] - self.middle[far]
            self.middle[number] = apart + self.astray[number] // 10

    def _best(self, number: int, side: int) -> int:
        """Return the best price of a side, explicit or implied."""
        best = super()._best(number, side)
        if (number, side) not in self.implied:
            return best
        chosen = max if side == Side.BUY else min
        return chosen(best, self.implied[number, side])

    def _learn(self, events: Table) -> None:
        super()._learn(events)
        for told in events[events["kind"] == Did.IMPLIED]:
            key = int(told["instrument"]), int(told["side"])
            self.implied.pop(key, None)
            if told["quantity"] > 0:
                self.implied[key] = int(told["price"])
