"""What the exchange's desk asks for: blocks, busts and adjustments, as rows and as an answer."""

from decimal import Decimal

import msgspec
import numpy as np

from clearing.directory import Directory
from engine.instruments import units, usd
from engine.jit import Row, Table
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import Did, Kind, Side
from gateway.opening import OperatorError, account_named, require_taken
from gateway.signed import Signed, signature

_LOTS_MAX = 2**40
_SIDES = (Did.FILLED, Did.BUSTED, Did.ADJUSTED)  # One row a side.


class Block(Signed, tag="block"):
    """A trade that two accounts, by name or number, agreed on elsewhere."""

    buyer: str
    seller: str
    instrument: str
    lots: int
    price: Decimal


class Bust(Signed, tag="bust"):
    """A trade that is to be undone."""

    trade_id: int


class Adjust(Signed, tag="adjust"):
    """A trade that is to have another price."""

    trade_id: int
    price: Decimal


Act = Block | Bust | Adjust


class Reviewed(msgspec.Struct):
    """A trade as it stands after what the desk did. Price in USD per GPU-hour."""

    trade_id: int
    instrument: str
    buyer: str
    seller: str
    lots: int
    price: str


def desk_rows(directory: Directory, asked: Act) -> Batch:
    """Return the row that does it. Raises OperatorError."""
    batch, text = Batch(1), signature(asked)
    match asked:
        case Bust():
            batch.desk(Kind.BUST, asked.trade_id, text=text)
        case Adjust():
            batch.desk(Kind.ADJUST, asked.trade_id, price=_price(asked.price), text=text)
        case Block():
            if asked.instrument not in directory.instrument_of:
                raise OperatorError(f"instrument {asked.instrument!r} does not exist")
            if not 0 < asked.lots <= _LOTS_MAX:
                raise OperatorError(f"lots {asked.lots} are not between 1 and {_LOTS_MAX}")
            batch.desk(
                Kind.BLOCK,
                buyer=account_named(directory, asked.buyer).number,
                seller=account_named(directory, asked.seller).number,
                instrument=directory.instrument_of[asked.instrument].number,
                quantity=asked.lots,
                price=_price(asked.price),
                text=text,
            )
    return batch


def reviewed(directory: Directory, events: Table) -> Reviewed:
    """Return the trade once its row is published. Raises OperatorError if it was refused."""
    require_taken(events, _besides)
    sides = events[np.isin(events["kind"], _SIDES)]
    bought, sold = (sides[sides["side"] == side][0] for side in Side)
    return Reviewed(
        int(bought["trade_id"]),
        directory.instruments[int(bought["instrument"])].name,
        directory.accounts[int(bought["account"])].name,
        directory.accounts[int(sold["account"])].name,
        int(bought["quantity"]),
        usd(int(bought["price"])),
    )


def _besides(refused: Row) -> str:
    if refused["reason"] != Reason.NOT_REVIEWABLE:
        return ""
    most, away = usd(int(refused["price"])), usd(int(refused["quantity"]))
    return f"{away} is not more than {most} away"


def _price(price: Decimal) -> int:
    try:
        return units(price)
    except ValueError as error:
        raise OperatorError(f"price: {error}") from None
