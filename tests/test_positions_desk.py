"""What the fold makes of trades that the desk reports, and of lots that are assigned."""

from clearing.holdings import MINUTE
from engine.schema import Did, Role
from tests.test_positions import FEES, VALUE, filled, priced, small


def test_a_busted_block_gives_back_the_fee_of_a_block() -> None:
    positions = small()
    for kind in (Did.FILLED, Did.BUSTED):
        block = filled(1, 2, 5, 560)
        block["kind"], block["role"] = kind, Role.BLOCK
        positions.fold(block)
        assert positions.contracts["volume"][0] == (5 if kind == Did.FILLED else 0)
        positions.contracts["volume"] = 2  # On the next day: of it no more than there is.
    assert not positions.holders["fees"].any()


def test_assigned_lots_cost_their_price_and_nothing_else() -> None:
    positions = small()
    positions.fold(priced(Did.MARKED, 566))
    assigned = filled(1, 2, 5, 560)
    assigned["role"] = Role.ASSIGNED
    positions.fold(assigned)
    assert positions.holders["open"].tolist() == [0, 30 * VALUE, -30 * VALUE, 0, 0]
    assert positions.contracts["open_interest"][0] == 5
    assert positions.contracts["volume"][0] == 0
    assert positions.turnover(0, 0, MINUTE) == (0, 0)
    for name in ("fees", "trades", "lots"):
        assert not positions.holders[name].any()
    positions.check_whole()


def test_a_block_pays_its_own_fee_and_makes_no_price() -> None:
    positions = small()
    block = filled(1, 2, 5, 560)
    block["role"] = Role.BLOCK
    positions.fold(block)
    assert positions.holders["fees"][1:3].tolist() == [5 * FEES[4], 5 * FEES[5]]
    assert positions.contracts["volume"][0] == 5
    assert positions.turnover(0, 0, MINUTE) == (0, 0)
