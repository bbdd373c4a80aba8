"""Settlements as rows, and what each did to those who held the contract."""

import numpy as np

from clearing.directory import Directory
from clearing.positions import Positions
from clearing.store.selection import Row, tuples
from engine.jit import Row as Record
from engine.jit import Table
from engine.schema import AccountType, Did, Kind


class Settling:
    """Reads a directory and positions that its owner keeps up to date."""

    def __init__(self, directory: Directory, positions: Positions) -> None:
        self._directory = directory
        self._positions = positions

    def settlements(self, accepted: Table) -> list[Row]:
        """Return a row for each accepted MARK and SETTLE row. accepted: MONEY, shape (n,)."""
        kinds = accepted["kind"]
        chosen = accepted[(kinds == Kind.MARK) | (kinds == Kind.SETTLE)]
        modes = np.array([self._mode(row) for row in chosen], np.object_)
        head = chosen["seq"], chosen["time"], chosen["source"], chosen["instrument"]
        market = chosen["value_2"], chosen["revision"]
        return tuples(*head, chosen["value"], modes, chosen["code"], *market)

    def _mode(self, row: Record) -> str:
        instrument = self._directory.instruments[row["instrument"]]
        if row["kind"] == Kind.SETTLE:
            return "final"
        mode: str = self._directory.products[instrument.product].terms.mode
        return "paid" if instrument.is_paid else mode

    def variations(self, event: Record, date: int) -> list[Row]:
        """Return a row for each holder of the contract of a MARKED or SETTLED event.

        To be asked before the positions have folded it.
        """
        contract = self._positions.contracts[event["instrument"]]
        held = self._positions.holdings[event["instrument"]]
        accounts = np.flatnonzero((held["net"] != 0) | (held["cost"] != 0))
        net, cost = held["net"][accounts], held["cost"][accounts]
        is_final, worth = event["kind"] == Did.SETTLED, net * event["price"] * contract["value"]
        if contract["paid"] and not is_final:
            return []
        gain = worth - cost * contract["value"]
        is_member = self._positions.holders["type"][accounts] == AccountType.MEMBER
        member, other = contract["settlement_fee_member"], contract["settlement_fee_other"]
        fee = np.abs(net) * np.where(is_member, member, other)
        nothing = np.zeros_like(gain)
        return tuples(
            *(int(event["seq"]), accounts, int(event["time"]), date, accounts),
            *(int(event["instrument"]), net, cost, int(event["price"])),
            nothing if contract["paid"] else gain,
            worth if contract["paid"] else nothing,
            fee if is_final else nothing,
        )
