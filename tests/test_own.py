"""The house's own margin: SPAN of what is listed, never more than the pre-trade check holds."""

import random
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from clearing.calendar import eve, next_business_day, times
from clearing.genesis import genesis
from clearing.margin.arrays import moves, of_future
from clearing.margin.coherence import check
from clearing.margin_terms import CalendarTerms, CreditTerms, MarginTerms
from clearing.terms import ProductTerms
from clearing.venue import Venue
from tests.trading_days import FIRST_DAY, SIZES, finish, fix, founding

FLAT = [2_810_000, 1_400_000]
EVERY = np.arange(1, 5)
LOTS_MAX = 2 * 9 * 9  # What `hold` gives at random, in two products.


def terms(model: str, margin: MarginTerms, *rates: str) -> ProductTerms:
    return ProductTerms(
        model=model,
        rates=tuple(map(Decimal, rates or ("410", "350.50"))),
        charge=Decimal(40),
        margin=margin,
    )


def venue_of(*products: ProductTerms, days: int = 0) -> Venue:
    """Return a venue of these products after so many days with fixings."""
    venue, date = Venue.open(sizes=SIZES), FIRST_DAY
    venue.submit(founding(terms=products), eve(FIRST_DAY))
    venue.tick(times(FIRST_DAY)[2][0])
    for _ in range(days):
        fix(venue, date, FLAT[: len(products)])
        finish(venue, date)
        date = next_business_day(date)
    return venue


def hold(venue: Venue, account: int, *net: int, product: int = 0) -> None:
    """Give an account lots of a product's months, nearest first."""
    futures = venue.house.directory.futures(product)
    for future, lots in zip(futures, net, strict=False):
        venue.house.positions.holdings["net"][future.number, account] = lots


def needed(venue: Venue, account: int = 1) -> int:
    """Return what an account needs to keep its positions, in micro-dollars."""
    (held,), (exact,) = venue.house.margin.requirements(np.array([account]))
    assert venue.house.margin.explained(account).amount == held + exact
    return int(held + exact)


def test_a_future_loses_its_rate_at_the_end_of_the_range_and_thirds_before() -> None:
    losses = of_future(300, moves(extreme=2, cover=35))
    assert losses[:4] == (0, 0, -100, -100)
    assert losses[12:] == (300, 300, -210, 210)
    assert max(of_future(410_000_001, moves(3, 33))) == 410_000_001


def test_without_further_terms_it_is_rate_and_charge() -> None:
    venue = venue_of(terms("H100", MarginTerms()))
    hold(venue, 1, 0, 5, 0, -2)
    assert needed(venue) == 3 * 350_500_000 + 2 * 40_000_000
    check(venue.house.margin.parameters)


def test_ranges_of_months_are_charged_in_their_order() -> None:
    calendars = (
        CalendarTerms(near=(0, 2), far=(0, 2), charge=Decimal(10)),
        CalendarTerms(near=(0, 2), far=(3, 5), charge=Decimal(25)),
    )
    venue = venue_of(terms("H100", MarginTerms(calendars=calendars), "100"))
    hold(venue, 1, 0, 5, -2, -2, 0, 0, -1)
    assert needed(venue) == (2 * 10 + 2 * 25 + 1 * 40) * 10**6
    check(venue.house.margin.parameters)


def test_a_month_that_is_half_fixed_counts_half_a_delta_and_half_a_range() -> None:
    venue = venue_of(terms("H100", MarginTerms(), "100"), days=10)
    hold(venue, 1, 10, -5)
    assert needed(venue) == 5 * 40_000_000  # With the ceiling.
    hold(venue, 2, 10)
    assert needed(venue, 2) == 10 * 50_000_000


def test_a_jump_stands_on_each_rate_and_the_kernel_holds_it() -> None:
    venue = venue_of(terms("H100", MarginTerms(jump=Decimal(300)), "110"))
    hold(venue, 1, 0, 1)
    assert needed(venue) == 410_000_000
    assert venue.exchange.state.instruments[1]["rate"] == 410_000_000


def test_the_spot_charge_is_for_the_month_whose_fixings_have_begun() -> None:
    venue = venue_of(terms("H100", MarginTerms(spot=Decimal(30)), "100"))
    hold(venue, 1, 10, -5)
    assert needed(venue) == 5 * 100_000_000 + 5 * 40_000_000
    venue = venue_of(terms("H100", MarginTerms(spot=Decimal(30)), "100"), days=1)
    hold(venue, 1, 10, -5)
    assert needed(venue) == (10 * 95 - 5 * 100 + 5 * 40) * 10**6 + 95 * 3_000_000


def credited(percent: int = 50, lots: tuple[int, int] = (1, 2)) -> tuple[ProductTerms, ...]:
    """Return H100 at 400 and A100 at 100 a lot, of which so many hedge each other."""
    hedge = CreditTerms(other="A100", lots=lots, percent=percent)
    return terms("H100", MarginTerms(credits=(hedge,)), "400"), terms("A100", MarginTerms(), "100")


@pytest.mark.parametrize(
    ("others", "needs"),
    [
        (-8, 5 * 400 + 8 * 100 - 4 * 400 // 2 - 8 * 100 // 2),  # Four pairs of 1 and 2.
        (-20, 5 * 400 + 20 * 100 - 5 * 400 // 2 - 10 * 100 // 2),
        (8, 5 * 400 + 8 * 100),
    ],
)
def test_products_bought_against_sold_take_price_risk_off_each_other(
    others: int, needs: int
) -> None:
    venue = venue_of(*credited())
    hold(venue, 1, 0, 5)
    hold(venue, 1, 0, others, product=1)
    assert needed(venue) == needs * 10**6
    leaves = list(venue.house.margin.explained(1).leaves())
    assert sum("credit of spread 1" in leaf.name for leaf in leaves) == (2 if others < 0 else 0)


def test_ratios_beyond_64_bits_are_margined_one_by_one() -> None:
    primes = (97, 89), (83, 79), (73, 71), (67, 61), (59, 53)
    first, second = credited()
    hedges = tuple(CreditTerms(other="A100", lots=lots, percent=33) for lots in primes)
    first = msgspec.structs.replace(first, margin=MarginTerms(credits=hedges))
    venue = venue_of(first, second)
    hold(venue, 1, 0, 1)
    assert needed(venue) == 400 * 10**6


def test_a_credit_with_no_other_product_is_refused() -> None:
    first, second = credited()
    with pytest.raises(ValueError, match="credits of H100: 'A100' is no other product"):
        genesis([first], FIRST_DAY)
    with pytest.raises(ValueError, match="credits of H100: 'A100' is no other product"):
        genesis([first, terms("B200", MarginTerms())], FIRST_DAY)
    assert len(genesis([first, second], FIRST_DAY))
    with pytest.raises(ValueError, match="percent 101 is not between 1 and 100"):
        credited(percent=101)
    with pytest.raises(ValueError, match="lots 0 is not between"):
        credited(lots=(1, 0))


def random_terms(chance: random.Random, model: str) -> ProductTerms:
    def span() -> tuple[int, int]:
        first = chance.randrange(8)
        return first, first + chance.randrange(4)

    calendars = tuple(
        CalendarTerms(near=span(), far=span(), charge=Decimal(chance.randint(0, 40)))
        for _ in range(chance.randrange(4))
    )
    hedge = CreditTerms(other="A100", lots=(1, chance.randint(1, 3)), percent=chance.randint(1, 90))
    margin = MarginTerms(
        calendars=calendars,
        credits=(hedge,) * (model == "H100" and chance.random() < 0.5),
        jump=Decimal(chance.choice((0, 55))),
        spot=Decimal(chance.choice((0, 7, 120))),
        extreme=chance.choice((2, 3)),
        cover=chance.choice((30, 33)),
    )
    rates = [str(chance.randint(20, 600)) for _ in range(chance.randint(1, 6))]
    return terms(model, margin, *rates)


@pytest.mark.parametrize("seed", range(6))
def test_it_is_never_more_than_the_bound_nor_less_than_the_worst_scenario(seed: int) -> None:
    chance = random.Random(seed)
    venue = venue_of(
        *(random_terms(chance, model) for model in ("H100", "A100")), days=chance.choice((0, 3, 17))
    )
    margin = venue.house.margin
    check(margin.parameters)
    for _ in range(25):
        for account in EVERY.tolist():
            for product in (0, 1):
                lots = [chance.choice((0, chance.randint(-9, 9))) for _ in range(9)]
                hold(venue, account, *lots, product=product)
        required, _ = margin.requirements(EVERY)
        bounds = margin.bounds(EVERY)
        assert (required <= bounds).all()
        for account in EVERY.tolist():
            made, tree = margin.margin(account), margin.explained(account)
            assert required[account - 1] == tree.amount
            assert sum(leaf.amount for leaf in tree.leaves()) == tree.amount
            # Thirds of a range are rounded: a micro-dollar a lot is what the ceiling may take.
            assert made.maintenance <= bounds[account - 1] + LOTS_MAX
            worst = sum(max(max(each.scan.losses), 0) - each.inter for each in made.products)
            assert tree.amount >= worst - LOTS_MAX


def test_accounts_beyond_64_bits_are_margined_one_by_one() -> None:
    venue = venue_of(terms("H100", MarginTerms(), "1000000"))
    hold(venue, 1, 0, 900_000)
    assert needed(venue) == 900_000 * 10**12


def test_terms_that_do_not_fit_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"calendars: 41 is more than the charge 40"):
        terms(
            "H100",
            MarginTerms(calendars=(CalendarTerms(near=(0, 1), far=(2, 3), charge=Decimal(41)),)),
        )
    with pytest.raises(ValueError, match=r"far \[3, 2\] is no range of months"):
        CalendarTerms(near=(0, 1), far=(3, 2), charge=Decimal(1))
    with pytest.raises(ValueError, match="more than a whole scan range"):
        MarginTerms(extreme=3, cover=34)
    with pytest.raises(ValueError, match="spot -1 is not between"):
        MarginTerms(spot=Decimal(-1))
