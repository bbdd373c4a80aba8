"""Spreads, which the dialect calls combos: their kind, their code, and what their legs make them.

A spread is worth the sum of its legs' prices, each times its lots; a strip their mean.
"""

from collections.abc import Iterator
from decimal import Decimal

from clearing.directory import Directory, Instrument
from engine.instruments import code_name
from engine.schema import NIL_PRICE, Form
from gateway.markets import Market, Markets


def kind_of(terms: Instrument) -> str:
    """Return an instrument's kind, as the dialect names it; what is paid for is an option."""
    if terms.is_paid:
        return "option"
    return "future_combo" if terms.is_spread else "future"


def is_of_kind(terms: Instrument, kind: str) -> bool:
    """Whether a request for a kind means an instrument."""
    return kind in ("any", kind_of(terms)) or (kind == "combo" and terms.is_spread)


def code_of(directory: Directory, terms: Instrument) -> str:
    """Return an exchange-style code: H1HZ6, H1HZ6-H1HF7, H1HZ6-TAS; of a strip H1HF7:3.

    What is paid for has none but its name, and a spread none before its legs.
    """
    legs = directory.legs.get(terms.number, [])
    if terms.is_paid or (terms.is_spread and not legs):
        return terms.name
    months = [directory.instruments[leg.instrument] for leg in legs] or [terms]
    codes = [code_name(directory.products[each.product].name, each.month) for each in months]
    if terms.form == Form.STRIP:
        return f"{codes[0]}:{len(codes)}"
    if terms.form == Form.TAS:
        return f"{codes[0]}-TAS"
    return "-".join(codes)


def divisor(market: Market) -> int:
    """Return by what the sum of the legs' prices is divided."""
    return len(market.legs) if market.terms.form == Form.STRIP else 1


def fee(directory: Directory, terms: Instrument) -> Decimal:
    """Return what a lot costs a side, in USD: a spread costs what its legs do."""
    legs = directory.legs.get(terms.number)
    if legs is None:
        return directory.products[terms.product].terms.fees.other
    products = (directory.instruments[leg.instrument].product for leg in legs)
    fees = [directory.products[product].terms.fees.other for product in products]
    return sum((abs(leg.ratio) * each for leg, each in zip(legs, fees, strict=True)), Decimal(0))


def mark(markets: Markets, market: Market) -> int:
    """Return an instrument's mark, a spread's from its legs', rounded down; NIL_PRICE: none.

    A TAS book's prices are offsets: its mark is 0 once its month has one.
    """
    if not market.terms.is_spread:
        return market.mark
    return _of_legs(market, (markets[leg.instrument].mark for leg in market.legs))


def settlement(markets: Markets, market: Market) -> int:
    """Return a market settlement, a spread's from its legs', rounded down; NIL_PRICE: none."""
    if not market.terms.is_spread:
        return market.settlement
    if market.terms.form == Form.TAS:
        return mark(markets, market)
    return _of_legs(market, (markets[leg.instrument].settlement for leg in market.legs))


def _of_legs(market: Market, prices: Iterator[int]) -> int:
    if len(market.legs) < market.terms.legs:
        return NIL_PRICE
    total = 0
    for leg, price in zip(market.legs, prices, strict=True):
        if price == NIL_PRICE:
            return NIL_PRICE
        total += leg.ratio * price
    if market.terms.form == Form.TAS:
        return 0
    return total // divisor(market)
