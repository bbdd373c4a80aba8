"""What the directives of a scene ask for, as COMMAND rows, and the names that they make.

`DIRECTIVES` is the table; engine/README.md shows each with an example.
"""

import datetime
from collections.abc import Callable

from engine.rows import Batch
from engine.scene_listing import list_instrument
from engine.scene_names import DAY, Stage
from engine.scene_text import Words
from engine.schema import NIL, AccountType, Kind, Phase, Standing
from engine.state import Sizes

CASH = 1_000_000_000_000_000  # An account's cash unless the scene says otherwise: 1e9 USD.
PERCENT = {AccountType.MEMBER: 100, AccountType.HEDGER: 110, AccountType.SPECULATOR: 110}
SIZE_MAX = 1 << 20

PHASES = {phase.name.lower().replace("_", "-"): phase for phase in Phase}
TYPES = {member.name.lower(): member for member in AccountType}
STANDINGS = {standing.name.lower(): standing for standing in Standing}


def _account(stage: Stage, words: Words, batch: Batch) -> None:
    name = words.take("a name")
    if name in stage.accounts or name == "all":
        words.fail(f"{name!r} is taken")
    number = stage.accounts[name] = len(stage.accounts) + 1
    cash, owner, smp_id, type_, percent = CASH, "", 0, AccountType.MEMBER, 0
    firm = 0
    while not words.is_done():
        term = words.take("a term")
        if term == "cash":
            cash = words.money("an amount of money")
        elif term == "owner":
            owner = words.take("an owner")
        elif term == "firm":
            firm = words.integer("a number")
        elif term == "smp":
            smp_id = words.integer("a number")
        elif term == "type":
            type_ = words.one_of("a type", TYPES)
        elif term == "percent":
            percent = words.integer("a number")
        else:
            words.fail(f"{term!r} is no term of an account")
    other = _owner(stage, owner, firm, batch) if owner else 0
    stage.smp_ids[number] = smp_id or other
    batch.money(
        Kind.OPEN_ACCOUNT,
        account=number,
        other=other,
        code=type_,
        value=percent or PERCENT[type_],
        text=name,
    )
    if cash:
        batch.money(Kind.DEPOSIT, account=number, value=cash)


def _owner(stage: Stage, name: str, firm: int, batch: Batch) -> int:
    if name not in stage.owners:
        stage.owners[name] = len(stage.owners) + 1
        batch.money(Kind.OPEN_OWNER, other=stage.owners[name], code=firm, text=name)
    return stage.owners[name]


def _phase(stage: Stage, words: Words, batch: Batch) -> None:
    chosen, products = NIL, [NIL]
    if words.take_if("all"):
        products = list(stage.products.values())
    else:
        chosen = _named_instrument(stage, words)
    code = words.one_of("a phase", PHASES)
    for product in products:
        batch.money(Kind.PHASE, instrument=chosen, product=product, code=code, value=stage.date)


def _named_instrument(stage: Stage, words: Words) -> int:
    return words.one_of("an instrument", stage.instruments)


def _time(stage: Stage, words: Words, batch: Batch) -> None:
    word = words.take("a time")
    try:
        clock = datetime.time.fromisoformat(word)
    except ValueError:
        words.fail(f"{word!r} is not a time like 09:30:00.000")
    since = datetime.timedelta(
        hours=clock.hour,
        minutes=clock.minute,
        seconds=clock.second,
        microseconds=clock.microsecond,
    )
    midnight = int(DAY.timestamp()) * 1_000_000_000
    time = midnight + since // datetime.timedelta(microseconds=1) * 1_000
    if time < stage.time:
        words.fail(f"{word!r} is in the past")
    stage.time = time
    batch.money(Kind.TIME)


def _date(stage: Stage, words: Words, _batch: Batch) -> None:
    stage.date = words.integer("a trade date like 20260105")


def _mark(stage: Stage, words: Words, batch: Batch) -> None:
    instrument, price = _named_instrument(stage, words), words.integer("a price")
    settlement = words.integer("a price") if words.take_if("settlement") else price
    batch.money(Kind.MARK, instrument=instrument, value=price, value_2=settlement)


def _price(stage: Stage, words: Words, batch: Batch) -> None:
    """`NAME P`: a TAS book, and the settlement that what traded in it gets."""
    instrument, price = _named_instrument(stage, words), words.integer("a price")
    batch.money(Kind.PRICE, instrument=instrument, value=price)


def _settle(stage: Stage, words: Words, batch: Batch) -> None:
    instrument, price = _named_instrument(stage, words), words.integer("a price")
    batch.money(Kind.SETTLE, instrument=instrument, value=price)


def _set(stage: Stage, words: Words, batch: Batch) -> None:
    """`rate USD [on INSTRUMENT]`, `charge USD`; without `on` also for what is listed later."""
    what, value = words.take("rate or charge"), 0
    if what == "rate":
        value = words.money("an amount of money")
        if words.take_if("on"):
            batch.money(Kind.RATE, instrument=_named_instrument(stage, words), value=value)
            return
        stage.rate = value
        for instrument in stage.listed:
            if not instrument.legs:
                batch.money(Kind.RATE, instrument=instrument.number, value=value)
    elif what == "charge":
        stage.charge = words.money("an amount of money")
        for product in stage.products.values():
            batch.money(Kind.RATE, product=product, value=stage.charge)
    else:
        words.fail(f"{what!r} is neither rate nor charge")


def _charge(stage: Stage, words: Words, batch: Batch) -> None:
    account = words.one_of("an account", stage.accounts)
    batch.money(Kind.CHARGE, account=account, value=words.money("an amount of money"))


def _standing(stage: Stage, words: Words, batch: Batch) -> None:
    account = words.one_of("an account", stage.accounts)
    batch.money(Kind.SUSPEND, account=account, code=words.one_of("a standing", STANDINGS))


def _show(stage: Stage, words: Words, _batch: Batch) -> None:
    stage.shows_all = words.one_of("all or own", {"all": True, "own": False})


def _sizes(stage: Stage, words: Words, _batch: Batch) -> None:
    if stage.instruments or stage.accounts:
        words.fail("@sizes stands before instruments and accounts")
    while not words.is_done():
        name = words.one_of("a size", {name: name for name in Sizes._fields})
        size = words.integer("a number")
        if not 1 <= size <= SIZE_MAX:
            words.fail(f"'{size}' is not a size from 1 to {SIZE_MAX}")
        stage.sizes = stage.sizes._replace(**{name: size})


DIRECTIVES: dict[str, Callable[[Stage, Words, Batch], None]] = {
    "@instrument": list_instrument,
    "@account": _account,
    "@phase": _phase,
    "@time": _time,
    "@date": _date,
    "@mark": _mark,
    "@price": _price,
    "@settle": _settle,
    "@set": _set,
    "@charge": _charge,
    "@standing": _standing,
    "@show": _show,
    "@sizes": _sizes,
}
