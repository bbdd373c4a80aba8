"""The tables that many portfolios are margined by: parameters as rows, and a desk to work at.

An index range is two columns, `first_...` and `end_...`. Deltas are in ten-thousandths of a lot
times a grain: a whole number that keeps the count of every spread whole.
"""

from typing import NamedTuple

import numpy as np

from clearing.margin.parameters import SCENARIOS
from engine.jit import Table

I8 = "<i8"

CONTRACT = np.dtype(
    [
        ("product", I8),
        ("period", I8),
        ("delta", I8),  # In ten-thousandths, without grain.
        ("premium", I8),
        ("call_minimum", I8),  # What a lot sold needs at least: of a call, else 0.
        ("put_minimum", I8),
    ]
)
PRODUCT = np.dtype(
    [
        *(("first_period", I8), ("end_period", I8)),
        *(("first_run", I8), ("end_run", I8)),
        *(("first_spread", I8), ("end_spread", I8)),
        *(("first_pool", I8), ("end_pool", I8)),
        ("grain", I8),  # Of spreads within the product.
        ("takes_greater", I8),  # The short option minimum is MAX.
        ("caps_value", I8),
    ]
)
# Adjacent periods that every leg names together or not at all; a spot period is one of its own.
RUN = np.dtype([("spot_spread", I8), ("spot_outright", I8)])
POOL = np.dtype([("product", I8), ("first_run", I8), ("end_run", I8)])
SPREAD = np.dtype([("rate", I8), ("over", I8), ("first_leg", I8), ("end_leg", I8)])
# `first` and `end`: runs, of legs within a product; the pool, of legs between products.
LEG = np.dtype([("is_a", I8), ("ratio", I8), ("ratio_over", I8), ("first", I8), ("end", I8)])
JOINT = np.dtype([("rate", I8), ("over", I8), ("first_member", I8), ("end_member", I8)])
MEMBER = np.dtype([("product", I8), ("is_required", I8)])

# What one thread works at: one row a product, run and pool. All zero between accounts.
FIGURE = np.dtype(
    [
        *(("is_held", I8), ("is_scanned", I8)),
        *(("scan", I8), ("price_risk_twice", I8), ("net_delta", I8)),
        *(("intra", I8), ("spot", I8), ("inter", I8)),
        *(("calls", I8), ("puts", I8), ("value", I8)),
        ("losses", I8, (len(SCENARIOS),)),
    ]
)
OPEN = np.dtype([("long", I8), ("short", I8), ("before", I8)])

MARGIN = np.dtype([("maintenance", I8), ("net_option_value", I8)])


class Terms(NamedTuple):
    """Parameters as tables; read only."""

    contracts: Table  # CONTRACT
    losses: Table  # int64, shape (contracts, 16)
    periods: Table  # int64: the run of each period.
    products: Table  # PRODUCT
    runs: Table  # RUN
    pools: Table  # POOL
    spreads: Table  # SPREAD, within products: rate / over is micro-dollars for one unit of delta.
    legs: Table  # LEG
    credits: Table  # SPREAD, between products: rate / over is a share.
    credit_legs: Table  # LEG
    joints: Table  # JOINT: rate / over is a share.
    members: Table  # MEMBER


class Desk(NamedTuple):
    """What threads work at, one row of each table a chunk of accounts; zero between accounts."""

    held: Table  # int64, shape (chunks, products): which products, in order of appearance.
    figures: Table  # FIGURE, (chunks, products)
    net: Table  # int64, (chunks, periods): net delta, without grain.
    open: Table  # OPEN, (chunks, runs): deltas that no spread has used, with their product's grain.
    pools: Table  # int64, (chunks, pools): net delta, with the grain of credits.


class Holdings(NamedTuple):
    """Positions of many accounts: of account n those at offsets[n] up to offsets[n + 1]."""

    offsets: Table  # int64, shape (accounts + 1,)
    contracts: Table  # int32, shape (positions,); a contract stands once an account.
    lots: Table  # int32, shape (positions,)
