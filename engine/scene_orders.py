"""What the verbs of a scene's accounts ask for, as COMMAND rows.

`VERBS` is the table; engine/README.md shows each with an example.
"""

from collections.abc import Callable

from engine.layout import MONEY
from engine.rows import Batch
from engine.scene_names import Stage
from engine.scene_text import Words
from engine.schema import Flag, Kind, Side, Smp, Tif, Type

OF_ORDERS = (  # Read through the family ORDER.
    *(Kind.ENTER, Kind.REPLACE, Kind.CANCEL, Kind.QUOTE, Kind.BLOCK, Kind.BUST, Kind.ADJUST),
    *(Kind.ASSIGN, Kind.BID, Kind.LIQUIDATE),
)
NOBODY = 1 << 40  # The id of an order that never was.

TIFS = {tif.name.lower(): tif for tif in Tif}
SMP_RULES = {
    "smp-rest": Smp.CANCEL_RESTING,
    "smp-in": Smp.CANCEL_INCOMING,
    "smp-both": Smp.CANCEL_BOTH,
}
FLAGS = {
    "post": Flag.POST_ONLY,
    "slide": Flag.SLIDE,
    "reduce": Flag.REDUCE_ONLY,
    "in-flight": Flag.IN_FLIGHT,
    "operator": Flag.OPERATOR,
}
SIDES = {"buys": Side.BUY, "sells": Side.SELL}
NUMBERS = {
    "min": "minimum",
    "show": "display",
    "stop": "trigger",
    "protect": "protection",
    "smp": "smp_id",
    "tag": "tag",
}


def _buy(stage: Stage, words: Words, batch: Batch, account: int) -> None:
    _enter(stage, words, batch, account, Side.BUY)


def _sell(stage: Stage, words: Words, batch: Batch, account: int) -> None:
    _enter(stage, words, batch, account, Side.SELL)


def _enter(stage: Stage, words: Words, batch: Batch, account: int, side: Side) -> None:
    quantity, price, type_ = words.integer("a quantity"), 0, Type.LIMIT
    words.take_if("@")
    if words.take_if("market"):
        type_ = Type.MARKET
    elif words.take_if("market-limit"):
        type_ = Type.MARKET_LIMIT
    else:
        price = words.integer("a price")
    batch.enter(account, 0, side, quantity, price, type=type_, smp_id=stage.smp_ids.get(account, 0))
    write_options(stage, words, batch)
    if batch.rows["trigger"][-1] != 0:
        batch.rows["type"][-1] = Type.STOP_LIMIT if type_ == Type.LIMIT else Type.STOP


def _replace(stage: Stage, words: Words, batch: Batch, account: int) -> None:
    order_id, instrument = _order(stage, words)
    quantity = words.integer("a quantity")
    words.take_if("@")
    batch.replace(account, instrument, order_id, quantity, words.integer("a price"))
    write_options(stage, words, batch)


def _cancel(stage: Stage, words: Words, batch: Batch, account: int) -> None:
    if words.take_if("all"):
        _cancel_all(stage, words, batch, account)
        return
    if words.take_if("tag"):
        batch.cancel(account, 0, 0, tag=words.integer("a number"))
    else:
        order_id, instrument = _order(stage, words)
        batch.cancel(account, instrument, order_id)
    write_options(stage, words, batch)


def _cancel_all(stage: Stage, words: Words, batch: Batch, account: int) -> None:
    """`[on INSTRUMENT|PRODUCT] [buys|sells] [operator]`, in any order."""
    batch.cancel_all(account)
    row = batch.rows[-1:].view(MONEY)[0]
    while not words.is_done() and not words.is_next("with"):
        word = words.take("an option")
        if word in SIDES:
            row["code"] = SIDES[word] + 1
        elif word == "operator":
            row["flags"] |= Flag.OPERATOR
        elif word == "on":
            named = words.take("an instrument or a product")
            if named in stage.products and named not in stage.instruments:
                row["product"] = stage.products[named]
            else:
                row["instrument"] = words.known("an instrument", named, stage.instruments)
        else:
            words.fail(f"{word!r} is no option of a mass cancel")


def _order(stage: Stage, words: Words) -> tuple[int, int]:
    """Return id and instrument of the order that a label or a line's number stands for."""
    word = words.take("a label or the number of a line")
    if word.isdigit():
        return stage.orders.get(word, (NOBODY + int(word), 0))
    return words.known("an order of this scene", word, stage.orders)


def _deposit(_stage: Stage, words: Words, batch: Batch, account: int) -> None:
    batch.money(Kind.DEPOSIT, account=account, value=words.money("an amount of money"))


def _withdraw(_stage: Stage, words: Words, batch: Batch, account: int) -> None:
    batch.money(Kind.WITHDRAW, account=account, value=words.money("an amount of money"))


def _transfer(stage: Stage, words: Words, batch: Batch, account: int) -> None:
    value = words.money("an amount of money")
    words.take_if("to")
    other = words.one_of("an account", stage.accounts)
    batch.money(Kind.TRANSFER, account=account, other=other, value=value)


def _pledge(_stage: Stage, words: Words, batch: Batch, account: int) -> None:
    _move_asset(words, batch, account, Kind.PLEDGE)


def _recall(_stage: Stage, words: Words, batch: Batch, account: int) -> None:
    _move_asset(words, batch, account, Kind.RECALL)


def _move_asset(words: Words, batch: Batch, account: int, kind: Kind) -> None:
    """`FACE of ASSET for USD`: what it counts for."""
    face = words.money("an amount of money")
    words.take_if("of")
    code = words.integer("the number of an asset")
    words.take_if("for")
    value = words.money("an amount of money")
    batch.money(kind, account=account, code=code, value_2=face, value=value)


def write_options(stage: Stage, words: Words, batch: Batch) -> None:
    """Write what follows an order's price into its row, field by field."""
    row = batch.rows[-1]
    while not words.is_next("with"):
        if words.is_done():
            return
        word = words.take("an option")
        if word in TIFS:
            row["tif"] = TIFS[word]
            if TIFS[word] == Tif.GTD:
                row["expiry"] = words.integer("a trade date like 20260105")
        elif word in SMP_RULES:
            row["smp_rule"] = SMP_RULES[word]
        elif word in FLAGS:
            row["flags"] |= FLAGS[word]
        elif word in NUMBERS:
            row[NUMBERS[word]] = words.integer("a number")
        elif word == "on":
            row["instrument"] = words.one_of("an instrument", stage.instruments)
        else:
            words.fail(f"{word!r} is no option of an order")


def write_fields(words: Words, batch: Batch) -> None:
    """Write the fields that a line gives after `with`, by their names in a row."""
    if words.take_if("with"):
        while not words.is_done():
            row = batch.rows[-1:]
            family = row if row["kind"][0] in OF_ORDERS else row.view(MONEY)
            name = words.take("a field")
            if name not in (family.dtype.names or ()):
                words.fail(f"{name!r} is no field of a row")
            family[name] = words.integer("a number")


VERBS: dict[str, Callable[[Stage, Words, Batch, int], None]] = {
    "buy": _buy,
    "sell": _sell,
    "replace": _replace,
    "cancel": _cancel,
    "deposit": _deposit,
    "withdraw": _withdraw,
    "transfer": _transfer,
    "pledge": _pledge,
    "recall": _recall,
}
