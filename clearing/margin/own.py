"""SPAN parameters of the contracts that are listed here, and what accounts need by them.

A pure function of what the house took in from rows: rates, fixings known, product terms. The
requirement is never more than the pre-trade check holds back for the same positions.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from clearing.directory import Directory
from clearing.ledger import Numbers
from clearing.margin.arrays import moves, of_future
from clearing.margin.batch import Batch
from clearing.margin.batch_layout import Holdings
from clearing.margin.calendars import between, charges, spot_charges
from clearing.margin.explain import Node, explain
from clearing.margin.parameters import Contract, Kind, Parameters, Product, Tier
from clearing.margin.pricing import Priced, Pricing
from clearing.margin.scan import averaging_delta, bound, sold, spot_rate
from clearing.margin.span import Margin, margin
from clearing.marking import Contract as Marked
from clearing.marking import Marking
from clearing.positions import Positions
from clearing.premiums import Paid
from engine.instruments import UNIT_MICRO
from engine.schema import NIL_PRICE, Form

_UNIT = Decimal(UNIT_MICRO).scaleb(-6)  # Of a price, in USD per GPU-hour.


class Prepared(NamedTuple):
    """The parameters as they stand, ready for many accounts."""

    parameters: Parameters
    numbers: Numbers  # The instrument of each contract, in order.
    batch: Batch | None  # None: 64 bits do not hold what these parameters lead to.


class Own:
    """The house's margin: parameters on demand, kept until a row of the house changes them."""

    def __init__(
        self, directory: Directory, positions: Positions, marking: Marking, pricing: Pricing
    ) -> None:
        self._directory = directory
        self._positions = positions
        self._marking = marking
        self._pricing = pricing
        self._prepared: Prepared | None = None

    def forget(self) -> None:
        """Compute parameters anew when they are next asked for."""
        self._prepared = None

    @property
    def parameters(self) -> Parameters:
        """What SPAN says of each contract and product as they stand."""
        return self._ready().parameters

    def lots(self, account: int) -> dict[str, int]:
        """Return what an account holds of the contracts in `parameters`, by name."""
        numbers, contracts = self._ready().numbers, self.parameters.contracts
        net = self._positions.holdings["net"][numbers, account].tolist()
        return {name: lots for name, lots in zip(contracts, net, strict=True) if lots}

    def margin(self, account: int) -> Margin:
        """Return an account's requirement by SPAN, with every figure on the way."""
        percent = self._directory.accounts[account].initial_percent
        return margin(self.parameters, self.lots(account), percent)

    def requirements(self, accounts: Numbers) -> tuple[Numbers, Numbers]:
        """Return what accounts need: by SPAN or unpriced, and for what is paid in full.

        An initial rate raises the first and not the second. Micro-dollars, shape (accounts,).
        """
        return self.needed(self._held(accounts))

    def needed(self, net: Numbers) -> tuple[Numbers, Numbers]:
        """Return the same of whatever is held: lots, shape (instruments, accounts)."""
        priced, unpriced, events = self._sold(net)
        spanned = np.minimum(self._spanned(self._lots(net)), self._futures(net) + priced)
        return spanned + unpriced, events

    def bounds(self, accounts: Numbers) -> Numbers:
        """Return what the pre-trade check holds back for what accounts hold: never less."""
        net = self._held(accounts)
        return self._futures(net) + sum(self._sold(net))

    def creditable(self, accounts: Numbers) -> tuple[Numbers, Numbers]:
        """Return what is held back for futures and priced options, and what may be taken off it.

        An order that closes is held against nothing, so what stays must last for whatever the
        account can come down to, and for what it costs to buy back the rest at the marks. No
        option that was bought counts: sold on, it would leave its owner short.
        """
        held = self._held(accounts)
        held_back = self._futures(held) + self._sold(held)[0]
        net = self._lots(held)
        needed = self._spanned(net)
        for left, cost in self._reduced(net):
            needed = np.maximum(needed, self._spanned(left) + cost)
        return held_back, np.maximum(held_back - needed, 0)

    def explained(self, account: int) -> Node:
        """Return the tree of an account's maintenance requirement; its leaves add up to it."""
        tree = explain(self.margin(account))
        parts = [tree, *self._ceiling(account, tree.amount)]
        net = self._positions.holdings["net"][:, account]
        for number, contract in self._pricing.premiums.contracts.items():
            if net[number] < 0 and number not in self._pricing.options:
                amount = -int(net[number]) * contract.need()
                parts.append(Node(contract.terms.name, amount, f"{-net[number]:,} sold"))
        if len(parts) == 1:
            return tree
        return Node("requirement", sum(part.amount for part in parts), "", tuple(parts))

    def _ceiling(self, account: int, spanned: int) -> Iterator[Node]:
        alone = self._held(np.array([account]))
        (held_back,) = (self._futures(alone) + self._sold(alone)[0]).tolist()
        if spanned > held_back:
            note = "it is never more than the pre-trade check holds back"
            yield Node("ceiling", held_back - spanned, note)

    def _held(self, accounts: Numbers) -> Numbers:
        """Return lots, shape (instruments, accounts)."""
        net: Numbers = self._positions.holdings["net"][:, accounts]
        return net

    def _futures(self, net: Numbers) -> Numbers:
        """Return what the pre-trade check holds back for futures held."""
        rates = np.zeros(self._positions.instruments, np.int64)
        products = np.full(self._positions.instruments, -1)
        for number, contract in self._marking.contracts.items():
            rates[number], products[number] = contract.rate, contract.terms.product
        return bound(net, rates, products, self._marking.charges)

    def _sold(self, net: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Return what sold lots are held back for: options priced, not priced yet, and events."""
        options, events = self._pricing.premiums.needs(self._positions.instruments)
        is_priced = np.zeros(len(options), np.bool_)
        is_priced[list(self._pricing.options)] = True
        parts = options * is_priced, options * ~is_priced, events
        return sold(net, parts[0]), sold(net, parts[1]), sold(net, parts[2])

    def _spanned(self, net: Numbers) -> Numbers:
        """Return the SPAN requirement of lots: many at once where 64 bits hold them.

        net: shape (accounts, contracts). Micro-dollars, shape (accounts,).
        """
        ready = self._ready()
        required: Numbers = np.full(len(net), -1)
        if ready.batch is not None:
            required = ready.batch.tried(_holdings(net))["maintenance"]
        for place in np.flatnonzero(required < 0).tolist():
            lots = dict(zip(ready.parameters.contracts, net[place].tolist(), strict=True))
            required[place] = margin(ready.parameters, lots).maintenance
        return required

    def _reduced(self, net: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
        """Yield what is left of lots, and what it costs to buy the options back that are not.

        Options bought are sold on; then all stays, or what gains in a fall or in a rise is closed.
        """
        contracts = self.parameters.contracts.values()
        is_option = np.array([each.kind.is_option for each in contracts], np.bool_)
        worth = np.array([each.premium for each in contracts], np.int64)
        kept = np.where(is_option, np.minimum(net, 0), net)
        gains = self._gains(kept)
        for is_closed in (np.zeros_like(is_option), gains < 0, gains > 0):
            left = np.where(is_closed, 0, kept)
            yield left, (left - kept) @ worth

    def _gains(self, net: Numbers) -> Numbers:
        """Return what each holding gains in a rise, by its sign; a product's futures as one."""
        contracts = self.parameters.contracts.values()
        gains: Numbers = net * np.array([each.delta for each in contracts], np.int64)
        for product in self.parameters.products:
            own = [each.product == product and not each.kind.is_option for each in contracts]
            gains[:, own] = gains[:, own].sum(axis=1, keepdims=True)
        return gains

    def _lots(self, held: Numbers) -> Numbers:
        """Return lots, shape (accounts, contracts), of what is held, (instruments, accounts)."""
        net: Numbers = held[self._ready().numbers].T
        return net

    def _ready(self) -> Prepared:
        if self._prepared is None:
            contracts = dict(self._contracts())
            made = self._made({each.name: each for each in contracts.values()})
            numbers = np.array(list(contracts), np.int64)
            self._prepared = Prepared(made, numbers, _batch(made))
        return self._prepared

    def _made(self, contracts: dict[str, Contract]) -> Parameters:
        dates = [series.date for series in self._marking.series]
        return Parameters(
            date=str(max(dates, default=0)),
            clearing_org="cfx",
            products={each.name: self._product(each.number) for each in self._directory.products},
            contracts=contracts,
            spreads=between([each.terms for each in self._directory.products]),
        )

    def _product(self, number: int) -> Product:
        product = self._directory.products[number]
        front = self._marking.front_month(number)
        spreads, tiers = charges(product.terms, front)
        live = self._marking.live(number)
        begun = [str(each.terms.month) for each in live if each.known]
        terms = product.terms.margin
        return Product(
            product.name,
            spreads=spreads,
            intra_tiers=tiers,
            spot=spot_charges(product.terms, begun),
            som_tiers=(Tier(1, rate=terms.minimum_micro()),),
            som_takes_greater=terms.minimum_rule == "max",
        )

    def _contracts(self) -> Iterator[tuple[int, Contract]]:
        """Yield every future that is not settled, then every option that was priced."""
        for number, contract in sorted(self._marking.contracts.items()):
            yield number, self._future(contract)
        for number, paid, option in self._pricing.live():
            yield number, self._option(paid, option)

    def _future(self, contract: Marked) -> Contract:
        product = self._directory.products[contract.terms.product]
        terms, fixed, count = product.terms.margin, contract.known, contract.expected
        on_top = spot_rate(terms.spot_micro(), fixed, count)
        price = 0 if contract.mark == NIL_PRICE else contract.mark
        return Contract(
            name=contract.terms.name,
            product=product.name,
            kind=Kind.FUTURE,
            period=str(contract.terms.month),
            losses=of_future(max(contract.rate - on_top, 0), moves(terms.extreme, terms.cover)),
            delta=averaging_delta(fixed, count),
            price=price * _UNIT,
            value_factor=Decimal(contract.terms.value) / UNIT_MICRO,
        )

    def _option(self, paid: Paid, option: Priced) -> Contract:
        return Contract(
            name=paid.terms.name,
            product=self._directory.products[paid.terms.product].name,
            kind=Kind.CALL if paid.terms.form == Form.CALL else Kind.PUT,
            period=str(paid.terms.month),
            losses=option.losses,
            delta=option.delta,
            price=paid.mark * _UNIT,
            value_factor=Decimal(paid.terms.value) / UNIT_MICRO,
            strike=paid.terms.strike * _UNIT,
            premium=paid.mark * paid.terms.value,
        )


def _holdings(net: Numbers) -> Holdings:
    """Return lots, shape (accounts, contracts), as the batch reads them."""
    owner, contract = np.nonzero(net)
    counts = np.bincount(owner, minlength=len(net))
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return Holdings(offsets, contract.astype(np.int32), net[owner, contract].astype(np.int32))


def _batch(parameters: Parameters) -> Batch | None:
    try:
        return Batch(parameters)
    except ValueError:
        return None
