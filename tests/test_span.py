"""The SPAN requirement: published examples, each rule by hand, an exact reference, properties."""

import os
import random
from decimal import Decimal
from fractions import Fraction

import pytest

from clearing.margin.explain import explain
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
from clearing.margin.span import ProductMargin, margin
from tests import random_span
from tests.exact_span import exact_margin, figures

DOLLAR = 1_000_000
PORTFOLIOS = int(os.environ.get("CFX_PORTFOLIOS", "1000"))
THIRDS = (0, 0, -1, -1, 1, 1, -2, -2, 2, 2, -3, -3, 3, 3)
NEAR, FAR, LAST = "20261030", "20261130", "20261231"
# McMillan, Options as a Strategic Investment, chapter 34: profits of one long.
FUTURE = (0, 0, 3330, 3330, -3330, -3330, 6670, 6670, -6670, -6670, 10000, 10000, -10000, -10000)
FUTURE_GAINS = (*FUTURE, 7000, -7000)
CALL_GAINS = (
    *(460, -610, 2640, 1730, -1270, -2340, 5210, 4540),
    *(-2540, -3430, 8060, 7640, -3380, -3990, 3130, -1500),
)


def future(name: str, product: str, period: str = NEAR, scan: int = 300) -> Contract:
    """Return a future that loses `scan` dollars at three thirds, and no more at the extreme."""
    losses = [third * scan * DOLLAR // 3 for third in THIRDS] + [-scan * DOLLAR, scan * DOLLAR]
    return Contract(name, product, Kind.FUTURE, period, tuple(losses), 10_000)


def option(name: str, product: str, kind: Kind, worth: int = 0) -> Contract:
    """Return an option without risk of its own, worth so many dollars."""
    return Contract(
        *(name, product, kind, NEAR, (0,) * 16, 0),
        *(Decimal(worth), Decimal(1), Decimal(2), worth * DOLLAR),
    )


def day(
    contracts: list[Contract], *products: Product, between: tuple[Spread, ...] = ()
) -> Parameters:
    """Return parameters of these contracts and products."""
    by_name = {each.name: each for each in products}
    return Parameters("20261001", "CFX", by_name, {one.name: one for one in contracts}, between)


def only(parameters: Parameters, **lots: int) -> ProductMargin:
    """Return the figures of the one product that these lots are in."""
    made = margin(parameters, lots)
    assert len(made.products) == 1
    return made.products[0]


def dollars(micro: int) -> float:
    return micro / DOLLAR


@pytest.mark.parametrize(
    ("gains", "requirement", "scenario"), [(FUTURE_GAINS, 10_000, 13), (CALL_GAINS, 3_990, 14)]
)
def test_the_arrays_of_mcmillan(gains: tuple[int, ...], requirement: int, scenario: int) -> None:
    losses = tuple(-gain * DOLLAR for gain in gains)
    one = Contract("F", "P", Kind.FUTURE, NEAR, losses, 10_000)
    made = only(day([one], Product("P")), F=1)
    assert (dollars(made.requirement), made.scan.active + 1) == (requirement, scenario)


def test_positions_net_before_they_are_scanned() -> None:
    """JSCC, calculation examples using SPAN (2014): 5 long, 2 short, 570,000 each."""
    parameters = day([future("F", "P", scan=570_000)], Product("P"))
    assert dollars(only(parameters, F=5 - 2).requirement) == 1_710_000


def test_credit_between_products_by_weighted_price_risk() -> None:
    """CME: two of corn against one of soybeans, 55% of 2 x 1,750 + 2,500."""
    legs = (Leg("corn", "A", Fraction(2)), Leg("soy", "B", Fraction(1)))
    parameters = day(
        [future("C", "corn", scan=1_750), future("S", "soy", scan=2_500)],
        *(Product("corn"), Product("soy")),
        between=(Spread(1, legs, 550_000),),
    )
    for sign in (1, -1):
        made = margin(parameters, {"C": 2 * sign, "S": -sign})
        assert [dollars(each.inter) for each in made.products] == [1_925, 1_375]
        assert dollars(made.maintenance) == 2_700
    notes = {leaf.note: leaf.amount for leaf in explain(made).leaves()}
    formed = "1 x (A: 2 x corn all periods, B: soy all periods)"
    assert notes[f"55% of the price risk of 2 deltas: {formed}"] == -1_925 * DOLLAR
    assert dollars(margin(parameters, {"C": 2, "S": 1}).maintenance) == 6_000
    alone = margin(parameters, {"C": 5, "S": -1})
    assert [dollars(each.inter) for each in alone.products] == [1_925, 1_375]


def test_the_short_option_minimum_gross_and_max() -> None:
    """LCH: 50 an option; 20 sold need 1,000. MAX takes calls or puts, the greater."""
    contracts = [option("C", "P", Kind.CALL), option("Q", "P", Kind.PUT)]
    gross = Product("P", som_tiers=(Tier(1, rate=50 * DOLLAR),))
    assert dollars(only(day(contracts, gross), C=-20).requirement) == 1_000
    assert dollars(only(day(contracts, gross), C=-20, Q=-5).requirement) == 1_250
    assert dollars(only(day(contracts, gross), C=20, Q=5).requirement) == 0
    greater = gross._replace(som_takes_greater=True)
    assert dollars(only(day(contracts, greater), C=-20, Q=-5).requirement) == 1_000


def months(product: Product) -> Parameters:
    """Return a product of three months."""
    periods = {"N": NEAR, "F": FAR, "L": LAST}
    return day([future(name, "P", period) for name, period in periods.items()], product)


def spread(number: int, near: str, far: str, rate: int, ratios: tuple[int, int] = (1, 1)) -> Spread:
    legs = (
        Leg("P", "A", Fraction(ratios[0]), period=near),
        Leg("P", "B", Fraction(ratios[1]), period=far),
    )
    return Spread(number, legs, rate * DOLLAR)


def test_spreads_form_by_number_both_ways_and_use_deltas_up() -> None:
    cheap_first = Product("P", spreads=(spread(1, NEAR, FAR, 40), spread(2, NEAR, LAST, 70)))
    parameters = months(cheap_first)
    for sign in (1, -1):
        made = only(parameters, N=5 * sign, F=-3 * sign, L=-4 * sign)
        assert [(float(each.times), dollars(each.amount)) for each in made.formed] == [
            (3, 120),
            (2, 140),
        ]
    assert only(parameters, N=5, F=3).formed == ()


def test_ratios_are_exact() -> None:
    parameters = months(Product("P", spreads=(spread(1, NEAR, FAR, 10, (3, 1)),)))
    made = only(parameters, N=10, F=-10)
    assert [(each.times, each.amount) for each in made.formed] == [(Fraction(10, 3), 33_333_334)]


def test_a_tier_holds_longs_and_shorts_of_its_months() -> None:
    within = Spread(1, (Leg("P", "A", Fraction(1), 1), Leg("P", "B", Fraction(1), 1)), 10 * DOLLAR)
    across = Spread(2, (Leg("P", "A", Fraction(1), 1), Leg("P", "B", Fraction(1), 2)), 30 * DOLLAR)
    tiers = (Tier(1, "202610", "202611"), Tier(2, "202612", ""))
    parameters = months(Product("P", spreads=(within, across), intra_tiers=tiers))
    made = only(parameters, N=5, F=-2, L=-2)
    assert [(each.spread.number, float(each.times)) for each in made.formed] == [(1, 2), (2, 2)]
    assert dollars(made.intra) == 2 * 10 + 2 * 30


def test_the_spot_month_is_charged_for_spreads_and_for_the_rest() -> None:
    product = Product(
        "P",
        spreads=(spread(1, NEAR, FAR, 0),),
        spot=(SpotRate(NEAR, 5 * DOLLAR, 20 * DOLLAR),),
    )
    assert dollars(only(months(product), N=-3, F=2).spot) == 2 * 5 + 1 * 20
    assert only(months(product), F=2).spot == 0


def test_a_joint_scan_credits_what_scanning_together_saves() -> None:
    products = (Product("P"), Product("Q"), Product("R"))
    contracts = [future("A", "P"), future("B", "Q", scan=200), future("C", "R")]
    joint = JointScan(1, ("P", "Q", "R"), frozenset({"P"}), DOLLAR)
    parameters = day(contracts, *products)._replace(joint=(joint,))
    assert dollars(margin(parameters, {"A": 1, "B": -1}).maintenance) == 100
    assert dollars(margin(parameters, {"A": 1, "B": 1}).maintenance) == 500
    assert dollars(margin(parameters, {"B": 1, "C": -1}).maintenance) == 500


def test_option_value_offsets_and_a_cap_keeps_it_in_its_product() -> None:
    contracts = [future("F", "P"), option("C", "Q", Kind.CALL, 1_000), future("G", "Q")]
    free = day(contracts, Product("P"), Product("Q"))
    made = margin(free, {"F": 2, "C": 1, "G": 1})
    assert (dollars(made.maintenance), dollars(made.net_option_value)) == (0, 1_000)
    assert dollars(margin(free, {"F": 2, "C": -1}).maintenance) == 1_600
    capped = day(contracts, Product("P"), Product("Q", caps_option_value=True))
    assert dollars(margin(capped, {"F": 2, "C": 1, "G": 1}).maintenance) == 600


def test_initial_is_a_percentage_rounded_up() -> None:
    one = Contract("F", "P", Kind.FUTURE, NEAR, (1,) * 16, 10_000)
    parameters = day([one], Product("P"))
    assert margin(parameters, {"F": 101}).initial == 112
    assert margin(parameters, {"F": 101}, percent=100).initial == 101


def test_contracts_that_are_not_there_are_named_and_currencies_do_not_add_up() -> None:
    parameters = day([future("F", "P"), future("G", "Q")], Product("P"), Product("Q", "EUR"))
    with pytest.raises(ValueError, match="unknown contract 'H', 'I'"):
        margin(parameters, {"H": 1, "F": 1, "I": 2})
    with pytest.raises(ValueError, match="EUR and USD"):
        margin(parameters, {"F": 1, "G": 1})
    with pytest.raises(ValueError, match="more than"):
        margin(parameters, {"F": 10**9 + 1})
    assert margin(parameters, {}).maintenance == 0


def test_random_portfolios_equal_the_exact_reference_and_their_explanation_adds_up() -> None:
    chance = random.Random(3)
    for number in range(PORTFOLIOS):
        if number % 20 == 0:
            parameters = random_span.parameters(chance, chance.randrange(1, 5))
        lots = random_span.lots(chance, parameters, chance.choice((1, 3, 6, 12)))
        made = margin(parameters, lots)
        assert figures(made) == exact_margin(parameters, lots), (number, lots)
        root = explain(made)
        assert root.amount == made.maintenance
        assert sum(leaf.amount for leaf in root.leaves()) == made.maintenance


def test_margin_covers_the_worst_scenario() -> None:
    """A product without credits covers each of its scenarios; with them, all but the credit.

    Option value is part of what is lost from: what an account has is margin and option value.
    """
    chance = random.Random(4)
    for _ in range(PORTFOLIOS // 4):
        parameters = random_span.parameters(chance)
        made = margin(parameters, random_span.lots(chance, parameters))
        for each in made.products:
            lost = [
                sum(lots * contract.losses[place] for contract, lots in each.positions)
                for place in range(16)
            ]
            assert each.requirement + each.inter >= max(lost)
            assert each.requirement >= max(each.minimum, 0)
        value = sum(each.credited_value for each in made.products)
        worst = sum(each.requirement for each in made.products)
        assert made.maintenance + value >= worst
