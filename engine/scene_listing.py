"""What the directive `@instrument` asks for: a LIST row, a LEG row a leg, and what opens it.

The grammar stands in engine/README.md.
"""

from typing import NamedTuple

from engine.instruments import CLIP, VALUE
from engine.rows import Batch
from engine.scene_names import Listed, Stage
from engine.scene_text import Words
from engine.schema import NIL, Form, Kind, Phase

LIMIT = 10_000  # Lots, the position limit unless the scene says otherwise.
POINTS = 10  # Ticks of protection likewise.
SPREAD = "spread"  # The kind whose form follows from its legs.
FORMS = {form.name.lower(): form for form in Form} | {SPREAD: Form.CALENDAR}
IMPLIED = {"implied": True, "plain": False}

Ratios = list[tuple[Listed, int]]


class Terms(NamedTuple):
    """What kind of instrument a line lists."""

    product: int
    form: Form
    legs: Ratios
    implied: bool


def list_instrument(stage: Stage, words: Words, batch: Batch) -> None:
    """`NAME tick N from A to B` and terms, in any order; legs stand after the other terms."""
    name = words.take("a name")
    if name in stage.instruments:
        words.fail(f"{name!r} is listed already")
    numbers = {"value": VALUE, "clip": CLIP, "limit": LIMIT, "protection": NIL}
    numbers |= {"block": 0, "strike": 0}
    required = {"tick", "from", "to"}
    product, kind, legs, implied = "product", "future", Ratios(), NIL
    while not words.is_done():
        term = words.take("a term")
        if term == "product":
            product = words.take("a product")
        elif term == "kind":
            kind = words.one_of("a kind", {form: form for form in FORMS})
        elif term == "legs":
            legs = _legs(stage, words)
        elif term in IMPLIED:
            implied = IMPLIED[term]
        elif term in numbers or term in required:
            numbers[term] = words.integer("a number")
        else:
            words.fail(f"{term!r} is no term of an instrument")
    for term in sorted(required - set(numbers)):
        words.fail(f"{term!r} is missing")
    _add_product(stage, batch, product)
    form = _form(legs) if kind == SPREAD else FORMS[kind]
    if implied == NIL:
        same = all(leg.tick == numbers["tick"] for leg, _ in legs)
        implied = form == Form.CALENDAR and same
    _list(stage, batch, name, numbers, Terms(stage.products[product], form, legs, bool(implied)))


def _legs(stage: Stage, words: Words) -> Ratios:
    """`H1 -H2`, `H1 -2*H2 H3`: a sign and a number of lots may stand before a name."""
    legs = Ratios()
    while not words.is_done() and not any(words.is_next(word) for word in IMPLIED):
        word = words.take("a leg")
        lots, star, name = word.lstrip("+-").rpartition("*")
        if name not in stage.instruments:
            words.fail(f"{name!r} is no instrument of this scene")
        if star and not lots.isdigit():
            words.fail(f"{lots!r} is no number of lots")
        sign = -1 if word.startswith("-") else 1
        legs.append((stage.listed[stage.instruments[name]], sign * int(lots or 1)))
    return legs


def _form(legs: Ratios) -> Form:
    """Return the form of a spread as its legs have it."""
    ratios = [ratio for _, ratio in legs]
    if ratios == [1, -2, 1]:
        return Form.BUTTERFLY
    if all(ratio == 1 for ratio in ratios):
        return Form.STRIP
    products = {leg.product for leg, _ in legs}
    return Form.CALENDAR if len(products) == 1 else Form.INTER


def _add_product(stage: Stage, batch: Batch, product: str) -> None:
    if product not in stage.products:
        number = stage.products[product] = len(stage.products)
        batch.money(Kind.PRODUCT, product=number, text=product)
        batch.money(Kind.RATE, product=number, value=stage.charge)


def _list(stage: Stage, batch: Batch, name: str, numbers: dict[str, int], terms: Terms) -> None:
    number = stage.instruments[name] = len(stage.listed)
    stage.listed.append(Listed(number, terms.product, numbers["tick"], len(terms.legs)))
    points = numbers["protection"]
    batch.listing(
        number,
        terms.product,
        name,
        low=numbers["from"],
        high=numbers["to"],
        tick=numbers["tick"],
        value=numbers["value"],
        clip=numbers["clip"],
        position_max=numbers["limit"],
        protection=points if points != NIL else POINTS * numbers["tick"],
        month=stage.date // 100,
        expiry=stage.date,
        form=terms.form,
        legs=len(terms.legs),
        block=numbers["block"],
        strike=numbers["strike"],
        implied=terms.implied,
    )
    for leg, ratio in terms.legs:
        batch.leg(leg.number, ratio)
    if not terms.legs:
        batch.money(Kind.RATE, instrument=number, value=stage.rate)
    batch.money(Kind.PHASE, instrument=number, code=Phase.OPEN, value=stage.date)
