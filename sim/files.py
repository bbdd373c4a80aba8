"""The files of a run's folder, beside its journal."""

import csv
import pathlib
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.instruments import as_date, usd
from engine.schema import Role, Side
from sim.index_table import audit_table, index_row, unread_table, write_audit, write_index
from sim.report import Summary, to_json
from sim.run import Run
from sim.spot import MarketSpot
from sim.spot_pages import write_spot

TRADES_SCHEMA = pa.schema(
    [
        ("trade_id", pa.int64()),
        ("time", pa.timestamp("ns", "UTC")),
        ("instrument", pa.string()),
        ("price", pa.string()),
        ("quantity", pa.int64()),
        ("buyer", pa.int32()),
        ("seller", pa.int32()),
        ("aggressor", pa.string()),  # buy, sell, or none: an auction's trade, a leg's.
    ]
)


def claim(folder: pathlib.Path) -> None:
    """Make the folder of a run. Raises ValueError where it holds something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is there already and is not an empty folder")
    folder.mkdir(parents=True, exist_ok=True)


def write_files(run: Run, summary: Summary, folder: pathlib.Path) -> None:
    """Write index, settlements, variation, trades, audit and summary of a finished run.

    And what its marketplace traded, where it has one, as `cfx spot --out` does.
    """
    house = run.venue.house
    models = [product.name for product in run.products]
    names = house.fixings.names
    write_index(folder / "index.csv", (index_row(one, models[one.product]) for one in run.fixings))
    seen = (audit_table(one, models[one.product], names) for one in run.fixings)
    write_audit(folder / "audit.parquet", [*seen, unread_table(run.plan.panel)])
    _write_csv(
        folder / "settlements.csv",
        ("date", "instrument", "price", "mode", "tier"),
        (
            (as_date(one.date), one.name, usd(one.price), one.mode, one.tier)
            for one in house.marking.settlements
        ),
    )
    _write_csv(
        folder / "variation.csv",
        ("date", "account", "amount_micro"),
        ((as_date(one.date), one.account, one.amount_micro) for one in house.variations),
    )
    pq.write_table(_trades(run), folder / "trades.parquet")
    if isinstance(run.spot, MarketSpot):
        write_spot(run.spot.market, run.spot.played, folder)
    (folder / "summary.json").write_text(to_json(summary) + "\n", encoding="ascii")


def _write_csv(path: pathlib.Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _trades(run: Run) -> pa.Table:
    """Return a row a trade: both sides' fills stand in the order of trades."""
    buys, sells = run.tally.fills(Side.BUY), run.tally.fills(Side.SELL)
    assert (buys["trade_id"] == sells["trade_id"]).all()
    instruments = run.venue.house.directory.instruments
    took = [buys["role"] == Role.TAKER, sells["role"] == Role.TAKER]
    columns = {
        "trade_id": buys["trade_id"],
        "time": pa.array(buys["time"]).cast(pa.timestamp("ns", "UTC")),
        "instrument": [instruments[number].name for number in buys["instrument"].tolist()],
        "price": [usd(price) for price in buys["price"].tolist()],
        "quantity": buys["quantity"],
        "buyer": buys["account"],
        "seller": sells["account"],
        "aggressor": np.select(took, ["buy", "sell"], "none"),
    }
    return pa.table(columns, TRADES_SCHEMA)
