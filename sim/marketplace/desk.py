"""What is agreed outside the auctions: buyers ask three providers by name, and take the best.

For hours at once, or for hours of each of some months: a reserved or a forward contract.
Behaviour is illustrative.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.instruments import LOT_HOURS, UNIT_MICRO
from sim.clock import SECOND
from sim.marketplace.contracts import Contract, check_terms, month_after
from sim.marketplace.goods import Configuration, on_tick
from sim.marketplace.parties import TERM_EFFECTS, Party
from sim.marketplace.requests import Deal, Requests
from sim.marketplace.terms import SpotTerms
from sim.marketplace.trades import GPU_COUNT, Agreed

ASKED = 3

_ANSWERS = 0.9  # Chance that a provider answers.
_MARK_UP = 0.85  # Spreads: the best of three is then on average what the hours are worth.
_BEARS = 3.0  # Spreads above the worth that a buyer still pays: it asked because it needs them.
_PONDERS = 0.3  # Of the time there is, that a buyer takes to decide, on average.
_BLOCKS_MAX = 4
_MONTHS = (1, 3, 6, 12)
_AHEAD = (1, 1, 2, 3)  # Months until the first; 1: reserved, later: a forward.
_MACHINES_MAX = 4  # Of eight GPUs, in a contract.


class Wanted(NamedTuple):
    """What a request is for. months: empty where it is for hours at once."""

    configuration: Configuration
    hours: int  # GPU-hours, of each month where there are some.
    months: tuple[int, ...] = ()

    def subject(self, models: Sequence[str], regions: Sequence[str]) -> str:
        """Return it in words."""
        model, region, term = self.configuration
        when = f", each month from {self.months[0]} to {self.months[-1]}" if self.months else ""
        return f"{models[model]} in {regions[region]}, {term}: {self.hours} GPU-hours{when}"


def wish(
    chance: np.random.Generator, model: int, region: int, terms: SpotTerms, month: int
) -> Wanted:
    """Return what a buyer asks for in a month (yyyymm): hours at once, or of later months."""
    if chance.random() >= terms.reserved_percent / 100:
        hours = terms.block_hours * int(chance.integers(1, _BLOCKS_MAX, endpoint=True))
        return Wanted(Configuration(model, region, "on-demand"), hours)
    first = month_after(month, int(chance.choice(_AHEAD)))
    count = int(chance.choice(_MONTHS))
    machines = int(chance.integers(1, _MACHINES_MAX, endpoint=True))
    months = tuple(month_after(first, number) for number in range(count))
    hours = machines * GPU_COUNT * LOT_HOURS
    return Wanted(Configuration(model, region, "reserved"), hours, months)


def settle_request(
    requests: Requests,
    buyer: Party,
    sellers: Sequence[Party],
    subject: str,
    worth: float,
    spread: float,
    times: tuple[int, int],
) -> list[Deal]:
    """Let a buyer ask, up to three of the sellers answer, and the buyer take the best.

    worth: what a GPU-hour is, USD. times: of the request and of the last decision, ns; answers
    stand for two thirds of what lies between. Returns the deal, or nothing.
    """
    chosen = buyer.chance.permutation(len(sellers))[:ASKED].tolist()
    asked = [sellers[place] for place in chosen]
    number, refusal = requests.ask(buyer.number, subject, [party.number for party in asked])
    if refusal:
        return []
    now, closes = times
    expires = now + 2 * (closes - now) // 3
    for party in asked:
        if party.chance.random() < _ANSWERS:
            mind = spread * (_MARK_UP + party.chance.standard_normal())
            price = on_tick(worth * math.exp(mind))
            requests.answer(number, party.number, price, expires, now)
    delay = min(1.0, _PONDERS * buyer.chance.standard_exponential())
    decided = now + round(delay * (closes - now) / SECOND) * SECOND
    answers = requests.standing(number, decided)
    if not answers:
        return []
    best = min(answers, key=lambda provider: (answers[provider].price, provider))
    if answers[best].price > on_tick(worth * math.exp(_BEARS * spread)):
        return []
    before = len(requests.deals)
    requests.accept(number, buyer.number, best, decided)
    return requests.deals[before:]


def contract_of(number: int, deal: Deal, wanted: Wanted, signed: int) -> Contract:
    """Return the contract that a deal for months is. signed: trade date, yyyymmdd."""
    price = deal.price * UNIT_MICRO
    check_terms(wanted.hours, wanted.months, price)
    parties = deal.buyer, deal.provider
    return Contract(
        number, *parties, wanted.configuration, price, wanted.hours, wanted.months, signed
    )


def agreed_at_once(deal: Deal, wanted: Wanted) -> Agreed:
    """Return the hours that a deal without months is for."""
    price = deal.price * UNIT_MICRO
    hours = wanted.configuration, wanted.hours
    return Agreed(deal.time, deal.buyer, deal.provider, *hours, price, "request")


def worth_of(level: float, region: float, term: str) -> float:
    """Return what a GPU-hour is worth, USD. level: of the base. region: its effect, in logs."""
    return level * math.exp(region + TERM_EFFECTS[term])
