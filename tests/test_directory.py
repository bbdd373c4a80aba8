"""Names and numbers follow accepted rows, and a product's terms are checked field by field."""

import datetime
from decimal import Decimal

import pytest

from clearing.directory import Directory
from clearing.genesis import genesis
from clearing.terms import IndexTerms, ProductTerms, decode_terms, encode_terms, read
from clearing.venue import Venue
from engine.instruments import MONTHS, as_date, future_name, units
from engine.reasons import Reason
from engine.rows import Batch
from engine.schema import AccountType, Kind
from tests.trading_days import FIRST_DAY, MODELS, SIZES, TERMS, found


def founded() -> Venue:
    """Return a venue on the eve of its first day."""
    venue = Venue.open(sizes=SIZES)
    found(venue)
    return venue


def test_every_product_lists_36_months() -> None:
    directory = founded().house.directory
    assert [each.name for each in directory.products] == list(MODELS)
    assert len(directory.instruments) == MONTHS * len(MODELS)
    for each in directory.instruments:
        model, expiry = directory.products[each.product].name, as_date(each.expiry)
        assert each.name == future_name(model, expiry)
        assert each.month == expiry.year * 100 + expiry.month
        assert directory.instrument_of[each.name] is each


def test_accounts_owners_and_keys_are_found_by_name_and_number() -> None:
    venue = founded()
    batch = Batch()
    batch.money(Kind.KEY, account=2, key=7, text="read,trade")
    venue.submit(batch, venue.exchange.time)
    directory = venue.house.directory
    account = directory.account_of["account-3"]
    assert (account.number, account.owner, account.type) == (3, 3, AccountType.SPECULATOR)
    assert account.initial_percent == 110
    assert directory.owner_of["owner-1"].number == 1
    assert directory.keys[7].text == "read,trade"


def test_a_rejected_row_names_nothing() -> None:
    venue = founded()
    batch = Batch()
    batch.money(Kind.OPEN_ACCOUNT, account=9, other=1, text="out of turn")
    batch.money(Kind.OPEN_OWNER, other=5, text="in turn")
    outcome, *_ = venue.submit(batch, venue.exchange.time)
    assert outcome.events["reason"].tolist() == [Reason.ACCOUNT_UNKNOWN, Reason.NONE]
    assert "out of turn" not in venue.house.directory.account_of
    assert "in turn" in venue.house.directory.owner_of


def test_a_fresh_fold_of_the_same_outcomes_is_equal() -> None:
    venue = Venue.open(sizes=SIZES)
    copy = Directory()
    for outcome in found(venue):
        copy.fold(outcome)
    assert copy.instruments == venue.house.directory.instruments
    assert copy.accounts == venue.house.directory.accounts


def test_a_product_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="H100 is named twice"):
        genesis([TERMS[0], TERMS[0]], FIRST_DAY)


def test_an_exchange_is_not_founded_on_a_holiday() -> None:
    with pytest.raises(ValueError, match="2026-07-03 is no business day"):
        genesis(TERMS, datetime.date(2026, 7, 3))


def test_terms_survive_their_text() -> None:
    for terms in TERMS:
        assert decode_terms(encode_terms(terms)) == terms


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"model": "H100", "rates": [1], "spread": 2}', "unknown field `spread`"),
        ('{"model": "h100", "rates": [1]}', "model 'h100'"),
        ('{"model": "H100", "rates": []}', "rates is empty"),
        ('{"model": "H100", "rates": [1, "x"]}', r"rates\[1\]: .*\('x'\)"),
        ('{"model": "H100", "rates": [-1]}', "rates -1 is not between"),
        ('{"model": "H100", "rates": ["NaN"]}', "rates NaN is not between"),
        ('{"model": "H100", "rates": ["0.0000001"]}', "rates: 1E-7"),
        ('{"model": "H100", "rates": [1], "mode": "both"}', "mode: .*'both'"),
        ('{"model": "H100", "rates": [1], "curve": [[1, "0.005"]]}', "multiple of 0.01"),
        ('{"model": "H100", "rates": [1], "curve": [[2, 0], [1, 0]]}', "curve: months ahead"),
        ('{"model": "H100", "rates": [1], "index": {"cap_percent": 0}}', "index: cap_percent 0"),
        ('{"model": "H100", "rates": [1], "fees": {"member": -1}}', "fees: member -1"),
        ('{"rates": [1]}', "missing required field `model`"),
        ("[", "terms are not JSON"),
        ("[]", "Expected `object`"),
    ],
)
def test_bad_terms_are_refused_by_field_and_value(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        decode_terms(text)


def test_a_number_in_a_table_of_numbers_is_read_as_it_is_written() -> None:
    terms = read({"model": "H100", "rates": [410.25], "charge": 0.1}, ProductTerms)
    assert (terms.rate_micro(5), terms.charge_micro()) == (410_250_000, 100_000)


def test_the_last_rate_holds_for_all_later_months() -> None:
    terms = ProductTerms(model="H100", rates=(Decimal(410), Decimal(350)))
    assert [terms.rate_micro(ahead) for ahead in (0, 1, 2, 35)] == [
        410_000_000,
        *[350_000_000] * 3,
    ]


def test_the_curve_is_linear_between_its_months_and_flat_outside() -> None:
    curve = ((1, Decimal("0.10")), (3, Decimal("0.20")), (6, Decimal("-0.10")))
    terms = ProductTerms(model="H100", rates=(Decimal(1),), curve=curve)
    steps = ("0.10", "0.10", "0.15", "0.20", "0.10", "0", "-0.10", "-0.10")
    assert [terms.difference(ahead) for ahead in range(8)] == [units(step) for step in steps]


def test_hyperscalers_and_other_markets_are_out_by_default() -> None:
    assert IndexTerms().markets == ("on-demand",)
    assert IndexTerms().excluded == ("aws", "azure", "gcp")
