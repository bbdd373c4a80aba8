"""Candles of any length, made of the minutes that the markets keep."""

from gateway import answers, messages
from gateway.codec import decimal, dollars
from gateway.markets import MINUTE, Candle, Market, merged
from gateway.refusals import invalid
from gateway.view import View

RESOLUTIONS = {str(n): n for n in (1, 3, 5, 10, 15, 30, 60, 120, 180, 360, 720)} | {"1D": 1_440}
CANDLES_MAX = 5_000

_MS = 1_000_000


def minutes_of(resolution: str) -> int:
    """Return a resolution in minutes. Raises RefusedError."""
    minutes = RESOLUTIONS.get(resolution)
    if minutes is None:
        raise invalid("resolution", resolution, f"is none of {', '.join(RESOLUTIONS)}")
    return minutes


def newest(market: Market, minutes: int) -> answers.Candle:
    """Return the candle of the last trade; the market has traded."""
    begin = market.candles[-1].begin // (minutes * MINUTE) * minutes * MINUTE
    made = candles(market, minutes, begin, begin)[-1]
    return answers.Candle(
        tick=made.begin // _MS,
        open=decimal(made.open),
        high=decimal(made.high),
        low=decimal(made.low),
        close=decimal(made.close),
        volume=made.lots,
        cost=dollars(made.cost * market.terms.value),
    )


def chart(view: View, asked: messages.Chart) -> answers.Candles:
    """Answer public/get_tradingview_chart_data."""
    minutes = minutes_of(asked.resolution)
    terms = view.instrument(asked.instrument_name)
    since, until = asked.start_timestamp * _MS, asked.end_timestamp * _MS
    made = candles(view.markets[terms.number], minutes, since, until)[-CANDLES_MAX:]
    return answers.Candles(
        ticks=[each.begin // _MS for each in made],
        open=[decimal(each.open) for each in made],
        high=[decimal(each.high) for each in made],
        low=[decimal(each.low) for each in made],
        close=[decimal(each.close) for each in made],
        volume=[each.lots for each in made],
        cost=[dollars(each.cost * terms.value) for each in made],
        status="ok" if made else "no_data",
    )


def candles(market: Market, minutes: int, since: int, until: int) -> list[Candle]:
    """Return the candles of `minutes` that begin in a stretch of time; none where none traded."""
    width = minutes * MINUTE
    groups: dict[int, list[Candle]] = {}
    for candle in market.candles:
        begin = candle.begin // width * width
        if since - width < begin <= until:
            groups.setdefault(begin, []).append(candle)
    found = []
    for begin, group in groups.items():
        whole = merged(group)
        whole.begin = begin
        found.append(whole)
    return found
