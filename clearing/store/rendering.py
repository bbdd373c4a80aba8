"""Statements and bulletins as text; statements as CSV, and as a page that needs nothing else."""

import csv
import html
import io
from collections.abc import Sequence

from clearing.store.bulletin import LARGE, Bulletin, Contract, Large
from clearing.store.oversight import Origin, Over
from clearing.store.statements import Column, Section, Statement
from engine.instruments import money

TITLE = "Statement of account"

_FIGURE_SPACE = "\N{FIGURE SPACE}"  # As wide as a digit.

_STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; padding: 3rem 2rem 4rem; max-width: 62rem;
  color: #1c1c1a; background: #fffefb;
  font: 15px/1.45 "Source Serif 4", Charter, "Bitstream Charter", Cambria, Georgia, serif; }
header { display: flex; justify-content: space-between; align-items: flex-end;
  border-bottom: 2px solid #1c1c1a; padding-bottom: .9rem; }
h1 { font-size: 1.7rem; font-weight: 600; line-height: 1.1; margin: 0 0 .3rem; }
h2 { font-size: 1.05rem; font-weight: 600; margin: 2.4rem 0 .5rem; }
p { margin: 0; } header p { color: #5c5a53; } header .period { font-size: 1.15rem; color: #1c1c1a; }
dl { display: flex; gap: 3rem; margin: 1.4rem 0 0; }
dt { font-size: .82rem; color: #5c5a53; } dd { margin: 0; font-size: 1.25rem; }
table { border-collapse: collapse; width: 100%; font-size: .86rem; }
th { text-align: left; font-weight: 400; color: #5c5a53; border-bottom: 1px solid #1c1c1a; }
th, td { padding: .22rem .9rem .22rem 0; vertical-align: baseline; white-space: nowrap; }
td { border-bottom: 1px solid #e9e6dd; }
.figure { text-align: right; } .figure + :not(.figure) { padding-left: .9rem; }
th:last-child, td:last-child { padding-right: 0; }
td.figure, dd { font-variant-numeric: lining-nums tabular-nums; }
.wide { overflow-x: auto; } .none, footer { color: #5c5a53; font-size: .86rem; }
footer { margin-top: 3rem; border-top: 1px solid #e9e6dd; padding-top: .8rem; }
@page { margin: 16mm 14mm; }
@media print { body { padding: 0; max-width: none; font-size: 11px; background: none; }
  h2 { break-after: avoid; } tr { break-inside: avoid; } .wide { overflow: visible; }
  th, td { padding: .12rem .5rem .12rem 0; } }
"""


def as_text(made: Statement) -> str:
    """Return a statement for a terminal."""
    lines = [f"{TITLE}, {made.period.name}", *_names(made), ""]
    width = max(len(_grouped(money(each))) for each in (made.opening_micro, made.closing_micro))
    lines.append(f"opening balance USD {_grouped(money(made.opening_micro)):>{width}}")
    lines.append(f"ending balance USD  {_grouped(money(made.closing_micro)):>{width}}")
    for section in made.sections:
        lines += ["", section.title, *_aligned(section)]
    return "\n".join(lines) + "\n"


def as_csv(made: Statement) -> str:
    """Return a statement for a spreadsheet: a block a section, parted by empty lines."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    holder = made.holder
    writer.writerow(
        ("account", "name", "owner", "type", "origin", "period", "opening USD", "ending USD")
    )
    balances = money(made.opening_micro), money(made.closing_micro)
    writer.writerow((*holder, made.period.name, *balances))
    for section in made.sections:
        file.write("\n")
        writer.writerow((section.title,))
        writer.writerow([column.name for column in section.columns])
        writer.writerows(section.rows)
    return file.getvalue()


def as_html(made: Statement) -> str:
    """Return a statement as a page for a screen and for paper."""
    owner, account = (html.escape(line) for line in _names(made))
    title = f"{TITLE}, {made.period.name}"
    sections = "\n".join(_html_section(section) for section in made.sections)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{html.escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<div><h1>{TITLE}</h1><p>{owner}</p><p>{account}</p></div>
<p class="period">{made.period.name}</p>
</header>
<dl>
<div><dt>Opening balance, USD</dt><dd>{_grouped(money(made.opening_micro))}</dd></div>
<div><dt>Ending balance, USD</dt><dd>{_grouped(money(made.closing_micro))}</dd></div>
</dl>
{sections}
<footer>A simulated exchange. Prices in USD per GPU-hour, a lot is 730 GPU-hours. The ending
balance is the opening balance and every line of Money.</footer>
</body>
</html>
"""


def bulletin_text(made: Bulletin) -> str:
    """Return a bulletin for a terminal."""
    words = ("contract", "owner", "product", "months")
    lines = [f"Bulletin, {made.date}"]
    for title, kind, rows in (
        ("Contracts", Contract, made.contracts),
        (f"Large traders: owners of {LARGE} lots and more of a contract", Large, made.large),
        ("Above a level of accountability", Over, made.accountable),
        ("Positions by origin: customers gross, the house net", Origin, made.origins),
    ):
        names = [name.replace("_", " ") for name in kind._fields]
        columns = tuple(Column(name, name not in words) for name in names)
        texts = [tuple(map(str, row)) for row in rows]
        lines += ["", title, *_aligned(Section(title, columns, texts))]
    return "\n".join(lines) + "\n"


def large_csv(made: Bulletin) -> str:
    """Return a day's large traders for a spreadsheet, or for who supervises the market."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("date", *Large._fields))
    writer.writerows((made.date, *row) for row in made.large)
    return file.getvalue()


def _names(made: Statement) -> tuple[str, str]:
    holder = made.holder
    named = f"account {holder.account}, {holder.name}"
    return holder.owner, f"{named}, {holder.type}, {holder.origin} origin"


def _html_section(section: Section) -> str:
    title = f"<h2>{section.title}</h2>"
    if not section.rows:
        return f'{title}\n<p class="none">none</p>'
    kinds = [' class="figure"' if column.is_figure else "" for column in section.columns]
    heads = [column.name for column in section.columns]
    top = "".join(f"<th{k}>{html.escape(h)}</th>" for k, h in zip(kinds, heads, strict=True))
    lines = (zip(kinds, row, strict=True) for row in _cells(section, _FIGURE_SPACE))
    rows = ("".join(f"<td{k}>{html.escape(cell)}</td>" for k, cell in line) for line in lines)
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    table = f"<table>\n<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    return f'{title}\n<div class="wide">{table}</div>'


def _aligned(section: Section) -> list[str]:
    """Return a section's lines: figures to the right, words to the left."""
    if not section.rows:
        return ["  none"]
    heads = tuple(column.name for column in section.columns)
    rows = [heads, *_cells(section, " ")]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        padded = [
            cell.rjust(width) if column.is_figure else cell.ljust(width)
            for cell, width, column in zip(row, widths, section.columns, strict=True)
        ]
        lines.append("  " + "  ".join(padded).rstrip())
    return lines


def _cells(section: Section, space: str) -> list[tuple[str, ...]]:
    """Return rows with the thousands of money parted, and decimal points one below the other.

    space: what stands for a digit that a figure does not have.
    """
    columns = zip(*section.rows, strict=True)
    made = [
        _pointed(cells, space, is_money=column.name.endswith("USD")) if column.is_figure else cells
        for column, cells in zip(section.columns, columns, strict=True)
    ]
    return list(zip(*made, strict=True))


def _pointed(cells: Sequence[str], space: str, *, is_money: bool) -> list[str]:
    """Return figures that end so far behind their points as the longest does."""
    most = max(len(cell.partition(".")[2]) for cell in cells)
    figures = [_grouped(cell) if is_money else cell for cell in cells]
    return [
        figure + space * (most - len(figure.partition(".")[2])) if "." in figure else figure
        for figure in figures
    ]


def _grouped(amount: str) -> str:
    """Return an amount with its thousands parted: "-1234.50" is "-1,234.50"."""
    whole, point, fraction = amount.partition(".")
    return f"{int(whole):,}{point}{fraction}" if point and whole != "-0" else amount
