"""Risk parameters into a `.spn` file 4.00, which `spn_read.py` reads back as equal.

Written as it goes, contract by contract. What a requirement does not depend on is left out:
definitions, scan ranges, volatilities.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import TextIO
from xml.sax.saxutils import escape

from clearing.margin.decimals import text as decimal
from clearing.margin.parameters import (
    DELTA_ONE,
    Contract,
    JointScan,
    Kind,
    Leg,
    Parameters,
    Product,
    Spread,
    Tier,
)
from clearing.margin.spn_read import VERSION

_PORTFOLIOS = {Kind.PHYSICAL: "phyPf", Kind.FUTURE: "futPf", Kind.CALL: "oopPf", Kind.PUT: "oopPf"}


def write(parameters: Parameters, file: TextIO) -> None:
    """Write parameters as a file of their date; ValueError for a contract not named `pfId/cId`."""
    for line in _lines(parameters):
        file.write(line)
        file.write("\n")


def held_alone(parameters: Parameters) -> Parameters:
    """Return the part of parameters that its contracts need: their products, spreads of these."""
    names = {one.product for one in parameters.contracts.values()}
    joint = [
        each._replace(products=tuple(name for name in each.products if name in names))
        for each in parameters.joint
        if each.required <= names
    ]
    return parameters._replace(
        products={name: each for name, each in parameters.products.items() if name in names},
        spreads=tuple(
            each for each in parameters.spreads if {leg.product for leg in each.legs} <= names
        ),
        joint=tuple(each for each in joint if len(each.products) > 1),
    )


def _lines(parameters: Parameters) -> Iterator[str]:
    portfolios = _portfolios(parameters)
    yield '<?xml version="1.0"?>'
    yield f"<spanFile>{_tag('fileFormat', VERSION)}{_tag('created', parameters.date)}"
    yield f"<pointInTime>{_tag('date', parameters.date)}{_tag('isSetl', 1)}"
    yield f"<clearingOrg>{_tag('ec', parameters.clearing_org)}"
    for product in parameters.products.values():
        links = [each for each in portfolios if each[0].product == product.name]
        yield from _product(product, links)
    yield "<interSpreads>"
    yield from (_spread(each, "") for each in parameters.spreads)
    yield from map(_joint, parameters.joint)
    yield f"</interSpreads>\n<exchange>{_tag('exch', parameters.clearing_org)}"
    for contracts in portfolios:
        yield from _portfolio(contracts)
    yield "</exchange>\n</clearingOrg></pointInTime></spanFile>"


def _portfolios(parameters: Parameters) -> list[list[Contract]]:
    """Return contracts by the portfolio that their names state, each in its order."""
    found: dict[str, list[Contract]] = {}
    for contract in parameters.contracts.values():
        pf_id, slash, _ = contract.name.partition("/")
        if not (pf_id and slash):
            raise ValueError(f"contract {contract.name!r} is not named pfId/cId")
        found.setdefault(pf_id, []).append(contract)
    for pf_id, contracts in found.items():
        if len({(_PORTFOLIOS[one.kind], one.product) for one in contracts}) > 1:
            raise ValueError(f"portfolio {pf_id} mixes kinds of contracts, or products")
    return list(found.values())


def _product(product: Product, portfolios: Iterable[list[Contract]]) -> Iterator[str]:
    method = "MAX" if product.som_takes_greater else "GROSS"
    yield (
        f"<ccDef>{_tag('cc', product.name)}{_tag('name', product.name)}"
        f"{_tag('currency', product.currency)}{_tag('capAnov', int(product.caps_option_value))}"
        f"{_tag('somMeth', method)}"
    )
    for contracts in portfolios:
        first = contracts[0]
        kind = _PORTFOLIOS[first.kind].removesuffix("Pf").upper()
        link = _tag("pfId", _pf_id(first)) + _tag("pfCode", product.name) + _tag("pfType", kind)
        yield _tag("pfLink", link + _tag("sc", 1), is_text=False)
    for rate in product.spot:
        values = _tag("sprd", decimal(rate.spread)) + _tag("outr", decimal(rate.outright))
        yield _tag("spotRate", _tag("r", 1) + _tag("pe", rate.period) + values, is_text=False)
    yield _tiers("intraTiers", product.intra_tiers)
    yield _tiers("interTiers", product.inter_tiers)
    yield _tiers("somTiers", product.som_tiers)
    yield from (_spread(each, product.name) for each in product.spreads)
    yield "</ccDef>"


def _tiers(tag: str, tiers: Iterable[Tier]) -> str:
    made = ""
    for tier in tiers:
        ends = (_tag("sPe", tier.first) if tier.first else "") + (
            _tag("ePe", tier.last) if tier.last else ""
        )
        rate = _rate(tier.rate) if tag == "somTiers" else ""
        made += _tag("tier", _tag("tn", tier.number) + ends + rate, is_text=False)
    return _tag(tag, made, is_text=False)


def _spread(spread: Spread, product: str) -> str:
    legs = "".join(_leg(leg, product) for leg in spread.legs)
    head = _tag("spread", spread.number) + _tag("chargeMeth", "F" if product else "P")
    return _tag("dSpread", head + _rate(spread.rate) + legs, is_text=False)


def _leg(leg: Leg, product: str) -> str:
    where = _tag("pe", leg.period) if leg.period else _tag("tn", leg.tier)
    ends = _tag("rs", leg.side) + _tag("i", _ratio(leg.ratio))
    named = _tag("cc", leg.product or product)
    return _tag("pLeg" if leg.period else "tLeg", named + where + ends, is_text=False)


def _joint(joint: JointScan) -> str:
    legs = ""
    for place, name in enumerate(joint.products):
        flags = _tag("isTarget", int(place == 0)) + _tag("isRequired", int(name in joint.required))
        legs += _tag("sLeg", _tag("cc", name) + flags, is_text=False)
    return _tag("hSpread", _tag("spread", joint.number) + _rate(joint.rate) + legs, is_text=False)


def _portfolio(contracts: list[Contract]) -> Iterator[str]:
    first = contracts[0]
    tag = _PORTFOLIOS[first.kind]
    is_paid = any(one.premium for one in contracts)
    yield (
        f"<{tag}>{_tag('pfId', _pf_id(first))}{_tag('pfCode', first.product)}"
        f"{_tag('valueMeth', 'EQTY' if is_paid else 'FUT')}"
    )
    if tag != "oopPf":
        inner = tag.removesuffix("Pf")
        yield from (_tag(inner, _tag("pe", one.period) + _fields(one), False) for one in contracts)
    else:
        for period, series in groupby(contracts, key=lambda one: one.period):
            yield f"<series>{_tag('pe', period)}"
            yield from (_tag("opt", _terms(one) + _fields(one), False) for one in series)
            yield "</series>"
    yield f"</{tag}>"


def _terms(option: Contract) -> str:
    return _tag("o", "C" if option.kind == Kind.CALL else "P") + _tag("k", f"{option.strike:f}")


def _fields(contract: Contract) -> str:
    losses = "".join(_tag("a", decimal(loss)) for loss in contract.losses)
    delta = _tag("d", f"{(Decimal(contract.delta) / DELTA_ONE):f}")
    return (
        _tag("cId", contract.name.partition("/")[2])
        + _tag("p", f"{contract.price:f}")
        + _tag("cvf", f"{contract.value_factor:f}")
        + _tag("ra", _tag("r", 1) + losses + delta, is_text=False)
    )


def _pf_id(contract: Contract) -> str:
    return contract.name.partition("/")[0]


def _rate(millionths: int) -> str:
    return _tag("rate", _tag("r", 1) + _tag("val", decimal(millionths)), is_text=False)


def _ratio(ratio: Fraction) -> str:
    text = f"{(Decimal(ratio.numerator) / ratio.denominator):f}"
    if Fraction(text) != ratio:
        raise ValueError(f"the ratio {ratio} of a leg has no end as a decimal")
    return text


def _tag(name: str, content: object, is_text: bool = True) -> str:
    inside = escape(str(content)) if is_text else str(content)
    return f"<{name}>{inside}</{name}>"
