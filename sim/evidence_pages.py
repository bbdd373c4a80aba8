"""The tables of `cfx evidence`, line by line, in Markdown."""

from collections.abc import Iterator, Mapping, Sequence

from clearing.terms import IndexTerms
from sim.index_evidence import (
    FIXINGS,
    Moved,
    attacks,
    bad_feed,
    composition,
    out_of_sample,
    real_bad_feed,
    recovered,
)
from sim.index_table import fixings
from sim.panel import Panel
from sim.spot_feed import FORMS


def simulated(days: int, count: int, seed: int) -> Iterator[str]:
    """Yield the tables of the simulated feed. count: observations a day."""
    moved, fates = bad_feed(days, count, seed)
    yield f"## Bad feed: {days} days of {count:,} trades, 11% wrong\n"
    yield from _rows(("method", "moves less than a tick", "largest move, USD"), map(_moved, moved))
    yield "\n| wrong row | what became of it |\n|---|---|"
    for kind, fate in sorted(fates.items()):
        told = ", ".join(f"{reason} {number:,}" for reason, number in sorted(fate.items()))
        yield f"| {kind} | {told} |"
    yield "\n## Known answers: effects of providers and configurations found again\n"
    heading = "worst error, standard errors", "worst error, log", "drift of index over level"
    yield from _rows(
        ("effects", *heading),
        (
            (form, *(f"{figure:.4f}" for figure in recovered(form, days, count, seed)))
            for form in FORMS
        ),
    )
    yield f"\n## Manipulation: lifting the mean of {FIXINGS} fixings by one tick\n"
    yield from _rows(
        ("method", "overpaid, USD", "false price", "GPU-hours"),
        (
            (name, f"{a.cost_usd:,.0f}", f"{a.factor:g} times", f"{a.gpu_hours:,.1f}")
            for name, a in attacks(count, seed).items()
        ),
    )


def of_panel(panels: Mapping[str, Panel], seed: int) -> Iterator[str]:
    """Yield the tables of stretches of a panel without a gap, by model; not empty."""
    some = next(iter(panels.values()))
    yield f"\n## The panel, {some.dates[0]} to {some.dates[-1]}\n"
    yield "Days on which a provider came or went: mean move, USD.\n"
    found = {
        model: composition(fixings(panel, model, IndexTerms())) for model, panel in panels.items()
    }
    yield from _rows(
        ("model", "days", "index", "plain provider mean"),
        ((m, str(days), f"{one:.3f}", f"{two:.3f}") for m, (days, one, two) in found.items()),
    )
    yield "\nOut of sample: mean absolute error of next week's log prices.\n"
    errors = {model: out_of_sample(panel, model, IndexTerms()) for model, panel in panels.items()}
    yield from _rows(
        ("model", "adjustment", "provider alone"),
        ((model, f"{one:.4f}", f"{two:.4f}") for model, (one, two) in errors.items()),
    )
    yield "\nThe panel's own rows, 11% made wrong.\n"
    for model, panel in panels.items():
        yield f"{model}\n"
        heading = "method", "moves less than a tick", "largest move, USD"
        yield from _rows(heading, map(_moved, real_bad_feed(panel, model, seed)))
        yield ""


def _moved(moved: Moved) -> tuple[str, ...]:
    return moved.method, f"{moved.share:.0%}", f"{max(moved.moves):.4f}"


def _rows(heading: Sequence[str], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
