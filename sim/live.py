"""What a served exchange takes from a scenario: its first rows, a spot market, participants.

The gateway drives all of it by its own clock. A restarted crowd learns from the journal all that
it knew, and looks at the market once; its streams of chance begin anew.
"""

import datetime

import msgspec

from clearing.calendar import moment, on_or_after
from clearing.directory import Directory
from engine.rows import Batch
from gateway.recovery import Founding
from sim.founding import found, joining, participants
from sim.plan import posted
from sim.scenario import Scenario, load
from sim.spot import spot_market
from sim.world import Crowd

DEFAULT = "demo"  # Where no scenario is named: its products and spot market, and nobody trades.
SPOT_DAYS = 366  # Of generated observations; after them the index is carried, then ends.

_OPEN = 9 * 3600  # Chicago, seconds after midnight of the first trade date: trading is open.
_DAY = datetime.timedelta(days=1)


def live(name: str) -> tuple[Founding, Crowd]:
    """Return what an exchange lacks to be a scenario's, and who takes part in it."""
    scenario = _scenario(name)
    return _founding(scenario), _crowd(scenario)


def founding(name: str = "") -> Founding:
    """Return what an exchange lacks to be a scenario's."""
    return _founding(_scenario(name))


def _scenario(name: str) -> Scenario:
    return load(name) if name else msgspec.structs.replace(load(DEFAULT), agents=[])


def _founding(scenario: Scenario) -> Founding:
    def lacking(known: Directory) -> tuple[Batch, int]:
        if known.products:  # It lists what it lists; participants may join.
            return joining(participants(scenario), known), 0
        return found(scenario, *_opening(scenario))

    return lacking


def _opening(scenario: Scenario) -> tuple[datetime.date, int]:
    """Return the first trade date, and the moment at which the exchange opens on it."""
    first_day = on_or_after(scenario.start)
    return first_day, moment(first_day, _OPEN)


def _crowd(scenario: Scenario) -> Crowd:
    first_day, opened = _opening(scenario)
    last_day = first_day + SPOT_DAYS * _DAY
    panel = posted(scenario, first_day, last_day)
    spot = spot_market(scenario, panel, first_day, last_day)
    return Crowd(participants(scenario), spot, scenario.seed, opened)
