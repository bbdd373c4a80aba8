"""Sessions without sockets: who may do what, how often, and what stands in an answer."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearing.venue import Venue
from engine.layout import EVENT
from engine.rows import Batch
from engine.schema import Kind, Side
from gateway.book_channels import BookChannel
from gateway.clock import Clock, speed_of
from gateway.credits import Bucket, Limits
from gateway.hub import Hub
from gateway.keys import WINDOW_MS, Keys, Scope, UnauthorizedError, add_key, read_keys
from gateway.session import Answered, Awaited, Desk, Session
from gateway.view import View
from tests.serving import first_rows

NOW = 1_785_852_000_000_000_000
MS = NOW // 1_000_000
FRONT = "H100_USD-31AUG26"


class Inbox:
    """A subscriber that keeps what it is sent."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def push(self, message: bytes) -> None:
        self.messages.append(json.loads(message)["params"])


class Rig:
    """A venue in memory, its view, and sessions on it."""

    def __init__(self, directory: Path, limits: Limits = Limits()) -> None:
        self.venue, self.view = Venue.open(None), View()
        batch, start = first_rows()
        for number, name in enumerate(("ann", "bob"), 1):
            batch.money(Kind.OPEN_OWNER, other=number, text=name)
            batch.money(Kind.OPEN_ACCOUNT, account=number, other=number, text=name)
            batch.money(Kind.DEPOSIT, account=number, value=10**12)
        self.hub = Hub(self.view)
        self.submit(batch, start)
        self.all = [add_key(directory, number, ["read", "trade"]) for number in (1, 2)]
        self.desk = Desk(self.view, Keys(self.all), self.hub, limits)

    def submit(self, batch: Batch, now: int = NOW) -> list[Any]:
        outcomes = self.venue.submit(batch, now)
        for outcome in outcomes:
            self.hub.publish(self.view.fold(outcome))
        return outcomes

    def session(self, number: int = 0, inbox: Inbox | None = None) -> Session:
        session = Session(self.desk, self.desk.fresh_credits(), inbox)
        if number:
            session.key = self.all[number - 1]
        return session

    def ask(self, session: Session, method: str, now: int = NOW, **params: Any) -> Any:
        frame = json.dumps({"id": 1, "method": method, "params": params}).encode()
        step = session.receive(frame, now)
        if isinstance(step, Awaited):
            events = (
                self.submit(step.batch, now)[0].events if len(step.batch) else np.zeros(0, EVENT)
            )
            return json.loads(step.answer(events, now).text)
        assert isinstance(step, Answered)
        return json.loads(step.reply.text)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_an_order_of_one_account_is_nothing_to_another(rig: Rig) -> None:
    ann, bob = rig.session(1), rig.session(2)
    placed = rig.ask(ann, "private/buy", instrument_name=FRONT, amount=1, price=2, label="mine")
    order = placed["result"]["order"]
    assert (order["label"], order["order_state"]) == ("mine", "open")
    for method in ("private/cancel", "private/get_order_state", "private/edit"):
        params: dict[str, Any] = {"order_id": order["order_id"]}
        params |= {"amount": 1} if method == "private/edit" else {}
        assert rig.ask(bob, method, **params)["error"]["code"] == 10004
    for method in ("private/get_open_orders", "private/get_positions"):
        assert rig.ask(bob, method)["result"] == []
    assert rig.ask(bob, "private/cancel_all")["result"] == 0
    assert rig.ask(ann, "private/cancel_all_by_currency", currency="B200")["result"] == 0
    assert rig.ask(ann, "private/cancel_all_by_currency", currency="H100")["result"] == 1


def test_own_orders_do_not_meet(rig: Rig) -> None:
    ann = rig.session(1)
    order = rig.ask(ann, "private/buy", instrument_name=FRONT, amount=1, price=2)["result"]["order"]
    rig.ask(ann, "private/sell", instrument_name=FRONT, amount=1, price=2)
    found = rig.ask(ann, "private/get_order_state", order_id=order["order_id"])["result"]
    assert (found["order_state"], found["cancel_reason"]) == ("cancelled", "self_match")


def test_an_edit_counts_what_has_traded(rig: Rig) -> None:
    ann, bob = rig.session(1), rig.session(2)
    placed = rig.ask(ann, "private/buy", instrument_name=FRONT, amount=10, price=2)
    order_id = placed["result"]["order"]["order_id"]
    rig.ask(bob, "private/sell", instrument_name=FRONT, amount=2, price=2)
    edited = rig.ask(ann, "private/edit", order_id=order_id, amount=5)["result"]["order"]
    assert (edited["amount"], edited["filled_amount"], edited["price"]) == (5, 2, 2.0)
    assert rig.view.books.levels(0, Side.BUY, 1) == [(400, 3)]


def test_a_new_subscriber_and_an_old_one_see_the_same_book(rig: Rig) -> None:
    ann, inbox = rig.session(1), Inbox()
    watcher = rig.session(0, inbox)
    channels = [f"book.{FRONT}.raw", f"book.{FRONT}.100ms", f"trades.{FRONT}.100ms"]
    step = watcher.receive(
        json.dumps({"method": "public/subscribe", "params": {"channels": channels}}).encode(), NOW
    )
    assert isinstance(step, Answered)
    rig.hub.send_first(inbox, step.after, 0)
    assert [message["data"]["type"] for message in inbox.messages] == ["snapshot"] * 2
    inbox.messages.clear()
    for price in (2.0, 2.01, 2.0):
        rig.ask(ann, "private/buy", instrument_name=FRONT, amount=1, price=price)
    assert [each["data"]["bids"] for each in inbox.messages] == [
        [["new", 2.0, 1]],
        [["new", 2.01, 1]],
        [["change", 2.0, 2]],
    ]
    raw = list(inbox.messages)
    inbox.messages.clear()
    rig.ask(ann, "private/cancel_all")
    rig.ask(ann, "private/buy", instrument_name=FRONT, amount=1, price=2.02)
    rig.hub.flush()
    late = inbox.messages[-1]
    assert late["channel"] == channels[1]
    assert late["data"]["bids"] == [["new", 2.02, 1]], "what came and went was never told"
    assert late["data"]["prev_change_id"] == raw[0]["data"]["prev_change_id"]
    assert late["data"]["change_id"] == inbox.messages[-2]["data"]["change_id"]
    (fresh,) = BookChannel(rig.view, 0, is_raw=True).first(rig.view)
    assert [(float(price), lots) for _, price, lots in fresh.bids] == [(2.02, 1)]


def test_a_left_channel_is_silent(rig: Rig) -> None:
    ann, inbox = rig.session(1), Inbox()
    watcher = rig.session(0, inbox)
    for verb in ("subscribe", "unsubscribe"):
        rig.ask(watcher, f"public/{verb}", channels=[f"quote.{FRONT}"])
    rig.ask(ann, "private/buy", instrument_name=FRONT, amount=1, price=2)
    assert inbox.messages == []


def test_credits_refill_and_cancels_cost_none(tmp_path: Path) -> None:
    rig = Rig(tmp_path, Limits(order_rate=10, order_burst=2, request_rate=10, request_burst=2))
    ann, twin = rig.session(1), rig.session(1)
    order: dict[str, Any] = {"instrument_name": FRONT, "amount": 1, "price": 2}
    assert "result" in rig.ask(ann, "private/buy", **order)
    assert "result" in rig.ask(twin, "private/buy", **order), "a key's sessions share"
    assert rig.ask(ann, "private/buy", **order)["error"]["code"] == 10028
    assert rig.ask(ann, "private/cancel_all")["result"] == 2
    assert "result" in rig.ask(rig.session(2), "private/buy", **order)
    assert "result" in rig.ask(ann, "private/buy", NOW + 100_000_000, **order)
    assert rig.ask(ann, "private/buy", NOW + 100_000_000, **order)["error"]["code"] == 10028


def test_a_bucket_survives_a_clock_that_steps_back() -> None:
    bucket = Bucket(rate=1, burst=1)
    assert bucket.take(NOW)
    assert not bucket.take(NOW - 10**12)
    assert not bucket.take(NOW - 10**12 + 999_999_999)
    assert bucket.take(NOW - 10**12 + 1_000_000_000)


def sign(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_a_signature_is_taken_once_and_in_time(tmp_path: Path) -> None:
    key = add_key(tmp_path, 1, ["read"])
    keys = Keys(read_keys(tmp_path))
    target = "/api/v2/private/get_positions?currency=any"

    def header(at: int) -> str:
        signature = sign(key.client_secret, f"{at}\nn\nGET\n{target}\n\n")
        return f"deri-hmac-sha256 id={key.client_id},ts={at},sig={signature},nonce=n"

    assert keys.by_header(header(MS), "GET", target, "", MS) == key
    with pytest.raises(UnauthorizedError, match="used before"):
        keys.by_header(header(MS), "GET", target, "", MS)
    with pytest.raises(UnauthorizedError, match="wrong"):
        keys.by_header(header(MS + 1), "GET", target + "&kind=any", "", MS)
    with pytest.raises(UnauthorizedError, match="from"):
        keys.by_header(header(MS - WINDOW_MS - 1), "GET", target, "", MS)


def test_a_login_over_a_socket_by_signature(rig: Rig) -> None:
    key, session = rig.all[0], rig.session(0, Inbox())
    params: dict[str, Any] = {"grant_type": "client_signature", "client_id": key.client_id}
    params |= {"nonce": "n", "signature": sign(key.client_secret, f"{MS}\nn\n"), "data": ""}
    answer = rig.ask(session, "public/auth", timestamp=MS, **params)["result"]
    assert (answer["scope"], session.account) == ("read trade", 1)
    assert rig.desk.keys.by_token(answer["access_token"], MS) == key
    assert rig.ask(rig.session(), "public/auth", timestamp=MS, **params)["error"]["code"] == 13009
    with pytest.raises(UnauthorizedError):
        rig.desk.keys.by_token(answer["access_token"], MS + 10**9)


def test_keys_are_numbered_and_their_scopes_exist(tmp_path: Path) -> None:
    first, second = (add_key(tmp_path, 1, ["read"]) for _ in range(2))
    assert (first.number, second.number) == (1, 2)
    assert read_keys(tmp_path) == [first, second]
    assert first.client_secret != second.client_secret
    assert first.scopes == (Scope.READ,)
    with pytest.raises(ValueError, match="withdraw"):
        add_key(tmp_path, 1, ["withdraw"])


@pytest.mark.parametrize(("text", "speed"), [("real", 1), ("max", 0), ("60x", 60)])
def test_speeds(text: str, speed: int) -> None:
    assert speed_of(text) == speed


@pytest.mark.parametrize("text", ["", "x", "0x", "-1x", "60", "1.5x", "fast"])
def test_speeds_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="speed"):
        speed_of(text)


def test_a_clock_that_does_not_wait_jumps_and_never_steps_back() -> None:
    clock = Clock(NOW, 0)
    assert clock.seconds_until(NOW + 10**12) == 0
    clock.reach(NOW + 10**12)
    assert clock.now() >= NOW + 10**12
    clock.reach(NOW)
    assert clock.now() >= NOW + 10**12
    assert 0.9 < Clock(NOW, 60).seconds_until(NOW + 60 * 10**9) <= 1
