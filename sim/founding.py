"""The first rows of a scenario's exchange: its contracts, its participants, their cash."""

from datetime import date

from clearing.calendar import eve
from clearing.default.terms import add_terms
from clearing.directory import Directory
from clearing.genesis import genesis
from clearing.terms import INITIAL_PERCENT
from engine.instruments import micro
from engine.rows import Batch, join
from engine.schema import AccountType, Kind
from sim.agents import Agent
from sim.scenario import Scenario


def participants(scenario: Scenario) -> dict[str, Agent]:
    """Return the agents by the names of their accounts: maker-1, maker-2, noise-1, ..."""
    named: dict[str, Agent] = {}
    counts: dict[str, int] = {}
    for agent in scenario.agents:
        kind = type(agent).__name__.lower()
        for _ in range(agent.count):
            counts[kind] = counts.get(kind, 0) + 1
            named[f"{kind}-{counts[kind]}"] = agent
    return named


def found(scenario: Scenario, first_day: date, now: int = 0) -> tuple[Batch, int]:
    """Return the rows that found a scenario's exchange, and when they are submitted.

    now: in nanoseconds; 0: a minute before the first row of `first_day`.
    """
    founded = now or eve(first_day)
    first_rows = genesis(scenario.product, first_day, founded)
    backing = Batch()
    add_terms(backing, scenario.fund)
    return join([first_rows, backing, joining(participants(scenario), Directory())]), founded


def joining(agents: dict[str, Agent], known: Directory) -> Batch:
    """Return an owner, an account and a deposit for each participant that has no account."""
    batch = Batch()
    new = [(name, agent) for name, agent in agents.items() if name not in known.account_of]
    for place, (name, agent) in enumerate(new):
        owner, account = len(known.owners) + place, len(known.accounts) + place
        account_type = AccountType[agent.type.upper()]
        percent = INITIAL_PERCENT[account_type]
        batch.money(Kind.OPEN_OWNER, other=owner, text=name)
        batch.money(
            Kind.OPEN_ACCOUNT,
            account=account,
            other=owner,
            code=account_type,
            value=percent,
            text=name,
        )
        if agent.cash:
            batch.money(Kind.DEPOSIT, account=account, value=micro(agent.cash))
    return batch
