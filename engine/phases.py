"""What each phase of an instrument's day allows."""

from engine.jit import kernel
from engine.schema import Phase, Tif, Type


@kernel
def may_enter(phase: int, type: int, tif: int) -> bool:
    """Whether an order of this type and time in force may be entered."""
    if phase == Phase.OPEN:
        return True
    is_market = type == Type.MARKET or type == Type.MARKET_LIMIT
    rests = not is_market and tif <= Tif.GTD
    if phase == Phase.PRE_OPEN or phase == Phase.NO_CANCEL:
        return rests
    return phase == Phase.POST_CLOSE and type == Type.LIMIT and rests and tif != Tif.DAY


@kernel
def may_last(phase: int, date: int, tif: int, expiry: int) -> bool:
    """Whether an order may have this expiry: good-till-date, of a session that is not over.

    date: the trade date of the phase.
    """
    if tif != Tif.GTD:
        return expiry == 0
    if expiry == 0 or expiry < date:
        return False
    return phase != Phase.POST_CLOSE or expiry > date


@kernel
def may_replace(phase: int, tif: int) -> bool:
    """Whether an order of this time in force may be changed."""
    if phase == Phase.POST_CLOSE:
        return tif != Tif.DAY
    return phase == Phase.OPEN or phase == Phase.PRE_OPEN


@kernel
def may_cancel(phase: int) -> bool:
    """Whether a participant may take an order out."""
    return (
        phase == Phase.OPEN
        or phase == Phase.PRE_OPEN
        or phase == Phase.HALT
        or phase == Phase.POST_CLOSE
    )
