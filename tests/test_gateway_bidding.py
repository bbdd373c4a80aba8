"""Auctions of a default at the door: what is offered, whose sealed bids are taken, what is told."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clearing.default.steps import Step
from engine.rows import Batch
from engine.schema import AccountType, Flag, Kind
from gateway.controls import Default, control_rows
from gateway.opening import OperatorError
from tests.serving import at_rest
from tests.shell import Shell, refused
from tests.test_gateway_session import FRONT, Inbox, Rig

DATE = 20260803


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Ann has bought three lots of bob, and is in default."""
    made = Rig(tmp_path)
    ann, bob = made.session(1), made.session(2)
    made.ask(bob, "private/sell", instrument_name=FRONT, amount=3, price=2)
    made.ask(ann, "private/buy", instrument_name=FRONT, amount=3, price=2)
    declare(made, 1)
    return made


def declare(rig: Rig, account: int) -> None:
    batch = Batch()
    flags, code = Flag.OPERATOR, Step.DECLARE
    batch.money(Kind.DEFAULT, account=account, code=code, source=DATE, flags=flags)
    rig.submit(batch)


def bid(rig: Rig, who: int, **params: Any) -> Any:
    return rig.ask(rig.session(who), "private/bid_default_auction", **params)


def test_anyone_sees_what_is_offered_and_no_bid(rig: Rig) -> None:
    assert bid(rig, 2, auction_id="1", price=-125.5)["result"]["price"] == -125.5
    (found,) = rig.ask(rig.session(), "public/get_default_auctions")["result"]
    assert (found["auction_id"], found["currency"]) == ("1", "H100")
    assert found["portfolio"] == [{"instrument_name": FRONT, "amount": 3}]
    assert "125" not in json.dumps(found)
    assert rig.ask(rig.session(), "public/get_default_auctions", currency="B200")["result"] == []


def test_a_bid_reaches_the_house_and_the_last_one_counts(rig: Rig) -> None:
    for price in (-200, -150):
        bid(rig, 2, auction_id="1", price=price)
    (auction,) = rig.venue.house.defaults.auctions()
    assert [(one.account, one.price) for one in auction.best()] == [(2, -150_000_000)]


def test_no_channel_carries_a_bid(rig: Rig) -> None:
    inbox = Inbox()
    ann = rig.session(1, inbox)
    rig.ask(ann, "private/subscribe", channels=["user.orders.any.any.raw", "trades.any.any.raw"])
    before = len(inbox.messages)
    bid(rig, 2, auction_id="1", price=-150)
    assert len(inbox.messages) == before


@pytest.mark.parametrize(
    ("who", "params", "code", "what"),
    [
        (2, {"auction_id": "7", "price": 1}, -32602, "no auction of this number"),
        (2, {"auction_id": "one", "price": 1}, -32602, "no auction of this number"),
        (2, {"auction_id": "1", "price": 10**10}, -32602, "is not between"),
        (2, {"auction_id": "1", "price": "0.0000001"}, -32602, "price"),
        (2, {"auction_id": "1"}, -32602, "price"),
        (1, {"auction_id": "1", "price": 1}, 13021, "good standing"),
        (0, {"auction_id": "1", "price": 1}, 13009, "needs a login"),
    ],
)
def test_a_bid_that_may_not_be_made_says_why(
    rig: Rig, who: int, params: dict[str, Any], code: int, what: str
) -> None:
    error = bid(rig, who, **params)["error"]
    assert error["code"] == code
    assert what in json.dumps(error["data"])
    assert not rig.venue.house.defaults.auctions()[0].bids


def test_only_members_bid(rig: Rig) -> None:
    batch = Batch()
    batch.money(Kind.OPEN_ACCOUNT, account=3, other=2, code=AccountType.HEDGER, text="bob-2")
    rig.submit(batch)
    session = rig.session(2)
    session.key = msgspec.structs.replace(rig.all[1], account=3)
    error = rig.ask(session, "private/bid_default_auction", auction_id="1", price=1)["error"]
    assert (error["code"], "only members" in error["data"]["reason"]) == (13021, True)


def test_an_account_is_not_declared_in_default_twice(rig: Rig) -> None:
    with pytest.raises(OperatorError, match="ann has been in default since 2026-08-03"):
        control_rows(rig.view, Default("ann", operator="eve"))


def test_operators_bid_on_the_command_line(tmp_path: Path, cfx: Shell) -> None:
    at_rest(tmp_path, "ann")
    asked = "--data", tmp_path, "--operator", "eve"
    bidding = "admin", "bid", "ann", 1, "--price"
    assert "takes no bids; open: none" in refused(cfx(*bidding, "-5", *asked))
    assert cfx(*bidding, "five", *asked).status == 2
    for operator in ("eve", "max"):
        done = cfx("admin", "default", "ann", "--data", tmp_path, "--operator", operator)
        assert done.status == 0
    again = cfx("admin", "default", "ann", *asked)
    assert "ann has been in default since" in refused(again)
