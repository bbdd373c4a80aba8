"""What the desk and the clearing house do to trades and positions in a scene, as COMMAND rows.

`DESK` is the table; engine/README.md shows each with an example.
"""

from collections.abc import Callable

from engine.rows import Batch
from engine.scene_names import Stage
from engine.scene_orders import write_fields, write_options
from engine.scene_text import Words
from engine.schema import Kind, Side, Tif, Type


def _block(stage: Stage, words: Words, batch: Batch) -> None:
    _move(stage, words, batch, Kind.BLOCK)


def _assign(stage: Stage, words: Words, batch: Batch) -> None:
    _move(stage, words, batch, Kind.ASSIGN)


def _move(stage: Stage, words: Words, batch: Batch, kind: Kind) -> None:
    """`BUYER SELLER Q @ P [on INSTRUMENT]`."""
    buyer = words.one_of("an account", stage.accounts)
    seller = words.one_of("an account", stage.accounts)
    quantity = words.integer("a quantity")
    words.take_if("@")
    price, instrument = words.integer("a price"), 0
    if words.take_if("on"):
        instrument = words.one_of("an instrument", stage.instruments)
    batch.desk(
        kind,
        buyer=buyer,
        seller=seller,
        instrument=instrument,
        quantity=quantity,
        price=price,
    )
    write_fields(words, batch)


def _liquidate(stage: Stage, words: Words, batch: Batch) -> None:
    """`ACCOUNT buy|sell Q [OPTION ...]`."""
    account = words.one_of("an account", stage.accounts)
    side = words.one_of("buy or sell", {"buy": Side.BUY, "sell": Side.SELL})
    batch.enter(account, 0, side, words.integer("a quantity"), type=Type.MARKET, tif=Tif.FAK)
    batch.rows["kind"][-1] = Kind.LIQUIDATE
    write_options(stage, words, batch)
    write_fields(words, batch)


def _credit(stage: Stage, words: Words, batch: Batch) -> None:
    """`ACCOUNT USD [on PRODUCT]`."""
    account = words.one_of("an account", stage.accounts)
    value, product = words.money("an amount of money"), 0
    if words.take_if("on"):
        product = words.one_of("a product", stage.products)
    batch.money(Kind.CREDIT, account=account, product=product, value=value)
    write_fields(words, batch)


def _bust(_stage: Stage, words: Words, batch: Batch) -> None:
    """`N`: a trade by its number, from 1."""
    batch.desk(Kind.BUST, words.integer("the number of a trade"))
    write_fields(words, batch)


def _adjust(_stage: Stage, words: Words, batch: Batch) -> None:
    """`N to P`."""
    trade_id = words.integer("the number of a trade")
    words.take_if("to")
    batch.desk(Kind.ADJUST, trade_id, price=words.integer("a price"))
    write_fields(words, batch)


DESK: dict[str, Callable[[Stage, Words, Batch], None]] = {
    "@block": _block,
    "@assign": _assign,
    "@liquidate": _liquidate,
    "@credit": _credit,
    "@bust": _bust,
    "@adjust": _adjust,
}
