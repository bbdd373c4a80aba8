"""The kernel and the reference tell the same events and reach the same state."""

import functools
import os
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from engine.check import check
from engine.hashes import event_chain, state_hash
from engine.jit import Table
from engine.kernel import step
from engine.layout import EVENT
from engine.reasons import Reason
from engine.reference import Reference
from engine.scene import Kernel, Player, compose, play
from engine.scene_text import Words, lines
from engine.schema import Did, Kind
from engine.state import new_state
from engine.views import Views, views
from tests.random_commands import draw
from tests.random_source import FULL, ROOMY, TIGHT, Setting, Source

COMMANDS = max(20_000, int(os.environ.get("CFX_COMMANDS", "0")))
CHECKED_EACH = COMMANDS // 20  # So many commands are each followed by check(); later one in 50.


class Played(NamedTuple):
    """A run of random commands. The kernel and the reference told the same events."""

    rows: Table  # COMMAND
    events: Table  # EVENT
    state_hash: str


@functools.cache
def run(seed: int, setting: Setting, count: int) -> Played:
    """Give random commands to the kernel and the reference, and compare after each."""
    source, kernel = Source(seed, setting), Kernel(setting.sizes)
    rows, events, done = [source.opening()], [np.zeros(0, EVENT)], 0
    while done < count:
        told, expected = kernel.apply(rows[-1]), source.reference.apply(rows[-1])
        assert told.tobytes() == expected.tobytes(), explain(rows[-1], told, expected)
        if setting != FULL and (done < CHECKED_EACH or done % 50 == 0):
            assert state_hash(kernel.state) == source.reference.state_hash()
            check(kernel.state)
        events.append(told)
        rows.append(draw(source))
        done += len(rows[-1])
    check(kernel.state)
    reached = state_hash(kernel.state)
    assert reached == source.reference.state_hash()
    return Played(np.concatenate(rows[:-1]), np.concatenate(events), reached)


def explain(rows: Table, told: Table, expected: Table) -> str:
    """Return a command and the two answers to it, one under the other."""
    texts = [f"command {Kind(row['kind']).name} {row}" for row in rows]
    for who, events in (("kernel", told), ("reference", expected)):
        texts += [f"{who} {Did(e['kind']).name} {Reason(e['reason']).name} {e}" for e in events]
    return "\n".join(texts)


@pytest.mark.parametrize("seed", [1, 2])
def test_kernel_equals_reference(seed: int) -> None:
    run(seed, ROOMY, COMMANDS // 2)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kernel_equals_reference_where_room_is_short(seed: int) -> None:
    run(seed, TIGHT, COMMANDS // 10)


def test_kernel_equals_reference_on_the_full_listing() -> None:
    run(1, FULL, COMMANDS // 4)


def test_random_commands_reach_everything() -> None:
    played = [run(seed, ROOMY, COMMANDS // 2) for seed in (1, 2)]
    played += [run(seed, TIGHT, COMMANDS // 10) for seed in (1, 2, 3)]
    events = np.concatenate([one.events for one in played])
    assert set(Did) <= set(events["kind"].tolist())
    assert set(Reason) <= set(events["reason"].tolist())
    for did in (Did.FILLED, Did.RESTED, Did.CANCELED, Did.REPLACED):
        assert np.mean(events["kind"] == did) > 0.02
    for did in (Did.TRIGGERED, Did.REFILLED):
        assert np.mean(events["kind"] == did) > 0.005


@pytest.mark.parametrize("size", [1, 7, 1_024])
def test_events_do_not_depend_on_how_rows_are_grouped(size: int) -> None:
    played = run(1, ROOMY, COMMANDS // 2)
    kernel, chain = Kernel(ROOMY.sizes), bytes(16)
    batches = (played.rows[i : i + size] for i in range(0, len(played.rows), size))
    events = np.concatenate([kernel.apply(batch) for batch in batches])
    assert event_chain(chain, events) == event_chain(chain, played.events)
    assert state_hash(kernel.state) == played.state_hash


def test_no_command_tells_more_than_the_room_it_asked_for() -> None:
    played = run(1, ROOMY, COMMANDS // 2)
    state, families = new_state(ROOMY.sizes), views(played.rows)
    none, events = np.zeros(0, EVENT), np.zeros(8_192, EVENT)
    for i in range(len(played.rows)):
        row = Views(*(family[: i + 1] for family in families))
        done, count, room = step(state, row, i, none)
        assert (done, count) == (i, 0)
        done, count, _ = step(state, row, i, events)
        assert done == i + 1
        assert count <= room


ICEBERG = """\
@instrument H1 tick 1 from 0 to 200 clip 1000
@account alice
@account bob
alice sell 1 @ 101
bob   buy 1 @ 101
bob   sell 500 @ 90 stop 99
alice sell 1 @ 95
alice buy 61 @ 100 show 2"""


def test_an_order_has_room_for_its_own_refills() -> None:
    *before, last = lines(ICEBERG)
    player = Player()
    assert [found for line in before for found in player.play_line(line)] == []
    row, state = views(compose(player.stage, Words(last))[0].rows), player.kernel.state
    events = np.zeros(8_192, EVENT)
    _, _, room = step(state, row, 0, events[:0])
    _, count, _ = step(state, row, 0, events)
    assert 3 * 30 < count <= room


def test_the_reference_stands_alone() -> None:
    played = run(1, ROOMY, COMMANDS // 2)
    reference = Reference(ROOMY.sizes)
    assert reference.apply(played.rows).tobytes() == played.events.tobytes()
    assert reference.state_hash() == played.state_hash


HEAD = """\
@set rate 1000
@set charge 150
@instrument H1 tick 1 from 0 to 20 clip 20 limit 40
@instrument H2 tick 2 from 0 to 40 clip 20 limit 40
@instrument H3 tick 1 from 0 to 20 clip 20 limit 40
@instrument H1-H3 tick 1 from -8 to 12 clip 20 kind calendar legs H1 -H3
@instrument H1-H2 tick 1 from -8 to 18 clip 20 kind calendar legs H1 -H2
@account ann cash 60000 type speculator
@account bob cash 60000 owner bobs
@account cid owner bobs
"""
ACCOUNTS = st.sampled_from(["ann", "bob", "cid"])
MONTHS = st.sampled_from(["H1", "H2", "H3"])
INSTRUMENTS = st.sampled_from(["H1", "H1", "H2", "H3", "H1-H3", "H1-H3", "H1-H2"])
PHASES = ["pre-open", "no-cancel", "open", "open", "open", "halt", "close", "post-close"]
QUANTITIES = st.integers(0, 21)
PRICES = st.integers(-1, 41) | st.integers(8, 12) | st.sampled_from([16, 18, 20, 22, 24])
REFERENCES = st.integers(11, 43)
OPTIONS = ["", "", "fak", "fok", "gtc", "gtd 20260105", "fak min 5", "post", "post slide", "reduce"]
SHOWN = ["", "", "show 1", "show 3"]
RULES = ["", "smp-in", "smp-rest", "smp-both"]


@st.composite
def command_lines(draw: st.DrawFn) -> str:
    """Return a line that any scene with HEAD may hold."""
    match draw(st.integers(0, 11)):
        case 0:
            where, phase = draw(INSTRUMENTS), draw(st.sampled_from(PHASES))
            return f"@phase {where} {phase}"
        case 1:
            return f"@mark {draw(MONTHS)} {draw(st.integers(0, 20))}"
        case 2:
            return f"{draw(ACCOUNTS)} cancel {draw(REFERENCES)}"
        case 3:
            what = draw(st.sampled_from(["all", "all buys", "all sells on H1", "tag 1", "tag 2"]))
            return f"{draw(ACCOUNTS)} cancel {what}"
        case 4 | 5:
            what = f"{draw(ACCOUNTS)} replace {draw(REFERENCES)}"
            option = draw(st.sampled_from(["", "in-flight", "stop 11", "stop 22"]))
            return f"{what} {draw(QUANTITIES)} @ {draw(PRICES)} {option}"
        case 6:
            return f"{draw(ACCOUNTS)} withdraw {draw(st.integers(1, 60_000))}"
    what = f"{draw(ACCOUNTS)} {draw(st.sampled_from(['buy', 'sell']))} {draw(QUANTITIES)}"
    price = draw(PRICES.map(str) | st.sampled_from(["market", "market-limit"]))
    options = f"{draw(st.sampled_from(OPTIONS))} {draw(st.sampled_from(RULES))}"
    options += f" {draw(st.sampled_from(SHOWN))} tag {draw(st.integers(1, 3))}"
    if draw(st.integers(0, 3)) == 0:
        options += f" stop {draw(st.integers(8, 24))}"
    return f"{what} @ {price} {options} on {draw(INSTRUMENTS)}"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(command_lines(), max_size=30))
def test_no_scene_tells_kernel_and_reference_apart(commands: list[str]) -> None:
    scene = HEAD + "\n".join(commands)
    note(scene)
    assert play(scene) == []
