"""A command that is wrong in two ways is refused for the reason that stands first in the table.

Each fault is a few fields of a row that is right without them. All pairs of faults of different
fields are tried, on the kernel and on the reference; a refusal leaves no trace, so one scene does.
"""

from itertools import combinations
from typing import NamedTuple

import pytest

from engine.reasons import Reason
from engine.scene import Player, compose
from engine.scene_text import Words, lines
from tests.test_reference import explain

HEAD = """\
@set rate 100
@instrument H1 tick 2 from 0 to 200 clip 20 limit 30 block 5
@instrument H2 tick 2 from 0 to 200
@instrument B1 tick 2 from 0 to 200 product other
@instrument S tick 2 from -8 to 8 kind calendar legs H1 -B1 | listed; noted; rejected TERMS_INVALID
@account alice cash 1000
@account bob
@account carol
@account dave cash 1000
@account erin cash 1000
@account frank cash 1000
@account gina
@account hal
@mark H1 100
@protect erin 1
erin quote 1 @ 60 / 0 @ 0
bob sell 1 @ 60
@mark H1 100
@guard band 20 limit 50
bob sell 5 @ 104
mine: alice buy 1 @ 90
@standing carol suspended
@kill account dave
@standing gina suspended
@kill account hal
@standing frank called
@phase H2 halt
"""


class Fault(NamedTuple):
    """Fields of a row with values that the exchange refuses, as the option `with` takes them."""

    reason: Reason
    words: str

    @property
    def fields(self) -> set[str]:
        """Their names."""
        return set(self.words.split()[::2])


SHARED = [
    Fault(Reason.VERSION_UNKNOWN, "version 9"),
    Fault(Reason.ACCOUNT_UNKNOWN, "account 99"),
    Fault(Reason.INSTRUMENT_UNKNOWN, "instrument 99"),
    Fault(Reason.SIDE_UNKNOWN, "side 2"),
    Fault(Reason.FLAG_UNKNOWN, "flags 32768"),
    Fault(Reason.TERMS_INVALID, "instrument 3"),
    Fault(Reason.ACCOUNT_SUSPENDED, "account 3"),
    Fault(Reason.ACCOUNT_KILLED, "account 4"),
    Fault(Reason.QUANTITY_NOT_POSITIVE, "quantity -1"),
    Fault(Reason.QUANTITY_ABOVE_CLIP, "quantity 61"),
    Fault(Reason.PRICE_OFF_TICK, "price 91"),
    Fault(Reason.PRICE_OFF_LADDER, "price 202"),
]
ORDER = [
    *SHARED,
    Fault(Reason.TYPE_UNKNOWN, "type 9"),
    Fault(Reason.TIF_UNKNOWN, "tif 9"),
    Fault(Reason.SMP_RULE_UNKNOWN, "smp_rule 9"),
    Fault(Reason.PHASE_FORBIDS, "instrument 1"),
    Fault(Reason.MINIMUM_INVALID, "minimum -1"),
    Fault(Reason.DISPLAY_INVALID, "display -1"),
    Fault(Reason.TRIGGER_INVALID, "trigger 100"),
    Fault(Reason.PROTECTION_INVALID, "protection -1"),
    Fault(Reason.EXPIRY_INVALID, "expiry 20260105"),
    Fault(Reason.DAILY_LIMIT, "price 152"),
    Fault(Reason.PRICE_BAND, "price 122"),
    Fault(Reason.POST_ONLY, "flags 1 price 104"),
    Fault(Reason.REDUCE_ONLY, "instrument 0 flags 4"),  # Of a spread it is no flag.
    Fault(Reason.MARGIN_SHORT, "account 6"),
]
QUOTE = [
    *(fault for fault in SHARED if fault.reason != Reason.QUANTITY_ABOVE_CLIP),
    Fault(Reason.QUANTITY_ABOVE_CLIP, "display 21"),
    Fault(Reason.TYPE_UNKNOWN, "type 9"),
    Fault(Reason.TIF_UNKNOWN, "tif 9"),
    Fault(Reason.SMP_RULE_UNKNOWN, "smp_rule 9"),
    Fault(Reason.QUOTES_PROTECTED, "account 5"),
    Fault(Reason.PHASE_FORBIDS, "instrument 1"),
    Fault(Reason.MINIMUM_INVALID, "minimum 1"),
    Fault(Reason.PROTECTION_INVALID, "protection 1"),
    Fault(Reason.EXPIRY_INVALID, "expiry 20260105"),
    Fault(Reason.QUOTE_CROSSED, "trigger 90"),
]
BLOCK = [
    *SHARED,
    Fault(Reason.ACCOUNT_UNKNOWN, "give_up 99"),
    Fault(Reason.ORDER_NOT_YOURS, "account 1 give_up 1"),
    Fault(Reason.ACCOUNT_SUSPENDED, "give_up 7"),
    Fault(Reason.ACCOUNT_KILLED, "give_up 8"),
    Fault(Reason.QUANTITY_BELOW_BLOCK, "quantity 4"),
    Fault(Reason.POSITION_LIMIT, "quantity 40"),
]
REPLACE = [
    *(fault for fault in SHARED if not {"side", "account", "instrument"} & fault.fields),
    Fault(Reason.ACCOUNT_UNKNOWN, "account 99"),
    Fault(Reason.INSTRUMENT_UNKNOWN, "instrument 99"),
    Fault(Reason.ORDER_UNKNOWN, "order_id 5"),
    Fault(Reason.ORDER_NOT_YOURS, "account 2"),
    Fault(Reason.DAILY_LIMIT, "price 152"),
    Fault(Reason.PRICE_BAND, "price 122"),
]
COMMANDS = {
    "alice buy 5 @ 90": ORDER,
    "alice quote 5 @ 90 / 5 @ 110": QUOTE,
    "@block alice bob 5 @ 90": BLOCK,
    "alice replace mine 5 @ 92": REPLACE,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_first_reason_of_two_is_told(command: str) -> None:
    faults, player = COMMANDS[command], Player()
    for line in lines(HEAD):
        assert player.play_line(line) == []
    before = player.reference.state_hash()
    assert {fault: refused(player, f"{command} with {fault.words}") for fault in faults} == {
        fault: fault.reason for fault in faults
    }
    for one, two in combinations(faults, 2):
        if not one.fields & two.fields:
            told = refused(player, f"{command} with {one.words} {two.words}")
            assert told == min(one.reason, two.reason), (one, two)
    assert player.reference.state_hash() == before
    assert refused(player, command) == Reason.NONE


def refused(player: Player, text: str) -> Reason:
    """Return why kernel and reference refuse a line of a scene; NONE where they do not."""
    (line,) = lines(text)
    batch, _ = compose(player.stage, Words(line))
    batch.rows["seq"], batch.rows["time"] = 1_000, player.stage.time
    told, expected = player.kernel.apply(batch.rows), player.reference.apply(batch.rows)
    assert told.tobytes() == expected.tobytes(), explain(batch.rows, told, expected)
    return Reason(int(told["reason"][0]))
