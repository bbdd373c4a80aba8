"""Which spreads are listed: by name, with their legs, at the beginning and at each roll."""

import datetime
from decimal import Decimal

from clearing.calendar import eve, last_trading_day, month_after
from clearing.genesis import genesis
from clearing.spreads import Curve, Month, Spread, spreads
from clearing.terms import ProductTerms, Spreads
from clearing.venue import Venue
from engine.instruments import TICK, as_number, units
from engine.schema import Form, Phase
from tests.trading_days import FIRST_DAY, SIZES, finish, fix

LAST_DAY = datetime.date(2026, 7, 31)


def curve(model: str, product: int = 0, listed: Spreads = "all") -> Curve:
    """Return the 36 months from July 2026 on."""
    terms = ProductTerms(model=model, rates=(Decimal(250),), spreads=listed)
    months = []
    for ahead in range(36):
        month = month_after(202607, ahead)
        months.append(Month(36 * product + ahead, month, as_number(last_trading_day(month))))
    return Curve(product, terms, months)


def by_form(found: list[Spread], form: Form) -> list[Spread]:
    """Return the spreads of a form, in order."""
    return [each for each in found if each.form == form]


def signed(spread: Spread) -> list[tuple[int, int]]:
    """Return months ahead and lots of each leg."""
    return [(leg.instrument, ratio) for leg, ratio in spread.legs]


def test_a_product_lists_none_unless_its_terms_say_so() -> None:
    assert not list(spreads([curve("H100", listed="none")]))


def test_calendars_of_one_two_and_three_months_over_the_first_year() -> None:
    found = list(spreads([curve("H100", listed="calendars")]))
    assert {each.form for each in found} == {Form.CALENDAR}
    assert len(found) == 30
    assert [signed(each) for each in found[:4]] == [
        [(0, 1), (1, -1)],
        [(0, 1), (2, -1)],
        [(0, 1), (3, -1)],
        [(1, 1), (2, -1)],
    ]
    first = found[0]
    assert first.name == "H100_USD-FS-31JUL26_31AUG26"
    assert (first.low, first.high, first.tick) == (units("-5"), units("5"), TICK)
    assert max(leg.instrument for each in found for leg, _ in each.legs) == 11


def test_a_butterfly_sells_its_body_twice() -> None:
    found = by_form(list(spreads([curve("H100")])), Form.BUTTERFLY)
    assert len(found) == 10
    assert found[0].name == "H100_USD-FB-31JUL26_31AUG26_30SEP26"
    assert signed(found[0]) == [(0, 1), (1, -2), (2, 1)]


def test_strips_are_whole_quarters_and_whole_years() -> None:
    found = by_form(list(spreads([curve("H100")])), Form.STRIP)
    names = [each.name for each in found]
    assert names[:3] == ["H100_USD-ST-3Q26", "H100_USD-ST-4Q26", "H100_USD-ST-1Q27"]
    assert names[-2:] == ["H100_USD-ST-2027", "H100_USD-ST-2028"]
    assert [len(each.legs) for each in found] == [3] * 12 + [12] * 2
    assert signed(found[-1]) == [(month, 1) for month in range(18, 30)]


def test_the_same_month_of_two_products_trades_in_half_ticks() -> None:
    found = by_form(list(spreads([curve("H100"), curve("B200", 1), curve("A100", 2)])), Form.INTER)
    assert len(found) == 36
    assert found[0].name == "H100_USD-IS-B200-31JUL26"
    assert signed(found[0]) == [(0, 1), (36, -1)]
    assert (found[0].tick, found[0].curve.product) == (1, 0)
    assert found[-1].name == "B200_USD-IS-A100-30JUN27"


def test_names_are_one_a_spread_and_fit_the_dialect() -> None:
    names = [each.name for each in spreads([curve("H100"), curve("B200", 1)])]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 64


def test_a_roll_lists_what_the_new_months_bring_and_the_old_ones_end() -> None:
    venue = Venue.open(sizes=SIZES)
    terms = [each.terms for each in (curve("H100", listed="calendars"), curve("A100", 1))]
    venue.submit(genesis(terms, FIRST_DAY), eve(FIRST_DAY))
    directory = venue.house.directory
    founded = len(directory.instruments)
    assert founded == 72 + 30 + 30 + 10 + 14
    near = directory.instrument_of["H100_USD-FS-31JUL26_31AUG26"]
    assert [leg.ratio for leg in directory.legs[near.number]] == [1, -1]
    fix(venue, FIRST_DAY, [2_810_000, 1_400_000])
    finish(venue, LAST_DAY)
    assert [each.name for each in directory.instruments[founded:]] == [
        *("H100_USD-31JUL29", "A100_USD-31JUL29"),
        *(f"H100_USD-FS-{far}_30JUL27" for far in ("30APR27", "28MAY27", "30JUN27")),
        *(f"A100_USD-FS-{far}_30JUL27" for far in ("30APR27", "28MAY27", "30JUN27")),
        "A100_USD-FB-28MAY27_30JUN27_30JUL27",
    ]
    phases = venue.exchange.state.instruments["phase"]
    assert phases[near.number] in (Phase.EXPIRED, Phase.CLOSE, Phase.POST_CLOSE)
