"""Random risk parameters and portfolios: every kind of charge and credit, odd ratios included."""

import random
from decimal import Decimal
from fractions import Fraction

from clearing.margin.parameters import (
    Contract,
    JointScan,
    Kind,
    Leg,
    Parameters,
    Product,
    SpotRate,
    Spread,
    Tier,
)

DOLLAR = 1_000_000
MONTHS = ("20261030", "20261130", "20261231", "20270129", "20270226", "20270331")
RATIOS = (*[Fraction(1)] * 5, Fraction(2), Fraction(3), Fraction(3, 2), Fraction(1, 2))
TIERS = (Tier(1, "202610", "202611"), Tier(2, "202612", "20270129"), Tier(3, "202702", ""))


def parameters(chance: random.Random, products: int = 3, plain: bool = False) -> Parameters:
    """Return parameters of so many products; plain: with spreads of periods, GROSS and cap only."""
    names = [f"P{number}" for number in range(products)]
    made = {name: _product(chance, name, plain) for name in names}
    contracts = [each for name in names for each in _contracts(chance, name)]
    between = () if plain or products < 2 else _between(chance, made)
    joint: tuple[JointScan, ...] = ()
    if not plain and products > 2 and chance.random() < 0.5:
        chosen = chance.sample(names, chance.choice((2, 3)))
        required = frozenset(chance.sample(chosen, chance.choice((0, 1))))
        joint = (JointScan(1, tuple(chosen), required, chance.choice((DOLLAR, 800_000))),)
    by_name = {each.name: each for each in contracts}
    return Parameters("20261001", "CFX", made, by_name, between, joint)


def lots(chance: random.Random, given: Parameters, count: int = 6) -> dict[str, int]:
    """Return a portfolio of at most so many contracts."""
    names = chance.sample(sorted(given.contracts), min(count, len(given.contracts)))
    return {name: chance.choice((-1, 1)) * chance.choice((1, 2, 7, 40)) for name in names}


def _product(chance: random.Random, name: str, plain: bool) -> Product:
    pairs = [(near, far) for near in MONTHS for far in MONTHS if near < far]
    spreads = [
        _spread(chance, name, number, [("A", near), ("B", far)], plain)
        for number, (near, far) in enumerate(chance.sample(pairs, 4), start=1)
    ]
    som = (Tier(1, rate=chance.randrange(200) * DOLLAR),)
    if plain:
        return Product(name, spreads=tuple(spreads), som_tiers=som, caps_option_value=True)
    spreads.append(_tier_spread(chance, name, len(spreads) + 1))
    spreads.append(_tier_spread(chance, name, len(spreads) + 1))
    near, middle, far = chance.sample(MONTHS, 3)
    if chance.random() < 0.5:
        legs = [("A", near), ("B", middle), ("A", far)]
        spreads.insert(0, _spread(chance, name, 0, legs, plain))
    return Product(
        name,
        spreads=tuple(spreads),
        intra_tiers=TIERS,
        inter_tiers=TIERS if chance.random() < 0.5 else (),
        spot=(SpotRate(MONTHS[0], chance.randrange(99), chance.randrange(10**8)),),
        som_tiers=som if chance.random() < 0.5 else (Tier(1, "", "202612", 7 * DOLLAR), *som),
        som_takes_greater=chance.random() < 0.5,
        caps_option_value=chance.random() < 0.5,
    )


def _spread(
    chance: random.Random, name: str, number: int, legs: list[tuple[str, str]], plain: bool
) -> Spread:
    made = [
        Leg(name, side, Fraction(1) if plain else chance.choice(RATIOS), period=period)
        for side, period in legs
    ]
    return Spread(number, tuple(made), chance.randrange(200 * DOLLAR))


def _tier_spread(chance: random.Random, name: str, number: int) -> Spread:
    legs = [Leg(name, side, chance.choice(RATIOS), tier=chance.randrange(4)) for side in "AB"]
    return Spread(number, tuple(legs), chance.randrange(200 * DOLLAR))


def _between(chance: random.Random, products: dict[str, Product]) -> tuple[Spread, ...]:
    found = []
    for number in range(1, 5):
        chosen = chance.sample(sorted(products), 2 if chance.random() < 0.8 else len(products))
        legs = [
            Leg(
                product=name,
                side="AB"[place % 2],
                ratio=chance.choice(RATIOS),
                tier=chance.choice((1, 2, 3)) if products[name].inter_tiers else 0,
            )
            for place, name in enumerate(chosen)
        ]
        found.append(Spread(number, tuple(legs), chance.randrange(1, 101) * 10_000))
    return tuple(found)


def _contracts(chance: random.Random, product: str) -> list[Contract]:
    number = int(product[1:])
    futures = [
        Contract(
            name=f"{2 * number}/{place}",
            product=product,
            kind=Kind.FUTURE,
            period=month,
            losses=_losses(chance, 400 * DOLLAR),
            delta=10_000,
            price=Decimal(chance.randrange(100, 400)) / 100,
            value_factor=Decimal(730),
        )
        for place, month in enumerate(MONTHS, start=1)
    ]
    return futures + [_option(chance, product, place) for place in range(1, 9)]


def _option(chance: random.Random, product: str, place: int) -> Contract:
    price = Decimal(chance.randrange(1, 60)) / 100
    kind = Kind.CALL if place % 2 else Kind.PUT
    delta = chance.randrange(1, 10_000) * (1 if kind == Kind.CALL else -1)
    return Contract(
        name=f"{2 * int(product[1:]) + 1}/{place}",
        product=product,
        kind=kind,
        period=chance.choice(MONTHS),
        losses=_losses(chance, delta * 40_000),
        delta=delta,
        price=price,
        value_factor=Decimal(730),
        strike=Decimal(200 + 10 * place) / 100,
        premium=int(price * 730 * DOLLAR),
    )


def _losses(chance: random.Random, scan_range: int) -> tuple[int, ...]:
    """Return a plausible array, with a volatility part and noise in every cell."""
    thirds = (0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3)
    moves = [-scan_range * third // 3 for third in thirds] + [-scan_range, scan_range]
    volatility = chance.randrange(20 * DOLLAR)
    noise = [chance.randrange(-DOLLAR, DOLLAR) for _ in moves]
    return tuple(
        move + (volatility if place % 2 else -volatility) * (place < 14) + noise[place]
        for place, move in enumerate(moves)
    )
