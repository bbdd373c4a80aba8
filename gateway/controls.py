"""What an operator does to accounts and markets: kill, release, halt, resume, limit, guard.

And what is asked for like it: prices that an operator sets (gateway/pricing.py).
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import msgspec

from clearing.calendar import trade_date
from clearing.default.steps import Step
from clearing.directory import Directory, Instrument
from clearing.guards import add_operators_guards
from engine.instruments import as_date, as_number, units
from engine.jit import Table
from engine.rows import Batch
from engine.schema import Did, Flag, Killed, Kind, Phase
from gateway.opening import OperatorError, account_named, require_taken
from gateway.pricing import Fix, Settle, add_fixing, add_settlement, require_reason
from gateway.refusals import RefusedError
from gateway.signed import Requests, Signed, signature
from gateway.view import View

Who = Literal["account", "owner", "firm"]
_LOTS_MAX = 1_000_000
_PRICES = ("band", "daily", "velocity")  # Guards that are given in USD per GPU-hour.


class Kill(Signed, tag="kill"):
    """Stop an account, an owner (by name or number), or a firm (by number)."""

    who: Who
    name: str


class Release(Signed, tag="release"):
    """Let those trade again that were stopped; a second operator must ask for the same."""

    who: Who
    name: str


class Default(Signed, tag="default"):
    """Declare an account in default; a second operator must ask for the same."""

    account: str


class Halt(Signed, tag="halt"):
    """Stop trading in an instrument, or in all of a product that are open."""

    name: str


class Resume(Signed, tag="resume"):
    """Open what an operator halted."""

    name: str


class Limit(Signed, tag="limit"):
    """The position limit of an instrument from now on, in lots."""

    instrument: str
    lots: int


class Guard(Signed, tag="guard"):
    """Guards of a product from now on; those that are not named stay. 0 switches one off."""

    product: str
    band: Decimal | None = None
    daily: Decimal | None = None
    velocity: Decimal | None = None
    velocity_ms: int | None = None
    breaker: int | None = None
    breaker_ms: int | None = None
    halt_ms: int | None = None


Control = Kill | Release | Default | Halt | Resume | Limit | Guard | Fix | Settle
_TWICE = Release | Default | Fix | Settle  # What a second operator must ask for, too.


class Acted(msgspec.Struct):
    """What an act changed, by name, and how many orders it canceled."""

    act: str
    changed: list[str]
    canceled: int = 0
    waits: bool = False  # Nothing is done yet: a second operator must ask for the same.


class Asked(NamedTuple):
    """The rows of an act, and the names of what they change, as far as that is known before."""

    batch: Batch
    changed: list[str]


def control_rows(view: View, asked: Control, first: Signed | None = None) -> Asked:
    """Return the rows that do it. first: the request of another operator that it approves.

    Raises OperatorError.
    """
    batch, text, directory = Batch(1), signature(asked, first), view.directory
    match asked:
        case Kill() | Release():
            value = int(isinstance(asked, Kill))
            batch.money(
                Kind.KILL, **_named(directory, asked.who, asked.name), value=value, text=text
            )
            return Asked(batch, [])
        case Default():
            return _declare(batch, view, asked, text)
        case Halt():
            return _move(view, asked.name, Phase.OPEN, Phase.HALT, text)
        case Resume():
            return _move(view, asked.name, Phase.HALT, Phase.OPEN, text)
        case Limit():
            if not 0 < asked.lots <= _LOTS_MAX:
                raise OperatorError(f"lots {asked.lots} are not between 1 and {_LOTS_MAX}")
            (terms,) = _instruments(view, asked.instrument, of_products=False)
            batch.money(Kind.LIMIT, instrument=terms.number, value=asked.lots, text=text)
            return Asked(batch, [terms.name])
        case Guard():
            _guard(batch, view, asked, text)
            return Asked(batch, [asked.product])
        case Fix():
            add_fixing(batch, view, asked, text)
            return Asked(batch, [asked.model])
        case Settle():
            add_settlement(batch, view, asked, text)
            return Asked(batch, [asked.instrument])


def prepared(view: View, requests: Requests, asked: Control) -> Asked | None:
    """Return the rows of an act; None where it waits for a second operator from now on.

    Raises OperatorError.
    """
    if not isinstance(asked, _TWICE):
        return control_rows(view, asked)
    if isinstance(asked, Fix | Settle):
        require_reason(asked)
    first = requests.other(asked)
    ready = control_rows(view, asked, first)
    if first is None:
        requests.keep(asked)
        return None
    return ready


def waiting(asked: Control) -> Acted:
    """Return the answer to an act that waits for a second operator."""
    return Acted(_verb(asked), [], waits=True)


def done(
    directory: Directory, requests: Requests, asked: Control, ready: Asked, events: Table
) -> Acted:
    """Return what was done once the rows are published. Raises OperatorError if it was refused."""
    require_taken(events)
    if isinstance(asked, _TWICE):
        requests.close(asked)
    killed = events["account"][events["kind"] == Did.KILLED].tolist()
    names = ready.changed or [directory.accounts[number].name for number in killed]
    return Acted(_verb(asked), names, int((events["kind"] == Did.CANCELED).sum()))


def _verb(asked: Control) -> str:
    return type(asked).__name__.lower()


def _declare(batch: Batch, view: View, asked: Default, text: str) -> Asked:
    """Return the row that declares an account in default. Raises OperatorError."""
    account = account_named(view.directory, asked.account)
    since = view.sales.in_default.get(account.number)
    if since:
        raise OperatorError(f"{account.name} has been in default since {as_date(since)}")
    date = as_number(trade_date(view.time))
    terms = {"account": account.number, "code": Step.DECLARE, "source": date}
    batch.money(Kind.DEFAULT, **terms, flags=Flag.OPERATOR, text=text)
    return Asked(batch, [account.name])


def _named(directory: Directory, who: Who, name: str) -> dict[str, Any]:
    """Return the fields of a KILL row that say whom it is about. Raises OperatorError."""
    if who == "account":
        return {"code": Killed.ACCOUNT, "account": account_named(directory, name).number}
    if who == "owner":
        found = directory.owner_of.get(name)
        if found is None and name.isdecimal() and int(name) < len(directory.owners):
            found = directory.owners[int(name)]
        if found is None or found.number == 0:
            raise OperatorError(f"owner {name!r} does not exist")
        return {"code": Killed.OWNER, "other": found.number}
    firms = {owner.firm for owner in directory.owners if owner.firm}
    if not name.isdecimal() or int(name) not in firms:
        raise OperatorError(f"firm {name!r} does not exist")
    return {"code": Killed.FIRM, "other": int(name)}


def _instruments(view: View, name: str, *, of_products: bool = True) -> list[Instrument]:
    """Return an instrument, or a product's, by name. Raises OperatorError."""
    product = view.directory.product_of.get(name)
    if of_products and product is not None:
        return view.directory.listed(product.number)
    try:
        return [view.instrument(name)]
    except RefusedError:
        what = "product or instrument" if of_products else "instrument"
        raise OperatorError(f"{what} {name!r} does not exist") from None


def _move(view: View, name: str, before: Phase, after: Phase, text: str) -> Asked:
    """Move what is in one phase into another; at least one must be. Raises OperatorError."""
    batch, day = Batch(), as_number(trade_date(view.time))
    found = _instruments(view, name)
    moved = [terms for terms in found if view.markets[terms.number].phase == before]
    if not moved:
        where = _phases(view.markets[terms.number].phase for terms in found)
        raise OperatorError(f"nothing of {name} is in phase {before.name.lower()}, but in {where}")
    for terms in moved:
        batch.money(Kind.PHASE, instrument=terms.number, code=after, value=day, text=text)
    return Asked(batch, [terms.name for terms in moved])


def _phases(phases: Iterable[int]) -> str:
    return ", ".join(Phase(phase).name.lower() for phase in sorted(set(phases)))


def _guard(batch: Batch, view: View, asked: Guard, text: str) -> None:
    """Add the row that changes what is named of a product's guards. Raises OperatorError."""
    product = view.directory.product_of.get(asked.product)
    if product is None:
        raise OperatorError(f"product {asked.product!r} does not exist")
    before = view.directory.guards[product.number]
    given = {
        name: getattr(asked, name) for name in before.__struct_fields__ if hasattr(asked, name)
    }
    given = {name: value for name, value in given.items() if value is not None}
    if not given:
        raise OperatorError("no guard is named")
    try:
        wanted = {name: units(value) if name in _PRICES else value for name, value in given.items()}
        terms = msgspec.structs.replace(before, **wanted)
    except ValueError as error:
        raise OperatorError(str(error)) from None
    date = trade_date(view.time)
    add_operators_guards(batch, view.directory, product.number, terms, date, text)
