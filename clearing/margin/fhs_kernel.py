"""Kernel: the bad end of many accounts' scenarios, the figures of `fhs.tail`.

Sums are of whole numbers in floats, which are exact below 2^53 and twice as fast as integers.
"""

from clearing.margin.batch_layout import Holdings
from engine.jit import Row, Table, entry, kernel, parallel, prange


@parallel
def tails(
    holdings: Holdings, losses: Table, past: int, sums: Table, worst: Table, out: Table
) -> None:
    """Write each account's TAIL to `out`.

    losses: float64, whole micro-dollars a lot, shape (contracts, scenarios); the first `past`
    scenarios are of the past. sums: float64, shape (chunks, scenarios), and worst: float64, shape
    (chunks, rank), are room to work in: one row a chunk of accounts.
    """
    chunks = len(sums)
    for chunk in prange(chunks):
        _chunk(chunk, chunks, holdings, losses, past, sums, worst, out)


@entry
def _chunk(
    chunk: int,
    chunks: int,
    holdings: Holdings,
    losses: Table,
    past: int,
    sums: Table,
    worst: Table,
    out: Table,
) -> None:
    """Measure one of `chunks` equal parts of the accounts."""
    total, kept = sums[chunk], worst[chunk]
    first, end = len(out) * chunk // chunks, len(out) * (chunk + 1) // chunks
    for account in range(first, end):
        _add_up(holdings, account, losses, total)
        _measure(total, past, kept, out[account])


@kernel
def _add_up(holdings: Holdings, account: int, losses: Table, total: Table) -> None:
    """Leave what an account loses by scenario in `total`."""
    for scenario in range(len(total)):
        total[scenario] = 0.0
    for place in range(holdings.offsets[account], holdings.offsets[account + 1]):
        lots, lost = float(holdings.lots[place]), losses[holdings.contracts[place]]
        for scenario in range(len(total)):
            total[scenario] += lots * lost[scenario]


@kernel
def _measure(total: Table, past: int, kept: Table, out: Row) -> None:
    """Write the tail of one account's losses. kept: room for the greatest of the past."""
    for rank in range(len(kept)):
        kept[rank] = total[rank]
    _sort(kept)
    for scenario in range(len(kept), past):
        if total[scenario] > kept[0]:
            _insert(kept, total[scenario])
    at_risk = kept[0]
    size = 0
    for scenario in range(past):
        size += int(total[scenario] >= at_risk)
    beyond = 0.0
    for rank in range(len(kept)):
        beyond += kept[rank]
    stress = total[past]
    for scenario in range(past + 1, len(total)):
        stress = max(stress, total[scenario])
    out.value_at_risk = int(at_risk)
    out.total = int(beyond + (size - len(kept)) * at_risk)
    out.size = size
    out.stress = int(stress)


@kernel
def _insert(kept: Table, value: float) -> None:
    """Put a value in its place among ascending ones; the least falls out."""
    place = 0
    while place + 1 < len(kept) and kept[place + 1] < value:
        kept[place] = kept[place + 1]
        place += 1
    kept[place] = value


@kernel
def _sort(kept: Table) -> None:
    """Sort a few values, ascending."""
    for end in range(1, len(kept)):
        value, place = kept[end], end
        while place > 0 and kept[place - 1] > value:
            kept[place] = kept[place - 1]
            place -= 1
        kept[place] = value
