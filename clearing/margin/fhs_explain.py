"""A simulated requirement as a tree whose leaves add up to it, each with the reason for it."""

from fractions import Fraction

from clearing.margin.explain import Node
from clearing.margin.fhs import STRESS_WEIGHT, Held, Moves, ProductRisk, Simulation, Tail
from clearing.margin.rounding import charge
from engine.instruments import as_date, money


def explain(made: Simulation) -> Node:
    """Return the tree of a portfolio's maintenance requirement."""
    parts = [_product(each, made.moves) for each in made.products]
    parts += [_option_value(each) for each in made.products if each.option_value]
    total = sum(part.amount for part in parts)
    if total < 0:
        parts.append(Node("floor", -total, "option value beyond the requirement is not paid out"))
    note = f"initial is {made.percent}% of it, rounded up: {money(made.initial)}"
    return Node("requirement", made.maintenance, note, tuple(parts))


def _product(made: ProductRisk, moves: Moves) -> Node:
    parts = [_shortfall(made, moves), _stress(made.tail, moves)]
    beyond = made.tail.risk - sum(part.amount for part in parts)
    if beyond:
        parts.append(Node("floor", beyond, "no scenario of the tail loses"))
    if made.liquidity:
        parts.append(Node("liquidity", made.liquidity, "closing out takes longer than the horizon"))
    if made.concentration:
        parts.append(Node("concentration", made.concentration, "a large share of what is open"))
    parts += [_owed(each) for each in made.held if each.quantity < 0 and each.exposure.owed]
    if made.credit:
        note = "its share of what the products together lose less than apart"
        parts.append(Node("diversification", -made.credit, note))
    return Node(f"product {made.product}", made.requirement, "", tuple(parts))


def _shortfall(made: ProductRisk, moves: Moves) -> Node:
    """Return the mean of the tail, by position; roundings are a leaf of their own."""
    tail = made.tail
    parts = [Node(_name(each), _mean(each, tail)) for each in made.held if not each.exposure.owed]
    amount = charge(tail.shortfall)
    rounded = amount - sum(part.amount for part in parts)
    if rounded:
        parts.append(Node("rounding", rounded, "up, the sum and not its parts"))
    dates = ", ".join(str(as_date(moves.dates[place])) for place in tail.places[:3])
    more = f" and {tail.size - 3} more" if tail.size > 3 else ""
    note = (
        f"mean of the {tail.size} worst of {len(moves.dates)} past moves, from a loss of "
        f"{money(tail.value_at_risk)} (99% value at risk) on: {dates}{more}"
    )
    return Node("expected shortfall", amount, note, tuple(parts))


def _stress(tail: Tail, moves: Moves) -> Node:
    amount = charge(tail.shortfall + tail.stressed) - charge(tail.shortfall)
    worst = f"{moves.stresses[tail.worst].name}: a loss of {money(tail.stress)}"
    weight = f"{STRESS_WEIGHT * 100}% of what it is beyond the shortfall"
    if tail.stress <= tail.shortfall:
        weight = "not beyond the shortfall"
    return Node("stress", amount, f"{worst}; {weight}")


def _owed(held: Held) -> Node:
    return Node(_name(held), -held.quantity * held.exposure.owed, "what a sold lot may pay at most")


def _option_value(made: ProductRisk) -> Node:
    parts = [
        Node(_name(each), -each.quantity * each.exposure.worth)
        for each in made.held
        if each.exposure.worth
    ]
    return Node(f"option value of {made.product}", -made.option_value, "", tuple(parts))


def _mean(held: Held, tail: Tail) -> int:
    """Return a position's part of the shortfall, rounded down."""
    lost = sum(int(held.exposure.losses[place]) for place in tail.places)
    exact = Fraction(held.quantity * lost, tail.size)
    return exact.numerator // exact.denominator


def _name(held: Held) -> str:
    return f"{held.quantity:+,} of {held.exposure.name}"
