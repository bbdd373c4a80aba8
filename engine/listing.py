"""Reference verbs: products, instruments and accounts come into being."""

import numpy as np

from engine.emit import say
from engine.guards import refer
from engine.jit import Index, Row, Table, kernel
from engine.legs import PRICE_MAX, has_leg, sum_marks, sum_rates
from engine.paths import add_paths
from engine.premium import has_premium, need_of
from engine.reasons import Reason
from engine.schema import LEGS_MAX, PATHS_MAX, AccountType, Did, Flag, Form, Phase
from engine.state import State
from engine.tas import has_book
from engine.tops import instrument_at

_LADDER_MAX = 1 << 17  # Ranks of one side: three tiers of 64 reach 2**18.
_STAKE_MAX = 1 << 54  # Micro-dollars across the ladder: a position's sums stay below 2**62.
_ONE = np.uint64(1)
_SIX = np.uint64(6)
_FOUR = np.uint64(4)


@kernel
def add_product(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Make room for a product; its terms stand in the row's text."""
    if command.product != state.totals[0].products:
        return Reason.PRODUCT_UNKNOWN, count
    if command.product >= len(state.products):
        return Reason.LISTING_FULL, count

    # From here on the command succeeds.
    state.totals[0].products += 1
    return Reason.NONE, say(events, count, command, Did.NOTED)


@kernel
def add_owner(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Count an owner, of a firm; 0: of none. An operator may move one that is there to another."""
    owners, is_known = state.totals[0].owners, command.flags & Flag.OPERATOR != 0
    if command.other != owners and not (is_known and 0 < command.other < owners):
        return Reason.ACCOUNT_UNKNOWN, count
    if command.code < 0:
        return Reason.TERMS_INVALID, count
    if command.other >= len(state.owners):
        return Reason.LISTING_FULL, count

    # From here on the command succeeds.
    state.totals[0].owners = max(owners, command.other + 1)
    state.owners[command.other].firm = command.code
    return Reason.NONE, say(events, count, command, Did.NOTED)


@kernel
def add_account(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Open an account with no money."""
    totals = state.totals[0]
    if command.account != totals.accounts or not 0 <= command.other < totals.owners:
        return Reason.ACCOUNT_UNKNOWN, count
    if not AccountType.MEMBER <= command.code <= AccountType.SPECULATOR:
        return Reason.TERMS_INVALID, count
    if command.value != 0 and not 100 <= command.value <= 1_000:
        return Reason.TERMS_INVALID, count
    if command.account >= len(state.accounts):
        return Reason.LISTING_FULL, count

    # From here on the command succeeds.
    totals.accounts += 1
    account = state.accounts[command.account]
    account.owner = command.other
    account.type = command.code
    account.initial_percent = command.value if command.value != 0 else 100
    count = say(events, count, command, Did.OPENED)
    events[count - 1].other = command.other
    return Reason.NONE, count


@kernel
def list_instrument(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Give an instrument its ladder; it begins in phase CLOSE, without a mark."""
    totals = state.totals[0]
    if command.instrument != totals.instruments:
        return Reason.INSTRUMENT_UNKNOWN, count
    if not 0 <= command.product < totals.products:
        return Reason.PRODUCT_UNKNOWN, count
    if not _has_sound_terms(command):
        return Reason.TERMS_INVALID, count
    ranks = np.uint64((command.high - command.low) // command.tick + 1)
    if totals.levels + _FOUR * ranks > np.uint64(len(state.levels)):
        return Reason.LEVELS_FULL, count
    if command.instrument >= len(state.instruments):
        return Reason.LISTING_FULL, count

    # From here on the command succeeds.
    totals.instruments += 1
    instrument = state.instruments[command.instrument]
    instrument.product = command.product
    instrument.low = command.low
    instrument.high = command.high
    instrument.tick = command.tick
    instrument.value = command.value
    instrument.clip = command.clip
    instrument.position_max = command.position_max
    instrument.protection = command.protection
    instrument.month = command.month
    instrument.expiry = command.expiry
    instrument.form = command.form
    instrument.block = max(command.block, 1)
    instrument.premium = has_premium(command.form)
    instrument.need = need_of(instrument)
    instrument.phase = Phase.CLOSE
    instrument.legs = command.legs
    instrument.implied = command.implied
    instrument.divisor = command.legs if command.form == Form.STRIP else 1
    instrument.far_product = command.product
    refer(state, command.instrument)
    for side in range(4):
        _build_ladder(state, state.sides[command.instrument, side], ranks)
    count = say(events, count, command, Did.LISTED)
    events[count - 1].other = command.product
    return Reason.NONE, count


@kernel
def _has_sound_terms(command: Row) -> bool:
    if not (-PRICE_MAX <= command.low <= command.high <= PRICE_MAX and command.tick > 0):
        return False
    breadth = command.high - command.low
    if breadth % command.tick != 0 or breadth // command.tick >= _LADDER_MAX:
        return False
    if not (0 < command.value <= PRICE_MAX and 0 < command.clip <= PRICE_MAX):
        return False
    if not (0 < command.position_max <= PRICE_MAX and command.protection >= 0):
        return False
    if not Form.FUTURE <= command.form <= Form.TAS:
        return False
    if has_premium(command.form) and command.low < 0:
        return False
    if command.implied > 1 or (command.implied == 1 and command.form != Form.CALENDAR):
        return False
    lots = max(command.clip, command.position_max)
    return is_bearable(breadth_of(command), command.value, lots) and _has_fit_count(command)


@kernel
def breadth_of(terms: Row) -> int:
    """Return the price units that a lot may move by; of one that is paid for, that it may cost."""
    return max(terms.high if has_premium(terms.form) else terms.high - terms.low, 1)


@kernel
def is_bearable(breadth: int, value: int, lots: int) -> bool:
    """Whether no sum over so many lots, 1 or more, across so many price units passes 62 bits."""
    return lots <= PRICE_MAX and breadth <= _STAKE_MAX // lots // value


@kernel
def set_limit(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Change the most lots of an instrument that an account and an owner may come to hold."""
    if not 0 <= command.instrument < state.totals[0].instruments:
        return Reason.INSTRUMENT_UNKNOWN, count
    instrument = state.instruments[command.instrument]
    if command.value <= 0:
        return Reason.VALUE_NOT_POSITIVE, count
    if not is_bearable(breadth_of(instrument), instrument.value, command.value):
        return Reason.VALUE_TOO_LARGE, count

    # From here on the command succeeds.
    instrument.position_max = command.value
    return Reason.NONE, say(events, count, command, Did.NOTED)


@kernel
def _has_fit_count(command: Row) -> bool:
    """Whether an instrument of this form has so many legs."""
    if command.form == Form.CALENDAR or command.form == Form.INTER:
        return command.legs == 2
    if command.form == Form.BUTTERFLY:
        return command.legs == 3
    if command.form == Form.STRIP:
        return 2 <= command.legs <= LEGS_MAX
    return command.legs == int(command.form == Form.TAS)


@kernel
def add_leg(state: State, command: Row, events: Table, count: int) -> tuple[int, int]:
    """Add a leg to the instrument listed last; its last leg makes a spread whole."""
    totals = state.totals[0]
    if not 0 <= command.instrument < totals.instruments:
        return Reason.INSTRUMENT_UNKNOWN, count
    if state.instruments[command.instrument].legs > 0:
        return Reason.INSTRUMENT_UNKNOWN, count
    index = totals.instruments - 1
    if not _is_fit(state, index, command):
        return Reason.TERMS_INVALID, count
    is_implied = state.instruments[index].implied == 1
    if is_implied and state.instruments[command.instrument].paths == PATHS_MAX:
        return Reason.LISTING_FULL, count

    # From here on the command succeeds.
    spread, product = state.instruments[index], state.instruments[command.instrument].product
    leg = state.legs[index, spread.known]
    leg.instrument, leg.ratio = command.instrument, command.ratio
    spread.known += 1
    if product != spread.product:
        spread.far_product = product
    if spread.known == spread.legs:
        sum_rates(state, index)
        sum_marks(state, index)
        if spread.implied == 1:
            add_paths(state, index)
    return Reason.NONE, say(events, count, command, Did.NOTED)


@kernel
def _is_fit(state: State, index: int, command: Row) -> bool:
    """Whether a leg may be the next of a spread."""
    spread, leg = state.instruments[index], state.instruments[command.instrument]
    if spread.known == spread.legs or spread.phase == Phase.EXPIRED:
        return False
    if leg.form != Form.FUTURE or leg.phase == Phase.EXPIRED or leg.low == leg.high:
        return False
    if leg.value != spread.value or has_leg(state, index, command.instrument):
        return False
    is_far = spread.form == Form.INTER and spread.known == 1
    if is_far == (leg.product == spread.product):
        return False
    if spread.form == Form.TAS and has_book(state, command.instrument):
        return False
    if command.ratio != _ratio(spread) or (spread.implied == 1 and leg.tick != spread.tick):
        return False
    if spread.implied == 1 and spread.known == 1 and not _may_imply(state, index, command):
        return False
    return spread.known + 1 < spread.legs or _is_reachable(state, index, leg, command.ratio)


@kernel
def _may_imply(state: State, index: int, command: Row) -> bool:
    """Whether a calendar with this second leg may take part in implied prices.

    The three ladders have to meet, and no other implied calendar may have the same legs.
    """
    calendar, far = state.instruments[index], state.instruments[command.instrument]
    first = state.legs[index, 0].instrument
    near = state.instruments[first]
    if (near.low - far.low - calendar.low) % calendar.tick != 0:
        return False
    for number in range(near.paths):
        if instrument_at(state.paths[first, number].two) == command.instrument:
            return False
    return True


@kernel
def _ratio(spread: Row) -> int:
    """Return the lots that the next leg of a spread must have."""
    if spread.known != 1 or spread.form == Form.STRIP:
        return 1
    return -2 if spread.form == Form.BUTTERFLY else -1


@kernel
def _is_reachable(state: State, index: int, last: Row, ratio: int) -> bool:
    """Whether prices of the legs make up every price, and no sum of theirs can pass 62 bits.

    last: the leg that is not in the table yet. The prices of a TAS book come on top of its leg's.
    """
    spread = state.instruments[index]
    lots = max(spread.clip, spread.position_max)
    least, most = _ends(last, ratio)
    if spread.form == Form.TAS:
        return is_bearable(most - least + spread.high - spread.low, spread.value, lots)
    for number in range(spread.known):
        leg = state.legs[index, number]
        low, high = _ends(state.instruments[leg.instrument], leg.ratio)
        least, most = least + low, most + high
    if spread.divisor * spread.low < least or most < spread.divisor * spread.high:
        return False
    return is_bearable(most - least, spread.value, lots)


@kernel
def _ends(instrument: Row, ratio: int) -> tuple[int, int]:
    """Return the least and the most that a leg can add to its spread's sum."""
    low, high = ratio * instrument.low, ratio * instrument.high
    return min(low, high), max(low, high)


@kernel
def _build_ladder(state: State, side: Row, ranks: Index) -> None:
    totals = state.totals[0]
    words = (ranks >> _SIX) + _ONE
    groups = ((words - _ONE) >> _SIX) + _ONE
    side.ranks = ranks
    side.first = totals.levels - _ONE
    side.words = totals.words
    side.middle = side.words + words
    side.top = side.middle + groups
    totals.levels += ranks
    totals.words = side.top + _ONE
