"""Events of a scene as words, and the comparison of what was expected with what was said."""

from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from engine.instruments import money
from engine.reasons import Reason
from engine.schema import Did, Phase, Role, Side, Standing

_SIZED = {  # Events that read "verb Q @ P".
    Did.ENTERED: "entered",
    Did.RESTED: "rested",
    Did.FILLED: "traded",
    Did.CANCELED: "canceled",
    Did.REPLACED: "replaced",
    Did.TRIGGERED: "triggered",
    Did.REFILLED: "refilled",
    Did.INDICATIVE: "indicative",
    Did.BUSTED: "busted",
    Did.ADJUSTED: "adjusted",
    Did.PRICED: "priced",
}
_PAID = {
    Did.DEPOSITED: "deposited",
    Did.TAKEN: "taken",
    Did.CHARGED: "charged",
    Did.PLEDGED: "pledged",
    Did.RECALLED: "recalled",
}
_IN_MONEY = (Reason.MARGIN_SHORT, Reason.FUNDS_SHORT)
_IN_NUMBERS = (
    *(Reason.NOT_REVIEWABLE, Reason.QUANTITY_ABOVE_CLIP, Reason.POSITION_LIMIT),
    *(Reason.DAILY_LIMIT, Reason.PRICE_BAND, Reason.CIRCUIT_BREAKER),
)


class Told(NamedTuple):
    """An event in words. An expectation may leave out `detail`."""

    words: str
    detail: str = ""
    names: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in self if part)

    def is_meant_by(self, expected: str) -> bool:
        """Whether an expectation, given as text, says this."""
        short = f"{self.words} {self.names}"
        return _same(expected.split(), str(self).split()) or _same(expected.split(), short.split())


def put(event: Any, names: str = "", place: str = "") -> Told:
    """Return an event row in words, with the accounts and the instrument that it needs."""
    did, quantity, price = Did(event["kind"]), int(event["quantity"]), int(event["price"])
    if did == Did.IMPLIED or is_leg(event):
        what = "leg" if did == Did.FILLED else f"implied {Side(event['side']).name.lower()}"
        return Told(f"{what} {quantity} @ {price} {place}", "", names)
    if did in _SIZED:
        is_assigned = did == Did.FILLED and event["role"] == Role.ASSIGNED
        verb = "assigned" if is_assigned else _SIZED[did]
        return Told(f"{verb} {quantity} @ {price}", _detail(event) or place, names)
    if did == Did.REJECTED:
        return Told(f"rejected {Reason(event['reason']).name}", _compared(event), names)
    if did in _PAID:
        detail = f"leaves {money(int(event['leaves']))}"
        return Told(f"{_PAID[did]} {money(quantity)}", detail, names)
    if did == Did.PROTECTED:
        return Told(f"protected {quantity}", "", names)
    if did == Did.PHASED:
        reason = Reason(event["reason"])
        detail = f"{place} {reason.name}" if reason else place
        return Told(f"phase {Phase(quantity).name}", detail, names)
    if did == Did.SUSPENDED:
        return Told(f"standing {Standing(quantity).name}", "", names)
    if did == Did.ALERTED:
        return Told(f"alerted {quantity} of {int(event['other'])}", "", names)
    if did == Did.KILLED:
        return Told("killed" if quantity else "released", "", names)
    if did in (Did.RATED, Did.CREDITED):
        return Told(f"{did.name.lower()} {money(quantity)}", "", names)
    if did in (Did.MARKED, Did.SETTLED):
        return Told(f"{did.name.lower()} {price}", "", names)
    return Told(did.name.lower(), "", names)


def is_leg(event: Any) -> bool:
    """Whether an event row tells what a spread's trade, or a block of it, did to a leg."""
    if event["kind"] != Did.FILLED:
        return False
    is_of_block = event["role"] == Role.BLOCK and event["other"] != 0
    return bool(event["role"] == Role.LEG or is_of_block)


def _detail(event: Any) -> str:
    """Return why an order was canceled, a stop's trigger, or what an iceberg shows; or ""."""
    other = int(event["other"])
    if event["reason"] != Reason.NONE:
        return Reason(event["reason"]).name
    if event["kind"] in (Did.ENTERED, Did.REPLACED) and other != 0:
        return f"stop {other}"
    if event["kind"] == Did.RESTED and other != event["quantity"]:
        return f"shows {other}"
    return ""


def _compared(event: Any) -> str:
    """Return the two numbers that a refusal compared, where it compared any."""
    required, available = int(event["price"]), int(event["quantity"])
    if event["reason"] in _IN_MONEY:
        return f"needs {money(required)} has {money(available)}"
    if event["reason"] in _IN_NUMBERS:
        return f"needs {required} has {available}"
    return ""


def difference(expected: str, told: list[Told]) -> str:
    """Return a sentence where the events of a line are not the expected ones; else ""."""
    wanted = [] if expected == "-" else [part.strip() for part in expected.split(";")]
    pairs = zip(told, wanted, strict=False)
    if len(wanted) == len(told) and all(one.is_meant_by(text) for one, text in pairs):
        return ""
    got = "; ".join(str(one) for one in told) or "-"
    return f"expected {expected or 'something'}, got {got}"


def _same(expected: list[str], got: list[str]) -> bool:
    """Whether words are equal, numbers by value: 5 is 5.00."""
    if len(expected) != len(got):
        return False
    return all(a == b or _value(a) == _value(b) for a, b in zip(expected, got, strict=True))


def _value(word: str) -> Decimal | str:
    try:
        return Decimal(word)
    except InvalidOperation:
        return word
