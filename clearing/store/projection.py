"""What the tables hold: a fold over outcomes. It asks no house, no clock and no database.

It books again with the house's own code, so its ledger is the house's, entry for entry.
"""

from collections.abc import Sequence

import numpy as np

from clearing.accountability import accountable
from clearing.booking import FIRST_MONEY, book
from clearing.directory import Directory
from clearing.fixings import published
from clearing.ledger import Ledger
from clearing.positions import Positions
from clearing.store.collateral import collateral
from clearing.store.pricing import Pricing
from clearing.store.selection import BOOKS, ENTRIES, Chunk, Rows, histories, tuples, words_of
from clearing.store.settling import Settling
from engine.exchange import Outcome
from engine.frame import Frame
from engine.jit import Table
from engine.layout import MONEY
from engine.rows import text_at
from engine.schema import NOT_HELD, AccountType, Cycle, Did, Form, Kind, Role, Side, Standing

_PARTICIPANTS = Kind.DEPOSIT  # Rows below are orders: their frames are folded many at a time.
_MARKS = (Did.MARKED, Did.SETTLED)


class Projection:
    """Everything that outcomes say, as rows of tables, in the order of the journal.

    seq: of the last row that was folded. count: rows that `rows` would return, about.
    """

    def __init__(self) -> None:
        self.seq = 0
        self.count = 0
        self._date = 0
        self._directory = Directory()
        self._positions = Positions()
        self._ledger = Ledger()
        self._settling = Settling(self._directory, self._positions)
        self._pricing = Pricing(self._directory)
        self._posted = 0  # Entries of the ledger that were told.
        self._known = (0, 0, 0)  # Owners, accounts and instruments that were told.
        self._firms: dict[int, int] = {}  # By owner.
        self._blocks: dict[int, int] = {}  # Lots, by instrument, since the last end of day.
        self._waiting: list[Outcome] = []
        self._rows: Rows = {}

    def fold(self, outcome: Outcome) -> None:
        """Take in the next outcome."""
        frame = outcome.frame
        assert frame.seq == self.seq + 1
        self.seq = frame.last
        self.count += len(outcome.events)
        self._waiting.append(outcome)
        if int(frame.commands["kind"].max()) >= _PARTICIPANTS:
            del self._waiting[-1]
            self._take_waiting()
            self._take_in(outcome)

    def rows(self) -> Rows:
        """Return the rows of all that was folded and not forgotten yet."""
        self._take_waiting()
        return self._rows

    def forget(self) -> None:
        """Forget the rows of all that was folded so far."""
        self._take_waiting()
        self._rows, self.count = {}, 0

    def _take_waiting(self) -> None:
        """Take in frames of orders, as one."""
        if not self._waiting:
            return
        commands = _joined([outcome.frame.commands for outcome in self._waiting])
        events = _joined([outcome.events for outcome in self._waiting])
        self._waiting.clear()
        self._tell_histories(Chunk(commands, events, self._date))
        self._positions.fold(events)

    def _take_in(self, outcome: Outcome) -> None:
        """Take in a frame that may name, book, mark, or end a day."""
        frame, events = outcome.frame, outcome.events
        rows = frame.commands.view(MONEY)
        accepted = rows[outcome.accepted(np.ones(len(rows), np.bool_))]
        calendar = accepted[np.isin(accepted["kind"], (Kind.PHASE, Kind.CYCLE))]
        date = max(calendar["value"].tolist(), default=0)
        self._date = self._date or date  # What is founded belongs to the first day.
        self._directory.fold(outcome)
        self._tell_names()
        self._tell_ported(accepted)
        self._tell_histories(Chunk(frame.commands, events, self._date))
        self._add("settlements", self._settling.settlements(accepted))
        self._add("reviews", self._pricing.priced(events, self._date))
        self._tell_fixings(accepted[accepted["kind"] == Kind.INDEX], frame.text)
        self._mark(events)
        if len(events) and int(events["kind"].max()) >= FIRST_MONEY:
            book(self._ledger, self._positions, events, frame.last, self._date)
            self._tell_entries(frame)
        self._tell_calls(accepted)
        self._add("collateral", collateral(accepted, self._date))
        if np.any((calendar["kind"] == Kind.CYCLE) & (calendar["code"] == Cycle.END_OF_DAY)):
            self._tell_day(date)
        self._date = max(self._date, date)

    def _mark(self, events: Table) -> None:
        """Fold events piece by piece, so that each mark meets the positions of its moment."""
        done = 0
        for place in np.flatnonzero(np.isin(events["kind"], _MARKS)).tolist():
            self._positions.fold(events[done:place])
            event = events[place]
            self._add("variations", self._settling.variations(event, self._date))
            done = place
        self._positions.fold(events[done:])

    def _tell_ported(self, accepted: Table) -> None:
        """Tell which accounts clear through another firm from now on."""
        for row in accepted[accepted["kind"] == Kind.OPEN_OWNER]:
            owner, head = int(row["other"]), (int(row["seq"]), int(row["time"]), self._date)
            before = self._firms.get(owner)
            self._firms[owner] = int(row["code"])
            moved = [one.number for one in self._directory.accounts[1:] if one.owner == owner]
            for place, account in enumerate(moved if before is not None else ()):
                firms = before, self._firms[owner]
                self._add("portings", [(head[0], place, *head[1:], account, *firms)])

    def _tell_names(self) -> None:
        """Tell owners, accounts and instruments that are new, and make room for them."""
        directory = self._directory
        owners, accounts, instruments = self._known
        self._add("owners", [(*one[:2], one.firm) for one in directory.owners[owners:]])
        for account in directory.accounts[max(accounts, 1) :]:
            self._positions.add_account(account.type)
        self._add(
            "accounts",
            [
                (one.number, one.name, one.owner, words_of(AccountType(one.type)), one.origin)
                for one in directory.accounts[accounts:]
            ],
        )
        for one in directory.instruments[instruments:]:
            product = directory.products[one.product]
            fees = product.terms.lot_fees_micro()
            self._positions.add_instrument(one.value, fees, is_paid=one.is_paid)
            named = one.number, one.name, product.name, words_of(Form(one.form))
            self._add("instruments", [(*named, one.month, one.expiry, one.value, one.strike)])
        counts = directory.owners, directory.accounts, directory.instruments
        self._known = len(counts[0]), len(counts[1]), len(counts[2])

    def _tell_histories(self, chunk: Chunk) -> None:
        if not len(chunk.events):
            return
        for name, rows in histories(chunk, self._positions).items():
            self._add(name, rows)
        events = chunk.events
        self._pricing.note(events)
        is_told = (events["kind"] == Did.FILLED) | (events["kind"] == Did.BUSTED)
        is_held = (events["flags"] & NOT_HELD) == 0
        is_block = (events["role"] == Role.BLOCK) & (events["side"] == Side.BUY)
        for event in events[is_told & is_held & is_block]:
            number, lots = int(event["instrument"]), int(event["quantity"])
            before = self._blocks.get(number, 0)
            change = lots if event["kind"] == Did.FILLED else -lots
            self._blocks[number] = max(before + change, 0)  # A bust may be of an earlier day.

    def _tell_entries(self, frame: Frame) -> None:
        entries = self._ledger.entries[self._posted :]
        self._posted += len(entries)
        time = int(frame.commands[0]["time"])
        place = np.arange(len(entries))
        columns = entries["seq"], place, time, entries["date"], entries["account"]
        words = BOOKS[entries["book"]], ENTRIES[entries["kind"]]
        self._add("ledger", tuples(*columns, *words, entries["amount"]))

    def _tell_fixings(self, fixed: Table, text: bytes) -> None:
        for row in fixed:
            model = self._directory.products[row["product"]].name
            one = published(row, text_at(text, int(row["text"])), model)
            head = int(row["seq"]), int(row["time"]), one.date, model, one.value_micro
            inputs = one.inputs, one.refused, one.providers, one.gpu_hours_milli, one.inputs_hash
            self._add("fixings", [(*head, int(one.tier), one.version, *inputs)])

    def _tell_calls(self, accepted: Table) -> None:
        asked = accepted[accepted["kind"] == Kind.SUSPEND]
        for row in asked:
            standing = words_of(Standing(int(row["code"])))
            head = int(row["seq"]), 0, int(row["time"]), self._date, int(row["account"])
            amounts = (int(row[name]) for name in ("value", "value_2", "value_3", "batch"))
            self._add("calls", [(*head, standing, *amounts)])

    def _tell_day(self, date: int) -> None:
        """Tell what is held and what traded at the end of a day."""
        holdings, contracts = self._positions.holdings, self._positions.contracts
        numbers, accounts = np.nonzero(holdings["net"])
        held = holdings[numbers, accounts]
        self._add("positions", tuples(date, accounts, numbers, held["net"], held["cost"]))
        active = (contracts["volume"] != 0) | (contracts["open_interest"] != 0)
        numbers = np.flatnonzero(active)
        blocks = np.array([self._blocks.get(number, 0) for number in numbers.tolist()], np.int64)
        lots = contracts["volume"][numbers], blocks, contracts["open_interest"][numbers]
        self._add("activity", tuples(date, numbers, *lots))
        contracts["volume"] = 0
        self._blocks.clear()
        over = accountable(self._directory, holdings["net"], date)
        names = self._directory.products
        self._add("accountable", [(*one[:], names[one.product].name) for one in over])

    def _add(self, name: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            self._rows.setdefault(name, []).extend(rows)


def _joined(parts: Sequence[Table]) -> Table:
    """Return rows one after the other: joined as words, since numpy compares fields one by one."""
    words: Table = np.concatenate([part.view(np.int64) for part in parts])
    return words.view(parts[0].dtype)
