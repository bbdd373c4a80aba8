"""What `cfx margin` shows: a requirement as JSON or as tables, and both models side by side."""

from collections.abc import Iterator, Mapping, Sequence
from io import StringIO

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clearing.margin.explain import Node
from engine.instruments import money
from sim.margin_figures import Figures, ProductLine
from sim.margin_order import Checked

_WIDTH_MIN = 120


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


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `cfx margin --json` prints."""

    model: str
    currency: str
    requirement: str
    initial: str
    maintenance: str
    net_option_value: str
    products: list[ProductLine]
    explain: Part | None
    before: Totals | None  # Of the portfolio alone, where `--add` or `--order` changes it.
    order: Checked | None = None  # What the pre-trade check says to it; left out without one.


def answer(
    made: Figures, explained: bool, before: Figures | None, order: Checked | None = None
) -> Answer:
    """Return what is printed as JSON."""
    return Answer(
        model=made.model,
        currency=made.currency,
        **_totals(made),
        products=list(made.products),
        explain=_part(made.tree) if explained else None,
        before=Totals(**_totals(before)) if before else None,
        order=order,
    )


def to_json(shown: Answer | Mapping[str, Answer]) -> str:
    """Return it as one object of JSON, indented."""
    return msgspec.json.format(msgspec.json.encode(shown)).decode()


def page(made: Figures, explained: bool, before: Figures | None) -> str:
    """Return the same as tables."""
    tables = [_products_table(made)]
    if explained:
        tables.append(_tree_table(made.tree))
    tables.append(_totals_table(made, before))
    return "\n".join(printed(each) for each in tables)


def compared(both: Sequence[Figures]) -> str:
    """Return one table: what each model asks for, product by product and in all."""
    table = _table(both[0].currency, *(each.model for each in both))
    for product in dict.fromkeys(line.product for made in both for line in made.products):
        for name in ("scan", "intra", "spot", "inter", "som", "requirement"):
            found = [
                next((getattr(line, name) for line in made.products if line.product == product), "")
                for made in both
            ]
            table.add_row(Text(f"{product} {name}"), *found)
    for name in both[0].totals:
        table.add_row(Text(name.replace("_", " ")), *(money(made.totals[name]) for made in both))
    return printed(table)


def of_order(made: Checked) -> str:
    """Return what the pre-trade check says to an order, as a sentence and a table."""
    verdict = "passes the pre-trade check"
    if not made.accepted:
        verdict = f"is refused: it needs {made.required}, and {made.available} is available"
    table = _table("pre-trade check, USD", "before", "after")
    table.add_column("why", overflow="fold")
    for part in made.parts:
        table.add_row(Text(part.name), part.before, part.after, Text(part.note))
    table.add_row("required", made.required_before, made.required)
    table.add_row("available", made.available, made.available)
    return f"{made.order} of {made.account} {verdict}\n\n{printed(table)}"


def _totals(made: Figures) -> dict[str, str]:
    return {name: money(amount) for name, amount in made.totals.items()}


def _part(node: Node) -> Part:
    return Part(node.name, money(node.amount), node.note, [_part(each) for each in node.parts])


def _products_table(made: Figures) -> Table:
    table = _table(*(name.replace("_", " ") for name in made.columns))
    for line in made.products:
        table.add_row(*(Text(str(getattr(line, name))) for name in made.columns))
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


def _totals_table(made: Figures, before: Figures | None) -> Table:
    table = _table(made.currency, *(["before", "change", "after"] if before else [""]))
    for name, now in made.totals.items():
        amounts = [now]
        if before:
            then = before.totals[name]
            amounts = [then, now - then, now]
        table.add_row(name.replace("_", " "), *map(money, amounts))
    return table


def _table(first: str, *amounts: str) -> Table:
    table = Table(first, box=None, pad_edge=False)
    for column in amounts:
        table.add_column(column, justify="right")
    return table


def printed(table: Table) -> str:
    """Return a table as text, no narrower than a wide terminal."""
    console = Console(file=StringIO(), width=max(Console().width, _WIDTH_MIN))
    with console.capture() as captured:
        console.print(table)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    return "\n".join(lines) + "\n"
