"""Kernel: the SPAN requirement of many accounts, the figures of `span.py` to the micro-dollar.

Every quotient is exact: see `_floor`. Spreads are formed on whole numbers, which the grain of
deltas makes possible.
"""

from clearing.margin.batch_layout import Desk, Holdings, Terms
from engine.jit import Row, Table, entry, kernel, parallel, prange

DELTA_ONE = 10_000
SCENARIOS = 16
UNPAIRED = 14  # From this scenario on, each is its own pair.


@parallel
def margins(
    holdings: Holdings, terms: Terms, desk: Desk, grain: int, lots_max: int, out: Table
) -> None:
    """Write each account's MARGIN to `out`; -1 for one that holds more than `lots_max`.

    desk: one row of each table a chunk of accounts, all zero, and so again afterwards.
    grain: of credits.
    """
    chunks = len(desk.held)
    for chunk in prange(chunks):
        margin_part(chunk, chunks, holdings, terms, desk, grain, lots_max, out)


@entry
def margin_part(
    chunk: int,
    chunks: int,
    holdings: Holdings,
    terms: Terms,
    desk: Desk,
    grain: int,
    lots_max: int,
    out: Table,
) -> None:
    """Margin one of `chunks` equal parts of the accounts, at its own row of the desk."""
    work = Desk(
        desk.held[chunk],
        desk.figures[chunk],
        desk.net[chunk],
        desk.open[chunk],
        desk.pools[chunk],
    )
    first, end = len(out) * chunk // chunks, len(out) * (chunk + 1) // chunks
    for account in range(first, end):
        _account(holdings, account, terms, work, grain, lots_max, out[account])


@kernel
def _account(
    holdings: Holdings,
    account: int,
    terms: Terms,
    desk: Desk,
    grain: int,
    lots_max: int,
    margin: Row,
) -> None:
    first, end = holdings.offsets[account], holdings.offsets[account + 1]
    held, lots = _gather(holdings, first, end, terms, desk)
    for place in range(held):
        number = desk.held[place]
        _scan(desk.figures[number])
        _spread_out(terms, terms.products[number], desk, desk.figures[number], grain)
    if held > 1:
        for joint in terms.joints:
            _scan_together(terms, joint, desk)
        for spread in terms.credits:
            _offset(terms, spread, desk, grain)
    total, value = 0, 0
    for place in range(held):
        number = desk.held[place]
        total += _needed(terms.products[number], desk.figures[number])
        value += desk.figures[number].value
    margin.maintenance = max(total, 0) if lots <= lots_max else -1
    margin.net_option_value = value
    _clear(terms, desk, held)


@kernel
def _gather(holdings: Holdings, first: int, end: int, terms: Terms, desk: Desk) -> tuple[int, int]:
    """Add positions up by product and period; return how many products, and how many lots."""
    held, total = 0, 0
    for place in range(first, end):
        number = holdings.contracts[place]
        lots = holdings.lots[place]
        contract = terms.contracts[number]
        figure = desk.figures[contract.product]
        if figure.is_held == 0:
            figure.is_held = 1
            desk.held[held] = contract.product
            held += 1
        for scenario in range(SCENARIOS):
            figure.losses[scenario] += lots * terms.losses[number, scenario]
        desk.net[contract.period] += lots * contract.delta
        figure.value += lots * contract.premium
        if lots < 0:
            figure.calls -= lots * contract.call_minimum
            figure.puts -= lots * contract.put_minimum
        total += abs(lots)
    return held, total


@kernel
def _scan(figure: Row) -> None:
    """Find the active scenario; set scan and price risk."""
    losses = figure.losses
    active = 0
    for scenario in range(1, SCENARIOS):
        if losses[scenario] > losses[active]:
            active = scenario
    paired = active if active >= UNPAIRED else active ^ 1
    figure.scan = max(losses[active], 0)
    figure.price_risk_twice = max(losses[active] + losses[paired] - losses[0] - losses[1], 0)


@kernel
def _spread_out(terms: Terms, product: Row, desk: Desk, figure: Row, grain: int) -> None:
    """Take net deltas to runs and pools; charge spreads within the product, then spot periods."""
    net = 0
    for period in range(product.first_period, product.end_period):
        delta = desk.net[period]
        run = desk.open[terms.periods[period]]
        net += delta
        if delta > 0:
            run.long += delta * product.grain
        else:
            run.short -= delta * product.grain
        desk.net[period] = 0
    figure.net_delta = abs(net) * grain
    for number in range(product.first_pool, product.end_pool):
        pool = terms.pools[number]
        inside = 0
        for place in range(pool.first_run, pool.end_run):
            inside += desk.open[place].long - desk.open[place].short
        desk.pools[number] = inside // product.grain * grain
    for place in range(product.first_run, product.end_run):
        run = desk.open[place]
        run.before = run.long + run.short
    unit = DELTA_ONE * product.grain
    for number in range(product.first_spread, product.end_spread):
        spread = terms.spreads[number]
        figure.intra += _form(terms, spread, desk, 1, unit) + _form(terms, spread, desk, 0, unit)
    for place in range(product.first_run, product.end_run):
        run, rates = desk.open[place], terms.runs[place]
        if rates.spot_spread + rates.spot_outright > 0:
            left = run.long + run.short
            used = run.before - left
            near = float(used) * rates.spot_spread + float(left) * rates.spot_outright
            exact = used * rates.spot_spread + left * rates.spot_outright
            figure.spot -= _floor(-near, -exact, unit)


@kernel
def _form(terms: Terms, spread: Row, desk: Desk, long_is_a: int, unit: int) -> int:
    """Form a spread as often as deltas allow, using them; return the charge, rounded up."""
    count = -1
    for number in range(spread.first_leg, spread.end_leg):
        leg = terms.legs[number]
        available = 0
        for place in range(leg.first, leg.end):
            run = desk.open[place]
            available += run.long if leg.is_a == long_is_a else run.short
        if available == 0:
            return 0
        times = available * leg.ratio_over // leg.ratio
        count = times if count < 0 else min(count, times)
    for number in range(spread.first_leg, spread.end_leg):
        leg = terms.legs[number]
        wanted = count * leg.ratio // leg.ratio_over
        for place in range(leg.first, leg.end):
            run = desk.open[place]
            if leg.is_a == long_is_a:
                taken = min(run.long, wanted)
                run.long -= taken
            else:
                taken = min(run.short, wanted)
                run.short -= taken
            wanted -= taken
    return -_floor(-float(count) * spread.rate, -count * spread.rate, unit)


@kernel
def _scan_together(terms: Terms, joint: Row, desk: Desk) -> None:
    """Credit products that are scanned as one with what that saves, and keep them to it."""
    apart, held = 0, 0
    for place in range(joint.first_member, joint.end_member):
        member = terms.members[place]
        figure = desk.figures[member.product]
        if figure.is_held == 1 and figure.is_scanned == 0:
            apart += figure.scan
            held += 1
        elif member.is_required == 1:
            return
    if held < 2:
        return
    together = 0
    for scenario in range(SCENARIOS):
        lost = 0
        for place in range(joint.first_member, joint.end_member):
            figure = desk.figures[terms.members[place].product]
            if figure.is_held == 1 and figure.is_scanned == 0:
                lost += figure.losses[scenario]
        together = max(together, lost)
    saved = apart - together
    for place in range(joint.first_member, joint.end_member):
        figure = desk.figures[terms.members[place].product]
        if figure.is_held == 1 and figure.is_scanned == 0:
            figure.is_scanned = 1
            if saved > 0:
                near = float(saved) * figure.scan * joint.rate
                figure.inter += _floor(near, saved * figure.scan * joint.rate, apart * joint.over)


@kernel
def _offset(terms: Terms, spread: Row, desk: Desk, grain: int) -> None:
    """Form a spread between products as often as pools allow; credit each leg, rounded down."""
    count, a_is_long = -1, -1
    for number in range(spread.first_leg, spread.end_leg):
        leg = terms.credit_legs[number]
        pool = desk.pools[leg.first]
        if pool == 0 or desk.figures[terms.pools[leg.first].product].is_scanned == 1:
            return
        orientation = leg.is_a if pool > 0 else 1 - leg.is_a
        if a_is_long >= 0 and orientation != a_is_long:
            return
        a_is_long = orientation
        times = abs(pool) * leg.ratio_over // leg.ratio
        count = times if count < 0 else min(count, times)
    for number in range(spread.first_leg, spread.end_leg):
        leg = terms.credit_legs[number]
        figure = desk.figures[terms.pools[leg.first].product]
        used = count * leg.ratio // leg.ratio_over
        desk.pools[leg.first] -= used if desk.pools[leg.first] > 0 else -used
        if figure.net_delta > 0:
            near = float(used) * figure.price_risk_twice * spread.rate
            exact = used * figure.price_risk_twice * spread.rate
            figure.inter += _floor(near, exact, 2 * figure.net_delta * spread.over)


@kernel
def _needed(product: Row, figure: Row) -> int:
    """Return a product's requirement less the option value that counts."""
    if product.takes_greater == 1:
        minimum = max(figure.calls, figure.puts)
    else:
        minimum = figure.calls + figure.puts
    requirement = max(figure.scan + figure.intra + figure.spot - figure.inter, minimum)
    if product.caps_value == 1:
        return requirement - min(figure.value, requirement)
    return requirement - figure.value


@kernel
def _clear(terms: Terms, desk: Desk, held: int) -> None:
    for place in range(held):
        number = desk.held[place]
        product, figure = terms.products[number], desk.figures[number]
        for run in range(product.first_run, product.end_run):
            desk.open[run].long = 0
            desk.open[run].short = 0
        for pool in range(product.first_pool, product.end_pool):
            desk.pools[pool] = 0
        for scenario in range(SCENARIOS):
            figure.losses[scenario] = 0
        figure.is_held = 0
        figure.is_scanned = 0
        figure.intra = 0
        figure.spot = 0
        figure.inter = 0
        figure.calls = 0
        figure.puts = 0
        figure.value = 0


@kernel
def _floor(near: float, numerator: int, divisor: int) -> int:
    """Return the whole part of a quotient, exactly, whose numerator may not fit 64 bits.

    `near` is the numerator as a float, `numerator` what is left of it when it wraps around. The
    float only guesses; what remains of the guess is small, so it is right although both wrapped.
    """
    quotient = int(near / divisor)
    rest = numerator - quotient * divisor
    while rest < 0:
        quotient -= 1
        rest += divisor
    while rest >= divisor:
        quotient += 1
        rest -= divisor
    return quotient
