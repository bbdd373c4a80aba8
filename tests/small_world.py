"""A small world for tests: one product, a few participants, a panel of round prices."""

import datetime
import io
from collections.abc import Iterator, Sequence

from clearing.calendar import times
from engine.exchange import Outcome
from sim.panel import Panel, parse_panel
from sim.plan import Plan
from sim.run import Run
from sim.scenario import Scenario, parse

FIRST = datetime.date(2026, 9, 28)  # A Monday; September settles on the Wednesday.
DAY = datetime.timedelta(days=1)
PROVIDERS = ("alder", "basalt", "cinder", "drift")

SMALL = """
name = "small"
start = 2026-09-28
days = 4
seed = 5

[[product]]
model = "H100"
mode = "index"
curve = [[0, "0.00"], [3, "-0.03"]]
rates = ["230", "215", "200"]

[[agents]]
kind = "maker"
count = 2
cash = "2000000"
type = "member"
months = 2
wakes_a_day = 120

[[agents]]
kind = "noise"
count = 3
cash = "300000"
months = 2
wakes_a_day = 80

[[agents]]
kind = "hedger"
exposure = "short"
count = 1
cash = "20000"
treasury = "400000"
months = 2
wakes_a_day = 120
"""


def scenario(text: str = SMALL) -> Scenario:
    """Return a scenario of some text."""
    return parse(text, "a test's scenario")


def panel(prices: Sequence[str], first: datetime.date = FIRST - DAY) -> Panel:
    """Return a panel of one price a day that every provider posts for an H100."""
    lines = ["date,provider,gpu_model,market,price_per_gpu_hour"]
    for number, price in enumerate(prices):
        date = first + number * DAY
        lines += [f"{date},{name},H100,on-demand,{price}" for name in PROVIDERS]
    text = "\n".join(lines) + "\n"
    return parse_panel(io.StringIO(text), "a test's panel", ["H100"], first + len(prices) * DAY)


def plan(prices: Sequence[str], text: str = SMALL) -> Plan:
    """Return a plan of consecutive business days, from the panel's second day on."""
    days = [FIRST + number * DAY for number in range(len(prices) - 1)]
    return Plan(scenario(text), panel(prices), days)


def outcomes(run: Run) -> Iterator[Outcome]:
    """Play a run to its last close; yield every outcome on the way."""
    close = times(run.plan.days[-1])[-1][0]
    for together in run.world.advance(close):
        yield from together


def agents(text: str) -> str:
    """Return the small scenario with other participants."""
    return SMALL[: SMALL.index("[[agents]]")] + text


def calendar_market(mode: str, noise_wakes: int) -> str:
    """Return the small scenario with calendars, and participants who trade them."""
    text = agents("""
[[agents]]
kind = "maker"
count = 2
cash = "2000000"
type = "member"
months = 3
wakes_a_day = 120

[[agents]]
kind = "spreader"
count = 1
cash = "1000000"
type = "member"
wakes_a_day = 120

[[agents]]
kind = "noise"
count = 3
cash = "300000"
calendars = 0.4
""")
    listed = text.replace('mode = "index"', f'mode = "{mode}"\nspreads = "calendars"')
    return f"{listed}wakes_a_day = {noise_wakes}\n"
