"""Requests for quotes: a buyer asks providers by name, answers expire, one may be accepted.

The desk knows numbers and times; it neither values nor pays what it brings about.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sim.marketplace.goods import is_a_price
from sim.marketplace.refusals import Refusal

ASKED_MAX = 12  # Providers of one request.


class Answered(NamedTuple):
    """A provider's price, in units, and until when, exclusive, it stands."""

    price: int
    expires: int


class Request(NamedTuple):
    """What a buyer asked for."""

    buyer: int
    subject: str  # What is asked for, in words that all who are asked understand.
    asked: tuple[int, ...]  # Providers.


class Deal(NamedTuple):
    """An answer that was accepted."""

    request: int
    buyer: int
    provider: int
    price: int  # In units.
    time: int


class Requests:
    """All requests, and the deals that came of them; numbered from 1."""

    def __init__(self) -> None:
        self.deals: list[Deal] = []
        self._requests: list[Request] = []
        self._answers: list[dict[int, Answered]] = []
        self._is_closed: list[bool] = []

    def ask(self, buyer: int, subject: str, asked: Sequence[int]) -> tuple[int, Refusal]:
        """Return a new request's number; 0, and why, where nobody is to be asked by it."""
        if not 0 < len(asked) <= ASKED_MAX or len({buyer, *asked}) <= len(asked):
            return 0, Refusal.NOBODY_ASKED

        self._requests.append(Request(buyer, subject, tuple(asked)))
        self._answers.append({})
        self._is_closed.append(False)
        return len(self._requests), Refusal.NONE

    def answer(self, request: int, provider: int, price: int, expires: int, now: int) -> Refusal:
        """Let a provider name its price, once; NONE, or why it may not."""
        refusal = self._closed(request)
        if refusal:
            return refusal
        if provider not in self._requests[request - 1].asked:
            return Refusal.NOT_ASKED
        if provider in self._answers[request - 1]:
            return Refusal.ANSWERED
        if not is_a_price(price):
            return Refusal.PRICE_INVALID
        if expires <= now:
            return Refusal.EXPIRY_PASSED

        self._answers[request - 1][provider] = Answered(price, expires)
        return Refusal.NONE

    def accept(self, request: int, buyer: int, provider: int, now: int) -> Refusal:
        """Make a deal of an answer that still stands, and close the request; NONE, or why not."""
        refusal = self._closed(request)
        if refusal:
            return refusal
        if self._requests[request - 1].buyer != buyer:
            return Refusal.NOT_THE_BUYER
        if provider not in self._answers[request - 1]:
            return Refusal.NOT_ANSWERED
        price, expires = self._answers[request - 1][provider]
        if expires <= now:
            return Refusal.ANSWER_EXPIRED

        self._is_closed[request - 1] = True
        self.deals.append(Deal(request, buyer, provider, price, now))
        return Refusal.NONE

    def standing(self, request: int, now: int) -> dict[int, Answered]:
        """Return the answers to a request that have not expired, by provider."""
        answers = self._answers[request - 1]
        return {who: answer for who, answer in answers.items() if answer.expires > now}

    def _closed(self, request: int) -> Refusal:
        """Return why nothing may be done about a request any more, or NONE."""
        if not 0 < request <= len(self._requests):
            return Refusal.REQUEST_UNKNOWN
        return Refusal.CLOSED if self._is_closed[request - 1] else Refusal.NONE
