"""Orders that a tape shows for the first time as filled in an auction, entered as stops."""

from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import Did, Side, Type
from sim.match_book import INSTRUMENT, Book, Resting, add_enter
from sim.match_event import Event


def enter_stops(book: Book, event: Event, hidden: list[Resting]) -> None:
    """Enter hidden orders as stops that the auction as it stands elects.

    The tape does not say which side they were on: those are bought that balance the venue's
    quantity with what the displayed orders bought. Raises ValueError where none do, or where
    the engine refuses.
    """
    venue = sum(row.quantity for row in event.prints)
    names = {row.name for row in hidden}
    displayed = [(row, book.find(row.name)) for row in event.executions if row.name not in names]
    bought = sum(row.quantity for row, order in displayed if order and order.side == Side.BUY)
    buyers = _chosen(hidden, venue - bought)
    trigger = int(book.state.instruments[INSTRUMENT]["indicative"])
    batch = Batch()
    for row in hidden:
        side = Side.BUY if row.name in buyers else Side.SELL
        add_enter(batch, row._replace(side=side, price=0), type=Type.STOP)
    batch.rows["trigger"] = trigger
    events = book.apply(batch.rows)
    refused = events["reason"][events["kind"] == Did.REJECTED].tolist()
    if refused:
        reasons = ", ".join(sorted({Reason(code).name for code in refused}))
        raise ValueError(f"the engine refuses to enter the hidden orders as stops: {reasons}")


def _chosen(rows: list[Resting], lots: int) -> set[int]:
    """Return the names of rows whose lots add up to `lots`. Raises ValueError."""
    ways: dict[int, tuple[int, ...]] = {0: ()}
    for row in rows:
        for sum_, names in list(ways.items()):
            ways.setdefault(sum_ + row.quantity, (*names, row.name))
    if lots not in ways:
        raise ValueError(f"no hidden orders of the auction add up to the {lots} lots bought unseen")
    return set(ways[lots])
