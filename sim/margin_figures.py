"""A requirement of either model as figures of one form, which `cfx margin` shows."""

from typing import NamedTuple

import msgspec
import numpy as np

from clearing.house import House
from clearing.margin import explain, fhs_explain
from clearing.margin.explain import Node
from clearing.margin.fhs import ProductRisk, Simulation
from clearing.margin.rounding import charge, initial
from clearing.margin.span import Margin, ProductMargin
from engine.instruments import money


class ProductLine(msgspec.Struct, frozen=True):
    """One product's figures, in USD as decimal text; `scenario` counts from 1."""

    product: str
    scan: str
    scenario: int
    intra: str
    spot: str
    inter: str
    som: str
    requirement: str


class SimulatedLine(ProductLine, frozen=True):
    """The same by historical simulation: `scan` is shortfall and stress, `intra` what size costs.

    `inter` is diversification, `scenario` the past move that loses the value at risk.
    """

    value_at_risk: str
    expected_shortfall: str
    stress: str  # The worst stress loss.
    liquidity: str
    concentration: str


class Figures(NamedTuple):
    """A portfolio's requirement by one model. Micro-dollars."""

    model: str
    currency: str
    maintenance: int
    initial: int
    net_option_value: int
    products: tuple[ProductLine, ...]
    columns: tuple[str, ...]  # Of these, that a table shows.
    tree: Node

    @property
    def totals(self) -> dict[str, int]:
        """The four figures of the whole, by name."""
        return {
            "requirement": self.maintenance,
            "initial": self.initial,
            "maintenance": self.maintenance,
            "net_option_value": self.net_option_value,
        }


_SPAN = ("product", "scan", "scenario", "intra", "spot", "inter", "som", "requirement")
_FHS = ("product", "value_at_risk", "expected_shortfall", "stress", "scan", "intra", "inter")


def of_span(made: Margin) -> Figures:
    """Return the figures of a SPAN requirement."""
    products = tuple(map(_span_line, made.products))
    amounts = made.maintenance, made.initial, made.net_option_value
    return Figures("span", made.currency, *amounts, products, _SPAN, explain.explain(made))


def of_house(house: House, account: int, percent: int) -> Figures:
    """Return what a house asks of an account, by SPAN and for what stands beside it.

    percent: initial margin, of maintenance.
    """
    made = house.margin.margin(account)
    raised, exact = (amounts[0] for amounts in house.margin.requirements(np.array([account])))
    maintenance = int(raised + exact)
    opened = initial(int(raised), percent) + int(exact)
    products = tuple(map(_span_line, made.products))
    amounts = maintenance, opened, made.net_option_value
    tree = house.margin.explained(account)
    return Figures("span", made.currency, *amounts, products, _SPAN, tree)


def of_fhs(made: Simulation, currency: str = "USD") -> Figures:
    """Return the figures of a simulated requirement."""
    products = tuple(map(_fhs_line, made.products))
    amounts = made.maintenance, made.initial, made.net_option_value
    columns = (*_FHS, "requirement")
    return Figures("fhs", currency, *amounts, products, columns, fhs_explain.explain(made))


def _span_line(each: ProductMargin) -> ProductLine:
    return ProductLine(
        product=each.product,
        scan=money(each.scan.amount),
        scenario=each.scan.active + 1,
        intra=money(each.intra),
        spot=money(each.spot),
        inter=money(each.inter),
        som=money(each.minimum),
        requirement=money(each.requirement),
    )


def _fhs_line(each: ProductRisk) -> SimulatedLine:
    return SimulatedLine(
        product=each.product,
        scan=money(each.scan),
        scenario=each.tail.at + 1,
        intra=money(each.added),
        spot=money(0),
        inter=money(each.credit),
        som=money(0),
        requirement=money(each.requirement),
        value_at_risk=money(each.tail.value_at_risk),
        expected_shortfall=money(charge(each.tail.shortfall)),
        stress=money(each.tail.stress),
        liquidity=money(each.liquidity),
        concentration=money(each.concentration),
    )
