"""`.spn` files: read as they stand, written so that others read them, refused with a sentence."""

import io
import os
import pathlib
import random
import re
import tracemalloc
from decimal import Decimal

import pytest
from marginism import Position, SpanCalculator

from clearing.margin.decimals import millionths, number
from clearing.margin.parameters import Kind, Parameters
from clearing.margin.span import margin
from clearing.margin.spn_read import read
from clearing.margin.spn_write import held_alone, write
from tests import random_span
from tests.exact_span import figures
from tests.small_spn import SMALL

LAST_LOSS = "<a>153.30</a>"
PORTFOLIOS = int(os.environ.get("CFX_PORTFOLIOS", "1000"))
DOLLAR = 1_000_000


def parsed(text: str) -> Parameters:
    return read(io.BytesIO(text.encode()))


def written(parameters: Parameters) -> str:
    file = io.StringIO()
    write(parameters, file)
    return file.getvalue()


def test_a_file_is_read_as_it_stands() -> None:
    parameters = parsed(SMALL)
    assert (parameters.date, parameters.clearing_org) == ("20261001", "CFX")
    assert list(parameters.contracts) == ["1/1", "1/2", "2/11"]
    call = parameters.contracts["2/11"]
    assert (call.kind, call.period, call.delta) == (Kind.CALL, "20261030", 5_000)
    assert (call.strike, call.premium) == (Decimal("2.80"), 87_600_000)
    assert parameters.contracts["1/1"].losses[12] == 219_000_000
    product = parameters.products["H100"]
    assert (product.currency, product.spreads[0].rate) == ("USD", 40_000_000)


@pytest.mark.parametrize(
    ("lots", "requirement"),
    [
        ({"1/1": 2}, "438"),
        ({"1/1": 2, "1/2": -2}, "80"),
        ({"2/11": -3}, "652.80"),
        ({"2/11": 3}, "0"),
    ],
)
def test_the_figures_of_an_independent_reader(lots: dict[str, int], requirement: str) -> None:
    assert margin(parsed(SMALL), lots).maintenance == millionths(Decimal(requirement))


def test_only_what_is_wanted_is_kept() -> None:
    parameters = read(io.BytesIO(SMALL.encode()), {"2/11"})
    assert list(parameters.contracts) == ["2/11"]


def test_products_may_stand_behind_their_contracts_and_links_name_them() -> None:
    link = "<pfLink><pfId>2</pfId><sc>0.1</sc></pfLink>"
    text = SMALL.replace("<pfId>2</pfId><pfCode>H100</pfCode>", "<pfId>2</pfId><pfCode>HX</pfCode>")
    option = parsed(text.replace("</ccDef>", f"{link}</ccDef>")).contracts["2/11"]
    assert (option.product, option.delta) == ("H100", 500)
    with pytest.raises(ValueError, match="contract 2/11 names the product 'HX'"):
        parsed(text)


def test_a_physical_without_a_risk_array_is_nobodys() -> None:
    physical = "<phyPf><pfId>9</pfId><pfCode>H100</pfCode><phy><cId>1</cId><p>3</p></phy></phyPf>"
    text = SMALL.replace("<futPf>", f"{physical}<futPf>")
    assert list(parsed(text).contracts) == ["1/1", "1/2", "2/11"]


def test_of_contracts_that_are_not_wanted_the_risk_array_is_still_looked_at() -> None:
    for text in (SMALL.replace(LAST_LOSS, "", 1), SMALL.replace("<d>1.0</d>", "", 1)):
        with pytest.raises(ValueError, match="contract 1/1 has"):
            read(io.BytesIO(text.encode()), {"2/11"})


def test_options_settled_like_futures_have_no_value() -> None:
    text = SMALL.replace("<pfId>2</pfId>", "<pfId>2</pfId><valueMeth>FUT</valueMeth>")
    assert parsed(text).contracts["2/11"].premium == 0


INTER = (
    "<interSpreads><dSpread><spread>7</spread><rate><val>{}</val></rate>"
    "<tLeg><cc>{}</cc><tn>0</tn><rs>A</rs><i>1</i></tLeg>"
    "<tLeg><cc>H100</cc><tn>{}</tn><rs>B</rs><i>1</i></tLeg></dSpread></interSpreads></clearingOrg>"
)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("4.00", "3.10", "it is of format '3.10'; only 4.00 is read"),
        ("<fileFormat>4.00</fileFormat>", "", "no fileFormat before its first pointInTime"),
        ("spanFile>", "html>", "it begins with <html>, not with <spanFile>"),
        (LAST_LOSS, "", "contract 1/1 has 15 values in its risk array, not 16"),
        (LAST_LOSS, 2 * LAST_LOSS, "contract 1/1 has 17 values in its risk array, not 16"),
        (LAST_LOSS, "<a>NaN</a>", "contract 1/1: 'NaN' is not a decimal number in its risk array"),
        (LAST_LOSS, "<a>1e20</a>", "contract 1/1: '1e20' is too large in its risk array"),
        (LAST_LOSS, "<a/>", "contract 1/1: '' is not a decimal number in its risk array"),
        ("<d>0.5</d></ra>", "</ra>", "contract 2/11 has no composite delta (d) in its risk array"),
        ("<o>C</o>", "<o>X</o>", "contract 2/11: 'X' is neither C nor P"),
        ("<k>2.80</k>", "", "contract 2/11 has no k"),
        ("<cId>2</cId>", "<cId>1</cId>", "contract 1/1 stands there twice"),
        ("<pe>20261130</pe><p>", "<p>", "contract 1/2: '' is not a period"),
        ("<pfId>2</pfId>", "<pfId>1</pfId>", "portfolio 1 stands there twice"),
        ("<pfId>2</pfId>", "", "a oopPf (H100) has no pfId"),
        ("<cc>H100</cc><name>", "<name>", "a ccDef has no cc"),
        ("GROSS", "LEAST", "product H100: the short option minimum 'LEAST' is neither"),
        ("<val>40</val>", "<val>-40</val>", "product H100, spread 1: the rate -40 is below zero"),
        ("<val>40</val>", "", "product H100, spread 1 has no rate/val"),
        (">F<", ">W<", "product H100, spread 1: charge method 'W' is not F"),
        ("<rs>B</rs>", "<rs>A</rs>", "product H100, spread 1 needs legs on both sides"),
        ("<rs>B</rs>", "<rs>C</rs>", "product H100, spread 1: the side 'C' of a leg"),
        ("<i>1</i>", "<i>0</i>", "product H100, spread 1: the ratio 0 of a leg is not positive"),
        ("</clearingOrg>", INTER.format("0.5", "X", 0), "names the product 'X', which has no"),
        ("</clearingOrg>", INTER.format("55", "H100", 0), "a credit of 55 is above 1"),
        ("</clearingOrg>", INTER.format("0.5", "H100", 9), "names tier 9, which its product"),
        ("</clearingOrg>", INTER.format("0.5", "H100", 0), "two legs over the same deltas"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(old: str, new: str, complaint: str) -> None:
    assert old in SMALL
    text = SMALL.replace(old, new) if old == "spanFile>" else SMALL.replace(old, new, 1)
    with pytest.raises(ValueError, match=re.escape(complaint)):
        parsed(text)


def test_a_file_without_a_risk_array_names_the_contract() -> None:
    begin = SMALL.index("<ra>")
    text = SMALL[:begin] + SMALL[SMALL.index("</ra>") + len("</ra>") :]
    with pytest.raises(ValueError, match="contract 1/1 has no risk array"):
        parsed(text)


def test_a_file_cut_off_anywhere_is_refused() -> None:
    content = SMALL.rstrip()
    for length in range(0, len(content), 7):
        with pytest.raises(ValueError, match=r"cut off|fileFormat"):
            parsed(content[:length])


def test_a_number_is_read_exactly_and_halves_go_away_from_zero() -> None:
    texts = ("0.0000005", "-0.0000005", "0.00000049", "2.81", "1e-2")
    assert [millionths(number(text)) for text in texts] == [1, -1, 0, 2_810_000, 10_000]


def test_what_is_written_is_read_back_as_equal() -> None:
    chance = random.Random(5)
    for _ in range(20):
        parameters = random_span.parameters(chance)
        contracts = sorted(parameters.contracts.values(), key=lambda one: (one.name, one.period))
        again = parsed(written(parameters))
        assert again._replace(contracts={}) == parameters._replace(contracts={})
        assert sorted(again.contracts.values(), key=lambda one: (one.name, one.period)) == contracts


def test_the_part_that_a_portfolio_needs_gives_the_same_margin() -> None:
    chance = random.Random(6)
    for _ in range(100):
        parameters = random_span.parameters(chance, 4)
        lots = random_span.lots(chance, parameters, 3)
        kept = {name: one for name, one in parameters.contracts.items() if name in lots}
        part = held_alone(parameters._replace(contracts=kept))
        assert figures(margin(parsed(written(part)), lots)) == figures(margin(parameters, lots))


def test_marginism_reads_our_files_and_agrees(tmp_path: pathlib.Path) -> None:
    """In its scope: scan, spreads of periods at 1:1, GROSS minimum, option value, capped."""
    chance = random.Random(7)
    for turn in range(PORTFOLIOS):
        if turn % 50 == 0:
            parameters = random_span.parameters(chance, 2, plain=True)
            path = tmp_path / f"{turn}.spn"
            path.write_text(written(parameters), encoding="utf-8")
            ours, theirs = read(path.open("rb")), SpanCalculator.from_file(str(path))
        lots = random_span.lots(chance, parameters, chance.choice((1, 3, 6)))
        held = [(parameters.contracts[name], quantity) for name, quantity in lots.items()]
        found = theirs.calculate(
            [
                Position(
                    one.product, _INSTRUMENTS[one.kind], quantity, one.period, float(one.strike)
                )
                for one, quantity in held
            ]
        )
        assert not found.unmatched
        assert margin(ours, lots).maintenance == pytest.approx(found.span_margin * DOLLAR, abs=10)


_INSTRUMENTS = {Kind.FUTURE: "FUT", Kind.CALL: "CE", Kind.PUT: "PE"}


def test_memory_does_not_grow_with_the_file() -> None:
    begin, end = SMALL.index("<futPf>"), SMALL.index("</futPf>") + len("</futPf>")
    portfolios = [SMALL[begin:end].replace("<pfId>1<", f"<pfId>{n}<") for n in range(3, 3_003)]
    content = (SMALL[:begin] + "\n".join(portfolios) + SMALL[end:]).encode()
    assert len(content) > 2_000_000
    file = io.BytesIO(content)
    tracemalloc.start()
    parameters = read(file, {"3/1"})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert list(parameters.contracts) == ["3/1"]
    assert peak < 1_000_000
