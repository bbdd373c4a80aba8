"""Directives of a scene about what keeps a market and its members in bounds, as COMMAND rows.

`DIRECTIVES` is the table; engine/README.md shows each with an example.
"""

from collections.abc import Callable

from engine.layout import MONEY
from engine.rows import Batch
from engine.scene_names import Stage
from engine.scene_text import Words
from engine.schema import NIL, Flag, Killed, Kind

FIELDS = {
    "band": "value",
    "limit": "value_2",
    "velocity": "denominator",
    "window": "batch",
    "breaker": "numerator",
    "width": "value_3",
    "halt": "source",
}
IN_MS = ("window", "width", "halt")


def _guard(stage: Stage, words: Words, batch: Batch) -> None:
    terms = dict.fromkeys(FIELDS, 0) | {"window": 2_000, "width": 60_000, "halt": 120_000}
    product, lead = 0, NIL
    while not words.is_done():
        term = words.take("a guard")
        if term == "on":
            product = words.one_of("a product", stage.products)
        elif term == "lead":
            lead = words.one_of("an instrument", stage.instruments)
        elif term in terms:
            terms[term] = words.integer("a number")
        else:
            words.fail(f"{term!r} is no guard")
    batch.money(Kind.GUARD, product=product, other=lead)
    for term, value in terms.items():
        scale = 1_000_000 if term in IN_MS else 1
        batch.rows[-1:].view(MONEY)[FIELDS[term]] = value * scale


def _limit(stage: Stage, words: Words, batch: Batch) -> None:
    instrument = words.one_of("an instrument", stage.instruments)
    batch.money(Kind.LIMIT, instrument=instrument, value=words.integer("a number of lots"))


def _kill(stage: Stage, words: Words, batch: Batch) -> None:
    """`account NAME`, `owner NAME` or `firm N`, and `release` to end it."""
    whose = words.one_of("account, owner or firm", {one.name.lower(): one for one in Killed})
    account, other = 0, 0
    if whose == Killed.ACCOUNT:
        account = words.one_of("an account", stage.accounts)
    elif whose == Killed.OWNER:
        other = words.one_of("an owner", stage.owners)
    else:
        other = words.integer("the number of a firm")
    value = 0 if words.take_if("release") else 1
    batch.money(Kind.KILL, account=account, other=other, code=whose, value=value)


def _firm(stage: Stage, words: Words, batch: Batch) -> None:
    """An owner, and the number of the firm that it is with from now on."""
    owner = words.one_of("an owner", stage.owners)
    firm = words.integer("the number of a firm")
    batch.money(Kind.OPEN_OWNER, other=owner, code=firm, flags=Flag.OPERATOR)


DIRECTIVES: dict[str, Callable[[Stage, Words, Batch], None]] = {
    "@firm": _firm,
    "@guard": _guard,
    "@limit": _limit,
    "@kill": _kill,
}
