"""`cfx run`: a plan is played, told as it goes, and kept in a folder if there is to be one."""

import pathlib
import sys
from collections.abc import Callable, Iterable, Iterator

from rich.console import Console
from rich.progress import track

from sim.files import claim, write_files
from sim.plan import Plan
from sim.report import DayLine, closing, heading, to_json
from sim.run import Run, look_away
from sim.run_database import RunDatabase

Say = Callable[[str], None]


def simulate(
    plan: Plan, out: pathlib.Path | None, as_json: bool, say: Say, address: str | None = None
) -> None:
    """Play a plan; `say` its lines, or the summary alone as JSON.

    address: of a database that follows, "" for the one in `out`. Raises ValueError or StoreError,
    before anything is played, where `out` or the database holds something already.
    """
    if out:
        claim(out)
    database = RunDatabase(out, address) if out and address is not None else None
    run = Run(plan, out, database.fold if database else look_away)
    tell = _silent if as_json else say
    tell(heading([product.name for product in run.products]))
    for line in watched(run.days(), len(plan.days), as_json):
        if database:
            database.write()
        tell(str(line))
    summary = run.summary()
    run.close()
    if out:
        write_files(run, summary, out)
    if database:
        database.finish()
    say(to_json(summary) if as_json else closing(run.venue.house, summary))


def _silent(_line: str) -> None:
    """Say nothing."""


def watched(days: Iterator[DayLine], count: int, as_json: bool) -> Iterable[DayLine]:
    """Return the days, with a bar on stderr where a terminal shows that and not the lines."""
    if not sys.stderr.isatty() or (sys.stdout.isatty() and not as_json):
        return days
    return track(days, "trading days", count, console=Console(stderr=True), transient=True)
