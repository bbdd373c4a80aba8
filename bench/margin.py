"""Margin of many accounts: seconds on two threads, by the wall and of the processor.

48 instruments in 4 products of 3 tiers: futures and options, spreads within and between tiers,
credits between products, short option minimum, option value. Each account holds 6 of them.
The readable model margins some of the same accounts, and must find the same; scipy's sparse
product adds up the 16 scenarios alone, on one thread: the least that any model must do. Arrays are
in memory, and the first call, which compiles, is not timed.

Historical simulation takes accounts of the same size through 1,000 scenarios, beside numpy, which
adds them up and partitions them one account after the other, without ties and without stress.
"""

import random
import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import numpy as np
from scipy.sparse import csr_array

from bench.measure import Row, options, publish, timed
from clearing.margin.batch import Batch
from clearing.margin.batch_layout import Holdings
from clearing.margin.fhs import Exposure, Moves, tail
from clearing.margin.fhs_batch import FhsBatch
from clearing.margin.fhs_stress import stresses
from clearing.margin.parameters import Contract, Kind, Leg, Parameters, Product, Spread, Tier
from clearing.margin.span import margin
from engine.jit import Table

DOLLAR = 1_000_000
PRODUCTS = ("H100", "A100", "B200", "H200")
MONTHS = tuple(f"2027{month:02}28" for month in range(1, 9))
TIERS = (Tier(1, "202701", "202702"), Tier(2, "202703", "202705"), Tier(3, "202706", ""))
ACCOUNTS = (100_000, 1_000_000)
POSITIONS = 6
COMPARED = 300  # Accounts that the readable model margins.
SIMULATED = 100_000  # Accounts that are simulated historically,
SCENARIOS = 1_000  # in so many scenarios of the past.
MOVES = (0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3)  # Thirds of the scan range.


def parameters() -> Parameters:
    """Return a day's parameters of 48 instruments."""
    chance = random.Random(1)
    products = {name: _product(name) for name in PRODUCTS}
    contracts = {
        one.name: one for place in range(len(PRODUCTS)) for one in _contracts(place, chance)
    }
    pairs = [("H100", "A100"), ("H100", "H200"), ("B200", "H200"), ("A100", "B200")]
    credits_ = [(pair, tier) for pair in pairs for tier in (1, 2, 3)]
    spreads = tuple(
        Spread(
            number,
            (Leg(near, "A", Fraction(1), tier), Leg(far, "B", Fraction(1), tier)),
            550_000 + 10_000 * number,
        )
        for number, ((near, far), tier) in enumerate(credits_, start=1)
    )
    return Parameters("20270101", "CFX", products, contracts, spreads)


def _product(name: str) -> Product:
    ends = [(1, 1), (2, 2), (3, 3), (1, 2), (2, 3), (1, 3)]
    spreads = tuple(
        Spread(
            number,
            (Leg(name, "A", Fraction(1), near), Leg(name, "B", Fraction(1), far)),
            (30 + 10 * number) * DOLLAR,
        )
        for number, (near, far) in enumerate(ends, start=1)
    )
    som = (Tier(1, rate=25 * DOLLAR),)
    return Product(name, spreads=spreads, intra_tiers=TIERS, inter_tiers=TIERS, som_tiers=som)


def _contracts(place: int, chance: random.Random) -> list[Contract]:
    made = []
    for number in range(12):
        is_future = number < len(MONTHS)
        delta = 10_000 if is_future else chance.choice((-1, 1)) * chance.randrange(1_000, 9_000)
        reach = (300 + 40 * place) * delta // 10_000 * DOLLAR
        losses = [-reach * move // 3 for move in MOVES] + [-reach * 7 // 10, reach * 7 // 10]
        volatility = 0 if is_future else 9 * DOLLAR
        made.append(
            Contract(
                name=f"{place}/{number}",
                product=PRODUCTS[place],
                kind=Kind.FUTURE if is_future else Kind.CALL if delta > 0 else Kind.PUT,
                period=MONTHS[number % len(MONTHS)],
                losses=tuple(
                    loss + (volatility if scenario % 2 else -volatility)
                    for scenario, loss in enumerate(losses)
                ),
                delta=delta,
                price=Decimal("0.12"),
                value_factor=Decimal(730),
                premium=0 if is_future else 87_600_000,
            )
        )
    return made


def holdings(accounts: int, instruments: int) -> Holdings:
    """Return random positions: so many different instruments an account, at most 50 lots each."""
    chance = np.random.default_rng(accounts)
    first = chance.integers(0, instruments, (accounts, 1))
    step = chance.choice([1, 5, 7, 11, 13], (accounts, 1))  # No two meet: 48 has no such factor.
    contracts = (first + step * np.arange(POSITIONS)) % instruments
    lots = chance.integers(1, 51, contracts.shape) * chance.choice([-1, 1], contracts.shape)
    offsets = np.arange(0, accounts * POSITIONS + 1, POSITIONS, dtype=np.int64)
    return Holdings(offsets, contracts.ravel().astype(np.int32), lots.ravel().astype(np.int32))


def compare(day: Parameters, held: Holdings, found: Table, accounts: int) -> float:
    """Return the readable model's seconds an account; of so many it must find what was found."""
    names = list(day.contracts)
    began = time.perf_counter()
    for account in range(accounts):
        place = slice(held.offsets[account], held.offsets[account + 1])
        numbers, lots = held.contracts[place].tolist(), held.lots[place].tolist()
        exact = margin(day, {names[at]: each for at, each in zip(numbers, lots, strict=True)})
        assert found[account].tolist() == (exact.maintenance, exact.net_option_value), account
    return (time.perf_counter() - began) / accounts


def sparse_scan(day: Parameters, held: Holdings) -> Callable[[], object]:
    """Return the sums of the 16 scenarios by scipy's product of a sparse and a dense matrix."""
    shape = (len(held.offsets) - 1, len(day.contracts))
    lots = csr_array((held.lots.astype(np.int64), held.contracts, held.offsets), shape=shape)
    losses = np.array([one.losses for one in day.contracts.values()], np.int64)
    return lambda: lots @ losses


def measure(day: Parameters, batch: Batch, accounts: int, rounds: int) -> list[Row]:
    """Return the rows of so many accounts."""
    held = holdings(accounts, len(day.contracts))
    exact = compare(day, held, batch.margins(held), COMPARED) * accounts
    wall, processor = _in_turn(
        {"batch": lambda: batch.margins(held), "scan": sparse_scan(day, held)}, rounds
    )
    label = f"{accounts:,} accounts"
    rows = [
        Row(
            label,
            spent["batch"],
            unit,
            f"scipy: {spent['scan']:.3f}",
            spent["scan"] / spent["batch"],
        )
        for unit, spent in (("s by the wall", wall), ("s of the processor", processor))
    ]
    against = f"readable, from {COMPARED}: {exact:,.0f}"
    return [*rows, Row(label, wall["batch"], "s by the wall", against, exact / wall["batch"])]


def exposures(contracts: int) -> tuple[Moves, dict[str, Exposure]]:
    """Return made-up losses of so many contracts, whole micro-dollars of up to about 100 USD."""
    chance = np.random.default_rng(7)
    stressed = stresses(PRODUCTS)
    shape = (contracts, SCENARIOS + len(stressed))
    lost = np.rint(chance.standard_normal(shape) * 30 * DOLLAR).astype(np.int64)
    moves = Moves(tuple(range(SCENARIOS)), stressed, {})
    return moves, {str(place): Exposure(str(place), "", row) for place, row in enumerate(lost)}


def partition(held: Holdings, lost: Table) -> Callable[[], object]:
    """Return what numpy needs for the shortfall: a sum, a partition, a mean of each account."""
    rank = SCENARIOS // 100
    lots, contracts = held.lots.reshape(-1, POSITIONS), held.contracts.reshape(-1, POSITIONS)

    def measured() -> None:
        for account in range(len(lots)):
            found = lots[account] @ lost[contracts[account]]
            np.partition(found[:SCENARIOS], SCENARIOS - rank)[SCENARIOS - rank :].mean()

    return measured


def measure_simulation(accounts: int, rounds: int) -> list[Row]:
    """Return the rows of historical simulation; a hundredth of the accounts is left to numpy."""
    moves, made = exposures(len(PRODUCTS) * 12)
    batch, held = FhsBatch(moves, made), holdings(accounts, len(made))
    part = holdings(accounts // 100, len(made))
    lost = np.array([one.losses for one in made.values()])
    compare_tails(held, lost, batch.tails(held))
    wall, processor = _in_turn(
        {
            "batch": lambda: batch.risks(held),
            "numpy": partition(part, lost.astype(np.float64)),
        },
        rounds,
    )
    label = f"{SCENARIOS:,} scenarios of {accounts:,} accounts"
    rows = []
    for unit, spent in (("s by the wall", wall), ("s of the processor", processor)):
        by_numpy = spent["numpy"] * 100
        against = f"numpy, from {accounts // 100:,}: {by_numpy:.1f}"
        rows.append(Row(label, spent["batch"], unit, against, by_numpy / spent["batch"]))
    return rows


def compare_tails(held: Holdings, lost: Table, found: Table) -> None:
    """Assert that some accounts have the tail that the readable model finds."""
    for account in range(COMPARED):
        place = slice(held.offsets[account], held.offsets[account + 1])
        exact = tail(held.lots[place].astype(np.int64) @ lost[held.contracts[place]], SCENARIOS)
        row = exact.value_at_risk, exact.total, exact.size, exact.stress
        assert found[account].tolist() == row, account


def main() -> None:
    """Measure, and print the table."""
    chosen = options(__doc__ or "").parse_args()
    day = parameters()
    batch = Batch(day)
    sizes = ACCOUNTS if chosen.full else ACCOUNTS[:1]
    rows = [row for each in sizes for row in measure(day, batch, each, chosen.rounds)]
    rows += measure_simulation(SIMULATED, chosen.rounds)
    publish("margin", rows, chosen.json)


def _in_turn(
    contestants: dict[str, Callable[[], object]], rounds: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the median seconds of each, run in turn: by the wall, and of the processor."""
    wall: dict[str, list[float]] = {name: [] for name in contestants}
    processor: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, work in contestants.items():
            began = time.perf_counter()
            processor[name].append(timed(work))
            wall[name].append(time.perf_counter() - began)
    return _medians(wall), _medians(processor)


def _medians(seconds: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(taken) for name, taken in seconds.items()}


if __name__ == "__main__":
    main()
