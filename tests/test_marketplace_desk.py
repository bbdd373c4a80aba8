"""Requests for quotes, and contracts between two who are named: who may do what, who owes what."""

import pytest

from engine.instruments import TICK
from sim.marketplace.contracts import Bill, Contract, bill, check_terms, close_out, month_after
from sim.marketplace.goods import Configuration, is_a_price, on_tick, paid_micro
from sim.marketplace.months import billed, closed_out
from sim.marketplace.refusals import Refusal
from sim.marketplace.requests import Answered, Deal, Requests

LAB, ALDER, BASALT, CINDER = 9, 1, 2, 3
EAST = Configuration(0, 0, "on-demand")
MONTHS = (202610, 202611, 202612)


def contract(
    number: int = 1,
    buyer: int = LAB,
    provider: int = ALDER,
    hours: int = 1_000,
    months: tuple[int, ...] = MONTHS,
) -> Contract:
    """Return a contract at 2.50 USD, of 1,000 GPU-hours in each of three months."""
    reserved = Configuration(0, 0, "reserved")
    return Contract(number, buyer, provider, reserved, 2_500_000, hours, months, 20260910)


def asked() -> Requests:
    """Return a desk where the lab has asked two providers, and both have answered."""
    desk = Requests()
    assert desk.ask(LAB, "H100: 100 GPU-hours", [ALDER, BASALT]) == (1, Refusal.NONE)
    assert desk.answer(1, ALDER, 560, expires=20, now=10) == ""
    assert desk.answer(1, BASALT, 558, expires=15, now=10) == ""
    return desk


def test_a_request_becomes_a_deal() -> None:
    desk = asked()
    assert desk.standing(1, 14) == {ALDER: Answered(560, 20), BASALT: Answered(558, 15)}
    assert desk.accept(1, LAB, BASALT, 14) == Refusal.NONE
    assert desk.deals == [Deal(1, LAB, BASALT, 558, 14)]


def test_answers_expire() -> None:
    desk = asked()
    assert desk.standing(1, 15) == {ALDER: Answered(560, 20)}
    assert desk.accept(1, LAB, BASALT, 15) == Refusal.ANSWER_EXPIRED
    assert desk.accept(1, LAB, ALDER, 15) == Refusal.NONE
    assert desk.accept(1, LAB, BASALT, 15) == Refusal.CLOSED
    assert desk.answer(1, BASALT, 556, 30, 15) == Refusal.CLOSED
    assert len(desk.deals) == 1


def test_only_who_was_named_takes_part() -> None:
    desk = asked()
    assert desk.answer(1, CINDER, 550, 20, 11) == Refusal.NOT_ASKED
    assert desk.answer(1, ALDER, 550, 20, 11) == Refusal.ANSWERED
    assert desk.accept(1, CINDER, ALDER, 11) == Refusal.NOT_THE_BUYER
    assert desk.accept(1, LAB, CINDER, 11) == Refusal.NOT_ANSWERED
    for unknown in (0, 2, -1):
        assert desk.answer(unknown, ALDER, 550, 20, 11) == Refusal.REQUEST_UNKNOWN
        assert desk.accept(unknown, LAB, ALDER, 11) == Refusal.REQUEST_UNKNOWN
    for providers in ([], [ALDER, ALDER], [LAB, ALDER], list(range(20, 33))):
        assert desk.ask(LAB, "nothing", providers) == (0, Refusal.NOBODY_ASKED)
    assert desk.deals == []


def test_an_answer_has_a_price_and_stands_for_a_while() -> None:
    desk = Requests()
    desk.ask(LAB, "H100: 100 GPU-hours", [ALDER])
    for price in (0, -TICK, TICK + 1, 10_000):
        assert desk.answer(1, ALDER, price, 20, 10) == Refusal.PRICE_INVALID
    assert desk.answer(1, ALDER, 560, 10, 10) == Refusal.EXPIRY_PASSED
    assert desk.answer(1, ALDER, 560, 11, 10) == Refusal.NONE


def test_a_month_is_paid_as_it_was_delivered() -> None:
    # 990 hours at 2.50; ten hours cost 0.30 more elsewhere.
    assert bill(contract(), 202610, 990, 2_800_000) == Bill(
        *(1, 202610, 1_000, 990), due_micro=2_475_000_000, damages_micro=3_000_000
    )
    # Where they cost less, missing hours are no loss.
    assert bill(contract(), 202611, 0, 2_400_000) == Bill(1, 202611, 1_000, 0, 0, 0)


@pytest.mark.parametrize(
    ("defaulter", "price", "unpaid", "replacement", "recovered", "lost"),
    [
        # Two months are left. The provider fails: replacing 2,000 hours costs 0.30 more each,
        # and the lab has 1,000 USD of a bill not paid yet.
        (ALDER, 2_800_000, -1_000_000_000, 600_000_000, 0, 0),
        (ALDER, 3_500_000, -1_000_000_000, 2_000_000_000, 400_000_000, 600_000_000),
        # The lab fails: its provider resells at 0.20 less, and is owed the bill.
        (LAB, 2_300_000, 1_000_000_000, 400_000_000, 560_000_000, 840_000_000),
        # It resells at more: the gain is owed to the estate, after the bill.
        (LAB, 3_500_000, 1_000_000_000, -2_000_000_000, 0, 0),
    ],
)
def test_what_is_left_is_closed_out_at_what_it_costs_now(
    defaulter: int, price: int, unpaid: int, replacement: int, recovered: int, lost: int
) -> None:
    now = dict.fromkeys(MONTHS, price)
    found = close_out(contract(), defaulter, 202611, 1_000_000_000, now, recovery_percent=40)
    assert found.survivor == (LAB if defaulter == ALDER else ALDER)
    assert (found.months, found.unpaid_micro, found.replacement_micro) == (2, unpaid, replacement)
    assert found.claim_micro == unpaid + replacement
    assert (found.recovered_micro, found.lost_micro) == (recovered, lost)


def test_what_an_estate_pays_is_rounded_down_and_nothing_is_lost_on_the_way() -> None:
    one = contract(hours=1, months=(202610,))
    found = close_out(one, ALDER, 202610, 0, {202610: 2_500_003}, recovery_percent=40)
    assert (found.recovered_micro, found.lost_micro) == (1, 2)


def test_a_default_closes_every_contract_of_the_party_and_no_other() -> None:
    contracts = [contract(), contract(number=2, provider=BASALT), contract(number=3, buyer=8)]
    prices = {EAST: 2_800_000}
    bills = billed(contracts, 202610, {1: 1_000, 2: 1_000, 3: 990}, prices)
    assert [one.due_micro for one in bills] == [2_500_000_000, 2_500_000_000, 2_475_000_000]
    found = closed_out(contracts, [ALDER], bills, 202611, prices, 40)
    assert [(one.contract, one.survivor) for one in found] == [(1, LAB), (3, 8)]
    # The buyer owes the month that ended, which the provider's estate collects.
    assert [one.unpaid_micro for one in found] == [-2_500_000_000, -2_472_000_000]
    assert closed_out(contracts, [], bills, 202611, prices, 40) == []


def test_a_contract_that_is_over_is_closed_out_for_its_last_bill_alone() -> None:
    one = contract(months=(202610,))
    prices = {EAST: 9_000_000}
    bills = billed([one], 202610, {1: 500}, prices)
    found = closed_out([one], [LAB], bills, 202611, prices, 0)
    # 500 hours at 2.50 are owed, less 500 missing ones that cost 6.50 more elsewhere.
    assert [each.replacement_micro for each in found] == [0]
    assert [each.claim_micro for each in found] == [1_250_000_000 - 3_250_000_000]
    assert closed_out([one], [LAB], [], 202611, prices, 0) == []


@pytest.mark.parametrize(
    ("hours", "months", "price", "sentence"),
    [
        (0, MONTHS, 1, "1 to 1000000000 GPU-hours a month, not 0"),
        (1, (), 1, "1 to 36 months, not 0"),
        (1, (202611, 202610), 1, "do not rise"),
        (1, (202610, 202610), 1, "do not rise"),
        (1, (202613,), 1, "or are none"),
        (1, MONTHS, 0, "0 micro-dollars is not above 0"),
    ],
)
def test_terms_that_make_no_contract(
    hours: int, months: tuple[int, ...], price: int, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        check_terms(hours, months, price)


def test_what_begins_next_month_is_reserved_and_later_is_a_forward() -> None:
    assert contract().form == "reserved"
    assert contract(months=(202611,)).form == "forward"
    assert (month_after(202612, 1), month_after(202610, 15)) == (202701, 202801)


def test_prices_are_rounded_where_it_is_said() -> None:
    assert (on_tick(2.804), on_tick(2.806), on_tick(0.0), on_tick(99.0)) == (560, 562, 2, 8_188)
    assert [is_a_price(price) for price in (2, 8_188, 0, 3, 8_190)] == [True, True, *[False] * 3]
    assert (paid_micro(2_805_000, 0), paid_micro(2_805_000, 100)) == (2_805_000, 2_833_050)
    assert (paid_micro(50, 100), paid_micro(49, 100), paid_micro(50, -100)) == (51, 49, 50)
