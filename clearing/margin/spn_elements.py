"""One element of a `.spn` file 4.00 to one value of ours; what is missing is named, with its place.

Element names: CME Group, SPAN XML file format 4.00. What is not named here is not read.
"""

from collections.abc import Container, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from xml.etree.ElementTree import Element

from clearing.margin.decimals import millionths, number, text
from clearing.margin.parameters import (
    SCENARIOS,
    Contract,
    JointScan,
    Kind,
    Leg,
    Product,
    SpotRate,
    Spread,
    Tier,
)

PORTFOLIOS = {"phyPf": "phy", "futPf": "fut", "oopPf": "series", "oofPf": "series"}
_OPTION_KINDS = {"C": Kind.CALL, "P": Kind.PUT}


class Portfolio(NamedTuple):
    """Contracts of one `phyPf`, `futPf`, `oopPf` or `oofPf` that are wanted, deltas apart."""

    number: str
    code: str
    contracts: list[Contract]  # Without delta.
    deltas: dict[str, Decimal]  # By contract, not scaled yet.


class Link(NamedTuple):
    """What a `pfLink` says of a portfolio: whose it is, and how its deltas scale."""

    product: str
    scale: Decimal


def text_of(element: Element, tag: str, default: str = "") -> str:
    """Return the stripped text of a child, or the default where it is absent or empty."""
    return (element.findtext(tag) or "").strip() or default


def portfolio(element: Element, wanted: Container[str]) -> Portfolio:
    """Return a portfolio's wanted contracts; ValueError names the first contract that cannot be.

    Of the others only the values of the risk array are counted: that takes a tenth of the time.
    """
    pf_id, code = text_of(element, "pfId"), text_of(element, "pfCode")
    if not pf_id:
        raise ValueError(f"a {element.tag} ({code or 'without pfCode'}) has no pfId")
    factor = _decimal(element, "cvf", f"portfolio {pf_id}", "1")
    is_paid = text_of(element, "valueMeth") != "FUT"
    found, names = Portfolio(pf_id, code, [], {}), set[str]()
    for outer in element.findall(PORTFOLIOS[element.tag]):
        inner = outer.findall("opt") if outer.tag == "series" else [outer]
        for one in inner:
            name = f"{pf_id}/{text_of(one, 'cId', '?')}"
            if outer.tag == "phy" and one.find("ra") is None:
                continue  # It only stands under options; nobody can hold it.
            if name in names:
                raise ValueError(f"contract {name} stands there twice")
            names.add(name)
            array = _risk_array(one, f"contract {name}")
            if name in wanted:
                losses = _losses(array, f"contract {name}")
                made = _contract(name, one, outer, factor, is_paid)
                found.contracts.append(made._replace(losses=losses))
                found.deltas[name] = _decimal(one, "ra/d", f"contract {name}")
    return found


def _contract(
    name: str, one: Element, outer: Element, portfolio_factor: Decimal, is_paid: bool
) -> Contract:
    where = f"contract {name}"
    factor = _decimal(outer, "cvf", where, str(portfolio_factor))
    factor = _decimal(one, "cvf", where, str(factor))
    price = _decimal(one, "p", where, "0")
    if outer.tag != "series":
        kind = Kind.FUTURE if outer.tag == "fut" else Kind.PHYSICAL
        period = _period(one, where, "00000000" if outer.tag == "phy" else "")
        return Contract(name, "", kind, period, (), 0, price, factor)
    sort = text_of(one, "o")
    if sort not in _OPTION_KINDS:
        raise ValueError(f"{where}: {sort!r} is neither C nor P")
    premium = millionths(price * factor) if is_paid else 0
    strike = _decimal(one, "k", where)
    kind, period = _OPTION_KINDS[sort], _period(outer, where)
    return Contract(name, "", kind, period, (), 0, price, factor, strike, premium)


def _risk_array(element: Element, where: str) -> Element:
    """Return the first risk array, that of rate 1; it has 16 values and a composite delta."""
    array = element.find("ra")
    if array is None:
        raise ValueError(f"{where} has no risk array")
    values = len(array.findall("a"))
    if values != len(SCENARIOS):
        raise ValueError(f"{where} has {values} values in its risk array, not 16")
    if array.find("d") is None:
        raise ValueError(f"{where} has no composite delta (d) in its risk array")
    return array


def _losses(array: Element, where: str) -> tuple[int, ...]:
    try:
        values = [number((each.text or "").strip()) for each in array.findall("a")]
    except ValueError as error:
        raise ValueError(f"{where}: {error} in its risk array") from None
    return tuple(map(millionths, values))


def product(element: Element) -> tuple[Product, dict[str, Link]]:
    """Return what a `ccDef` says of a product, and of the portfolios that belong to it."""
    name = text_of(element, "cc")
    if not name:
        raise ValueError("a ccDef has no cc")
    where = f"product {name}"
    method = text_of(element, "somMeth", "GROSS")
    if method not in {"GROSS", "MAX"}:
        raise ValueError(f"{where}: the short option minimum {method!r} is neither GROSS nor MAX")
    made = Product(
        name=name,
        currency=text_of(element, "currency", "USD"),
        spreads=_by_number(_spread(each, where) for each in element.findall("dSpread")),
        intra_tiers=tiers(element, "intraTiers", where),
        inter_tiers=tiers(element, "interTiers", where),
        spot=tuple(_spot_rate(each, where) for each in element.findall("spotRate")),
        som_tiers=tiers(element, "somTiers", where),
        som_takes_greater=method == "MAX",
        caps_option_value=text_of(element, "capAnov") == "1",
    )
    links = {
        text_of(each, "pfId"): Link(name, _decimal(each, "sc", where, "1"))
        for each in element.findall("pfLink")
    }
    return made, links


def tiers(element: Element, tag: str, where: str) -> tuple[Tier, ...]:
    """Return the tiers that a list of a `ccDef` holds."""
    return tuple(
        Tier(
            number=_whole(each, "tn", where),
            first=_period_end(each, "sPe", where),
            last=_period_end(each, "ePe", where),
            rate=_rate(each, where) if tag == "somTiers" else 0,
        )
        for each in element.findall(f"{tag}/tier")
    )


def between_products(element: Element) -> tuple[tuple[Spread, ...], tuple[JointScan, ...]]:
    """Return what `interSpreads` holds: spreads by delta, and spreads by scanning."""
    by_delta = _by_number(_credit_spread(each) for each in element.findall("dSpread"))
    found = [_joint_scan(each) for each in element if each.tag in {"hSpread", "sSpread"}]
    return by_delta, tuple(sorted(found, key=lambda spread: spread.number))


def _spread(element: Element, where: str) -> Spread:
    made = Spread(_whole(element, "spread", where), (), 0)
    where = f"{where}, spread {made.number}"
    method = text_of(element, "chargeMeth", "F")
    if method != "F":
        raise ValueError(f"{where}: charge method {method!r} is not F, a flat rate")
    legs = [_leg(each, where) for each in element if each.tag in {"pLeg", "tLeg"}]
    if {leg.side for leg in legs} != {"A", "B"}:
        raise ValueError(f"{where} needs legs on both sides, A and B")
    return Spread(made.number, tuple(legs), _rate(element, where))


def _credit_spread(element: Element) -> Spread:
    where = f"interSpreads, spread {text_of(element, 'spread', '?')}"
    legs = [_leg(each, where) for each in element.findall("tLeg")]
    if {leg.side for leg in legs} != {"A", "B"} or element.find("pLeg") is not None:
        raise ValueError(f"{where} needs legs by tier (tLeg) on both sides, A and B")
    return Spread(_whole(element, "spread", where), tuple(legs), _share(element, where))


def _joint_scan(element: Element) -> JointScan:
    where = f"interSpreads, spread by scanning {text_of(element, 'spread', '?')}"
    legs = element.findall("sLeg")
    names = tuple(text_of(leg, "cc") for leg in legs)
    if len(set(names)) < max(2, len(names)):
        raise ValueError(f"{where} needs two different products or more")
    required = frozenset(text_of(leg, "cc") for leg in legs if text_of(leg, "isRequired") != "0")
    return JointScan(_whole(element, "spread", where), names, required, _share(element, where))


def _leg(element: Element, where: str) -> Leg:
    side = text_of(element, "rs")
    if side not in {"A", "B"}:
        raise ValueError(f"{where}: the side {side!r} of a leg is neither A nor B")
    ratio = Fraction(_decimal(element, "i", where, "1"))
    if ratio <= 0:
        raise ValueError(f"{where}: the ratio {ratio} of a leg is not positive")
    named = text_of(element, "cc")
    if element.tag == "pLeg":
        return Leg(named, side, ratio, period=_period(element, where))
    return Leg(named, side, ratio, tier=_whole(element, "tn", where, "0"))


def _spot_rate(element: Element, where: str) -> SpotRate:
    where = f"{where}, spotRate"
    spread, outright = _decimal(element, "sprd", where, "0"), _decimal(element, "outr", where, "0")
    if min(spread, outright) < 0:
        raise ValueError(f"{where}: {min(spread, outright)} is below zero")
    return SpotRate(_period(element, where), millionths(spread), millionths(outright))


def _rate(element: Element, where: str) -> int:
    """Return the value of rate 1, in millionths; it may not be negative."""
    value = _decimal(element, "rate/val", where)
    if value < 0:
        raise ValueError(f"{where}: the rate {value} is below zero")
    return millionths(value)


def _share(element: Element, where: str) -> int:
    rate = _rate(element, where)
    if rate > millionths(Decimal(1)):
        raise ValueError(f"{where}: a credit of {text(rate)} is above 1, the whole")
    return rate


def _decimal(element: Element, tag: str, where: str, default: str = "") -> Decimal:
    found = text_of(element, tag, default)
    if not found:
        raise ValueError(f"{where} has no {tag}")
    try:
        return number(found)
    except ValueError as error:
        raise ValueError(f"{where}, {tag}: {error}") from None


def _whole(element: Element, tag: str, where: str, default: str = "") -> int:
    value = _decimal(element, tag, where, default)
    if value != int(value):
        raise ValueError(f"{where}, {tag}: {value} is not a whole number")
    return int(value)


def _period(element: Element, where: str, default: str = "") -> str:
    found = text_of(element, "pe", default)
    if not (found.isascii() and found.isdigit() and 6 <= len(found) <= 8):
        raise ValueError(f"{where}: {found!r} is not a period (pe), such as 20261030")
    return found


def _period_end(element: Element, tag: str, where: str) -> str:
    found = text_of(element, tag)
    if found and not (found.isascii() and found.isdigit() and 6 <= len(found) <= 8):
        raise ValueError(f"{where}, {tag}: {found!r} is not a period, such as 202610")
    return found


def _by_number(spreads: Iterator[Spread]) -> tuple[Spread, ...]:
    return tuple(sorted(spreads, key=lambda spread: spread.number))
