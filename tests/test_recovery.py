"""A row that the house cannot take in: where it stops a replay, and how it is passed over."""

import json
import pathlib

import pytest

from clearing.store.database import Database
from clearing.venue import Venue, replayed
from clearing.verify import figures, verify
from engine.disk import Disk
from engine.exchange import Outcome
from engine.journal import JournalError
from engine.layout import MONEY
from engine.rows import Batch, text_at
from engine.schema import Kind, Side
from engine.skips import AssertedError
from engine.survey import Survey
from gateway.backup import back_up, restore
from gateway.recovery import RecoveryError, pass_over
from tests.shell import Shell, refused
from tests.small_venue import market, trade
from tests.stored import contents, stored

FOREIGN = 99  # A product that does not exist: the kernel notes its index, the house looks for it.


def tell(_done: int, _count: int) -> None:
    """Tell nobody."""


def add_mistake(batch: Batch) -> None:
    """Add a row that makes the house raise."""
    batch.money(Kind.INDEX, product=FOREIGN, value=1)


def order(batch: Batch, account: int, side: Side) -> None:
    """Add an order that trades with the other account's."""
    batch.enter(account, 0, side, 3, 510)


def broken(folder: pathlib.Path, mistakes: int = 1) -> int:
    """Make a folder whose last frame the house could not take in; return its first such row."""
    venue = Venue.open(folder / "journal")
    venue.submit(market(), 1)
    trade(venue, 3)
    batch = Batch()
    order(batch, 1, Side.BUY)
    for _ in range(mistakes):
        add_mistake(batch)
    order(batch, 2, Side.SELL)
    with pytest.raises(IndexError):
        venue.submit(batch, 3)
    seq = venue.exchange.seq - mistakes
    venue.close()
    return seq


def test_a_mistake_of_ours_is_a_sentence_that_names_the_frame(tmp_path: pathlib.Path) -> None:
    seq = broken(tmp_path)
    with pytest.raises(AssertedError, match=f"seq {seq - 1} to {seq + 1}: the house cannot take"):
        Venue.open(tmp_path / "journal")
    assert "`cfx recover DIR --skip SEQ`" in verify(tmp_path).finding


def test_all_but_the_row_is_as_if_it_had_never_been(tmp_path: pathlib.Path) -> None:
    seq = broken(tmp_path)
    made = pass_over(tmp_path, [seq], "op: a product that does not exist", tell)
    other = Venue.open()
    other.submit(market(), 1)
    trade(other, 3)
    batch = Batch()
    order(batch, 1, Side.BUY)
    batch.money(Kind.TIME)
    order(batch, 2, Side.SELL)
    other.submit(batch, 3)
    assert made._replace(rows=0, event_hash="") == figures(other)._replace(rows=0, event_hash="")
    found = verify(tmp_path)
    assert found.ok, found.finding
    assert found.rows == made.rows == seq + 2
    assert found._replace(frames=0) == made
    *_, last = Survey(tmp_path / "journal", Disk()).read()
    (row,) = last.commands.view(MONEY)
    assert (row["kind"], row["value"]) == (Kind.SKIP, seq)
    assert text_at(last.text, int(row["text"])) == "op: a product that does not exist"


def test_the_exchange_goes_on_and_every_reader_agrees(tmp_path: pathlib.Path) -> None:
    seq = broken(tmp_path)
    pass_over(tmp_path, [seq], "", tell)
    venue = Venue.open(tmp_path / "journal")
    trade(venue, 5)
    venue.close()
    assert verify(tmp_path)._replace(frames=0) == figures(venue)
    outcomes: list[Outcome] = []
    replayed(tmp_path, outcomes.append)
    database = Database.at("", tmp_path)
    stored(database, outcomes)
    orders = {row[0] for row in contents(database)["orders"]}
    assert {seq - 1, seq + 1} <= orders
    assert seq not in orders
    back_up(tmp_path, tmp_path / "backup", tell)
    copied = restore(tmp_path / "backup", tmp_path / "restored", tell)
    assert copied.state_hash == figures(venue).state_hash


def test_several_rows_are_passed_over_by_name(tmp_path: pathlib.Path) -> None:
    first = broken(tmp_path, mistakes=3)
    before = contents_of(tmp_path)
    with pytest.raises(RecoveryError, match=f"cannot take in seq {first + 1}: that is what has"):
        pass_over(tmp_path, [first, first + 2], "", tell)
    assert contents_of(tmp_path) == before
    pass_over(tmp_path, range(first, first + 3), "", tell)
    assert verify(tmp_path).ok


def test_what_needs_no_passing_over_is_refused_and_nothing_changes(tmp_path: pathlib.Path) -> None:
    seq = broken(tmp_path)
    before = contents_of(tmp_path)
    for seqs, why in (
        ([seq + 1], f"the house cannot take in seq {seq}: that is what has to be"),
        ([seq, 7], "the house can take in seq 7: it is not passed over"),
        ([10**6], f"the house cannot take in seq {seq}"),
    ):
        with pytest.raises(RecoveryError, match=why):
            pass_over(tmp_path, seqs, "", tell)
    assert contents_of(tmp_path) == before
    pass_over(tmp_path, [seq], "", tell)
    with pytest.raises(RecoveryError, match=f"the house can take in seq {seq}"):
        pass_over(tmp_path, [seq], "", tell)
    with pytest.raises(JournalError, match="cannot be read"):
        pass_over(tmp_path / "nowhere", [1], "", tell)


def test_a_skip_row_that_names_no_row_before_it_is_refused(tmp_path: pathlib.Path) -> None:
    venue = Venue.open(tmp_path / "journal")
    venue.submit(market(), 1)
    trade(venue, 2)
    batch = Batch()
    batch.money(Kind.SKIP, value=1)
    venue.submit(batch, 3)
    venue.close()
    finding = verify(tmp_path).finding
    assert finding == f"seq {venue.exchange.seq}: passes over a row that is not in the frame before"


def test_the_command_passes_over_a_row_or_says_which(cfx: Shell, tmp_path: pathlib.Path) -> None:
    seq = broken(tmp_path)
    assert f"cannot take in seq {seq}: that" in refused(cfx("recover", tmp_path, "--skip", seq + 1))
    assert "`cfx recover DIR --skip SEQ`" in refused(cfx("backup", tmp_path, tmp_path / "to"))
    who = ("--operator", "ada", "--reason", "no such product", "--json")
    made = json.loads(cfx("recover", tmp_path, "--skip", seq, *who).out)
    assert made["skipped"] == [seq]
    assert made["rows"] == json.loads(cfx("verify", tmp_path).out)["rows"] == seq + 2
    *_, last = Survey(tmp_path / "journal", Disk()).read()
    assert text_at(last.text, int(last.commands[0]["text"])) == "ada: no such product"
    assert cfx("recover", tmp_path).status == cfx("recover", tmp_path, "--skip", 0).status == 2
    assert "cannot be read" in refused(cfx("recover", tmp_path / "nowhere", "--skip", 1))


def contents_of(folder: pathlib.Path) -> dict[str, bytes]:
    """Return every file of a journal."""
    return {path.name: path.read_bytes() for path in (folder / "journal").iterdir()}
