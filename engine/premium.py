"""Options and event contracts: the price is paid at the trade, and only what is sold needs margin.

What a lot sold needs is its instrument's `need`: of an event contract the payout, in full; of
an option its rate and its mark, never more than its ladder's top, and that much until its first
mark, so that a sale at any price leaves no money that could be withdrawn.

The cover of a position and its orders bounds every subset of fills, and is exact. A subset ends
short or it does not. If it does, each lot sold needs `need` and brings its premium, each lot
bought costs its premium and frees `need`: worst is that all sells fill and no buy, where no
premium counts for more than `need`. If it does not, worst is that all buys fill and no sell. The
larger of the two is the cover; what a buy pays beyond `need` is lost either way, and added.
"""

import numpy as np

from engine.jit import Index, Row, kernel
from engine.schema import NIL_PRICE, Form, Side
from engine.state import State

_NONE = np.uint64(0)


@kernel
def has_premium(form: int) -> bool:
    """Whether instruments of this form are paid for at the trade."""
    return Form.CALL <= form <= Form.EVENT


@kernel
def need_of(instrument: Row) -> int:
    """Return what a lot sold needs, in micro-dollars: the payout, or an option's rate and mark."""
    full = instrument.high * instrument.value
    if instrument.form == Form.EVENT or instrument.mark == NIL_PRICE:
        return full
    return min(instrument.rate + instrument.mark * instrument.value, full)


@kernel
def cover(instrument: Row, reach: int, paying: int, earning: int, excess: int) -> tuple[int, int]:
    """Return what a position and its orders add to an account's bounds, and to its reserves.

    reach: the most lots that it can come to be short. Premiums are exact, so they stand in the
    reserves, below 0 where sales bring them: an initial rate does not raise them.
    """
    short = instrument.need * reach
    worst = excess + max(short - earning, paying)
    if instrument.form == Form.EVENT:
        return 0, worst
    return short, worst - short


@kernel
def growth_of_cover(
    state: State, place: Index, index: int, sells: int, paying: int, earning: int, excess: int
) -> tuple[int, int]:
    """Return by how much bounds and reserves rise with this much more working at a position.

    sells: lots. The others: money, as in PREMIUM. place: 0 where there is no position yet.
    """
    instrument, position = state.instruments[index], state.positions[place]
    premium = state.premiums[place]
    short = max(position.sells - position.net, 0)
    bound, reserve = cover(instrument, short, premium.paying, premium.earning, premium.excess)
    paying += premium.paying
    earning += premium.earning
    excess += premium.excess
    short = max(position.sells + sells - position.net, 0)
    bound_after, reserve_after = cover(instrument, short, paying, earning, excess)
    return bound_after - bound, reserve_after - reserve


@kernel
def add_cover(state: State, place: Index, sign: int) -> None:
    """Add the cover of a position to its account's sums, or with -1 take it off."""
    position, premium = state.positions[place], state.premiums[place]
    instrument = state.instruments[position.instrument]
    reach = max(position.sells - position.net, 0)
    bound, reserve = cover(instrument, reach, premium.paying, premium.earning, premium.excess)
    account = state.accounts[position.account]
    account.bounds += sign * bound
    account.reserves += sign * reserve


@kernel
def count_premium(state: State, order: Row, lots: int) -> None:
    """Count the premium of `lots` more of an order as to be paid, or to be earned."""
    need = state.instruments[order.instrument].need
    premium = state.premiums[order.position]
    if order.side == Side.BUY:
        premium.paying += lots * min(order.reserve, need)
        premium.excess += lots * max(order.reserve - need, 0)
    else:
        premium.earning += lots * min(order.reserve, need)


@kernel
def uncover(state: State, index: int) -> None:
    """Take every cover in an instrument off its account, and count no premium any more."""
    place = np.uint64(state.instruments[index].holders)
    while place != _NONE:
        add_cover(state, place, -1)
        premium = state.premiums[place]
        premium.paying, premium.earning, premium.excess = 0, 0, 0
        place = np.uint64(state.positions[place].next)


@kernel
def cover_again(state: State, index: int) -> None:
    """Add every cover in an instrument to its account again, when premiums are counted."""
    place = np.uint64(state.instruments[index].holders)
    while place != _NONE:
        add_cover(state, place, 1)
        place = np.uint64(state.positions[place].next)


@kernel
def pay_holders(state: State, index: int, price: int) -> None:
    """Pay every holder the final price, and take it from who sold; it is the last mark."""
    instrument = state.instruments[index]
    place = np.uint64(instrument.holders)
    while place != _NONE:
        position = state.positions[place]
        state.accounts[position.account].equity += position.net * price * instrument.value
        place = np.uint64(position.next)
    instrument.mark = price
    instrument.need = need_of(instrument)
