"""Asserts every invariant of a state, slowly and by other means than the kernel's; for tests."""

import bisect
from collections import defaultdict
from typing import Any

from engine.check_credits import bound_of, check_credits
from engine.check_spreads import check_implied, check_spread, check_waiting, legs_of
from engine.protection import BREACHED
from engine.records import BUCKETS
from engine.schema import NIL_PRICE, Form, Phase, Side
from engine.state import State
from engine.stops import WAITING

_SUM_MAX = 2**62
_HELD = ("net", "buys", "sells", "leg_buys", "leg_sells")  # Fields of a position and a stake.


def check(state: State) -> None:
    """Assert that links, bitmaps, best prices, counts and every risk sum agree with the orders."""
    totals = state.totals[0]
    orders: list[Any] = []
    for index in range(int(totals["instruments"])):
        found = [order for ladder in range(4) for order in _check_side(state, index, ladder)]
        instrument = state.instruments[index]
        assert instrument["live"] == len(found)
        assert instrument["refills"] == sum(_refills(order) for order in found)
        assert instrument["breach"] == 0
        assert not instrument["resume"] or instrument["phase"] == Phase.PRE_OPEN
        assert bool(instrument["halted"]) == bool(instrument["resume"])
        assert instrument["trade_low"] > instrument["trade_high"], "a trade elects no more stops"
        _check_uncrossed(state, index)
        _check_guards(state, index)
        is_whole = 0 < instrument["legs"] == instrument["known"]
        if is_whole and instrument["phase"] != Phase.EXPIRED:
            check_spread(state, index)
        orders += found
    ends = [int(one["resume"]) for one in state.instruments if one["resume"]]
    assert totals["next_deadline"] == min(ends, default=2**63 - 1)
    assert totals["refills"] == sum(_refills(order) for order in orders)
    assert totals["live"] == len(orders) == int((state.orders["order_id"] != 0).sum())
    _check_quotes(state, orders)
    _check_slots(state)
    _check_positions(state, orders)
    _check_accounts(state, orders)
    _check_owners(state, orders)
    check_implied(state, orders)
    check_waiting(state)
    check_credits(state)


def _check_guards(state: State, index: int) -> None:
    """Assert that today's limits are the settlement's, and each window's extremes its spans'."""
    instrument, time = state.instruments[index], int(state.totals[0]["time"])
    product = state.products[instrument["product"]]
    ladder = range(int(instrument["low"]), int(instrument["high"]) + 1, int(instrument["tick"]))
    settlement, room = int(instrument["settlement"]), int(product["daily"])
    if room > 0 and settlement != NIL_PRICE:
        above = bisect.bisect_left(ladder, settlement - room)
        below = bisect.bisect_right(ladder, settlement + room) - 1
        limits = ladder[min(above, len(ladder) - 1)], ladder[max(below, 0)]
    else:
        limits = ladder[0], ladder[-1]
    assert (instrument["limit_low"], instrument["limit_high"]) == limits
    fast, slow = state.spans[index, :BUCKETS], state.spans[index, BUCKETS:]
    for name, spans, width in (("fast", fast, "bucket"), ("slow", slow, "width")):
        if time < instrument[f"{name}_until"] and product[width] > 0:
            oldest = time // int(product[width]) + 2 - len(spans)
            recent = spans[spans["number"] >= max(oldest, 1)]
            assert instrument[f"{name}_low"] == min(recent["low"], default=NIL_PRICE * -1)
            assert instrument[f"{name}_high"] == max(recent["high"], default=NIL_PRICE)


def _refills(order: Any) -> int:
    hidden = int(order["leaves"] - order["shown"])
    return -(-hidden // int(order["display"])) if hidden else 0


def _check_side(state: State, index: int, number: int) -> list[Any]:
    """Return a side's orders in priority, from its best level on."""
    side, instrument = state.sides[index, number], state.instruments[index]
    found: list[Any] = []
    ranks = int(side["ranks"])
    held = [r for r in range(ranks, 0, -1) if state.levels[int(side["first"]) + r]["head"]]
    assert int(side["best"]) == (held[0] if held else 0)
    assert _bits(state, side) == sorted(held)
    for rank in held:
        away = (rank - 1) * instrument["tick"]
        from_low = number in (Side.BUY, Side.SELL + WAITING)
        price = instrument["low"] + away if from_low else instrument["high"] - away
        level = int(side["first"]) + rank
        queue = _check_queue(state, level)
        for order in queue:
            assert (order["instrument"], order["side"]) == (index, number % WAITING)
            stands_at = order["trigger"] if number >= WAITING else order["price"]
            assert (order["ladder"], stands_at, order["level"]) == (number, price, level)
        found += queue
    return found


def _bits(state: State, side: Any) -> list[int]:
    """Return the occupied ranks as the bitmap has them, after a look at its upper tiers."""
    tiers = (int(side["words"]), int(side["middle"]), int(side["top"]), int(side["top"]) + 1)
    for lower, upper, end in zip(tiers, tiers[1:], tiers[2:], strict=False):
        for place in range(lower, upper):
            above = int(state.words[upper + (place - lower) // 64]) if upper < end else 0
            assert bool(above >> (place - lower) % 64 & 1) == bool(state.words[place])
    words = [int(word) for word in state.words[tiers[0] : tiers[1]]]
    return [64 * i + bit for i, word in enumerate(words) for bit in range(64) if word >> bit & 1]


def _check_queue(state: State, number: int) -> list[Any]:
    level = state.levels[number]
    queue: list[Any] = []
    prev, slot = 0, int(level["head"])
    while slot:
        order = state.orders[slot]
        assert order["order_id"]
        assert order["order_id"] % 2**24 == slot
        assert order["leaves"] > 0
        most = order["display"] or order["leaves"]
        assert 0 < order["shown"] <= min(most, order["leaves"])
        assert order["prev"] == prev
        queue.append(order)
        prev, slot = slot, int(order["next"])
    assert level["tail"] == prev
    assert level["lots"] == sum(int(order["leaves"]) for order in queue)
    assert level["shown"] == sum(int(order["shown"]) for order in queue)
    return queue


def _check_uncrossed(state: State, index: int) -> None:
    instrument = state.instruments[index]
    bids, asks = state.sides[index, Side.BUY], state.sides[index, Side.SELL]
    if instrument["phase"] != Phase.OPEN:
        return
    if bids["best"] and asks["best"]:
        assert bids["best"] + asks["best"] <= bids["ranks"], "the book is crossed"


def _check_quotes(state: State, orders: list[Any]) -> None:
    """An account has one bid and one ask of a quote in an instrument, none after a breach."""
    quotes = [order for order in orders if order["quote"]]
    assert state.totals[0]["quotes"] == len(quotes)
    assert all(one["is_whole"] != bool(one["quote"] or one["display"]) for one in orders)
    for order in quotes:
        slot = state.positions[order["position"]]["bid" if order["side"] == Side.BUY else "ask"]
        assert state.orders[slot]["order_id"] == order["order_id"]
        product = state.instruments[order["instrument"]]["product"]
        protection = state.protections[order["account"], product]
        assert protection["breached"] == 0
        assert protection["lots"] == 0 or protection["counted"] < protection["lots"]
    assert state.totals[0]["breaches"] == 0
    assert not (state.protections["breached"] == BREACHED).any()


def _check_slots(state: State) -> None:
    slot, free = int(state.totals[0]["free"]), set()
    while slot:
        assert slot not in free
        assert state.orders[slot]["order_id"] == 0
        free.add(slot)
        slot = int(state.orders[slot]["next"])
    assert len(free) + int(state.totals[0]["live"]) == int(state.totals[0]["fresh"]) - 1


def _check_positions(state: State, orders: list[Any]) -> None:
    """Working lots are those of the orders and of the spreads over them; longs equal shorts."""
    working: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0] * 4)
    for order in orders:
        account, index, side = int(order["account"]), int(order["instrument"]), int(order["side"])
        working[account, index][side] += int(order["leaves"])
        for leg, ratio in legs_of(state, index):
            place = 2 + (side if ratio > 0 else 1 - side)
            working[account, leg][place] += int(order["leaves"]) * abs(ratio)
    nets: dict[int, int] = defaultdict(int)
    for position in state.positions[1 : int(state.totals[0]["positions"])]:
        key = int(position["account"]), int(position["instrument"])
        assert [int(position[name]) for name in _HELD[1:]] == working.pop(key, [0] * 4)
        nets[key[1]] += int(position["net"])
    assert not working
    assert not any(nets.values())


def _check_accounts(state: State, orders: list[Any]) -> None:
    """Exposures, bounds, reserves and open variation are what positions and orders make them."""
    reserves: dict[int, int] = defaultdict(int)
    for order in orders:
        if not state.instruments[order["instrument"]]["premium"]:
            reserves[int(order["account"])] += int(order["leaves"] * order["reserve"])
    sums: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0] * 5)
    opened: dict[int, int] = defaultdict(int)
    for position in state.positions[1 : int(state.totals[0]["positions"])]:
        instrument = state.instruments[position["instrument"]]
        if instrument["premium"]:
            continue
        for product, row in _stakes(instrument, position):
            key = int(position["account"]), product
            sums[key] = [a + b for a, b in zip(sums[key], row, strict=True)]
        if instrument["mark"] != NIL_PRICE and not instrument["legs"]:
            unpaid = int(position["net"]) * int(instrument["mark"]) - int(position["cost"])
            opened[int(position["account"])] += unpaid * int(instrument["value"])
    bounds: dict[int, int] = defaultdict(int)
    _add_covers(state, orders, bounds, reserves)
    names = ("net", "buys", "sells", "longs", "shorts")
    for (account, product), made in sums.items():
        exposure = state.exposures[account, product]
        assert [int(exposure[name]) for name in names] == made
        bound = bound_of(state, account, product, made)
        assert exposure["bound"] == bound
        bounds[account] += bound
    for number in range(1, int(state.totals[0]["accounts"])):
        account = state.accounts[number]
        assert account["bounds"] == bounds[number]
        assert account["reserves"] == reserves[number]
        assert account["open"] == opened[number]
        assert abs(int(account["equity"])) + abs(int(account["open"])) < _SUM_MAX


def _stakes(instrument: Any, position: Any) -> list[tuple[int, list[int]]]:
    """Return what a position puts at stake by product: an exposure's first five fields."""
    net, buys, sells = (int(position[name]) for name in ("net", "buys", "sells"))
    found = []
    for product, rate in (("product", "rate"), ("far_product", "far_rate")):
        weight = int(instrument[rate])
        more, less = max(weight, 0), max(-weight, 0)
        working = [buys * more + sells * less, buys * less + sells * more]
        held = 0 if instrument["legs"] else net * weight
        found.append((int(instrument[product]), [held, *working, 0, 0]))
    if not instrument["legs"]:
        found[0][1][3] = max(net + buys + int(position["leg_buys"]), 0)
        found[0][1][4] = max(sells + int(position["leg_sells"]) - net, 0)
    return found


def _check_owners(state: State, orders: list[Any]) -> None:
    """Owners' stakes are the sums of their accounts' positions; who is killed works nothing."""
    sums: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0] * len(_HELD))
    for position in state.positions[1 : int(state.totals[0]["positions"])]:
        owner = int(state.accounts[position["account"]]["owner"])
        assert bool(position["stake"]) == bool(owner)
        if owner:
            key = owner, int(position["instrument"])
            stake = state.stakes[position["stake"]]
            assert (int(stake["account"]), int(stake["instrument"])) == key
            row = [int(position[name]) for name in _HELD]
            sums[key] = [a + b for a, b in zip(sums[key], row, strict=True)]
    stakes = state.stakes[1 : int(state.totals[0]["stakes"])]
    for stake in stakes:
        key = int(stake["account"]), int(stake["instrument"])
        assert [int(stake[name]) for name in _HELD] == sums[key]
    assert len(stakes) == len(sums)
    assert not any(state.accounts[order["account"]]["killed"] for order in orders)


def _add_covers(
    state: State, orders: list[Any], bounds: dict[int, int], reserves: dict[int, int]
) -> None:
    """Add what contracts that are paid for need: of every lot what is worst, short or not."""
    working: dict[int, list[Any]] = defaultdict(list)
    for order in orders:
        working[int(order["position"])].append(order)
    for place in range(1, int(state.totals[0]["positions"])):
        position, premium = state.positions[place], state.premiums[place]
        instrument = state.instruments[position["instrument"]]
        assert instrument["premium"] or not any(premium.tolist())
        if not instrument["premium"]:
            continue
        assert position["cost"] == 0
        need, net, own = _need_of(instrument), int(position["net"]), working[place]
        paid = [_premium_of(instrument, o) for o in own if o["side"] == Side.BUY]
        earned = [_premium_of(instrument, o) for o in own if o["side"] == Side.SELL]
        assert premium.tolist() == (
            sum(lots * min(each, need) for lots, each in paid),
            sum(lots * min(each, need) for lots, each in earned),
            sum(lots * max(each - need, 0) for lots, each in paid),
        )
        short = sum(lots * max(need - each, 0) for lots, each in earned) - net * need
        short += sum(lots * max(each - need, 0) for lots, each in paid)
        worst = max(short, sum(lots * each for lots, each in paid))
        reach = max(sum(lots for lots, _ in earned) - net, 0)
        bound = 0 if instrument["form"] == Form.EVENT else need * reach
        bounds[int(position["account"])] += bound
        reserves[int(position["account"])] += worst - bound


def _need_of(instrument: Any) -> int:
    """Return what a lot sold needs, from its terms, its rate and its mark."""
    need = int(instrument["high"] * instrument["value"])
    if instrument["form"] != Form.EVENT and instrument["mark"] != NIL_PRICE:
        marked = int(instrument["rate"] + instrument["mark"] * instrument["value"])
        need = min(need, marked)
    assert instrument["need"] == need
    return need


def _premium_of(instrument: Any, order: Any) -> tuple[int, int]:
    """Return an order's lots and what each pays or brings at its limit."""
    assert order["reserve"] == order["price"] * instrument["value"]
    return int(order["leaves"]), int(order["price"] * instrument["value"])
