"""What is listed: instruments, currencies and combos, a function a method."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from clearing.calendar import moment
from clearing.directory import Instrument
from engine.instruments import LOT_HOURS, as_date
from engine.schema import NIL_PRICE, Form, Phase
from gateway import answers, combos, messages
from gateway.codec import STATES, decimal, dollars
from gateway.refusals import INSTRUMENT_NOT_FOUND, RefusedError
from gateway.view import View

_LAST_FIXING_S = (14 * 60 + 30) * 60  # Chicago; an expiring future stops trading then.
_MS = 1_000_000


def instrument(view: View, terms: Instrument) -> answers.Instrument:
    """Return an instrument's terms and phase."""
    market, product = view.markets[terms.number], view.directory.products[terms.product]
    notional = 0 if market.mark == NIL_PRICE else market.mark * terms.value
    fee = combos.fee(view.directory, terms)
    fraction = (fee / dollars(notional)).quantize(Decimal("1e-6")) if notional else Decimal(0)
    return answers.Instrument(
        instrument_name=terms.name,
        instrument_id=terms.number,
        code=combos.code_of(view.directory, terms),
        base_currency=product.name,
        counter_currency="USD",
        quote_currency="USD",
        settlement_currency="USD",
        price_index=f"{product.name.lower()}_usd",
        kind=combos.kind_of(terms),
        instrument_type="linear",
        future_type="linear",
        settlement_period="day" if terms.form == Form.EVENT else "month",
        state=STATES[Phase(market.phase)],
        is_active=market.phase != Phase.EXPIRED,
        contract_size=contract_size(terms),
        tick_size=decimal(terms.tick),
        min_trade_amount=1,
        max_trade_amount=terms.clip,
        min_price=decimal(terms.low),
        max_price=decimal(terms.high),
        max_leverage=max(1, notional // market.rate) if market.rate else 1,
        creation_timestamp=market.listed // _MS,
        expiration_timestamp=moment(as_date(terms.expiry), _LAST_FIXING_S) // _MS,
        maker_commission=fraction,
        taker_commission=fraction,
        block_trade_commission=fraction,
        fee_per_lot=fee,
        legs=_legs(view, terms),
        strike=decimal(terms.strike) if terms.is_paid else msgspec.UNSET,
        option_type=_option_type(terms),
        payoff=_payoff(terms),
    )


def contract_size(terms: Instrument) -> int:
    """Return what a price is multiplied by for the dollars of a lot: GPU-hours; of an event 1."""
    return 1 if terms.form == Form.EVENT else LOT_HOURS


def _legs(view: View, terms: Instrument) -> list[answers.Leg]:
    instruments = view.directory.instruments
    legs = view.directory.legs.get(terms.number, [])
    return [answers.Leg(instruments[leg.instrument].name, leg.ratio) for leg in legs]


def _option_type(terms: Instrument) -> str | msgspec.UnsetType:
    """Return call or put; an event contract pays above its strike, as a call does."""
    if not terms.is_paid:
        return msgspec.UNSET
    return "put" if terms.form == Form.PUT else "call"


def _payoff(terms: Instrument) -> str | msgspec.UnsetType:
    if not terms.is_paid:
        return msgspec.UNSET
    return "digital" if terms.form == Form.EVENT else "vanilla"


def _instrument(view: View, asked: messages.ByInstrument) -> answers.Instrument:
    return instrument(view, view.instrument(asked.instrument_name))


def _instruments(view: View, asked: messages.Instruments) -> list[answers.Instrument]:
    return [
        instrument(view, terms)
        for terms in view.selected(asked.currency)
        if combos.is_of_kind(terms, asked.kind)
        and (view.markets[terms.number].phase == Phase.EXPIRED) == asked.expired
    ]


def _currencies(view: View, _asked: messages.Params) -> list[answers.Currency]:
    models = [product.name for product in view.directory.products]
    named = [answers.Currency(name, f"{name} GPU-hours", name) for name in models]
    return [*named, answers.Currency("USD", "US dollar", "USD")]


def _combo(view: View, terms: Instrument) -> answers.Combo:
    market = view.markets[terms.number]
    return answers.Combo(
        id=terms.name,
        instrument_id=terms.number,
        state="inactive" if market.phase == Phase.EXPIRED else "active",
        state_timestamp=market.phased // _MS,
        creation_timestamp=market.listed // _MS,
        legs=_legs(view, terms),
    )


def _combos(view: View, asked: messages.Combos) -> list[answers.Combo]:
    found = [_combo(view, terms) for terms in view.selected(asked.currency) if terms.is_spread]
    return [combo for combo in found if asked.state in ("any", combo.state)]


def _combo_ids(view: View, asked: messages.Combos) -> list[str]:
    return [combo.id for combo in _combos(view, asked)]


def _combo_details(view: View, asked: messages.ByCombo) -> answers.Combo:
    terms = view.directory.instrument_of.get(asked.combo_id)
    if terms is None or not terms.is_spread:
        code, reason = INSTRUMENT_NOT_FOUND, "no such combo is listed"
        raise RefusedError(code, param="combo_id", value=asked.combo_id, reason=reason)
    return _combo(view, terms)


ANSWERS: Mapping[str, Callable[[View, Any], Any]] = {
    "public/get_combo_details": _combo_details,
    "public/get_combo_ids": _combo_ids,
    "public/get_combos": _combos,
    "public/get_currencies": _currencies,
    "public/get_instrument": _instrument,
    "public/get_instruments": _instruments,
}
