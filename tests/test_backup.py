"""A backup is a proven part of the journal; a restore is what the backup says, or nothing."""

import json
import multiprocessing
import resource
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clearing.venue import Venue
from clearing.verify import verify
from engine.journal import JournalError
from engine.survey import segment_name
from gateway.backup import BackupError, Copied, back_up, restore
from gateway.operator import new_key, open_account
from tests.dying import die_at
from tests.serving import serving
from tests.shell import Shell, refused
from tests.small_venue import market, trade

FIRST = segment_name(1)

Copying = Callable[[Path, Path, Callable[[int, int], object]], Copied]


def quietly(_done: int, _count: int) -> None:
    """Show no progress."""


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an exchange that has traded, with what else a served one holds."""
    folder = tmp_path_factory.mktemp("exchange")
    venue = Venue.open(folder / "journal")
    venue.submit(market(), 1)
    trade(venue, 50)
    venue.close()
    (folder / "keys.json").write_text("secret")
    (folder / "server.json").write_text("secret")
    return folder


@pytest.fixture(scope="module")
def backup(exchange: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of that exchange."""
    folder = tmp_path_factory.mktemp("backups") / "one"
    back_up(exchange, folder, quietly)
    return folder


@pytest.fixture
def spoiled(backup: Path, tmp_path: Path) -> Path:
    """A copy of the backup, to be spoiled."""
    return Path(shutil.copytree(backup, tmp_path / "spoiled"))


# What is in it.


def test_what_is_restored_is_what_was_backed_up(exchange: Path, tmp_path: Path) -> None:
    made = back_up(exchange, tmp_path / "kept", quietly)
    again = restore(tmp_path / "kept", tmp_path / "again", quietly)
    sound = verify(exchange)
    assert verify(tmp_path / "kept") == verify(tmp_path / "again") == sound
    for each in (made, again):
        assert (each.frames, each.rows, each.files) == (sound.frames, sound.rows, 1)
        hashes = (each.state_hash, each.event_hash, each.ledger_hash)
        assert hashes == (sound.state_hash, sound.event_hash, sound.ledger_hash)


def test_a_backup_holds_no_secret_and_no_room(backup: Path) -> None:
    names = sorted(path.relative_to(backup).as_posix() for path in backup.rglob("*"))
    assert names == ["journal", f"journal/{FIRST}", "snapshot"]
    assert (backup / "journal" / FIRST).stat().st_blocks < 4_096


def test_a_restored_exchange_goes_on(backup: Path, tmp_path: Path) -> None:
    restore(backup, tmp_path / "again", quietly)
    journal = tmp_path / "again" / "journal"
    assert (journal / FIRST).stat().st_blocks * 512 >= (journal / FIRST).stat().st_size
    venue = Venue.open(journal)
    trade(venue, 3)
    venue.close()
    assert verify(tmp_path / "again").rows == verify(backup).rows + 12


def test_a_torn_tail_is_left_out(exchange: Path, tmp_path: Path) -> None:
    torn = Path(shutil.copytree(exchange, tmp_path / "torn"))
    content = (torn / "journal" / FIRST).read_bytes()
    used = len(content.rstrip(b"\0"))
    (torn / "journal" / FIRST).write_bytes(content[: used - 100].ljust(len(content), b"\0"))
    made = back_up(torn, tmp_path / "kept", quietly)
    assert made.frames == verify(exchange).frames - 1
    assert verify(tmp_path / "kept").ok


def test_an_exchange_is_backed_up_while_it_trades(tmp_path: Path) -> None:
    venue = Venue.open(tmp_path / "live" / "journal")
    venue.submit(market(), 1)
    venue.sync()
    stopping = threading.Event()

    def run() -> None:
        while not stopping.is_set():
            trade(venue, 5)

    trading = threading.Thread(target=run)
    trading.start()
    try:
        for number in range(2):
            kept = venue.exchange.seq
            made = back_up(tmp_path / "live", tmp_path / f"kept{number}", quietly)
            assert made.rows >= kept
            assert restore(tmp_path / f"kept{number}", tmp_path / f"again{number}", quietly)
    finally:
        stopping.set()
        trading.join()
        venue.close()
    assert verify(tmp_path / "live").rows > kept


def test_a_served_exchange_is_backed_up_and_its_copy_is_served(tmp_path: Path, cfx: Shell) -> None:
    live, kept, again = (tmp_path / name for name in ("live", "kept", "again"))
    with serving(live):
        open_account(live, "ann", cash="1000")
        secret = new_key(live, "ann").client_secret.encode()
        made = json.loads(cfx("backup", live, kept, "--json").out)
    assert made["folder"] == str(kept)
    assert not any(secret in path.read_bytes() for path in kept.rglob("*") if path.is_file())
    ended = cfx("restore", kept, again)
    assert ended.status == 0
    assert f"{again}: {made['rows']:,} rows" in ended.out
    assert made["ledger_hash"] in ended.out
    with serving(again) as served:
        assert served.recovered == made["rows"]


# What is refused.


def is_untouched(target: Path) -> bool:
    """Whether nothing was made, and nothing half-made was left."""
    return not target.exists() and not list(target.parent.glob(f"{target.name}*"))


@pytest.mark.parametrize("place", [5_000, 128 + 60, 20])
def test_a_damaged_journal_is_not_restored(spoiled: Path, tmp_path: Path, place: int) -> None:
    with (spoiled / "journal" / FIRST).open("r+b") as file:
        file.seek(place)
        file.write(b"\xff")
    with pytest.raises(JournalError, match=f"{spoiled}/journal/{FIRST} offset .* is damaged"):
        restore(spoiled, tmp_path / "again", quietly)
    assert is_untouched(tmp_path / "again")


def test_a_damaged_journal_is_not_backed_up(spoiled: Path, tmp_path: Path) -> None:
    with (spoiled / "journal" / FIRST).open("r+b") as file:
        file.seek(5_000)
        file.write(b"\xff")
    with pytest.raises(JournalError, match=f"{spoiled}/journal/{FIRST} offset .* is damaged"):
        back_up(spoiled, tmp_path / "kept", quietly)
    assert is_untouched(tmp_path / "kept")


def test_a_backup_whose_journal_lost_its_end_is_not_restored(spoiled: Path, tmp_path: Path) -> None:
    file = spoiled / "journal" / FIRST
    content = file.read_bytes()
    used = len(content.rstrip(b"\0"))
    file.write_bytes(content[: used - 200].ljust(len(content), b"\0"))
    with pytest.raises(BackupError, match="the tail is torn"):
        restore(spoiled, tmp_path / "again", quietly)
    last = content.rindex(b"cfxframe")
    file.write_bytes(content[:last].ljust(len(content), b"\0"))
    with pytest.raises(BackupError, match=r"its journal gives seq .*, its snapshot says"):
        restore(spoiled, tmp_path / "again", quietly)
    assert is_untouched(tmp_path / "again")


def test_a_snapshot_of_another_exchange_is_refused(
    exchange: Path, spoiled: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(exchange, tmp_path / "other"))
    venue = Venue.open(other / "journal")
    trade(venue, 1)
    venue.close()
    back_up(other, tmp_path / "theirs", quietly)
    shutil.copy(tmp_path / "theirs" / "snapshot", spoiled / "snapshot")
    with pytest.raises(BackupError, match="is not one backup: its journal gives seq"):
        restore(spoiled, tmp_path / "again", quietly)
    assert is_untouched(tmp_path / "again")


def test_a_damaged_snapshot_is_refused(spoiled: Path, tmp_path: Path) -> None:
    content = bytearray((spoiled / "snapshot").read_bytes())
    content[-1] ^= 1
    (spoiled / "snapshot").write_bytes(content)
    with pytest.raises(BackupError, match=f"{spoiled}/snapshot is damaged"):
        restore(spoiled, tmp_path / "again", quietly)
    (spoiled / "snapshot").unlink()
    with pytest.raises(BackupError, match=f"{spoiled}/snapshot cannot be read"):
        restore(spoiled, tmp_path / "again", quietly)
    assert is_untouched(tmp_path / "again")


def test_a_folder_that_holds_something_is_never_written_over(
    exchange: Path, backup: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("dear")
    (tmp_path / "file").write_text("text")
    copies: list[tuple[Copying, Path]] = [(back_up, exchange), (restore, backup)]
    for copying, source in copies:
        for name in ("mine", "file"):
            with pytest.raises(BackupError, match="is there already and is not an empty folder"):
                copying(source, tmp_path / name, quietly)
    (tmp_path / "made.new").mkdir()
    (tmp_path / "made.new" / "letter").write_text("dear")
    with pytest.raises(BackupError, match=r"made\.new/letter is in the way"):
        back_up(exchange, tmp_path / "made", quietly)
    letters = [path.read_text() for path in tmp_path.rglob("letter")]
    assert letters == ["dear", "dear"]
    (tmp_path / "empty").mkdir()
    assert restore(backup, tmp_path / "empty", quietly).rows


def test_the_command_line_says_what_is_wrong(
    cfx: Shell, exchange: Path, backup: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    assert "holds no journal" in refused(cfx("backup", tmp_path / "empty", tmp_path / "kept"))
    assert "cannot be read" in refused(cfx("backup", tmp_path / "none", tmp_path / "kept"))
    assert "snapshot cannot be read" in refused(cfx("restore", exchange, tmp_path / "kept"))
    assert "not an empty folder" in refused(cfx("restore", backup, exchange))
    assert is_untouched(tmp_path / "kept")
    assert cfx("backup", exchange).status == 2


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file can be longer than a megabyte: what the disk says is close to being full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_nothing(exchange: Path, backup: Path, tmp_path: Path) -> None:
    copies: list[tuple[Copying, Path]] = [(back_up, exchange), (restore, backup)]
    for copying, source in copies:
        with pytest.raises(BackupError, match=r"was not made: .*File too large"):
            copying(source, tmp_path / "kept", quietly)
        assert is_untouched(tmp_path / "kept")


# What is cut off.


@pytest.mark.parametrize("name", ["backup", "restore"])
def test_kill_9_leaves_nothing_that_looks_whole(
    exchange: Path, backup: Path, tmp_path: Path, name: str
) -> None:
    copying, source = (back_up, exchange) if name == "backup" else (restore, backup)
    clean = multiprocessing.get_context("forkserver")  # Threads of this process survive no fork.
    clean.set_forkserver_preload(["gateway.backup", "tests.dying"])
    rows, target = verify(backup).rows, tmp_path / "kept"
    for row in (1, rows // 2, rows):
        child = clean.Process(target=die_at, args=(row, copying, source, target))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert not target.exists()
        assert (tmp_path / "kept.new").is_dir()
    assert copying(source, target, quietly).rows == rows
    assert verify(target) == verify(exchange)
    assert not (tmp_path / "kept.new").exists()


def test_two_that_make_the_same_folder_do_not_mix(exchange: Path, tmp_path: Path) -> None:
    said: list[str] = []

    def again(_done: int, _count: int) -> None:
        if not said:
            with pytest.raises(BackupError, match="is being made by another process") as refusal:
                back_up(exchange, tmp_path / "kept", quietly)
            said.append(str(refusal.value))

    assert back_up(exchange, tmp_path / "kept", again).rows
    assert said
