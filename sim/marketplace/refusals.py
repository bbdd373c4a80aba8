"""Why the marketplace turns something down: each refusal is the sentence that is said."""

import enum


class Refusal(enum.StrEnum):
    """A participant's mistake. In order of precedence: the first that holds is said."""

    NONE = ""
    # At the door of an auction.
    NO_AUCTION = "no auction is on"
    ORDERS_BIND = "orders bind now: a bid may be raised, and nothing else"
    PARTY_UNKNOWN = "there is no such participant"
    CONFIGURATION_UNKNOWN = "nothing of this configuration is auctioned"
    ORDER_UNKNOWN = "there is no such order of yours"
    ORDER_NAMED_TWICE = "two wishes at once name the same order"
    BLOCKS_INVALID = "an order is for 1 to 2000 blocks"
    PRICE_INVALID = "a price is a multiple of 0.01 USD from 0.01 to 40.94"
    BID_NOT_RAISED = "a bid may only be raised, for the same blocks"
    BOOK_REFUSED = "the book is full, or the participant holds too much"
    # At the desk for requests.
    REQUEST_UNKNOWN = "there is no such request"
    NOBODY_ASKED = "a request names one to twelve providers, each once, and not the buyer"
    EXPIRY_PASSED = "an answer stands until a later moment than now"
    NOT_ASKED = "this provider was not asked"
    ANSWERED = "this provider has answered already"
    CLOSED = "the request is closed: an answer was accepted"
    NOT_THE_BUYER = "only the buyer who asked may accept"
    NOT_ANSWERED = "this provider has not answered"
    ANSWER_EXPIRED = "this answer has expired"
