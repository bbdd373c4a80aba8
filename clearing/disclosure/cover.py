"""Stress losses by clearing member, and whether prefunded resources cover the two greatest.

A member is a firm, or an owner without one. What an account loses beyond its margin is the
member's; one account's gain never pays for another's loss, since customers' money is their own.
Source: CPMI-IOSCO, "Principles for Financial Market Infrastructures" (2012), principle 4.
"""

from typing import NamedTuple

import numpy as np

from clearing.directory import Directory
from clearing.house import House
from clearing.ledger import Numbers
from clearing.margin.fhs import Exposure, Moves
from clearing.margin.fhs_house import exposures
from clearing.margin.fhs_stress import Stress, stresses


class StressLoss(NamedTuple):
    """One scenario: the members whose losses beyond margin are greatest. Micro-dollars."""

    scenario: Stress
    members: tuple[str, ...]  # The two greatest, that lose beyond their margin at all.
    losses: tuple[int, ...]  # Of these.
    total: int  # Of all members.

    @property
    def two(self) -> int:
        """What the two greatest lose together."""
        return sum(self.losses)


def stress_losses(house: House) -> list[StressLoss]:
    """Return the losses beyond margin of each scenario, by positions as they stand."""
    models = [product.name for product in house.directory.products]
    scenarios = stresses(models)
    moves = Moves((), scenarios, {model: np.zeros(0) for model in models})
    beyond = beyond_margin(house, moves)
    members = [member_of(house.directory, number) for number in range(len(beyond))]
    names = sorted(set(members[1:]))
    by_member = np.zeros((len(names), len(scenarios)), np.int64)
    for number, name in enumerate(members[1:], start=1):
        by_member[names.index(name)] += beyond[number]
    return [_loss(scenario, names, by_member[:, place]) for place, scenario in enumerate(scenarios)]


def beyond_margin(house: House, moves: Moves) -> Numbers:
    """Return what each account loses beyond its margin, shape (accounts, scenarios of stress).

    Its margin is what it needs, or all that it has where that is less.
    """
    accounts = np.arange(house.positions.accounts)
    lost = stressed(house, moves)
    margin = np.minimum(house.calls.requirements(accounts)[0], house.calls.equity())
    beyond: Numbers = np.maximum(lost - np.maximum(margin, 0)[:, None], 0)
    return beyond


def stressed(house: House, moves: Moves) -> Numbers:
    """Return what each account loses, shape (accounts, scenarios): also what sold events pay."""
    net = house.positions.holdings["net"]
    held = np.flatnonzero(net.any(axis=1))
    names = [house.directory.instruments[number].name for number in held.tolist()]
    total = np.zeros((net.shape[1], len(moves.dates) + len(moves.stresses)), np.int64)
    for number, exposure in zip(held, exposures(house, moves, names).values(), strict=True):
        total += _lost(net[number], exposure)
    return total


def _lost(lots: Numbers, exposure: Exposure) -> Numbers:
    lost: Numbers = np.outer(lots, exposure.losses)
    lost += (np.maximum(-lots, 0) * exposure.owed)[:, None]
    return lost


def _loss(scenario: Stress, names: list[str], lost: Numbers) -> StressLoss:
    order = sorted(range(len(names)), key=lambda place: (-int(lost[place]), names[place]))
    worst = [place for place in order[:2] if lost[place]]
    return StressLoss(
        scenario,
        tuple(names[place] for place in worst),
        tuple(int(lost[place]) for place in worst),
        int(lost.sum()),
    )


def member_of(directory: Directory, account: int) -> str:
    """Return the clearing member that an account belongs to: its owner's firm, or its owner."""
    owner = directory.owners[directory.accounts[account].owner]
    return f"firm {owner.firm}" if owner.firm else owner.name
