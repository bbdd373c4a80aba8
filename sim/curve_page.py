"""What `cfx curve` and `cfx hardware` show: tables for people, JSON for machines."""

import math
from collections.abc import Iterator, Sequence

import msgspec

from sim.curve_fit import Fit
from sim.curve_sources import Forward, month_name
from sim.hardware import PUBLISHED, STEPS, Comparison, Machine, Valuation

_COLUMNS = ("month", "USD", "volatility", "mean, +/-", "last day, +/-")
_NOTE = "illustrative: parameters are judgement, and no forecast"


def curve_table(found: Forward) -> str:
    """Return a curve as lines of text."""
    rows = [
        (
            *(month_name(one.month), f"{one.price_usd:.3f}", _percent(one.volatility)),
            *map(_percent, one.risk),
        )
        for one in found.points
    ]
    return f"{found.source}\n{_aligned(_COLUMNS, rows)}\n{_NOTE}"


def curve_json(found: Forward) -> str:
    """Return a curve as one object: {date, source, note, months: [{month, price, ...}]}."""
    months = [
        {
            "month": month_name(one.month),
            "price": f"{one.price_usd:.6f}",
            "volatility": _number(one.volatility),
            "risk": _number(one.risk.average),
            "risk_of_last_day": _number(one.risk.last_day),
        }
        for one in found.points
    ]
    return _json({"date": str(found.date), "source": found.source, "note": _NOTE, "months": months})


def fit_table(found: Fit) -> str:
    """Return fitted parameters as lines of text."""
    rows = [(one.name, f"{one.value:.4f}", _error(one.error)) for one in found.parameters]
    head = (
        f"{found.prices} prices of {found.dates} dates, log likelihood {found.log_likelihood:.1f}"
    )
    return f"{head}\n{_aligned(('a year', 'value', 'error'), rows)}\n{_NOTE}"


def fit_json(found: Fit) -> str:
    """Return fitted parameters as one object: {parameters: {name: {value, error}}, ...}."""
    parameters = {
        one.name: {"value": round(one.value, 6), "error": _number(one.error)}
        for one in found.parameters
    }
    return _json(
        {
            "model": "schwartz-smith",
            "parameters": parameters,
            "log_likelihood": round(found.log_likelihood, 3),
            "dates": found.dates,
            "prices": found.prices,
            "note": _NOTE,
        }
    )


def hardware_tables(found: Forward, made: Comparison) -> str:
    """Return what a machine is worth as lines of text."""
    offers = list(_offers(made))
    summary = [
        (name, *(_dollars(value) for value in figures))
        for name, figures in (
            ("price", [machine.price_usd for _, machine, _ in offers]),
            ("breaks even at", [max(0.0, worth.worth_usd) for _, _, worth in offers]),
            ("profit", [worth.profit_usd for _, _, worth in offers]),
        )
    ]
    paid = [_months(worth.pays_back_months) for _, _, worth in offers]
    summary.append(("pays back after", *paid))
    years = [
        (f"{year}", f"{part:.2f}", f"{PUBLISHED[year]:.2f}" if year in PUBLISHED else "")
        for year, part in enumerate(made.new_value.residuals, start=1)
    ]
    moves = [
        (line.moved, *(_dollars(profit) for profit in line.profits_usd)) for line in made.table
    ]
    return "\n".join(
        (
            f"rent: {found.source}",
            _aligned(("USD", *(name for name, _, _ in offers)), summary),
            "",
            _aligned(("after years", "worth per dollar paid", "resale, published"), years),
            "",
            _aligned(("profit, USD, as it moves by", *(f"{step:+.0%}" for step in STEPS)), moves),
            _NOTE,
        )
    )


def hardware_json(found: Forward, made: Comparison) -> str:
    """Return the same as one object: {date, curve, new, refurbished, sensitivity, note}."""
    offers = {name: _offer(machine, worth) for name, machine, worth in _offers(made)}
    table = {
        line.moved: {
            f"{step:+.0%}": round(profit, 2)
            for step, profit in zip(STEPS, line.profits_usd, strict=True)
        }
        for line in made.table
    }
    return _json(
        {
            "date": str(found.date),
            "curve": found.source,
            **offers,
            "sensitivity": table,
            "published_resale": {str(year): part for year, part in PUBLISHED.items()},
            "note": _NOTE,
        }
    )


def _offers(made: Comparison) -> Iterator[tuple[str, Machine, Valuation]]:
    yield "new", made.new, made.new_value
    if made.refurbished and made.refurbished_value:
        yield "refurbished", made.refurbished, made.refurbished_value


def _offer(machine: Machine, worth: Valuation) -> dict[str, object]:
    return {
        "price": round(machine.price_usd, 2),
        "break_even": round(max(0.0, worth.worth_usd), 2),
        "profit": round(worth.profit_usd, 2),
        "pays_back_months": worth.pays_back_months,
        "residual": [round(part, 4) for part in worth.residuals],
    }


def _aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table: the first column to the left, the others to the right."""
    lines = [header, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(header))]
    first, *others = widths
    return "\n".join(
        "  ".join(
            [line[0].ljust(first)]
            + [field.rjust(width) for field, width in zip(line[1:], others, strict=True)]
        ).rstrip()
        for line in lines
    )


def _percent(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.1%}"


def _error(value: float) -> str:
    return "not known" if math.isnan(value) else f"{value:.4f}"


def _dollars(value: float) -> str:
    return f"{value:,.0f}"


def _months(count: int) -> str:
    return f"{count} months" if count else "never"


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)


def _json(shown: object) -> str:
    return msgspec.json.format(msgspec.json.encode(shown)).decode()
