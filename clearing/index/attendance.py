"""Who was there: a provider that was away too often counts again only after it has stayed.

Absent means not observed. A price that stays the same is a price: most posted ones do.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

SPAN = 10  # Fixings that are looked back on.
_ALL = (1 << SPAN) - 1


class Attendance(NamedTuple):
    """One provider's last SPAN fixings; those before it was first seen count as attended."""

    missed: int = 0  # A bit each, the latest lowest: 1 where it was not observed.
    is_out: bool = False


def attend(
    known: Mapping[int, Attendance], present: Collection[int], absences_max: int
) -> dict[int, Attendance]:
    """Return everybody's attendance after one more fixing.

    present: providers observed. Out is who missed more than absences_max of the last SPAN
    fixings, and stays out until it missed fewer than half of absences_max (hysteresis: one that
    comes and goes must not move the index each time). A day on which nobody was observed tells
    of the feed and not of a provider: it is not counted.
    """
    if not present:
        return dict(known)
    found = {}
    for provider in sorted({*known, *present}):
        before = known.get(provider, Attendance())
        missed = (before.missed << 1 | (provider not in present)) & _ALL
        count = missed.bit_count()
        stays_out = before.is_out and 2 * count >= absences_max
        found[provider] = Attendance(missed, stays_out or count > absences_max)
    return found


def absent(known: Mapping[int, Attendance]) -> frozenset[int]:
    """Return who does not count."""
    return frozenset(provider for provider, each in known.items() if each.is_out)
