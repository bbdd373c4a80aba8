"""The exchange's whole vocabulary: the codes that stand in its rows (engine/layout.py).

All that can happen to the exchange is a COMMAND row; all it says is EVENT rows. Why it refuses
one, or cancels an order, is a code of engine/reasons.py.

Units: prices in 0.005 USD per GPU-hour for compute instruments, quantities in
lots, money in micro-dollars, times in nanoseconds since the Unix epoch (UTC),
dates as yyyymmdd. No field is a float.
"""

import enum

VERSION = 1  # Of the row layouts; stands in every command.
RULES = 1  # Raised by hand when the expectation of a scene changes.
NIL = -1  # "No such thing", where 0 is a valid number.
NIL_PRICE = -(2**62)  # "No price yet": spreads may trade at any other.
MONEY_MAX = 2**60  # No amount, and no sum over an account, goes beyond this.
SLOT_BITS = 24  # An order id is (count of orders << SLOT_BITS) | slot.
LEGS_MAX = 12  # A year of months: the longest strip.
PATHS_MAX = 8  # Implied calendars that one month may be in.
NOT_HELD = 1  # A bit of a FILLED row's flags: no position stands behind it; the LEG rows carry it.


class Side(enum.IntEnum):
    """The side of an order. `1 - side` is the other one."""

    BUY = 0
    SELL = 1


class Kind(enum.IntEnum):
    """What a command asks for. The comment names the family that its body is read through."""

    ENTER = 1  # ORDER
    REPLACE = 2  # ORDER: order_id, price, quantity
    CANCEL = 3  # ORDER: order_id; or 0, and the tag of the account's orders that are meant
    CANCEL_ALL = 4  # MONEY: of the account; instrument, product, code = side + 1, or NIL, NIL, 0
    QUOTE = 5  # ORDER: price, quantity of the bid; trigger, display = price, quantity of the ask
    BLOCK = 6  # ORDER: account = buyer, give_up = seller, price, quantity, tag
    PROTECT = 7  # MONEY: product, value = lots (0: off), batch = window, ns; also resets a breach

    DEPOSIT = 16  # MONEY: value > 0
    WITHDRAW = 17  # MONEY: value > 0
    TRANSFER = 18  # MONEY: value > 0, to account `other`
    PLEDGE = 19  # MONEY: code = asset, value_2 = its face, value > 0: what it counts for
    RECALL = 20  # MONEY: likewise; given back

    MARK = 32  # MONEY: value = mark, value_2 = market settlement; pays variation
    RATE = 33  # MONEY: value = maintenance a lot (instrument), or calendar charge (product)
    CREDIT = 34  # MONEY: account, product, value >= 0: taken off its bounds from now on, a level
    CHARGE = 35  # MONEY: value, signed, is taken off equity; code = a Ledger of the house
    SETTLE = 36  # MONEY: value = final price; pays variation and closes every position
    SUSPEND = 37  # MONEY: code = Standing; value = the amount called
    LIQUIDATE = 38  # ORDER: as ENTER of a market order, fill-and-kill, that can only reduce
    PRICE = 39  # MONEY: of a TAS book; value = the settlement that its trades get
    ASSIGN = 40  # ORDER: account = buyer, give_up = seller: lots move at a price, off the market

    INDEX = 48  # MONEY: product, value = price_micro; see clearing/index
    CURVE = 49  # MONEY
    VOL = 50  # MONEY
    DELTA = 51  # MONEY
    FHS_REQUIREMENT = 52  # MONEY
    RISK = 53  # RISK

    PRODUCT = 64  # MONEY: product = next number; text = its terms
    LIST = 65  # LISTING: instrument = next number; text = its name
    LEG = 66  # LISTING: follows the LIST row of a spread, one row a leg: instrument, ratio
    OPEN_OWNER = 67  # MONEY: other = next number, code = firm; text = its name
    OPEN_ACCOUNT = 68  # MONEY: account = next number, other = owner; text = its name
    KEY = 69  # MONEY: head.key = its number; text = scopes and public part
    GUARD = 70  # MONEY: of a product; engine/README.md, "Guards"
    LIMIT = 71  # MONEY: instrument, value = the position limit from now on

    OBSERVE = 80  # OBSERVE: one priced offer or trade of the spot market

    TIME = 96  # Time passes; nothing else.
    PHASE = 97  # MONEY: code = Phase of an instrument, or of all of a product
    CYCLE = 98  # MONEY: code = Cycle, value = trade date
    SKIP = 99  # MONEY: value = the sequence number that recovery passes over
    BUST = 100  # ORDER: order_id = trade id
    ADJUST = 101  # ORDER: order_id = trade id, price
    KILL = 102  # MONEY: code = Killed, of the account or `other`; value 1: kill, 0: release
    DEFAULT = 103  # MONEY: a step of a default; clearing/README.md
    BID = 104  # ORDER: a sealed bid in an auction of a default
    REVIEW = 105  # MONEY: what clearing is told to do outside its timetable; clearing/README.md


class Origin(enum.IntEnum):
    """Who wrote a frame of the journal."""

    PARTICIPANT = 1  # One drain of what participants, operators and the calendar sent.
    HOUSE = 2  # The clearing house's answer to the frame before.
    CALC = 3  # Figures computed in floats, which enter as input.


class Did(enum.IntEnum):
    """What an event reports, always in the past tense."""

    ENTERED = 1  # other = the trigger of a stop
    RESTED = 2  # other = what the book shows of it
    FILLED = 3  # One row a side, taker's first, each complete. other = block that it is a leg of
    CANCELED = 4
    REPLACED = 5  # Alone: priority was kept. Followed by FILLED or RESTED: it was lost.
    TRIGGERED = 6  # A stop becomes an order at `price`.
    REFILLED = 7  # quantity = what is shown from now on, at the back of the queue
    REJECTED = 8
    INDICATIVE = 9  # price, quantity of the auction as it stands; quantity 0: none.
    PHASED = 10  # quantity = Phase, other = trade date; reason: of a halt that begins or ends
    BUSTED = 11  # One row a side, buyer's first: the trade never was. side = what is undone
    ADJUSTED = 12  # Likewise: price = its price from now on, other = the price before
    PROTECTED = 13  # quantity = lots that quotes filled, other = the most, leaves = product
    IMPLIED = 14  # price, quantity of a side's best implied price; quantity 0: none.
    ALERTED = 15  # quantity = lots that a side has come to reach, other = the position limit

    LISTED = 16
    OPENED = 17
    NOTED = 18  # Accepted and kept; the state did not change.

    DEPOSITED = 32  # quantity = amount, leaves = equity afterwards
    TAKEN = 33  # quantity = amount, leaves = equity afterwards, other = account it went to, or NIL
    CHARGED = 34  # quantity = amount, leaves = equity afterwards, other = code
    MARKED = 35  # price = mark, quantity = mark before (NIL_PRICE: none), other = settlement
    RATED = 36  # quantity = rate
    CREDITED = 37  # quantity = credit, other = product, leaves = of all products
    SETTLED = 38  # price = final price
    SUSPENDED = 39  # quantity = Standing, leaves = amount called
    FIXED = 40  # price = index in micro-dollars, quantity = trade date, other = tier
    CYCLED = 41  # quantity = Cycle, other = trade date
    KILLED = 42  # quantity 1: of an account that may not trade any more; 0: that may again
    PRICED = 43  # quantity = lots at `price`; of an account: other = by what their cost moves
    PLEDGED = 44  # quantity = it counts for, price = face, other = asset, leaves = equity after
    RECALLED = 45  # Likewise.


class Type(enum.IntEnum):
    """How an order's limit is found."""

    LIMIT = 1
    MARKET_LIMIT = 2  # The best opposite price becomes its limit.
    MARKET = 3  # With protection: the best opposite price plus points.
    STOP_LIMIT = 4
    STOP = 5


class Tif(enum.IntEnum):
    """Time in force."""

    DAY = 1
    GTC = 2
    GTD = 3  # Until the session of the trade date `expiry` ends.
    FAK = 4
    FOK = 5


class Smp(enum.IntEnum):
    """Self-match prevention: what goes when two orders of one SMP id meet."""

    CANCEL_RESTING = 0
    CANCEL_INCOMING = 1
    CANCEL_BOTH = 2


class Flag(enum.IntEnum):
    """Bits of a command's `flags`, which an ENTERED row repeats."""

    POST_ONLY = 1
    SLIDE = 2
    REDUCE_ONLY = 4
    IN_FLIGHT = 8  # A replace's quantity is the order's total, not what is to be left.
    OPERATOR = 16  # Cancels in every phase, any account's order; reports blocks, undoes trades.
    QUOTE = 32  # Of ENTERED rows alone: a side of a quote.
    LIQUIDATION = 64  # Of ENTERED rows alone: the house's order on the account's behalf.


class Phase(enum.IntEnum):
    """Where an instrument stands in its day."""

    PRE_OPEN = 1
    NO_CANCEL = 2
    OPENING = 3
    OPEN = 4
    HALT = 5
    CLOSE = 6
    POST_CLOSE = 7
    EXPIRED = 8


class Cycle(enum.IntEnum):
    """What the clearing house does at a time of the calendar."""

    INTRADAY = 1
    FIXING = 2
    SETTLEMENT = 3
    END_OF_DAY = 4
    CALLS_DUE = 5


class Standing(enum.IntEnum):
    """What an account may do."""

    GOOD = 0
    CALLED = 1  # Only orders that do not raise its bound.
    SUSPENDED = 2  # Nothing but cancels and deposits.


class Killed(enum.IntEnum):
    """Whose accounts a kill switch stops."""

    ACCOUNT = 0
    OWNER = 1
    FIRM = 2


class Role(enum.IntEnum):
    """The part a FILLED row's owner took."""

    NONE = 0
    MAKER = 1
    TAKER = 2
    AUCTION = 3
    IMPLIED = 4
    BLOCK = 5
    LEG = 6
    ASSIGNED = 7


class Form(enum.IntEnum):
    """What an instrument is."""

    FUTURE = 1
    CALENDAR = 2
    BUTTERFLY = 3
    STRIP = 4
    INTER = 5
    CALL = 6
    PUT = 7
    EVENT = 8
    TAS = 9  # Trading at settlement: one leg; the price is an offset.


class AccountType(enum.IntEnum):
    """Who an account belongs to: decides fees and the initial margin."""

    MEMBER = 0
    HEDGER = 1
    SPECULATOR = 2
