"""What the public knows of each instrument beside its book, folded from published events.

Trades, candles, phase, mark, settlement, rate and open interest. Prices in price
units, times in nanoseconds, money in micro-dollars.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from clearing.directory import Instrument, Leg
from engine.exchange import Outcome
from engine.jit import Row
from engine.layout import MONEY
from engine.schema import NIL, NIL_PRICE, Did, Phase, Role, Side
from gateway.events import Event, block_of, chosen, is_print, select

MINUTE = 60_000_000_000
DAY = 1_440 * MINUTE
TRADES_KEPT = 1_000
CANDLES_KEPT = 7 * 1_440
NOTHING = (NIL_PRICE, 0)  # Price and lots where there is no implied price.


class Trade(NamedTuple):
    """One trade of a book. `side` is the taker's; in an auction the buyer's.

    An order that an implied trade filled was a maker: `side` is the other one.
    """

    number: int  # Counts the instrument's trades from 1.
    trade_id: int
    time: int
    instrument: int
    side: int
    price: int
    lots: int
    tick_direction: int  # 0 up, 1 same after up, 2 down, 3 same after down.
    mark: int
    spot: int  # The index in micro-dollars per GPU-hour; NIL_PRICE: none yet.
    block_id: int  # The block that it is of; 0: it is of the book.


@dataclass(slots=True)
class Candle:
    """The trades of one minute. `cost` in price units x lots."""

    begin: int
    open: int
    high: int
    low: int
    close: int
    lots: int = 0
    cost: int = 0

    def add(self, price: int, lots: int) -> None:
        """Take in one more trade."""
        self.high, self.low, self.close = max(self.high, price), min(self.low, price), price
        self.lots += lots
        self.cost += price * lots


@dataclass(slots=True)
class Market:
    """Where one instrument stands."""

    terms: Instrument
    legs: list[Leg]  # Of a spread; else none.
    listed: int
    phase: int = Phase.CLOSE
    time: int = 0
    change_id: int = 0  # Sequence number of the last row that changed the book.
    last: int = NIL_PRICE
    mark: int = NIL_PRICE
    settlement: int = NIL_PRICE
    indicative: int = NIL_PRICE
    indicative_lots: int = 0
    implied: list[tuple[int, int]] = field(default_factory=lambda: [NOTHING, NOTHING])  # By side.
    phased: int = 0  # When its phase began.
    rate: int = 0  # Maintenance margin of one lot.
    open_interest: int = 0
    traded: int = 0  # Trades so far.
    trades: deque[Trade] = field(default_factory=lambda: deque(maxlen=TRADES_KEPT))
    candles: deque[Candle] = field(default_factory=lambda: deque(maxlen=CANDLES_KEPT))

    def direction(self, price: int) -> int:
        """Return the tick direction of a trade at `price`."""
        if self.last in (price, NIL_PRICE):
            own = (trade for trade in reversed(self.trades) if not trade.block_id)
            before = next(own, None)
            return before.tick_direction | 1 if before else 0
        return 0 if price > self.last else 2

    def day(self, now: int) -> Candle:
        """Return the last 24 hours as one candle; without trades its prices are NIL_PRICE."""
        since = now - DAY
        recent = [candle for candle in self.candles if candle.begin > since]
        if not recent:
            return Candle(since, NIL_PRICE, NIL_PRICE, NIL_PRICE, NIL_PRICE)
        return merged(recent)


def merged(candles: list[Candle]) -> Candle:
    """Return consecutive candles, at least one, as one that begins where the first does."""
    whole = Candle(
        candles[0].begin,
        candles[0].open,
        max(candle.high for candle in candles),
        min(candle.low for candle in candles),
        candles[-1].close,
    )
    whole.lots = sum(candle.lots for candle in candles)
    whole.cost = sum(candle.cost for candle in candles)
    return whole


class Moved(NamedTuple):
    """What a frame changed: its trades, and instruments by number."""

    trades: list[Trade]
    touched: set[int]
    phased: set[int]
    implied: set[int]


_KINDS = chosen(
    [
        *(Did.FILLED, Did.INDICATIVE, Did.PHASED, Did.IMPLIED, Did.BUSTED, Did.ADJUSTED),
        *(Did.MARKED, Did.SETTLED, Did.RATED, Did.FIXED),
    ]
)


class Markets:
    """All instruments by number, and each product's index and calendar charge."""

    def __init__(self) -> None:
        self._markets: list[Market] = []
        self.index: dict[int, int] = {}  # Product: micro-dollars per GPU-hour.
        self.charge: dict[int, int] = {}  # Product: micro-dollars of one calendar spread.

    def __len__(self) -> int:
        return len(self._markets)

    def __iter__(self) -> Iterator[Market]:
        return iter(self._markets)

    def __getitem__(self, instrument: int) -> Market:
        return self._markets[instrument]

    def add(self, terms: Instrument, legs: list[Leg], now: int) -> None:
        """List one more instrument: its number is its place."""
        assert terms.number == len(self._markets)
        self._markets.append(Market(terms, legs, now))

    def fold(self, outcome: Outcome) -> Moved:
        """Take in what a frame did."""
        trades: list[Trade] = []
        touched: set[int] = set()
        phased: set[int] = set()
        implied: set[int] = set()
        first = outcome.frame.seq
        for event in select(outcome.events, _KINDS):
            instrument = event.instrument
            if instrument == NIL or event.kind == Did.FIXED:
                self._fold_product(event, outcome.frame.commands[event.seq - first])
                continue
            market = self._markets[instrument]
            market.time = event.time
            touched.add(instrument)
            if event.kind == Did.FILLED:
                trades.extend(self._trade(market, event))
            elif event.kind in (Did.BUSTED, Did.ADJUSTED):
                _review(market, event)
            elif event.kind == Did.IMPLIED:
                is_none = event.quantity == 0
                market.implied[event.side] = NOTHING if is_none else (event.price, event.quantity)
                implied.add(instrument)
            else:
                phase = market.phase
                _fold_figure(market, event)
                phased |= {instrument} if market.phase != phase else set()
        return Moved(trades, touched, phased, implied)

    def described(self, event: Event) -> Trade:
        """Return a fill as a trade of its market as it stands; nothing is counted."""
        market = self._markets[event.instrument]
        return Trade(
            market.traded,
            event.trade_id,
            event.time,
            event.instrument,
            1 - event.side if event.role == Role.IMPLIED else event.side,
            event.price,
            event.quantity,
            market.direction(event.price),
            market.mark,
            self.index.get(market.terms.product, NIL_PRICE),
            block_of(event),
        )

    def _fold_product(self, event: Event, command: Row) -> None:
        product = int(command.view(MONEY)["product"])
        if event.kind == Did.FIXED:
            self.index[product] = event.price or NIL_PRICE  # 0: a day without one.
        elif event.kind == Did.RATED:
            self.charge[product] = event.quantity

    def _trade(self, market: Market, event: Event) -> list[Trade]:
        """Take in a fill; return the trade that it is one row of. A block moves no price."""
        if event.role == Role.BLOCK and event.side == Side.BUY:
            market.traded += 1
            block = self.described(event)
            market.trades.append(block)
            return [block]
        if not is_print(event):
            return []
        price, lots, time = event.price, event.quantity, event.time
        market.traded += 1
        trade = self.described(event)
        market.last = price
        market.trades.append(trade)
        minute = time // MINUTE * MINUTE
        if not market.candles or market.candles[-1].begin < minute:
            market.candles.append(Candle(minute, price, price, price, price))
        market.candles[-1].add(price, lots)
        return [trade]


def _review(market: Market, event: Event) -> None:
    """Take a busted trade off the list, or give an adjusted one its price. Candles stay."""
    for place, trade in enumerate(market.trades):
        if trade.trade_id == event.trade_id:
            if event.kind == Did.ADJUSTED:
                market.trades[place] = trade._replace(price=event.price)
            else:
                del market.trades[place]
            return


def _fold_figure(market: Market, event: Event) -> None:
    match event.kind:
        case Did.INDICATIVE:
            market.indicative_lots = event.quantity
            market.indicative = event.price if market.indicative_lots else NIL_PRICE
        case Did.PHASED:
            market.phase, market.phased = event.quantity, event.time
            if market.phase not in (Phase.PRE_OPEN, Phase.NO_CANCEL):
                market.indicative, market.indicative_lots = NIL_PRICE, 0
        case Did.MARKED:
            market.mark, market.settlement = event.price, event.other
        case Did.SETTLED:
            market.mark = market.settlement = event.price
            market.open_interest = 0
        case Did.RATED:
            market.rate = event.quantity
