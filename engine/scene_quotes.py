"""What market makers do in a scene, as COMMAND rows: quotes, and what protects them.

`VERBS` and `DIRECTIVES` are the tables; engine/README.md shows each with an example.
"""

from collections.abc import Callable

from engine.quote_rows import WINDOW, add_protection, add_quote
from engine.rows import Batch
from engine.scene_names import Stage
from engine.scene_orders import write_fields, write_options
from engine.scene_text import Words

_MILLISECOND = 1_000_000  # Nanoseconds.


def _quote(stage: Stage, words: Words, batch: Batch, account: int) -> None:
    """`Q @ P / Q @ P`: the bid and the ask; 0 @ 0 where there is none."""
    bid = _side(words)
    words.take_if("/")
    add_quote(batch, account, 0, bid, _side(words), smp_id=stage.smp_ids.get(account, 0))
    write_options(stage, words, batch)


def _side(words: Words) -> tuple[int, int]:
    quantity = words.integer("a quantity")
    words.take_if("@")
    return quantity, words.integer("a price")


def _protect(stage: Stage, words: Words, batch: Batch) -> None:
    """`ACCOUNT N [window MS] [on PRODUCT]`."""
    account = words.one_of("an account", stage.accounts)
    lots, window, product = words.integer("a number of lots"), WINDOW, 0
    if words.take_if("window"):
        window = words.integer("a number of milliseconds") * _MILLISECOND
    if words.take_if("on"):
        product = words.one_of("a product", stage.products)
    add_protection(batch, account, product, lots, window=window)
    write_fields(words, batch)


VERBS: dict[str, Callable[[Stage, Words, Batch, int], None]] = {"quote": _quote}
DIRECTIVES: dict[str, Callable[[Stage, Words, Batch], None]] = {"@protect": _protect}
