"""The rulebook, told as scenes: a file a rule. And: a scene that is wrong is told so."""

import pathlib
import re

import pytest

from engine.reasons import Reason
from engine.scene import Player, play
from engine.scene_text import lines

PATHS = sorted(pathlib.Path(__file__).parent.glob("scenes/*.scene"))
HEAD = "@instrument H1 tick 1 from 0 to 200\n@account alice\n@account bob\n"


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_scene(path: pathlib.Path) -> None:
    assert play(path.read_text()) == []


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_every_expectation_of_a_scene_counts(path: pathlib.Path) -> None:
    text = path.read_text()
    checked = [f"line {line.number}:" for line in lines(text) if line.is_checked]
    wrong = re.sub(r"\|[^#\n]*", "| entered 1 @ 77777", text)
    assert [" ".join(found.split()[:2]) for found in play(wrong)] == checked


def test_scenes_reach_every_reason() -> None:
    words = set(re.findall(r"\w+", " ".join(path.read_text() for path in PATHS)))
    assert {reason.name for reason in Reason if reason} <= words


@pytest.mark.parametrize(
    ("command", "expected", "got"),
    [
        ("alice buy 5 @ 50", "entered 5 @ 50", "entered 5 @ 50; rested 5 @ 50"),
        ("alice buy 5 @ 50", "entered 5 @ 50; rested 4 @ 50", "entered 5 @ 50; rested 5 @ 50"),
        ("alice buy 5 @ 50", "-", "entered 5 @ 50; rested 5 @ 50"),
        ("alice buy 5 @ 50", "rested 5 @ 50; entered 5 @ 50", "entered 5 @ 50; rested 5 @ 50"),
        ("alice buy 0 @ 50", "rejected PRICE_OFF_TICK", "rejected QUANTITY_NOT_POSITIVE"),
        ("alice cancel 99", "canceled 1 @ 50", "rejected ORDER_UNKNOWN"),
        ("@phase H1 halt", "phase OPEN", "phase HALT H1"),
        ("alice withdraw 1", "taken 2", "taken 1.00 leaves 999999999.00"),
        ("@time 10:00", "noted", "-"),
    ],
)
def test_what_was_not_expected_is_reported(command: str, expected: str, got: str) -> None:
    assert play(f"{HEAD}{command} | {expected}") == [f"line 4: expected {expected}, got {got}"]


def test_what_may_be_left_out_must_be_right_where_it_stands() -> None:
    scene = HEAD + "alice buy 1 @ 50 fak | entered 1 @ 50; canceled 1 @ 50"
    assert play(scene) == []
    assert play(scene + " UNFILLED") == []
    assert play(scene + " SELF_MATCH") != []


def test_a_stop_tells_its_trigger_and_an_iceberg_what_it_shows() -> None:
    scene = HEAD + "alice buy 9 @ 60 stop 50 | entered 9 @ 60"
    assert play(scene) == []
    assert play(scene + " stop 50") == []
    assert play(scene + " stop 51") != []
    scene = HEAD + "alice buy 9 @ 60 show 2 | entered 9 @ 60; rested 9 @ 60"
    assert play(scene) == []
    assert play(scene + " shows 2") == []
    assert play(scene + " shows 3") != []


def test_a_line_without_a_bar_checks_nothing_but_that_a_directive_is_accepted() -> None:
    assert play(HEAD + "alice buy 1 @ 999") == []
    found = play(HEAD + "@mark H1 999")
    assert found == ["line 4: the exchange refused it: rejected PRICE_OFF_LADDER"]


def test_a_trade_names_the_maker_and_others_only_where_they_are_shown() -> None:
    scene = HEAD + "alice sell 2 @ 50\n"
    assert play(scene + "bob buy 1 @ 60 | entered 1 @ 60; traded 1 @ 50 alice") == []
    assert play(scene + "bob buy 1 @ 60 | entered 1 @ 60; traded 1 @ 50 bob") != []
    assert play(scene + "@phase H1 close | canceled 2 @ 50 alice; phase CLOSE") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("alice buy 5 @ 50", "line 1: 'alice' is not an account of this scene; known: none"),
        (HEAD + "alice hold 5", "line 4: 'hold' is not a verb; known: buy, sell"),
        (HEAD + "alice buy five @ 50", "line 4: 'five' is not a quantity"),
        (HEAD + "alice buy 5 @ 50.5", "line 4: '50.5' is not a price"),
        (HEAD + "alice buy 5 @", "line 4: a price is missing"),
        (HEAD + "alice buy", "line 4: a quantity is missing"),
        (HEAD + "alice buy 5 @ 50 fast", "line 4: 'fast' is no option of an order"),
        (HEAD + "alice cancel all bids", "line 4: 'bids' is no option of a mass cancel"),
        (HEAD + "alice cancel all on H9", "line 4: 'H9' is not an instrument; known: H1"),
        (HEAD + "alice cancel tag seven", "line 4: 'seven' is not a number"),
        (HEAD + "alice buy 5 @ 50 on H9", "line 4: 'H9' is not an instrument"),
        (HEAD + "alice buy 5 @ 50 with color 1", "line 4: 'color' is no field of a row"),
        (HEAD + "alice buy 5 @ 50 with side 300", "line 4: a number is too large for its field"),
        (HEAD + f"alice buy 5 @ {10**30}", "line 4: a number is too large for its field"),
        (HEAD + "alice cancel first", "line 4: 'first' is not an order of this scene"),
        (HEAD + "alice deposit 1e400", "line 4: '1e400' is not an amount of money"),
        (HEAD + "alice deposit 5 6", "line 4: '6' is not understood here"),
        (HEAD + "@account alice", "line 4: 'alice' is taken"),
        (HEAD + "@account carol wealth 3", "line 4: 'wealth' is no term of an account"),
        (HEAD + "@instrument H1 tick 1 from 0 to 9", "line 4: 'H1' is listed already"),
        (HEAD + "@instrument H2 from 0 to 9", "line 4: 'tick' is missing"),
        (HEAD + "@phase H1 lunch", "line 4: 'lunch' is not a phase"),
        (HEAD + "@time noon", "line 4: 'noon' is not a time like 09:30:00.000"),
        (HEAD + "@time 10:00\n@time 09:00", "line 5: '09:00' is in the past"),
        (HEAD + "@sizes orders 5", "line 4: @sizes stands before instruments and accounts"),
        (HEAD + "@nothing", "line 4: '@nothing' is not a directive"),
        (HEAD + "7: alice buy 5 @ 50", "line 4: '7' is a number, and no label"),
        (HEAD + "alice buy 5 @ 50 |", "line 4: nothing stands after the bar; none is written -"),
        ("| entered 5 @ 50", "line 1: an account of this scene is missing"),
    ],
)
def test_a_text_that_is_no_scene_is_refused_with_its_line_and_word(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        play(text)


def test_a_kernel_that_differs_from_the_reference_is_reported() -> None:
    *before, last = lines(HEAD + "alice withdraw 5 | taken 5")
    player = Player()
    assert [found for line in before for found in player.play_line(line)] == []
    player.kernel.state.accounts["equity"][1] += 1
    found = player.play_line(last)
    assert len(found) == 1
    assert found[0].startswith("line 4: the kernel told TAKEN")


def test_a_broken_invariant_is_reported() -> None:
    *before, last = lines(HEAD + "alice buy 5 @ 50\nalice deposit 1")
    player = Player()
    assert [found for line in before for found in player.play_line(line)] == []
    player.kernel.state.accounts["reserves"][1] += 1
    assert player.play_line(last)[0].startswith("line 5: an invariant is broken")


def test_scenes_of_one_file_share_nothing() -> None:
    text = HEAD + "alice buy 5 @ 50\n@scene second\n" + HEAD + "bob sell 1 @ 50 | "
    assert play(text + "entered 1 @ 50; rested 1 @ 50") == []
