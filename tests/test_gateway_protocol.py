"""The tables of gateway/PROTOCOL.md are the code."""

import re
from collections.abc import Iterator
from pathlib import Path

import ccxt
import msgspec
import pytest

from engine.reasons import Reason
from gateway import (
    answers,
    bidding,
    envelope,
    naming,
    orders,
    own,
    own_answers,
    public,
    quotes,
    refusals,
    session,
)
from gateway.keys import Scope
from gateway.methods import METHODS

TEXT = (Path(__file__).parent.parent / "gateway" / "PROTOCOL.md").read_text(encoding="utf-8")
EXCEPTIONS = {code: kind.__name__ for code, kind in ccxt.deribit().exceptions.items()}


def table(*heads: str) -> list[list[str]]:
    """Return the cells of the table with these heads, row by row."""
    lines = TEXT.splitlines()
    first = lines.index("| " + " | ".join(heads) + " |") + 2
    rows: list[list[str]] = []
    for line in lines[first:]:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def names(cell: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def structs(module: object) -> Iterator[tuple[str, list[str]]]:
    """Yield the structs of a module with their names on the wire."""
    for name, kind in vars(module).items():
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            yield name, [field.encode_name for field in msgspec.structs.fields(kind)]


def test_methods() -> None:
    rows = table("method", "scope", "parameters", "result")
    found = {names(name)[0]: (scope, names(kind)[0]) for name, scope, kind, _ in rows}
    assert found == {
        method: (scope.value, kind.__name__) for method, (kind, scope) in METHODS.items()
    }
    assert all(meaning for *_, meaning in rows)


def test_parameters() -> None:
    rows = table("parameters", "names")
    kinds = {kind.__name__: kind for kind, _ in METHODS.values()}
    assert {names(name)[0] for name, _ in rows} == set(kinds)
    for name, cell in rows:
        fields = msgspec.structs.fields(kinds[names(name)[0]])
        assert names(cell) == [field.name for field in fields]
        optional = re.findall(r"\[`([^`]+)`\]", cell)
        assert optional == [field.name for field in fields if not field.required]


def test_channels() -> None:
    rows = table("channel", "fields", "what it sends")
    assert [names(name)[0] for name, *_ in rows] == [*naming.PUBLIC, *naming.PRIVATE]
    known = dict(structs(answers)) | dict(structs(own_answers))
    assert {kind for _, kind, _ in rows} <= known.keys()


def test_fields() -> None:
    found = {names(name)[0]: names(cell) for name, cell in table("struct", "fields")}
    expected = [pair for module in (envelope, answers, own_answers) for pair in structs(module)]
    assert found == dict(expected)


def test_every_reason_has_a_code_a_message_and_an_exception() -> None:
    rows = table("reason", "code", "message", "ccxt exception")
    assert [names(name)[0] for name, *_ in rows] == [reason.name for reason in Reason]
    for name, code, message, exception in rows:
        expected = refusals.BY_REASON[Reason[names(name)[0]]]
        assert (int(code), message) == expected
        assert exception == EXCEPTIONS[code]


def test_refusals_of_the_gateway() -> None:
    rows = table("name", "code", "message", "ccxt exception", "when")
    own_codes = {name: code for name, code in vars(refusals).items() if name.isupper()}
    codes = {name: code for name, code in own_codes.items() if isinstance(code, refusals.Code)}
    assert {names(name)[0] for name, *_ in rows} == set(codes)
    for name, code, message, exception, when in rows:
        assert (int(code), message) == codes[names(name)[0]]
        assert exception == EXCEPTIONS[code]
        assert when


def test_each_method_is_done_in_one_place() -> None:
    special = {"public/auth"} | {
        f"{scope}/{verb}"
        for scope in ("public", "private")
        for verb in ("subscribe", "unsubscribe")
    }
    trading = {**orders.METHODS, **quotes.METHODS, **bidding.METHODS}
    places = [*public.ANSWERS, *own.ANSWERS, *trading, *special]
    assert sorted(places) == sorted(METHODS)
    assert set(own.ANSWERS) == {
        name for name, (_, scope) in METHODS.items() if scope is Scope.READ
    } - {"private/subscribe", "private/unsubscribe"}
    assert {METHODS[name][1] for name in trading} == {Scope.TRADE}


@pytest.mark.parametrize("number", [session.FRAME_MAX, naming.CHANNELS_MAX])
def test_limits_that_are_named(number: int) -> None:
    assert f"{number:,}" in TEXT
