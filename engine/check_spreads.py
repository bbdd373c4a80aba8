"""Asserts what holds of spreads and of implied prices, by other means than the kernel's."""

from collections import defaultdict
from typing import Any

from engine.schema import NIL_PRICE, Form, Phase, Side
from engine.state import State
from engine.stops import WAITING
from engine.tops import BEYOND


def legs_of(state: State, index: int) -> list[tuple[int, int]]:
    """Return a spread's legs, each with its ratio."""
    rows = state.legs[index, : int(state.instruments[index]["known"])]
    return [(int(leg["instrument"]), int(leg["ratio"])) for leg in rows]


def check_spread(state: State, index: int) -> None:
    """Assert that mark, settlement and rates of a spread are what its legs make them."""
    spread = state.instruments[index]
    legs = [(state.instruments[leg], ratio) for leg, ratio in legs_of(state, index)]
    for name, rate in (("product", "rate"), ("far_product", "far_rate")):
        own = [(leg, ratio) for leg, ratio in legs if leg["product"] == spread[name]]
        if name == "product" or spread["far_product"] != spread["product"]:
            assert spread[rate] == sum(ratio * int(leg["rate"]) for leg, ratio in own)
    if spread["form"] == Form.TAS:
        expected = NIL_PRICE if legs[0][0]["mark"] == NIL_PRICE else 0
        assert (spread["mark"], spread["settlement"]) == (expected, expected)
        return
    for name, divisor in (("mark", 1), ("settlement", int(spread["divisor"]))):
        total = sum(ratio * int(leg[name]) for leg, ratio in legs) // divisor
        known = all(leg[name] != NIL_PRICE for leg, _ in legs)
        assert spread[name] == (total if known else NIL_PRICE)


def check_waiting(state: State) -> None:
    """Assert that of spreads only trades at settlement wait, and at marks that add to zero.

    Nothing waits once the month has ended.
    """
    costs: dict[int, int] = defaultdict(int)
    for position in state.positions[1 : int(state.totals[0]["positions"])]:
        instrument = state.instruments[position["instrument"]]
        if instrument["legs"]:
            costs[int(position["instrument"])] += int(position["cost"])
            waits = instrument["form"] == Form.TAS and instrument["phase"] != Phase.EXPIRED
            assert waits or (position["net"], position["cost"]) == (0, 0)
    assert not any(costs.values())


def check_implied(state: State, orders: list[Any]) -> None:
    """Assert that the implied prices last told are what the best orders make of each other."""
    assert not state.totals[0]["touched"]
    assert not state.totals[0]["stale"]
    assert not state.stale.any()
    assert not state.totals[0]["first_traded"]
    bests = _bests(state, orders)
    tops = {top: best for top, best in bests.items() if _is_allowed(state, top[0], best[0])}
    made: dict[tuple[int, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for index in range(int(state.totals[0]["instruments"])):
        calendar = state.instruments[index]
        if not calendar["implied"] or calendar["known"] < 2:
            continue
        (near, _), (far, _) = legs_of(state, index)
        for side in range(2):
            for made_of, one, two, sign in (
                (index, (near, side), (far, 1 - side), -1),
                (near, (index, side), (far, side), 1),
                (far, (near, side), (index, 1 - side), -1),
            ):
                if one in tops and two in tops:
                    price = tops[one][0] + sign * tops[two][0]
                    made[made_of, side][price] += min(tops[one][1], tops[two][1])
    for index in range(int(state.totals[0]["instruments"])):
        for side in range(2):
            top, best = (
                state.tops[2 * index + side],
                _best_of(state, index, side, made[index, side]),
            )
            assert int(top["path_price"]) == (best[0] if best[1] else NIL_PRICE)
            told = int(top["implied"]), int(top["implied_lots"])
            assert told == (best if _may_tell(index, side, best, bests) else (0, 0))
            if state.instruments[index]["paths"]:
                seen = bests.get((index, side), (0, 0))
                if (index, side) in bests and (index, side) not in tops:
                    seen = seen[0], BEYOND
                assert (int(top["price"]), int(top["lots"])) == seen


def _bests(state: State, orders: list[Any]) -> dict[tuple[int, int], tuple[int, int]]:
    """Return price and shown lots of the best level of each side of what is open."""
    bests: dict[tuple[int, int], tuple[int, int]] = {}
    for order in orders:
        index, side, price = int(order["instrument"]), int(order["side"]), int(order["price"])
        if order["ladder"] < WAITING and state.instruments[index]["phase"] == Phase.OPEN:
            best, shown = bests.get((index, side), (price, 0))
            if (price > best) == (side == Side.BUY) and price != best:
                best, shown = price, 0
            if price == best:
                bests[index, side] = best, shown + int(order["shown"])
    return bests


def _is_allowed(state: State, index: int, price: int) -> bool:
    """Whether a price is on the ladder and within today's limits, which `check` knows."""
    instrument = state.instruments[index]
    return bool(instrument["limit_low"] <= price <= instrument["limit_high"])


def _best_of(state: State, index: int, side: int, made: dict[int, int]) -> tuple[int, int]:
    """Return the best of the prices that paths make, and its lots; (0, 0) for none."""
    instrument, sign = state.instruments[index], 1 if side == Side.BUY else -1
    prices = [price for price in made if _is_allowed(state, index, price)]
    if not prices or instrument["phase"] != Phase.OPEN:
        return 0, 0
    best = max(prices, key=lambda price: sign * price)
    return best, made[best]


def _may_tell(
    index: int, side: int, best: tuple[int, int], bests: dict[tuple[int, int], tuple[int, int]]
) -> bool:
    """Whether an implied price neither locks nor crosses the orders of the other side."""
    if (index, 1 - side) not in bests:
        return True
    sign, other = 1 if side == Side.BUY else -1, bests[index, 1 - side][0]
    return sign * best[0] < sign * other
