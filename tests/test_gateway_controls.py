"""Kill, release, halt, resume, limit and guard: what operators do to accounts and markets."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from clearing.venue import Venue
from engine.disk import Disk
from engine.exchange import Outcome
from engine.instruments import units
from engine.rows import Batch, text_at
from engine.schema import Kind, Phase, Side
from gateway.controls import Acted, Control, Guard, Halt, Kill, Limit, Release, Resume
from gateway.operator import OperatorError, control, open_account
from gateway.view import View
from tests.serving import at_rest, end, serving
from tests.shell import Shell, refused

FRONT = "H100_USD-31AUG26"
NEXT = "H100_USD-30SEP26"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder at rest: ann bids and bob offers in the front month, which is open."""
    at_rest(tmp_path, "ann", "bob")
    view = View()
    venue = Venue.open(tmp_path / "journal", watch=view.fold, disk=Disk())
    batch, number = Batch(), view.directory.instrument_of[FRONT].number
    batch.enter(1, number, Side.BUY, 1, units("2.70"))
    batch.enter(2, number, Side.SELL, 1, units("2.90"))
    venue.submit(batch, venue.exchange.time)
    venue.close()
    return tmp_path


class Found:
    """What a folder's journal says, once it is closed."""

    def __init__(self, folder: Path) -> None:
        self.view, self.texts = View(), list[tuple[Kind, str]]()
        self.venue = Venue.open(folder / "journal", watch=self._fold)
        self.venue.close()

    def _fold(self, outcome: Outcome) -> None:
        self.view.fold(outcome)
        for row in outcome.frame.commands:
            text = text_at(outcome.frame.text, int(row["text"]))
            self.texts.append((Kind(int(row["kind"])), text))

    def phase(self, name: str) -> Phase:
        return Phase(self.view.markets[self.view.instrument(name).number].phase)


def act(folder: Path, asked: Control) -> Acted:
    return control(folder, asked)


def assert_killed_and_released(folder: Path) -> None:
    """Stop ann; let two operators release her, one of whom is not enough."""
    killed = act(folder, Kill("account", "ann", operator="eve", reason="runs wild"))
    assert killed == Acted("kill", ["ann"], canceled=1)
    waits = Acted("release", [], waits=True)
    release = Release("account", "ann", operator="eve", reason="fixed")
    assert act(folder, release) == waits
    assert act(folder, release) == waits
    assert act(folder, Release("account", "bob", operator="max")) == waits
    assert (folder / "requests.json").stat().st_mode & 0o777 == 0o600
    second = Release("account", "ann", operator="max", reason="looked at it")
    assert act(folder, second) == Acted("release", ["ann"])
    assert act(folder, second) == waits


def test_who_was_stopped_is_released_by_two(folder: Path) -> None:
    assert_killed_and_released(folder)
    found = Found(folder)
    assert not found.venue.exchange.state.accounts["killed"].any()
    texts = [text for kind, text in found.texts if kind == Kind.KILL]
    assert texts == ["eve: runs wild", "max: looked at it (asked for by eve: fixed)"]


def test_a_running_server_does_the_same(folder: Path) -> None:
    with serving(folder) as served:
        assert_killed_and_released(folder)
        assert act(folder, Halt("H100")).changed[0] == FRONT
        with pytest.raises(OperatorError, match="nothing of H100 is in phase open, but in halt"):
            act(folder, Halt("H100"))
        assert FRONT in act(folder, Resume("H100")).changed
        assert act(folder, Limit(FRONT, 7)) == Acted("limit", [FRONT])
        assert act(folder, Guard("H100", band=Decimal("0.30"))) == Acted("guard", ["H100"])
        with pytest.raises(OperatorError, match="product 'H9' does not exist"):
            act(folder, Guard("H9", band=Decimal(1)))
        assert end(served) == 0


@pytest.mark.parametrize(("who", "name"), [("owner", "ann"), ("owner", "1")])
def test_all_of_an_owner_are_stopped(folder: Path, who: str, name: str) -> None:
    open_account(folder, "ann")
    assert act(folder, Kill("owner", name)) == Acted("kill", ["ann", "ann-2"], canceled=1)


def test_a_halt_holds_until_it_is_ended(folder: Path) -> None:
    assert act(folder, Halt(FRONT, operator="eve", reason="news")) == Acted("halt", [FRONT])
    found = Found(folder)
    assert (found.phase(FRONT), found.phase(NEXT)) == (Phase.HALT, Phase.OPEN)
    assert (Kind.PHASE, "eve: news") in found.texts
    with pytest.raises(OperatorError, match=r"nothing of .* is in phase halt, but in open"):
        act(folder, Resume(NEXT))
    assert act(folder, Resume(FRONT)) == Acted("resume", [FRONT])
    assert Found(folder).phase(FRONT) == Phase.OPEN


def test_a_limit_and_guards_hold_from_now_on(folder: Path) -> None:
    act(folder, Limit(FRONT, 7))
    act(folder, Guard("H100", band=Decimal("0.20"), velocity=Decimal("0.10"), velocity_ms=500))
    act(folder, Guard("H100", band=Decimal(0), breaker=1_000))
    found = Found(folder)
    state = found.venue.exchange.state
    front = found.view.instrument(FRONT).number
    assert state.instruments[front]["position_max"] == 7
    product = state.products[0]
    assert (product["band"], product["points"], product["breaker"]) == (0, 20, 1_000)
    assert product["bucket"] == 500 * 1_000_000 // 20
    assert product["lead"] == found.view.instrument(NEXT).number
    # What the evening's rows repeat is what the operator set.
    guards = found.venue.house.directory.guards[0]
    assert (guards.band, guards.velocity, guards.velocity_ms, guards.breaker) == (0, 20, 500, 1_000)
    act(folder, Guard("H100", velocity=Decimal(0), breaker=0))
    assert not Found(folder).venue.exchange.state.products[0]["points"]


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (Kill("account", "zed"), "account 'zed'"),
        (Kill("owner", "house"), "owner 'house'"),
        (Kill("firm", "7"), "firm '7'"),
        (Kill("account", "ann", operator=""), "operator ''"),
        (Kill("account", "ann", operator="a:b"), "operator 'a:b'"),
        (Kill("account", "ann", operator="x" * 65), "operator has 65 letters"),
        (Release("account", "ann", reason="x" * 1_001), "reason has 1001 letters"),
        (Release("account", "zed"), "account 'zed'"),
        (Halt("H9"), "product or instrument 'H9'"),
        (Resume("H100"), "nothing of H100 is in phase halt, but in open"),
        (Limit("H100", 5), "instrument 'H100'"),
        (Limit(FRONT, 0), "lots 0 are not between 1 and"),
        (Guard("H100"), "no guard is named"),
        (Guard("H100", band=Decimal("0.001")), "0.001"),
        (Guard("H100", band=Decimal(-1)), "band"),
        (Guard("H100", breaker=10_001), "breaker 10001"),
        (Guard("H100", velocity_ms=0), "velocity_ms 0"),
    ],
)
def test_what_operators_may_not(folder: Path, asked: Control, named: str) -> None:
    with pytest.raises(OperatorError, match=named):
        act(folder, asked)


def test_a_damaged_list_of_requests_is_named(folder: Path) -> None:
    (folder / "requests.json").write_text("{")
    with pytest.raises(OperatorError, match=r"requests\.json"):
        act(folder, Release("account", "ann"))


def test_the_command_line_takes_each_act(folder: Path, cfx: Shell) -> None:
    at = ("--data", folder, "--operator", "eve")
    done = cfx("admin", "kill", *at, "--account", "ann", "--reason", "test")
    assert json.loads(done.out) == {
        "act": "kill",
        "changed": ["ann"],
        "canceled": 1,
        "waits": False,
    }
    assert json.loads(cfx("admin", "release", *at, "--account", "ann").out)["waits"]
    assert json.loads(cfx("admin", "halt", *at, FRONT).out)["changed"] == [FRONT]
    assert json.loads(cfx("admin", "resume", *at, FRONT).out)["changed"] == [FRONT]
    assert json.loads(cfx("admin", "limit", *at, FRONT, 9).out)["changed"] == [FRONT]
    assert json.loads(cfx("admin", "guard", *at, "H100", "--band", "0.2").out)["act"] == "guard"
    assert "does not exist" in refused(cfx("admin", "halt", *at, "H9"))
    assert cfx("admin", "kill", *at).status == 2
    assert cfx("admin", "kill", *at, "--account", "ann", "--owner", "ann").status == 2
    assert cfx("admin", "guard", *at, "H100", "--band", "wide").status == 2
