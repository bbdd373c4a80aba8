"""What `cfx spot` shows and writes: lines a day, the truth beside what was found, and files.

`spot.csv` is a price panel: `cfx index` and `cfx basis` read it.
"""

import csv
import datetime
import pathlib
from collections.abc import Iterable, Iterator, Sequence

from engine.instruments import UNIT_MICRO, money
from sim.marketplace.auction import Indicative
from sim.marketplace.market import Marketplace, Played
from sim.marketplace.trades import BOARDS, GPU_COUNT, Trade
from sim.spot_days import SpotLine, SpotSummary

PANEL = (
    *("date", "time", "provider", "region", "gpu_model", "form_factor", "gpu_count"),
    *("gpu_mem_gb", "market", "price_per_gpu_hour", "gpu_hours", "buyer", "origin"),
    *("agreed_price", "measured", "refused"),
)
AUCTIONS = (
    *("time", "model", "region", "market", "orders", "first_price", "first_blocks"),
    *("price", "blocks"),
)
CONTRACTS = (
    *("contract", "signed", "form", "buyer", "provider", "model", "region", "price"),
    *("gpu_hours_a_month", "first_month", "months"),
)
BILLS = ("contract", "month", "gpu_hours", "delivered", "due_micro", "damages_micro")
CLOSE_OUTS = (
    *("contract", "defaulter", "survivor", "months", "unpaid_micro", "replacement_micro"),
    *("claim_micro", "recovered_micro", "lost_micro"),
)
HEADING = (
    "date        model   level   index   inputs   GPU-hours  raised  contracts  refused  failed"
)

_Row = tuple[object, ...]


def line_text(line: SpotLine) -> str:
    """Return a day's line."""
    hours = line.auctioned_hours + line.requested_hours
    return (
        f"{line.date}  {line.model:6}{line.level_micro / 1e6:7.3f}{line.index_micro / 1e6:8.2f}"
        f"{line.inputs:9,}{hours:12,}{line.raised:8}{line.contracts:11}{line.refused:9}"
        f"{line.failed:8}"
    )


def closing_lines(found: SpotSummary) -> Iterator[str]:
    """Yield what stands under the days: the truth beside what the index made of the trades."""
    yield ""
    yield "what a region adds, percent       true   found   error"
    for one in found.regions:
        error = "     -" if one.error < 0 else f"{one.error / 1e4:6.2f}"
        name = f"{one.model} {one.region}"
        yield f"{name:30}{one.true / 1e4:8.2f}{one.found / 1e4:8.2f}  {error}"
    yield ""
    yield (
        f"{found.contracts} contracts, {money(found.due_micro)} USD billed, "
        f"{money(found.damages_micro)} USD owed for missing hours"
    )
    yield (
        f"in default: {', '.join(found.defaulted) or 'nobody'}; "
        f"lost by others: {money(found.lost_micro)} USD"
    )


def write_spot(market: Marketplace, played: Sequence[Played], folder: pathlib.Path) -> None:
    """Write what was traded, auctioned, signed, billed and closed out. folder: there already.

    played: the rounds to write. Contracts are all that the market knows.
    """
    trades = [(one, trade) for one in played for trade in one.trades]
    _write(folder / "spot.csv", PANEL, (_trade_row(market, *each) for each in trades))
    _write(folder / "auctions.csv", AUCTIONS, _auction_rows(market, played))
    _write(folder / "contracts.csv", CONTRACTS, _contract_rows(market))
    _write(folder / "bills.csv", BILLS, market.bills)
    _write(folder / "close_outs.csv", CLOSE_OUTS, _close_out_rows(market))


def _write(path: pathlib.Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _trade_row(market: Marketplace, played: Played, trade: Trade) -> _Row:
    model, region, term = trade.configuration
    name = market.models[model]
    return (
        *(played.moment.date, _clock(trade.time), market.names[trade.provider]),
        *(market.regions[region], name, "SXM", GPU_COUNT, BOARDS.get(name, ""), term),
        *(money(trade.paid_micro), trade.hours, market.names[trade.buyer], trade.origin),
        *(money(trade.price_micro), _part(trade.measured), trade.refused),
    )


def _auction_rows(market: Marketplace, played: Sequence[Played]) -> Iterator[_Row]:
    for one in played:
        for (model, region, term), book in zip(
            market.configurations, one.auctions.books, strict=True
        ):
            what = market.models[model], market.regions[region], term
            prices = *_price(book.first), *_price(book.second)
            yield (_clock(one.moment.times.ends), *what, book.orders, *prices)


def _contract_rows(market: Marketplace) -> Iterator[_Row]:
    for one in market.contracts:
        model, region, _ = one.configuration
        yield (
            *(one.number, one.signed, one.form, market.names[one.buyer]),
            *(market.names[one.provider], market.models[model], market.regions[region]),
            *(money(one.price_micro), one.hours, one.months[0], len(one.months)),
        )


def _close_out_rows(market: Marketplace) -> Iterator[_Row]:
    for one in market.close_outs:
        yield (
            *(one.contract, market.names[one.defaulter], market.names[one.survivor], one.months),
            *(one.unpaid_micro, one.replacement_micro, one.claim_micro),
            *(one.recovered_micro, one.lost_micro),
        )


def _clock(time: int) -> str:
    """Return a time of whole seconds in UTC."""
    moment = datetime.datetime.fromtimestamp(time // 1_000_000_000, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _price(seen: Indicative) -> tuple[str, int]:
    return (money(seen.price * UNIT_MICRO) if seen.blocks else "", seen.blocks)


def _part(measured: int) -> str:
    """Return a measurement as a part of what was promised; "" where there was none at once."""
    return f"{measured / 10_000:.4f}" if measured else ""
