"""Trading at settlement: when its books stop for the day, and the price that their trades get."""

from clearing.directory import Directory, Instrument
from engine.layout import MONEY
from engine.rows import Batch
from engine.schema import Form, Kind


def books(directory: Directory) -> dict[int, Instrument]:
    """Return every TAS book that has its leg, by the number of its month."""
    found = [each for each in directory.instruments if each.form == Form.TAS]
    return {legs[0].instrument: each for each in found if (legs := directory.legs[each.number])}


def stopping(directory: Directory, mode: str, date: int) -> list[int]:
    """Return the books whose product settles in a mode, of months that go on after `date`."""
    return [
        each.number
        for each in books(directory).values()
        if directory.products[each.product].terms.mode == mode and each.expiry > date
    ]


def prices(directory: Directory, marks: Batch) -> Batch:
    """Return a PRICE row for each book whose month these rows mark: at that very price.

    They go before the marks, which then pay what traded at settlement its offset and no more.
    """
    batch, of_month = Batch(), books(directory)
    for row in marks.rows.view(MONEY):
        if row["kind"] == Kind.MARK and int(row["instrument"]) in of_month:
            batch.money(
                Kind.PRICE,
                instrument=of_month[int(row["instrument"])].number,
                value=int(row["value"]),
                code=int(row["code"]),
                source=int(row["source"]),
            )
    return batch
