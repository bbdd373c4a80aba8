"""Batches keep rows and texts together, however they are joined."""

import numpy as np
import pytest

from engine.layout import MONEY, OBSERVE
from engine.rows import Batch, join, text_at
from engine.schema import NIL, Kind


def test_a_row_is_written_whole() -> None:
    batch = Batch(room=1)
    batch.enter(3, 7, 1, 5, 100, tag=9, session=4)
    batch.money(Kind.DEPOSIT, account=3, value=12)
    order, money = batch.rows[0], batch.rows.view(MONEY)[1]
    assert (order["account"], order["instrument"], order["side"]) == (3, 7, 1)
    assert (order["quantity"], order["price"], order["tag"], order["session"]) == (5, 100, 9, 4)
    assert (money["kind"], money["value"], money["instrument"]) == (Kind.DEPOSIT, 12, NIL)


def test_texts_are_found_again_after_a_join() -> None:
    batches = []
    for name in ("alpha", "", "bêta"):
        batch = Batch()
        batch.enter(1, 0, 0, 1, 1, text=name)
        batches.append(batch)
    joined = join(batches)
    assert [text_at(joined.text, int(row["text"])) for row in joined.rows] == ["alpha", "", "bêta"]


def test_observations_carry_the_names_that_are_new() -> None:
    rows = np.zeros(2, OBSERVE)
    rows["provider"] = [1, 2]
    batch = Batch()
    batch.observe(rows, {1: "nimbus"})
    assert [text_at(batch.text, int(row["text"])) for row in batch.rows] == ["", "nimbus"]


@pytest.mark.parametrize("offset", [1, 5, 10**6])
def test_an_offset_outside_is_refused(offset: int) -> None:
    with pytest.raises(ValueError, match="text"):
        text_at(b"\0\x09\0ab", offset)
