"""The same rules as plainly as Python can say them: for readers, and the tests' oracle.

Commands in, events out, like the kernel; yet no line is shared with it. Speed is
nothing here: every sum is taken anew, and what a refused command began is never
undone, because nothing is written before the last refusal. Read this file from the
bottom of its imports up: book, risk, world, legs,
implied, match, orders, amend, house.
"""

import hashlib
from collections.abc import Callable

import numpy as np

from engine.jit import Table
from engine.layout import LISTING, MONEY, ORDER
from engine.reasons import Reason
from engine.reference_amend import cancel, cancel_all, replace
from engine.reference_assign import reassign
from engine.reference_auction import publish_indicative
from engine.reference_book import LADDERS
from engine.reference_collateral import pledge, recall
from engine.reference_credits import credit
from engine.reference_desk import adjust, block, bust
from engine.reference_guards import set_guards
from engine.reference_house import (
    change_phase,
    charge,
    deposit,
    mark,
    price,
    rate,
    resume,
    settle,
    suspend,
    transfer,
    withdraw,
)
from engine.reference_implied import publish_implied
from engine.reference_legs import add_leg
from engine.reference_liquidate import liquidate
from engine.reference_orders import enter, refuse
from engine.reference_owners import kill
from engine.reference_quotes import enforce, protect, quote
from engine.reference_risk import Account, Guards, Instrument, RefusedError
from engine.reference_terms import has_sound_terms, is_bearable
from engine.reference_world import Row, World
from engine.schema import NIL, VERSION, AccountType, Did, Flag, Kind, Side
from engine.state import Sizes

BOOK_KINDS = (  # What may change an auction.
    *(Kind.ENTER, Kind.REPLACE, Kind.CANCEL, Kind.QUOTE, Kind.LIQUIDATE),
)
SIDED_KINDS = (Kind.ENTER, Kind.LIQUIDATE)
ORDER_KINDS = (*BOOK_KINDS, Kind.BLOCK, Kind.BUST, Kind.ADJUST, Kind.ASSIGN, Kind.BID)


class Reference:
    """An exchange that takes COMMAND rows, stamped, and answers with EVENT rows."""

    def __init__(self, sizes: Sizes = Sizes()) -> None:
        self.world = World(sizes)

    def apply(self, rows: Table) -> Table:
        """Apply rows in order and return what happened."""
        for i in range(len(rows)):
            self._apply_one(rows[i : i + 1])
        return self.world.event_rows()

    def _apply_one(self, rows: Table) -> None:
        row = read(rows)
        world = self.world
        world.command, world.spoken = row, 0
        resume(world)
        enforce(world)
        try:
            refuse(row.version != VERSION, Reason.VERSION_UNKNOWN)
            refuse(row.kind not in VERBS, Reason.KIND_UNKNOWN)
            VERBS[row.kind](world, row)
        except RefusedError as refused:
            self._tell_refused(row, refused)
        else:
            if row.kind in BOOK_KINDS:
                publish_indicative(world, world.market.instruments[row.instrument])
            enforce(world)
        publish_implied(world)

    def _tell_refused(self, row: Row, refused: RefusedError) -> None:
        told = {"reason": int(refused.reason)}
        told |= {"price": refused.required, "quantity": refused.available}
        if row.kind in ORDER_KINDS and row.version == VERSION:
            told |= {"tag": row.tag, "order_id": row.order_id}
        if row.kind in SIDED_KINDS and row.version == VERSION and row.side in list(Side):
            told |= {"side": row.side}
        self.world.say(Did.REJECTED, **told)

    def state_hash(self) -> str:
        """Return the hash of the logical state: 128 bits in lower-case hex."""
        numbers = np.array(self.state_numbers(), "<i8")
        return hashlib.sha256(numbers.tobytes()).digest()[:16].hex()

    def state_numbers(self) -> list[int]:
        """Return the logical state: what the state hash is taken over, in its order."""
        world, numbers = self.world, list[int]()
        for instrument in world.market.instruments:
            numbers += [instrument.phase, instrument.last, instrument.settlement]
            for ladder in LADDERS:
                for o in instrument.book.by_priority(ladder):
                    told = (o.order_id, o.account, o.side, o.price, o.leaves, o.shown, o.trigger)
                    numbers += told
        for number, account in enumerate(world.accounts):
            for traded, position in sorted(account.positions.items()):
                if position.net != 0:
                    long, short = max(0, position.net), max(0, -position.net)
                    numbers += [number, traded, long, short]
        return numbers


def read(rows: Table) -> Row:
    """Return one COMMAND row, read through the family of its kind, as plain numbers."""
    kind = int(rows["kind"][0])
    family = ORDER if kind in ORDER_KINDS else LISTING if kind in (Kind.LIST, Kind.LEG) else MONEY
    fields = rows.view(family)[0]
    return Row(**dict(zip(family.names or (), fields.tolist(), strict=True)))


def note(world: World, _row: Row) -> None:
    """Keep a row that changes nothing in the engine."""
    world.say(Did.NOTED)


def note_named(world: World, row: Row) -> None:
    """Keep a row of clearing's whose account, instrument and product exist, where it names any."""
    refuse(not 0 <= row.account < len(world.accounts), Reason.ACCOUNT_UNKNOWN)
    refuse(not NIL <= row.instrument < len(world.market.instruments), Reason.INSTRUMENT_UNKNOWN)
    unknown = row.kind != Kind.RISK and not NIL <= row.product < len(world.market.charges)
    refuse(unknown, Reason.PRODUCT_UNKNOWN)

    world.say(Did.NOTED)


def note_bid(world: World, row: Row) -> None:
    """Keep a bid of an account for a contract."""
    refuse(not 0 < row.account < len(world.accounts), Reason.ACCOUNT_UNKNOWN)
    refuse(not 0 <= row.instrument < len(world.market.instruments), Reason.INSTRUMENT_UNKNOWN)

    world.say(Did.NOTED, tag=row.tag)


def pass_time(_world: World, _row: Row) -> None:
    """Do nothing: the row's time is all it brings."""


def fix(world: World, row: Row) -> None:
    """Report a value of the index."""
    world.say(Did.FIXED, price=row.value, quantity=row.source, other=row.code)


def begin_cycle(world: World, row: Row) -> None:
    """Report that the clearing house begins a cycle."""
    world.say(Did.CYCLED, quantity=row.code, other=row.value)


def add_product(world: World, row: Row) -> None:
    """Make room for a product."""
    refuse(row.product != len(world.market.charges), Reason.PRODUCT_UNKNOWN)
    refuse(row.product >= world.sizes.products, Reason.LISTING_FULL)

    world.market.charges.append(0)
    world.market.guards.append(Guards())
    world.say(Did.NOTED)


def add_owner(world: World, row: Row) -> None:
    """Count an owner, of a firm; 0: of none. An operator may move one that is there to another."""
    moves = row.flags & Flag.OPERATOR != 0 and 0 < row.other < len(world.owners)
    refuse(not moves and row.other != len(world.owners), Reason.ACCOUNT_UNKNOWN)
    refuse(row.code < 0, Reason.TERMS_INVALID)
    refuse(row.other >= world.sizes.accounts, Reason.LISTING_FULL)

    world.owners[row.other : row.other + 1] = [row.code]
    world.say(Did.NOTED)


def add_account(world: World, row: Row) -> None:
    """Open an account without money."""
    refuse(row.account != len(world.accounts), Reason.ACCOUNT_UNKNOWN)
    refuse(not 0 <= row.other < len(world.owners), Reason.ACCOUNT_UNKNOWN)
    refuse(row.code not in list(AccountType), Reason.TERMS_INVALID)
    refuse(row.value != 0 and not 100 <= row.value <= 1_000, Reason.TERMS_INVALID)
    refuse(row.account >= world.sizes.accounts, Reason.LISTING_FULL)

    world.accounts.append(Account(row.other, initial_percent=row.value or 100))
    world.say(Did.OPENED, other=row.other)


def list_instrument(world: World, row: Row) -> None:
    """List an instrument: closed, without a mark."""
    instruments = world.market.instruments
    refuse(row.instrument != len(instruments), Reason.INSTRUMENT_UNKNOWN)
    refuse(not 0 <= row.product < len(world.market.charges), Reason.PRODUCT_UNKNOWN)
    refuse(not has_sound_terms(row), Reason.TERMS_INVALID)
    before = sum((one.high - one.low) // one.tick + 1 for one in instruments)
    more = (row.high - row.low) // row.tick + 1
    refuse(4 * (before + more) > world.sizes.levels, Reason.LEVELS_FULL)
    refuse(row.instrument >= world.sizes.instruments, Reason.LISTING_FULL)

    terms = ("product", "low", "high", "tick", "value", "clip", "position_max", "protection")
    named = {name: getattr(row, name) for name in (*terms, "form", "implied", "expiry")}
    listed = Instrument(row.instrument, wanted=row.legs, block=max(row.block, 1), **named)
    instruments.append(listed)
    world.say(Did.LISTED, other=row.product)


def set_limit(world: World, row: Row) -> None:
    """Change the most lots of an instrument that an account and an owner may come to hold."""
    instruments = world.market.instruments
    refuse(not 0 <= row.instrument < len(instruments), Reason.INSTRUMENT_UNKNOWN)
    instrument = instruments[row.instrument]
    refuse(row.value <= 0, Reason.VALUE_NOT_POSITIVE)
    refuse(not is_bearable(instrument, row.value), Reason.VALUE_TOO_LARGE)

    instrument.position_max = row.value
    world.say(Did.NOTED)


VERBS: dict[int, Callable[[World, Row], None]] = {
    Kind.ENTER: enter,
    Kind.REPLACE: replace,
    Kind.CANCEL: cancel,
    Kind.CANCEL_ALL: cancel_all,
    Kind.QUOTE: quote,
    Kind.BLOCK: block,
    Kind.PROTECT: protect,
    Kind.DEPOSIT: deposit,
    Kind.WITHDRAW: withdraw,
    Kind.TRANSFER: transfer,
    Kind.MARK: mark,
    Kind.RATE: rate,
    Kind.CREDIT: credit,
    Kind.CHARGE: charge,
    Kind.SETTLE: settle,
    Kind.SUSPEND: suspend,
    Kind.PRICE: price,
    Kind.ASSIGN: reassign,
    Kind.LIQUIDATE: liquidate,
    Kind.PLEDGE: pledge,
    Kind.RECALL: recall,
    Kind.INDEX: fix,
    Kind.CURVE: note,
    Kind.VOL: note_named,
    Kind.DELTA: note_named,
    Kind.FHS_REQUIREMENT: note_named,
    Kind.RISK: note_named,
    Kind.PRODUCT: add_product,
    Kind.LIST: list_instrument,
    Kind.LEG: add_leg,
    Kind.OPEN_OWNER: add_owner,
    Kind.OPEN_ACCOUNT: add_account,
    Kind.KEY: note,
    Kind.GUARD: set_guards,
    Kind.LIMIT: set_limit,
    Kind.OBSERVE: note,
    Kind.TIME: pass_time,
    Kind.PHASE: change_phase,
    Kind.CYCLE: begin_cycle,
    Kind.BUST: bust,
    Kind.ADJUST: adjust,
    Kind.KILL: kill,
    Kind.DEFAULT: note_named,
    Kind.BID: note_bid,
    Kind.REVIEW: note_named,
}
