"""What `cfx disclose` reads and shows: a journal in, the figures of its house as a page."""

import pathlib
from collections.abc import Callable

from clearing.disclosure.figures import Coverage, Disclosure, disclosure
from clearing.disclosure.record import Record
from clearing.house import House
from clearing.margin.fhs_house import requirements
from clearing.venue import Venue, journal_in, proven
from engine.disk import Disk
from engine.exchange import Exchange, Outcome
from engine.instruments import as_date
from engine.survey import Survey

Tell = Callable[[int, int], object]  # Is told how many rows of the journal of how many are read.

_OF_HOUSE = "coverage: a day's loss on futures against the maintenance margin of the evening before"
_OF_SIMULATION = "coverage, had historical simulation been asked for: from the index's 21st day on"


def disclosed(folder: pathlib.Path, tell: Tell, *, is_compared: bool = False) -> Disclosure:
    """Return the figures of a run's or an exchange's folder; nothing is locked or changed.

    is_compared: whether coverage is also told of historical simulation, day by day.

    Raises JournalError where its journal is not sound, and ValueError as `disclosure`.
    """
    rows = proven(folder)
    house = House()
    record = Record(house)
    simulated = Record(house, requirements) if is_compared else None

    def watch(outcome: Outcome) -> None:
        record.watch(outcome)
        if simulated:
            simulated.watch(outcome)
        tell(outcome.frame.last, rows)

    Venue(Exchange(), house).replay(Survey(journal_in(folder), Disk()).read(), watch)
    return disclosure(house, record, simulated)


def page(shown: Disclosure) -> str:
    """Return the figures as text, one group under the other."""
    days = "no day has ended"
    if shown.days:
        days = f"{as_date(shown.first)} to {as_date(shown.last)}, {shown.days} days"
    groups = [
        [f"Disclosure, {days}; USD"],
        _resources(shown),
        _requirements(shown),
        [_OF_HOUSE, *_coverage(shown.coverage)],
        *_simulated(shown),
        _calls(shown),
        _stress(shown),
        _concentration(shown),
    ]
    return "\n\n".join("\n".join(lines) for lines in groups) + "\n"


def _resources(shown: Disclosure) -> list[str]:
    held = shown.resources
    verdict = "covered by fund and capital" if held.is_covered else "not covered"
    return [
        "resources beyond margin",
        _line("guaranty fund, paid in", _usd(held.guaranty_fund_micro)),
        _line("the exchange's own capital", _usd(held.capital_micro)),
        _line("assessments, where the fund is used up", _usd(held.assessments_micro)),
        _line("two greatest stress losses beyond margin", _usd(held.cover_two_micro)),
        f"  {verdict}; the scenario is {held.cover_two_scenario}",
    ]


def _requirements(shown: Disclosure) -> list[str]:
    lines = [f"{'margin':10}{'accounts':>10}{'maintenance':>18}{'initial':>18}{'equity':>18}"]
    for each in shown.requirements:
        amounts = each.maintenance_micro, each.initial_micro, each.equity_micro
        columns = "".join(f"{_usd(amount):>18}" for amount in amounts)
        lines.append(f"  {each.origin:8}{each.accounts:>10,}{columns}")
    return lines


def _simulated(shown: Disclosure) -> list[list[str]]:
    """Return a group, if the models are compared."""
    if shown.simulated is None:
        return []
    return [[_OF_SIMULATION, *_coverage(shown.simulated)]]


def _coverage(found: Coverage) -> list[str]:
    few = "too few" if found.achieved > found.expected else "too many"
    return [
        _line("observations, accounts x days", f"{found.observations:,}"),
        _line("breaches", f"{found.breaches:,}"),
        _line("achieved coverage", f"{found.achieved:.2%}"),
        _line("largest uncovered loss", _usd(found.uncovered_max_micro)),
        _line("mean uncovered loss", _usd(found.uncovered_mean_micro)),
        _line(
            f"Kupiec, share of breaches, at {found.expected:.0%}",
            _verdict(found.kupiec, found.is_kupiec_accepted, few),
        ),
        _line(
            "Christoffersen, independence",
            _verdict(found.christoffersen, found.is_christoffersen_accepted, "they follow another"),
        ),
    ]


def _calls(shown: Disclosure) -> list[str]:
    calls, paid = shown.calls, shown.variation
    whose = f" of {calls.largest_account}" if calls.largest_account else ""
    date = f" on {as_date(paid.largest_date)}" if paid.largest_date else ""
    return [
        "calls and variation",
        _line("margin calls", f"{calls.count:,}, {calls.unmet:,} not met when due"),
        _line("largest call", _usd(calls.largest_micro) + whose),
        _line("most called on one day", _usd(calls.largest_day_micro)),
        _line("variation paid, mean of a day", _usd(paid.mean_day_micro)),
        _line("variation paid, most on one day", _usd(paid.largest_day_micro) + date),
    ]


def _stress(shown: Disclosure) -> list[str]:
    lines = [f"{'stress loss beyond margin':52}{'two greatest':>16}{'all':>16}  who"]
    for each in shown.stress:
        amounts = f"{_usd(each.two_micro):>16}{_usd(each.all_micro):>16}"
        lines.append(f"  {each.scenario:50}{amounts}  {', '.join(each.members)}".rstrip())
    return lines


def _concentration(shown: Disclosure) -> list[str]:
    lines = [f"{'open interest':16}{'lots':>10}{'largest':>10}{'five':>10}"]
    for each in shown.concentration:
        shares = f"{each.largest:>10.1%}{each.five_largest:>10.1%}"
        lines.append(f"  {each.product:14}{each.open_interest:>10,}{shares}")
    return lines


def _verdict(ratio: float, is_accepted: bool, otherwise: str) -> str:
    return f"{ratio:.2f}, {'accepted' if is_accepted else f'rejected: {otherwise}'}"


def _line(name: str, value: str) -> str:
    return f"  {name:50}{value}"


def _usd(micro: int) -> str:
    """Return an amount with thousands parted, rounded to cents."""
    return f"{micro / 1e6:,.2f}"
