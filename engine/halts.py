"""Phases of instruments, and the halts that guards begin and that end by time."""

import numpy as np

from engine.emit import say
from engine.jit import Row, Table, kernel, rare
from engine.reasons import Reason
from engine.schema import Did, Phase
from engine.state import State
from engine.tops import note_change

_NEVER = np.iinfo(np.int64).max


@kernel
def tell_phase(
    state: State, index: int, phase: int, date: int, command: Row, events: Table, count: int
) -> int:
    """Put an instrument into a phase, and say so; return the new count.

    A halt that would have ended by time is forgotten: call `plan` afterwards.
    """
    instrument = state.instruments[index]
    instrument.phase = phase
    note_change(state, index)
    instrument.date = date
    count = say(events, count, command, Did.PHASED)
    event = events[count - 1]
    event.account = 0
    event.instrument = index
    event.quantity = phase
    event.other = date
    event.reason = instrument.halted
    instrument.halted, instrument.resume = Reason.NONE, 0
    return count


@rare
def halt(state: State, index: int, reason: int, command: Row, events: Table, count: int) -> int:
    """Send an instrument whose guard was breached to pre-open, with all if it is the lead month.

    It opens again once a row comes that is so much later as the product's guards say.
    """
    number = state.instruments[index].product
    product = state.products[number]
    for place in range(state.totals[0].instruments):
        other = state.instruments[place]
        meant = place == index or (product.lead == index and other.product == number)
        if meant and other.phase == Phase.OPEN:
            other.halted = reason
            count = tell_phase(state, place, Phase.PRE_OPEN, other.date, command, events, count)
            other.halted, other.resume = reason, command.time + product.halt
            deadline = min(state.totals[0].next_deadline, other.resume)
            state.totals[0].next_deadline = deadline
    return count


@kernel
def plan(state: State) -> None:
    """Make the next deadline the end of the halt that ends first."""
    totals = state.totals[0]
    totals.next_deadline = _NEVER
    for index in range(totals.instruments):
        resume = state.instruments[index].resume
        if resume != 0:
            totals.next_deadline = min(totals.next_deadline, resume)
