"""Why a command is refused, or an order leaves the book unasked: codes that EVENT rows carry."""

import enum


class Reason(enum.IntEnum):
    """Why a command was rejected, in order of precedence: the first that holds is reported.

    From MASS_CANCEL on they stand in CANCELED rows: why an order left the book unasked.
    """

    NONE = 0
    VERSION_UNKNOWN = 1
    KIND_UNKNOWN = 2
    ACCOUNT_UNKNOWN = 3
    INSTRUMENT_UNKNOWN = 4
    PRODUCT_UNKNOWN = 5
    ORDER_UNKNOWN = 6
    ORDER_NOT_YOURS = 7
    TRADE_UNKNOWN = 8
    SIDE_UNKNOWN = 9
    TYPE_UNKNOWN = 10
    TIF_UNKNOWN = 11
    SMP_RULE_UNKNOWN = 12
    FLAG_UNKNOWN = 13
    TERMS_INVALID = 14
    ACCOUNT_SUSPENDED = 15
    ACCOUNT_KILLED = 16
    QUOTES_PROTECTED = 17
    PHASE_FORBIDS = 18
    NOT_REVIEWABLE = 19
    QUANTITY_NOT_POSITIVE = 20
    QUANTITY_ABOVE_CLIP = 21
    QUANTITY_BELOW_BLOCK = 22
    MINIMUM_INVALID = 23
    DISPLAY_INVALID = 24
    TRIGGER_INVALID = 25
    PROTECTION_INVALID = 26
    EXPIRY_INVALID = 27
    NO_OPPOSITE = 28
    PRICE_OFF_TICK = 29
    PRICE_OFF_LADDER = 30
    QUOTE_CROSSED = 31
    DAILY_LIMIT = 32
    PRICE_BAND = 33
    CIRCUIT_BREAKER = 34
    POST_ONLY = 35
    REDUCE_ONLY = 36
    POSITION_LIMIT = 37
    MARGIN_SHORT = 38
    VALUE_NOT_POSITIVE = 39
    VALUE_TOO_LARGE = 40
    FUNDS_SHORT = 41
    ORDERS_FULL = 42
    POSITIONS_FULL = 43
    LEVELS_FULL = 44
    LISTING_FULL = 45

    MASS_CANCEL = 64
    SELF_MATCH = 65
    UNFILLED = 66  # What a FAK, FOK or minimum-quantity order could not fill.
    SESSION_ENDED = 67
    EXPIRED = 68
    REPLACED_AWAY = 69  # A replace with in-flight mitigation left nothing.
    VELOCITY = 70  # Its next trade would have been too far from those just before.
    REQUOTED = 71
    PROTECTION = 72  # Its maker's quotes filled too many lots in too short a time.
    KILL_SWITCH = 73
