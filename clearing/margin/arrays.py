"""Risk arrays of contracts that are listed here: what one long lot loses in each scenario.

Of futures they are exact; of options they are computed in floats, and rounded once.

Source: CME Group, Standard Portfolio Analysis of Risk, "Risk arrays".
"""

import math
from fractions import Fraction
from typing import NamedTuple

from clearing.margin.averaging import Average, Option
from clearing.margin.rounding import loss, of_model
from clearing.margin_terms import MarginTerms


class Move(NamedTuple):
    """One scenario: how far the price moves, in scan ranges, and volatility, in its own."""

    price: Fraction
    volatility: int
    covered: Fraction = Fraction(1)  # The part of the loss that counts.


def moves(extreme: int, cover: int) -> tuple[Move, ...]:
    """Return the 16 scenarios, in order.

    extreme: how many scan ranges the last two move by. cover: of their loss, percent.
    """
    thirds = (0, 1, -1, 2, -2, 3, -3)
    usual = [Move(Fraction(step, 3), way) for step in thirds for way in (1, -1)]
    far = [Move(Fraction(sign * extreme), 0, Fraction(cover, 100)) for sign in (1, -1)]
    return (*usual, *far)


def of_future(scan_range: int, scenarios: tuple[Move, ...]) -> tuple[int, ...]:
    """Return the losses of one long future, in micro-dollars.

    scan_range: of a lot, with what is fixed of its month already taken off.
    """
    return tuple(loss(-each.price * each.covered * scan_range) for each in scenarios)


_POINTS = [Fraction(step, 3) for step in (0, 1, -1, 2, -2, 3, -3)]
_DEVIATIONS = 2  # Of the price, in a scan range, as the composite delta weighs its points.
_VOLATILITY_MIN = 0.01


class Scanned(NamedTuple):
    """An option as it is scanned; prices in price units."""

    option: Option
    average: Average  # One day ahead.
    future: float
    scan_range: float
    volatility: float
    mark: int
    high: int  # The most that a lot can pay.
    value: int  # Micro-dollars of a price unit of one lot.


def of_option(scanned: Scanned, terms: MarginTerms) -> tuple[int, ...]:
    """Return the losses of one long option against its mark, in micro-dollars, revalued in full.

    It cannot be worth less than nothing, so it loses its mark at most.
    """
    return tuple(_loss(scanned, each, terms) for each in moves(terms.extreme, terms.cover))


def composite_delta(scanned: Scanned) -> float:
    """Return the delta over the seven prices of the scenarios one day ahead, weighted as normal."""
    weights = [math.exp(-((_DEVIATIONS * float(point)) ** 2) / 2) for point in _POINTS]
    deltas = [
        scanned.option.delta(
            scanned.average,
            scanned.future + float(point) * scanned.scan_range,
            scanned.volatility,
        )
        for point in _POINTS
    ]
    return sum(map(float.__mul__, weights, deltas)) / sum(weights)


def _loss(scanned: Scanned, move: Move, terms: MarginTerms) -> int:
    future = scanned.future + float(move.price) * scanned.scan_range
    volatility = _moved(scanned.volatility, move.volatility, terms)
    worth = scanned.option.value(scanned.average, future, volatility)
    lost = scanned.mark - min(worth, float(scanned.high))
    return of_model(lost * scanned.value * float(move.covered))


def _moved(volatility: float, way: int, terms: MarginTerms) -> float:
    scan = float(terms.volatility_scan)
    by = scan * volatility if terms.volatility_moves == "relative" else scan
    return max(volatility + way * by, _VOLATILITY_MIN)
