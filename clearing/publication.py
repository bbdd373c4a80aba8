"""When a published index may become another: the rule of restatement, for the house and its public.

Source: the rule of published benchmarks, that only a material error is restated, on the day itself.
"""

from typing import NamedTuple

MATERIAL_PERMILLE = 1  # A restatement moves a value by more than 0.10% of it.


class Published(NamedTuple):
    """What stands of one product's index."""

    date: int = 0  # yyyymmdd, of the last fixing, or of the last try; 0: none yet.
    value_micro: int = 0  # 0: that day has none.
    version: int = 0
    used: int = 0  # The trade date of the last settlement that was made of it.


def objection(last: Published, today: int, value_micro: int) -> str:
    """Return why an operator's value may not stand for today's fixing; "" where it may.

    A day whose fixing gave no value may get any. today: the trade date, yyyymmdd.
    """
    if last.date != today:
        return f"the fixing of {today} has not been made yet"
    if last.used == today:
        return f"a settlement has used the fixing of {today}: it stands"
    moved = abs(value_micro - last.value_micro)
    if moved * 1_000 <= last.value_micro * MATERIAL_PERMILLE:
        return (
            f"{_usd(value_micro)} is not more than 0.10% from what stands, {_usd(last.value_micro)}"
        )
    return ""


def _usd(value_micro: int) -> str:
    return f"{value_micro / 1e6:.2f}"
