"""What `cfx margin` reads and shows: a portfolio in, a requirement out as JSON or as tables."""

import pathlib
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import BinaryIO

import msgspec
from rich.console import Console
from rich.progress import open as opened
from rich.table import Table
from rich.text import Text

from clearing.margin.explain import Node, explain
from clearing.margin.parameters import Parameters
from clearing.margin.span import Margin, ProductMargin
from clearing.margin.spn_read import read
from clearing.margin.spn_write import held_alone, write
from engine.instruments import money

_WIDTH_MIN = 100


class Holding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of a portfolio file: lots of one contract, negative where sold."""

    contract: str
    quantity: int


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


class Part(msgspec.Struct, frozen=True):
    """A node of the explanation: an amount and what it is the sum of."""

    name: str
    amount: str
    note: str
    parts: list["Part"]


class Totals(msgspec.Struct, frozen=True):
    """A portfolio's four figures, in USD as decimal text."""

    requirement: str
    initial: str
    maintenance: str
    net_option_value: str


class Answer(msgspec.Struct, frozen=True):
    """What `cfx margin --json` prints."""

    model: str
    currency: str
    requirement: str
    initial: str
    maintenance: str
    net_option_value: str
    products: list[ProductLine]
    explain: Part | None
    before: Totals | None  # Of the portfolio alone, where `--add` changes it.


def read_portfolio(path: pathlib.Path) -> dict[str, int]:
    """Return lots by contract; entries of one contract add up. ValueError names the file."""
    try:
        holdings = msgspec.json.decode(path.read_bytes(), type=list[Holding])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a portfolio: {error}") from None
    return added({}, [(each.contract, each.quantity) for each in holdings])


def read_changes(texts: Sequence[str]) -> list[tuple[str, int]]:
    """Return what `--add CONTRACT=LOTS` asks for; ValueError for another form."""
    found = []
    for text in texts:
        contract, _, lots = text.rpartition("=")
        if not contract or not lots.removeprefix("-").removeprefix("+").isdecimal():
            raise ValueError(f"--add {text!r} is not CONTRACT=LOTS, such as 1/2=-5")
        found.append((contract, int(lots)))
    return found


def added(lots: Mapping[str, int], changes: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Return lots with changes added to them."""
    total = dict(lots)
    for contract, quantity in changes:
        total[contract] = total.get(contract, 0) + quantity
    return total


def read_parameters(path: pathlib.Path, lots: Mapping[str, int]) -> Parameters:
    """Return a file's parameters with the contracts of `lots`; ValueError names file and contract.

    A bar on stderr shows how far it is, where a terminal shows it.
    """
    with _opened(path) as file:
        try:
            parameters = read(file, lots.keys())
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
    unknown = [repr(name) for name in lots if name not in parameters.contracts]
    if unknown:
        raise ValueError(f"{path} holds no contract {' and no '.join(unknown[:5])}")
    return parameters


def write_extract(parameters: Parameters, path: pathlib.Path) -> None:
    """Write the part of parameters that their contracts need; FileExistsError is a refusal."""
    with path.open("x", encoding="utf-8") as file:
        write(held_alone(parameters), file)


def _opened(path: pathlib.Path) -> BinaryIO:
    console = Console(stderr=True)
    bar = opened(path, "rb", description=path.name, console=console, transient=True)
    return bar if console.is_terminal else path.open("rb")  # type: ignore[return-value]


def answer(model: str, made: Margin, explained: bool, before: Margin | None) -> Answer:
    """Return what is printed as JSON."""
    totals = _totals(made)
    return Answer(
        model=model,
        currency=made.currency,
        requirement=totals.requirement,
        initial=totals.initial,
        maintenance=totals.maintenance,
        net_option_value=totals.net_option_value,
        products=[_line(each) for each in made.products],
        explain=_part(explain(made)) if explained else None,
        before=_totals(before) if before else None,
    )


def to_json(shown: Answer) -> str:
    """Return it as one object of JSON, indented."""
    return msgspec.json.format(msgspec.json.encode(shown)).decode()


def page(made: Margin, explained: bool, before: Margin | None) -> str:
    """Return the same as tables."""
    tables = [_products_table(made)]
    if explained:
        tables.append(_tree_table(explain(made)))
    tables.append(_totals_table(made, before))
    return "\n".join(_printed(each) for each in tables)


def _totals(made: Margin) -> Totals:
    need = money(made.maintenance)
    return Totals(need, money(made.initial), need, money(made.net_option_value))


def _line(each: ProductMargin) -> ProductLine:
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


def _part(node: Node) -> Part:
    return Part(node.name, money(node.amount), node.note, [_part(each) for each in node.parts])


def _products_table(made: Margin) -> Table:
    columns = ("scan", "scenario", "intra", "spot", "inter", "som", "requirement")
    table = _table("product", *columns)
    for line in map(_line, made.products):
        fields = [str(value) for value in msgspec.structs.astuple(line)]
        table.add_row(*map(Text, fields))
    return table


def _tree_table(root: Node) -> Table:
    table = Table("what", box=None, pad_edge=False)
    table.add_column("amount", justify="right")
    table.add_column("why", overflow="fold")
    for depth, node in _walk(root, 0):
        table.add_row(Text("  " * depth + node.name), money(node.amount), Text(node.note))
    return table


def _walk(node: Node, depth: int) -> Iterator[tuple[int, Node]]:
    yield depth, node
    for part in node.parts:
        yield from _walk(part, depth + 1)


def _totals_table(made: Margin, before: Margin | None) -> Table:
    columns = [f"{made.currency}", *(["before", "change", "after"] if before else [""])]
    table = _table(*columns)
    rows = ("requirement", "initial", "maintenance", "net_option_value")
    after = [made.maintenance, made.initial, made.maintenance, made.net_option_value]
    if before is None:
        for name, now in zip(rows, after, strict=True):
            table.add_row(name.replace("_", " "), money(now))
        return table
    earlier = [before.maintenance, before.initial, before.maintenance, before.net_option_value]
    for name, then, now in zip(rows, earlier, after, strict=True):
        table.add_row(name.replace("_", " "), money(then), money(now - then), money(now))
    return table


def _table(first: str, *amounts: str) -> Table:
    table = Table(first, box=None, pad_edge=False)
    for column in amounts:
        table.add_column(column, justify="right")
    return table


def _printed(table: Table) -> str:
    console = Console(file=StringIO(), width=max(Console().width, _WIDTH_MIN))
    with console.capture() as captured:
        console.print(table)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    return "\n".join(lines) + "\n"
