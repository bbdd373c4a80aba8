"""Who and what exists, by number and by name: a fold over accepted listing and opening rows.

House and gateway each keep one. It holds nothing that trading changes.
"""

from typing import NamedTuple

from clearing.terms import MS, GuardTerms, ProductTerms, decode_terms
from engine.exchange import Outcome
from engine.jit import Row
from engine.layout import LISTING, MONEY
from engine.rows import text_at
from engine.schema import Flag, Form, Kind

SPREADS = frozenset({Form.CALENDAR, Form.BUTTERFLY, Form.STRIP, Form.INTER, Form.TAS})
PAID = frozenset({Form.CALL, Form.PUT, Form.EVENT})


class Product(NamedTuple):
    """One product, with the terms of its PRODUCT row."""

    number: int
    name: str
    terms: ProductTerms


class Instrument(NamedTuple):
    """One contract or spread. Prices in price units, `value` in micro-dollars a unit and lot."""

    number: int
    name: str
    product: int
    form: int
    month: int  # yyyymm
    expiry: int  # Trade date of the last trading day.
    low: int
    high: int
    tick: int
    value: int
    clip: int
    position_max: int
    protection: int
    strike: int  # Price units.
    legs: int  # How many a spread has; 0: an outright.

    @property
    def is_paid(self) -> bool:
        """Whether its price is paid at the trade: an option, or an event contract."""
        return self.form in PAID

    @property
    def is_spread(self) -> bool:
        """Whether it is never held: what trades in it is held in its legs."""
        return self.form in SPREADS


class Leg(NamedTuple):
    """One instrument of a spread, and its lots a lot of the spread; below 0: sold."""

    instrument: int
    ratio: int


class Owner(NamedTuple):
    """One person or company; position limits and self-match prevention go by it.

    firm: of the clearing member that it trades through; 0: of none.
    """

    number: int
    name: str
    firm: int


class Account(NamedTuple):
    """One ledger and one margin requirement."""

    number: int
    name: str
    owner: int
    type: int  # An AccountType.
    initial_percent: int
    origin: str  # "house": a member's own. "customer": never netted with another's.


class Key(NamedTuple):
    """One key: whose account it is for, and what its row's text says of scopes and public part."""

    number: int
    account: int
    text: str


_KINDS = (
    Kind.GUARD,
    Kind.PRODUCT,
    Kind.LIST,
    Kind.LEG,
    Kind.OPEN_OWNER,
    Kind.OPEN_ACCOUNT,
    Kind.KEY,
)


class Directory:
    """All products, instruments, owners, accounts and keys; a number is a place in its list."""

    def __init__(self) -> None:
        self.products: list[Product] = []
        self.instruments: list[Instrument] = []
        self.owners = [Owner(0, "house", 0)]
        self.accounts = [Account(0, "house", 0, 0, 100, "house")]
        self.keys: dict[int, Key] = {}
        self.legs: dict[int, list[Leg]] = {}  # By the spread's number.
        self.guards: list[GuardTerms] = []  # Of each product: its terms', or an operator's.
        self.product_of: dict[str, Product] = {}
        self.instrument_of: dict[str, Instrument] = {}
        self.owner_of: dict[str, Owner] = {"house": self.owners[0]}
        self.account_of: dict[str, Account] = {"house": self.accounts[0]}

    def fold(self, outcome: Outcome) -> None:
        """Take in the rows of a frame that name something and were not rejected."""
        commands = outcome.frame.commands
        kinds = commands["kind"]
        for place in outcome.accepted((kinds >= Kind.PRODUCT) & (kinds <= Kind.GUARD)):
            row = commands[place]
            if row["kind"] in _KINDS:
                self._add(row, text_at(outcome.frame.text, int(row["text"])))

    def futures(self, product: int) -> list[Instrument]:
        """Return a product's outright futures, nearest expiry first."""
        return [each for each in self.listed(product) if each.form == Form.FUTURE]

    def listed(self, product: int) -> list[Instrument]:
        """Return a product's instruments, nearest expiry first."""
        found = [each for each in self.instruments if each.product == product]
        return sorted(found, key=lambda each: (each.expiry, each.number))

    def expiring(self, date: int) -> list[Instrument]:
        """Return the instruments whose last trading day is `date` (yyyymmdd), ascending."""
        return [each for each in self.instruments if each.expiry == date]

    def _add(self, row: Row, text: str) -> None:
        match row["kind"]:
            case Kind.PRODUCT:
                self._add_product(text)
            case Kind.LIST:
                self._add_instrument(row, text)
            case Kind.LEG:
                leg = Leg(int(row["instrument"]), int(row.view(LISTING)["ratio"]))
                self.legs.setdefault(len(self.instruments) - 1, []).append(leg)
            case Kind.GUARD:
                self._guard(row)
            case Kind.OPEN_OWNER:
                self._add_owner(row.view(MONEY), text)
            case Kind.OPEN_ACCOUNT:
                self._add_account(row.view(MONEY), text)
            case _:
                number = int(row["key"])
                self.keys[number] = Key(number, int(row["account"]), text)

    def _add_product(self, text: str) -> None:
        terms = decode_terms(text)
        product = Product(len(self.products), terms.model, terms)
        self.products.append(product)
        self.guards.append(terms.guards)
        self.product_of[product.name] = product

    def _guard(self, row: Row) -> None:
        """Remember what an operator set; rows of the calendar repeat what is known."""
        if not row["flags"] & Flag.OPERATOR:
            return
        money = row.view(MONEY)
        product = int(money["product"])
        self.guards[product] = GuardTerms(
            band=int(money["value"]),
            daily=int(money["value_2"]),
            velocity=int(money["denominator"]),
            velocity_ms=int(money["batch"]) // MS,
            breaker=int(money["numerator"]),
            breaker_ms=int(money["value_3"]) // MS,
            halt_ms=int(money["source"]) // MS,
            late_halt_ms=self.guards[product].late_halt_ms,
        )

    def _add_instrument(self, row: Row, text: str) -> None:
        listing = row.view(LISTING)
        instrument = Instrument(
            int(row["instrument"]),
            text,
            *(int(listing[name]) for name in Instrument._fields[2:]),
        )
        assert instrument.number == len(self.instruments)
        self.instruments.append(instrument)
        if instrument.is_spread:
            self.legs[instrument.number] = []
        self.instrument_of[text] = instrument

    def _add_owner(self, row: Row, text: str) -> None:
        """Add an owner, or let one that is there clear through another firm."""
        number, firm = int(row["other"]), int(row["code"])
        if number < len(self.owners):
            owner = self.owners[number]._replace(firm=firm)
            self.owners[number] = owner
        else:
            owner = Owner(number, text, firm)
            self.owners.append(owner)
        self.owner_of[owner.name] = owner

    def _add_account(self, row: Row, text: str) -> None:
        percent = int(row["value"]) or 100
        kind, origin = int(row["code"]), "house" if row["value_2"] else "customer"
        account = Account(int(row["account"]), text, int(row["other"]), kind, percent, origin)
        assert account.number == len(self.accounts)
        self.accounts.append(account)
        self.account_of[text] = account
