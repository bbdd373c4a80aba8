"""A folder that is sealed by one release, and opened by another of other rules."""

import json
import pathlib
import resource
from collections.abc import Callable

import pytest

from clearing.ledger import Ledger
from clearing.store.rebuild import rebuild
from clearing.venue import Venue, replayed
from clearing.verify import figures, verify
from engine import frame, seals, snapshot
from engine.exchange import Exchange, Outcome
from engine.jit import Table
from engine.journal import JournalError
from gateway import upgrading
from gateway.backup import back_up, restore
from gateway.upgrading import upgrade
from tests.shell import Shell, refused
from tests.small_venue import market, trade
from tests.trading_days import FIRST_DAY, finish, fix, found

Release = Callable[[int], None]


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Release:
    """Return what lets another release go on from here: one that plays other rules."""

    def install(rules: int) -> None:
        for module in (frame, seals, snapshot, upgrading):
            monkeypatch.setattr(module, "RULES", rules)

    return install


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """Return the folder of an exchange with some trades."""
    venue = Venue.open(tmp_path / "journal")
    venue.submit(market(), 1)
    trade(venue, 5)
    venue.close()
    return tmp_path


def tell(_done: int, _count: int) -> None:
    """Tell nobody."""


def applied(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by the first row of each frame that the kernel applies."""
    seqs: list[int] = []
    step = Exchange._step

    def noting(exchange: Exchange, rows: Table) -> Table:
        seqs.append(int(rows[0]["seq"]))
        return step(exchange, rows)

    monkeypatch.setattr(Exchange, "_step", noting)
    return seqs


def test_a_release_of_other_rules_goes_on_from_the_seal(
    folder: pathlib.Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = verify(folder)
    made = upgrade(folder, tell)
    assert (made.rows, made.rules) == (before.rows, 1)
    assert made.state_hash == before.state_hash
    release(2)
    seqs = applied(monkeypatch)
    venue = Venue.open(folder / "journal")
    assert seqs == []
    assert figures(venue)._replace(frames=before.frames) == before
    trade(venue, 5)
    venue.close()
    assert min(seqs) == before.rows + 1
    verdict = verify(folder)
    assert verdict.ok, verdict.finding
    assert verdict._replace(frames=0) == figures(venue)


def test_who_reads_a_sealed_journal_sees_all_of_it(folder: pathlib.Path, release: Release) -> None:
    rows = rebuild(folder).rows
    seen: list[Outcome] = []
    replayed(folder, seen.append)
    upgrade(folder, tell)
    release(2)
    again: list[Outcome] = []
    replayed(folder, again.append)
    assert [each.events.tobytes() for each in again] == [each.events.tobytes() for each in seen]
    assert rebuild(folder).rows == rows
    back_up(folder, folder / "backup", tell)
    copied = restore(folder / "backup", folder / "restored", tell)
    assert verify(folder / "restored").state_hash == copied.state_hash


def test_each_release_seals_what_those_before_sealed(
    folder: pathlib.Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rules in (1, 2):
        release(rules)
        venue = Venue.open(folder / "journal")
        trade(venue, 2)
        venue.close()
        upgrade(folder, tell)
    before = verify(folder)
    assert before.ok, before.finding
    release(3)
    seqs = applied(monkeypatch)
    assert verify(folder) == before
    assert seqs == []


def test_without_a_seal_other_rules_are_refused(folder: pathlib.Path, release: Release) -> None:
    release(2)
    why = "was written under rules 1, this release plays rules 2: `cfx upgrade` of the release"
    with pytest.raises(JournalError, match=why):
        Venue.open(folder / "journal")
    release(1)
    upgrade(folder, tell)
    venue = Venue.open(folder / "journal")
    trade(venue, 1)
    venue.close()
    release(2)
    with pytest.raises(JournalError, match=why):
        Venue.open(folder / "journal")


def test_a_damaged_seal_is_refused(folder: pathlib.Path, release: Release) -> None:
    path = pathlib.Path(upgrade(folder, tell).seal)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert verify(folder).ok  # By the rules of its own it is replayed.
    release(2)
    assert "is damaged: its bytes do not match its hash" in verify(folder).finding
    path.write_bytes(b"short")
    assert "is damaged" in verify(folder).finding


def test_books_that_come_out_otherwise_are_refused(
    tmp_path: pathlib.Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue = Venue.open(tmp_path / "journal")
    found(venue)
    fix(venue, FIRST_DAY, [2_810_000, 1_400_000])
    finish(venue, FIRST_DAY)
    venue.close()
    upgrade(tmp_path, tell)
    release(2)
    assert verify(tmp_path).ok
    monkeypatch.setattr(Ledger, "hash", lambda _ledger: bytes(16))
    assert "the ledger hashes to 00000000" in verify(tmp_path).finding


def test_a_full_disk_seals_nothing(folder: pathlib.Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 12, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            upgrade(folder, tell)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in (folder / "journal").iterdir()] == ["journal-000001"]
    assert verify(folder).ok


def test_the_command_seals_or_says_why_not(
    cfx: Shell, folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    made = json.loads(cfx("upgrade", folder, "--json").out)
    found = json.loads(cfx("verify", folder).out)
    assert {name: found[name] for name in ("rows", "state_hash", "event_hash", "ledger_hash")} == {
        name: made[name] for name in ("rows", "state_hash", "event_hash", "ledger_hash")
    }
    assert cfx("upgrade", folder).out.startswith(f"{made['seal']}: {made['rows']:,} rows and ")
    assert "cannot be read" in refused(cfx("upgrade", tmp_path / "nowhere"))
    venue = Venue.open(folder / "journal")
    assert refused(cfx("upgrade", folder)) != ""
    venue.close()
