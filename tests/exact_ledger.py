"""An exact ledger in fractions of dollars, written from the rulebook: the tests' oracle.

It reads events only, and shares no code and no unit with `clearing`.
"""

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from engine.exchange import Outcome
from engine.schema import NOT_HELD, Did, Role, Side

USD_A_UNIT = Fraction(5, 1000)  # Of a price, per GPU-hour.
HOURS = 730
FEE = {"member": Fraction(365, 100), "other": Fraction(550, 100)}
BLOCK_FEE = {"member": Fraction(600, 100), "other": Fraction(730, 100)}
SETTLEMENT_FEE = {"member": Fraction(90, 100), "other": Fraction(135, 100)}
_TRADED = (Did.FILLED, Did.BUSTED, Did.ADJUSTED, Did.MARKED, Did.SETTLED)


class ExactLedger:
    """Cash by account, in USD; what is held, and what was traded since the last mark.

    paid: USD of a price unit and lot of what is paid for at the trade, by instrument.
    months: by TAS book, the month that is traded at settlement in it.
    """

    def __init__(
        self,
        members: set[int],
        paid: Mapping[int, Fraction] = MappingProxyType({}),
        months: Mapping[int, int] = MappingProxyType({}),
    ) -> None:
        self.members = members
        self.paid = paid
        self.months = months
        self._of_book: dict[int, int] = {}  # By order at settlement.
        self._waiting: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        self.cash: dict[int, Fraction] = defaultdict(Fraction)
        self.variation: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
        self.fees_due: dict[int, Fraction] = defaultdict(Fraction)
        self._fees: dict[tuple[int, int], Fraction] = {}  # By trade and side.
        self._held: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        self._marks: dict[int, Fraction] = {}
        self._fills: dict[int, list[tuple[int, int, Fraction]]] = defaultdict(list)
        self._undone: dict[int, list[tuple[int, int, Fraction]]] = defaultdict(list)

    def fold(self, outcome: Outcome) -> None:
        """Take in the events of one frame."""
        names = outcome.events.dtype.names or ()
        for row in outcome.events.tolist():
            event = dict(zip(names, row, strict=True))
            match event["kind"]:
                case kind if kind in _TRADED and event["instrument"] in self.paid:
                    self._pay_for(event)
                case Did.FILLED if event["instrument"] in self.months:
                    self._wait(event)
                case Did.FILLED if not event["flags"] & NOT_HELD:
                    self._fill(event)
                    self._stand_in(event)
                case Did.PRICED if event["instrument"] in self.months:
                    self._price(self.months[event["instrument"]], event["price"])
                case Did.BUSTED | Did.ADJUSTED:
                    self._review(event)
                case Did.MARKED | Did.SETTLED:
                    if event["kind"] == Did.SETTLED:
                        self._price(event["instrument"], event["price"])
                    self._mark(event["instrument"], event["price"] * USD_A_UNIT)
                    if event["kind"] == Did.SETTLED:
                        self._settle(event["instrument"])
                case Did.DEPOSITED:
                    self.cash[event["account"]] += Fraction(event["quantity"], 10**6)
                case Did.TAKEN | Did.CHARGED:
                    self.cash[event["account"]] -= Fraction(event["quantity"], 10**6)

    def worth(self, account: int) -> Fraction:
        """Return cash and what marking now, at the last mark, would pay."""
        unpaid = sum(
            (
                lots * (self._marks[instrument] - price) * HOURS
                for instrument, fills in self._fills.items()
                for who, lots, price in fills
                if who == account and instrument in self._marks
            ),
            Fraction(),
        )
        return self.cash[account] + unpaid

    def _fill(self, event: dict[str, int]) -> None:
        lots = event["quantity"] if event["side"] == Side.BUY else -event["quantity"]
        account = event["account"]
        self._fills[event["instrument"]].append((account, lots, event["price"] * USD_A_UNIT))
        self._charge(event)

    def _charge(self, event: dict[str, int]) -> None:
        """Let a fill's fee be due; remember it, in case that the trade is busted."""
        account = event["account"]
        fee = BLOCK_FEE if event["role"] == Role.BLOCK else FEE
        due = event["quantity"] * fee[self._class(account)] * (event["role"] != Role.ASSIGNED)
        self.fees_due[account] += due
        self._fees[event["trade_id"], event["side"]] = due

    def _wait(self, event: dict[str, int]) -> None:
        """Note what was agreed on at settlement: its price is the settlement and the offset."""
        book, account = event["instrument"], event["account"]
        lots = event["quantity"] if event["side"] == Side.BUY else -event["quantity"]
        self._of_book[event["order_id"]] = book
        self._waiting[self.months[book]].append((account, lots, event["price"]))

    def _stand_in(self, event: dict[str, int]) -> None:
        """Take back what only stands in for a price, once that comes."""
        if event["role"] == Role.LEG and event["order_id"] in self._of_book:
            lots = event["quantity"] if event["side"] == Side.SELL else -event["quantity"]
            undone = Fraction(event["price"]) * USD_A_UNIT
            self._undone[event["instrument"]].append((event["account"], lots, undone))

    def _price(self, month: int, settlement: int) -> None:
        """Let all that was agreed on at settlement have traded at the settlement and the offset."""
        for account, lots, offset in self._waiting.pop(month, []):
            self._fills[month].append((account, lots, (settlement + offset) * USD_A_UNIT))
        self._fills[month] += self._undone.pop(month, [])

    def _review(self, event: dict[str, int]) -> None:
        """Undo a fill as if the opposite had traded at its price; an adjusted one trades anew."""
        account, fills = event["account"], self._fills[event["instrument"]]
        lots = event["quantity"] if event["side"] == Side.BUY else -event["quantity"]
        busted = event["kind"] == Did.BUSTED
        if busted:
            self.fees_due[account] -= self._fees[event["trade_id"], event["side"]]
        fills.append((account, -lots, event["price" if busted else "other"] * USD_A_UNIT))
        if not busted:
            fills.append((account, lots, event["price"] * USD_A_UNIT))

    def _pay_for(self, event: dict[str, int]) -> None:
        """Move the premium of a fill; at the end, pay the final price for all that is held."""
        account, instrument = event["account"], event["instrument"]
        value, held = self.paid[instrument], self._held[instrument]
        lots = event["quantity"] if event["side"] == Side.BUY else -event["quantity"]
        match event["kind"]:
            case Did.FILLED:
                held[account] += lots
                self.cash[account] -= lots * event["price"] * value
                self._charge(event)
            case Did.BUSTED:
                held[account] -= lots
                self.fees_due[account] -= self._fees[event["trade_id"], event["side"]]
                self.cash[account] += lots * event["price"] * value
            case Did.ADJUSTED:
                self.cash[account] += lots * (event["other"] - event["price"]) * value
            case Did.SETTLED:
                for holder, net in held.items():
                    self.cash[holder] += net * event["price"] * value
                self._settle(instrument)

    def _mark(self, instrument: int, price: Fraction) -> None:
        """Pay net x (price - mark before) + the sum of q x (price - trade price)."""
        held = self._held[instrument]
        for account, net in held.items():
            self._pay(account, instrument, net * (price - self._marks.get(instrument, price)))
        for account, lots, traded in self._fills.pop(instrument, []):
            held[account] += lots
            self._pay(account, instrument, lots * (price - traded))
        self._marks[instrument] = price

    def _settle(self, instrument: int) -> None:
        for account, net in self._held.pop(instrument, {}).items():
            self.fees_due[account] += abs(net) * SETTLEMENT_FEE[self._class(account)]

    def _pay(self, account: int, instrument: int, dollars_an_hour: Fraction) -> None:
        self.cash[account] += dollars_an_hour * HOURS
        self.variation[account, instrument] += dollars_an_hour * HOURS

    def _class(self, account: int) -> str:
        return "member" if account in self.members else "other"
