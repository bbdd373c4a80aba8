"""Refusals: each Reason of the exchange, and each of the gateway's own, as a code of the dialect.

The codes are Deribit's, so that ccxt raises its typed exceptions. `gateway/PROTOCOL.md`
holds the same table with the exceptions; a test compares them.
"""

from typing import Any, NamedTuple

from engine.reasons import Reason
from gateway.envelope import Error


class Code(NamedTuple):
    """A numeric code of the dialect and its name."""

    code: int
    message: str


BAD_REQUEST = Code(11050, "bad_request")
INVALID_PARAMS = Code(-32602, "Invalid params")
METHOD_UNKNOWN = Code(-32601, "Method not found")
NOT_JSON = Code(-32700, "Parse error")
UNAUTHORIZED = Code(13009, "unauthorized")
FORBIDDEN = Code(13021, "forbidden")
TOO_MANY_REQUESTS = Code(10028, "too_many_requests")
QUEUE_FULL = Code(10047, "matching_engine_queue_full")
ORDER_NOT_FOUND = Code(10004, "order_not_found")
INSTRUMENT_NOT_FOUND = Code(13020, "not_found")
WEBSOCKET_ONLY = Code(10030, "must_be_websocket_request")
AMOUNT_NOT_WHOLE = Code(10027, "non_integer_contract_amount")
ORDER_ID_INVALID = Code(10025, "invalid_order_id")
STOPPING = Code(11051, "system_maintenance")

BY_REASON: dict[Reason, Code] = {
    Reason.NONE: Code(10001, "error"),
    Reason.VERSION_UNKNOWN: Code(11094, "internal_server_error"),
    Reason.KIND_UNKNOWN: Code(11094, "internal_server_error"),
    Reason.ACCOUNT_UNKNOWN: Code(13007, "user_not_found"),
    Reason.INSTRUMENT_UNKNOWN: INSTRUMENT_NOT_FOUND,
    Reason.PRODUCT_UNKNOWN: INSTRUMENT_NOT_FOUND,
    Reason.ORDER_UNKNOWN: ORDER_NOT_FOUND,
    Reason.ORDER_NOT_YOURS: Code(10029, "not_owner_of_order"),
    Reason.TRADE_UNKNOWN: INSTRUMENT_NOT_FOUND,
    Reason.SIDE_UNKNOWN: INVALID_PARAMS,
    Reason.TYPE_UNKNOWN: INVALID_PARAMS,
    Reason.TIF_UNKNOWN: INVALID_PARAMS,
    Reason.SMP_RULE_UNKNOWN: INVALID_PARAMS,
    Reason.FLAG_UNKNOWN: INVALID_PARAMS,
    Reason.TERMS_INVALID: INVALID_PARAMS,
    Reason.ACCOUNT_SUSPENDED: Code(10019, "locked_by_admin"),
    Reason.ACCOUNT_KILLED: Code(10019, "locked_by_admin"),
    Reason.QUOTES_PROTECTED: Code(11030, "other_reject"),
    Reason.PHASE_FORBIDS: Code(10012, "book_closed"),
    Reason.NOT_REVIEWABLE: Code(10011, "price_not_allowed"),
    Reason.QUANTITY_NOT_POSITIVE: Code(10002, "qty_too_low"),
    Reason.QUANTITY_ABOVE_CLIP: Code(10021, "invalid_amount"),
    Reason.QUANTITY_BELOW_BLOCK: Code(10002, "qty_too_low"),
    Reason.MINIMUM_INVALID: Code(10021, "invalid_amount"),
    Reason.DISPLAY_INVALID: Code(10036, "invalid_max_show_amount"),
    Reason.TRIGGER_INVALID: Code(11036, "invalid_stoppx_for_index_or_last"),
    Reason.PROTECTION_INVALID: Code(10023, "invalid_price"),
    Reason.EXPIRY_INVALID: INVALID_PARAMS,
    Reason.NO_OPPOSITE: Code(10011, "price_not_allowed"),
    Reason.PRICE_OFF_TICK: Code(10043, "price_wrong_tick"),
    Reason.PRICE_OFF_LADDER: Code(10007, "price_too_high"),
    Reason.QUOTE_CROSSED: INVALID_PARAMS,
    Reason.DAILY_LIMIT: Code(10011, "price_not_allowed"),
    Reason.PRICE_BAND: Code(10011, "price_not_allowed"),
    Reason.CIRCUIT_BREAKER: Code(10011, "price_not_allowed"),
    Reason.POST_ONLY: Code(11054, "post_only_reject"),
    Reason.REDUCE_ONLY: Code(10021, "invalid_amount"),
    Reason.POSITION_LIMIT: Code(10018, "non_pme_max_future_position_size"),
    Reason.MARGIN_SHORT: Code(10009, "not_enough_funds"),
    Reason.VALUE_NOT_POSITIVE: INVALID_PARAMS,
    Reason.VALUE_TOO_LARGE: INVALID_PARAMS,
    Reason.FUNDS_SHORT: Code(10009, "not_enough_funds"),
    Reason.ORDERS_FULL: Code(10047, "matching_engine_queue_full"),
    Reason.POSITIONS_FULL: Code(10047, "matching_engine_queue_full"),
    Reason.LEVELS_FULL: Code(10047, "matching_engine_queue_full"),
    Reason.LISTING_FULL: Code(10047, "matching_engine_queue_full"),
    Reason.MASS_CANCEL: Code(11044, "not_open_order"),
    Reason.SELF_MATCH: Code(10003, "order_overlap"),
    Reason.UNFILLED: Code(11044, "not_open_order"),
    Reason.SESSION_ENDED: Code(11044, "not_open_order"),
    Reason.EXPIRED: Code(11044, "not_open_order"),
    Reason.REPLACED_AWAY: Code(11008, "already_filled"),
    Reason.VELOCITY: Code(11044, "not_open_order"),
    Reason.REQUOTED: Code(11044, "not_open_order"),
    Reason.PROTECTION: Code(11044, "not_open_order"),
    Reason.KILL_SWITCH: Code(11044, "not_open_order"),
}


class RefusedError(Exception):
    """A request that is answered with an error; the rest goes on."""

    def __init__(self, code: Code, **found: Any) -> None:
        super().__init__(code.message)
        self.error = Error(code.code, code.message, found)


def invalid(param: str, value: object, reason: str) -> RefusedError:
    """Return a refusal of a parameter, naming it and its value."""
    return RefusedError(INVALID_PARAMS, param=param, value=str(value)[:64], reason=reason)
