"""Which instruments stop trading at a line of the timetable."""

import datetime

from clearing.calendar import Due
from clearing.house import House
from clearing.tas import stopping
from clearing.waiting import unsettled
from engine.instruments import as_number


def ending(house: House, date: datetime.date, due: Due) -> list[int]:
    """Return the instruments that stop trading at a line of the timetable.

    Where products open, what waits for an operator's price closes again in the same frame.
    """
    number, directory = as_number(date), house.directory
    expiring = [each.number for each in directory.expiring(number) if due.stops_expiring]
    if due.phases:
        expiring += unsettled(directory, house.marking, house.premiums, number)
    return expiring + stopping(directory, due.settles, number)
