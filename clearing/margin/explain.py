"""A requirement as a tree whose leaves add up to it, each with the reason it is there."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from clearing.margin.inter import Credit
from clearing.margin.intra import Formed, Spot, leg_text
from clearing.margin.parameters import DELTA_ONE, SCENARIOS, JointScan
from clearing.margin.scenarios import Position
from clearing.margin.span import Margin, ProductMargin
from engine.instruments import money


class Node(NamedTuple):
    """An amount in micro-dollars, why it is what it is, and what it is the sum of."""

    name: str
    amount: int
    note: str = ""
    parts: tuple["Node", ...] = ()

    def leaves(self) -> Iterator["Node"]:
        """Yield the nodes that have no parts, in order."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


def explain(margin: Margin) -> Node:
    """Return the tree of a portfolio's maintenance requirement."""
    parts = [_product(each) for each in margin.products]
    parts += [_option_value(each) for each in margin.products if each.option_value]
    total = sum(part.amount for part in parts)
    if total < 0:
        parts.append(Node("floor", -total, "option value beyond the requirement is not paid out"))
    note = f"initial is {margin.percent}% of it, rounded up: {money(margin.initial)}"
    return Node("requirement", margin.maintenance, note, tuple(parts))


def _product(made: ProductMargin) -> Node:
    parts = [_scan(made)]
    parts += [_spread(made.product, each) for each in made.formed]
    parts += map(_spot, made.spots)
    parts += map(_credit, made.credits)
    if made.minimum > made.risk:
        note = f"options sold need at least {money(made.minimum)}, more than {money(made.risk)}"
        parts.append(Node("short option minimum", made.minimum - made.risk, note))
    return Node(f"product {made.product}", made.requirement, "", tuple(parts))


def _scan(made: ProductMargin) -> Node:
    active = made.scan.active
    parts = [
        Node(_held(each), each.quantity * each.contract.losses[active]) for each in made.positions
    ]
    worst = made.scan.losses[active]
    if worst < 0:
        parts.append(Node("floor", -worst, "no scenario loses"))
    note = f"scenario {active + 1}: {SCENARIOS[active]}"
    return Node("scan", made.scan.amount, note, tuple(parts))


def _spread(product: str, formed: Formed) -> Node:
    long, short = ("A", "B") if formed.a_is_long else ("B", "A")
    legs = ", ".join(leg_text(leg, product) for leg in formed.spread.legs)
    note = f"{_number(formed.times)} x {money(formed.spread.rate)}, {long} long and {short} short"
    rounded = _rounded("up", formed.exact, formed.amount)
    return Node(f"spread {formed.spread.number}", formed.amount, f"{note} ({legs}){rounded}")


def _spot(spot: Spot) -> Node:
    used, left = _number(spot.used / DELTA_ONE), _number(spot.left / DELTA_ONE)
    rounded = _rounded("up", spot.exact, spot.amount)
    note = f"deltas: {used} in spreads, {left} outright{rounded}"
    return Node(f"spot {spot.period}", spot.amount, note)


def _credit(credit: Credit) -> Node:
    rounded = _rounded("down", credit.exact, credit.amount)
    percent = _number(Fraction(credit.spread.rate, 10_000))
    if isinstance(credit.spread, JointScan):
        together = ", ".join(credit.spread.products)
        note = f"{percent}% of its share in what scanning {together} together saves{rounded}"
        return Node(f"joint scan {credit.spread.number}", -credit.amount, note)
    used, legs = _number(credit.delta / DELTA_ONE), ", ".join(map(leg_text, credit.spread.legs))
    note = f"{percent}% of the price risk of {used} deltas: {_number(credit.times)} x ({legs})"
    return Node(f"credit of spread {credit.spread.number}", -credit.amount, note + rounded)


def _option_value(made: ProductMargin) -> Node:
    parts = [
        Node(_held(each), -each.quantity * each.contract.premium)
        for each in made.positions
        if each.contract.premium
    ]
    beyond = made.option_value - made.credited_value
    if beyond:
        parts.append(Node("cap", beyond, "it offsets this product's requirement only"))
    return Node(f"option value of {made.product}", -made.credited_value, "", tuple(parts))


def _held(position: Position) -> str:
    return f"{position.quantity:+,} of {position.contract.name}"


def _number(value: Fraction) -> str:
    """Return a number as decimal text, to four places where it has more."""
    return f"{float(value):.4f}".rstrip("0").rstrip(".")


def _rounded(way: str, exact: Fraction, amount: int) -> str:
    return "" if exact == amount else f", rounded {way} by {abs(exact - amount)} of a micro-dollar"
