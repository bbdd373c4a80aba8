"""Whatever clients send: each mistake is answered, field and value named, and the rest goes on."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from gateway.operator import KeyMade, new_key, open_account
from tests.serving import Served, ask, login, serving

FRONT = "H100_USD-31AUG26"
FRAME_MAX, QUERY_MAX = 64 << 10, 16 << 10


class Door(NamedTuple):
    """A served exchange, a key that trades, and one that only reads."""

    directory: Path
    served: Served
    trader: KeyMade
    reader: KeyMade


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    directory = tmp_path_factory.mktemp("input")
    with serving(directory) as served:
        open_account(directory, "ann", type="hedger", cash="1000000.50")
        yield Door(directory, served, new_key(directory, "ann"), new_key(directory, "1", ["read"]))


@pytest.fixture
def socket(door: Door) -> Iterator[ClientConnection]:
    with connect(door.served.ws, max_size=None) as found:
        login(found, door.trader)
        yield found
        assert ask(found, "public/get_time")["result"] > 0, "the session goes on"


def get(door: Door, path: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    return call(door, "GET", path, "", headers)


def call(
    door: Door, method: str, path: str, body: str, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(door.served.rest.removeprefix("http://"), timeout=60)
    try:
        connection.request(method, path, body or None, headers or {})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", -32700),
        ("{", -32700),
        ("\x00\x01", -32700),
        ('{"method": NaN}', -32700),
        ("[]", 11050),
        ("null", 11050),
        ("{}", 11050),
        ('{"method": 5}', 11050),
        ('{"method": "public/test", "id": 1.5}', 11050),
        ('{"method": "public/nothing"}', -32601),
        ('{"method": "private/withdraw"}', -32601),
        ('{"method": "public/test", "params": []}', -32602),
        ('{"method": "public/test", "params": {"x": 1}}', -32602),
    ],
)
def test_frames_that_are_no_requests(socket: ClientConnection, frame: str, code: int) -> None:
    socket.send(frame)
    answer = json.loads(socket.recv(10))
    assert answer["error"]["code"] == code
    assert answer["error"]["data"]


ORDER: dict[str, Any] = {"instrument_name": FRONT, "amount": 1, "price": 2.5}


@pytest.mark.parametrize(
    ("change", "code", "param", "value"),
    [
        ({"amount": 0}, 10002, "amount", "0"),
        ({"amount": -3}, 10002, "amount", "-3"),
        ({"amount": 1.5}, 10027, "amount", "1.5"),
        ({"amount": "NaN"}, -32602, "amount", "NaN"),
        ({"amount": "Infinity"}, -32602, "amount", "Infinity"),
        ({"amount": "1e400"}, -32602, "amount", "1E+400"),
        ({"amount": "1e999999999"}, -32602, "amount", "1E+999999999"),
        ({"amount": "1e-999999999"}, -32602, "amount", "1E-999999999"),
        ({"amount": 10**15}, -32602, "amount", "1000000000000000"),
        ({"amount": 10**14}, 10021, "amount", "100000000000000"),
        ({"amount": 2_001}, 10021, "amount", "2001"),
        ({"amount": True}, -32602, "amount", "true"),
        ({"amount": None}, -32602, "amount", "null"),
        ({"amount": "many"}, -32602, "amount", "many"),
        ({"price": 2.505}, 10043, "price", "2.505"),
        ({"price": "2.50000001"}, 10043, "price", "2.50000001"),
        ({"price": "1e300"}, -32602, "price", "1E+300"),
        ({"price": "nan"}, -32602, "price", "NaN"),
        ({"price": -1}, 10007, "price", "-1"),
        ({"price": 40.95}, 10007, "price", "40.95"),
        ({"price": None}, -32602, "price", "missing"),
        ({"instrument_name": "H300_USD-31AUG26"}, 13020, "instrument_name", "H300_USD-31AUG26"),
        ({"instrument_name": 5}, -32602, "instrument_name", "5"),
        ({"type": "trailing_stop"}, -32602, "type", "trailing_stop"),
        ({"type": "stop_limit"}, -32602, "trigger_price", "missing"),
        ({"trigger_price": 2.6}, -32602, "trigger_price", "2.6"),
        ({"type": "stop_limit", "trigger_price": 2.605}, 10043, "trigger_price", "2.605"),
        ({"type": "stop_limit", "trigger_price": 2.6}, 11036, "trigger_price", "2.6"),
        ({"amount": 100, "max_show": 1}, 10036, "max_show", "1"),
        ({"max_show": 0.5}, 10027, "max_show", "0.5"),
        ({"reject_post_only": True}, -32602, "reject_post_only", "True"),
        ({"reduce_only": True}, 10021, "amount", "1"),
        ({"time_in_force": "forever"}, -32602, "time_in_force", "forever"),
        ({"label": "x" * 65}, -32602, "label", "x" * 64),
        ({"mmp": True}, -32602, "mmp", "true"),
        ({"type": "market"}, 10011, "type", "market"),
    ],
)
def test_orders_that_are_wrong(
    socket: ClientConnection, change: dict[str, Any], code: int, param: str, value: str
) -> None:
    error = ask(socket, "private/buy", **{**ORDER, **change})["error"]
    assert (error["code"], error["data"]["param"]) == (code, param)
    assert str(error["data"]["value"]) == value
    assert error["data"]["reason"]


def test_numbers_of_json_are_exact(socket: ClientConnection) -> None:
    socket.send(f'{{"id": 1, "method": "private/buy", "params": {json.dumps(ORDER)[:-1]}}}}}')
    first = json.loads(socket.recv(10))["result"]["order"]
    assert first["price"] == 2.5
    frame = '{"method": "private/buy", "params": {"instrument_name": "%s", "amount": %s}}'
    socket.send(frame % (FRONT, '1e400, "price": 2.5'))
    assert json.loads(socket.recv(10))["error"]["data"]["value"] == "1E+400"
    socket.send(frame % (FRONT, '1e400, "x": 1e400'))
    assert json.loads(socket.recv(10))["error"]["data"]["value"] == "1e400"
    ask(socket, "private/cancel", order_id=first["order_id"])


@pytest.mark.parametrize("order_id", ["", "x", "-1", "1" * 40, "٣"])
def test_order_ids_that_are_none(socket: ClientConnection, order_id: str) -> None:
    for method in ("private/cancel", "private/get_order_state"):
        error = ask(socket, method, order_id=order_id)["error"]
        assert error["code"] == 10025
        assert error["data"]["param"] == "order_id"


@pytest.mark.parametrize(
    "channel",
    [
        "book", "book.X.raw", f"book.{FRONT}.1s", f"book.{FRONT}.5.20.100ms", "user.orders.raw",
        f"chart.trades.{FRONT}.7", "trades.stock.H100.raw", "user.trades.bond.any.raw",
    ],
)  # fmt: skip
def test_channels_that_are_none(socket: ClientConnection, channel: str) -> None:
    answer = ask(socket, "private/subscribe", channels=[f"ticker.{FRONT}.raw", channel])
    assert answer["error"]["code"] in (-32602, 13020)
    left = ask(socket, "public/unsubscribe", channels=[f"ticker.{FRONT}.raw"])
    assert left["result"] == [], "all or none"


def test_an_unknown_currencys_portfolio_does_not_fail(socket: ClientConnection) -> None:
    channels = ["user.portfolio.BTC", "user.orders.any.BTC.raw"]
    assert ask(socket, "private/subscribe", channels=channels)["result"] == channels
    assert json.loads(socket.recv(10))["params"]["data"]["equity"] == 0


def test_an_oversized_frame_closes_its_own_socket_only(
    door: Door, socket: ClientConnection
) -> None:
    with connect(door.served.ws) as other:
        other.send('{"method": "' + "x" * FRAME_MAX + '"}')
        with pytest.raises(ConnectionClosed) as closed:
            other.recv(10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
    assert ask(socket, "public/status")["result"]["locked"] == "false"


def test_oversized_requests_over_http(door: Door) -> None:
    status, answer = call(door, "POST", "/api/v2", '{"method": "' + "x" * FRAME_MAX + '"}')
    assert (status, answer["error"]["code"]) == (413, 11050)
    status, answer = get(door, f"/api/v2/public/test?x={'y' * QUERY_MAX}")
    assert (status, answer["error"]["code"]) == (413, 11050)


def test_http_names_unknown_fields_methods_and_paths(door: Door) -> None:
    status, answer = get(door, f"/api/v2/public/ticker?instrument_name={FRONT}&depth=3")
    assert (status, answer["error"]["data"]["param"]) == (400, "depth")
    assert answer["error"]["data"]["value"] == "3"
    status, answer = get(door, "/api/v2/public/ticker")
    assert (status, answer["error"]["data"]["param"]) == (400, "instrument_name")
    status, answer = get(door, "/api/v2/public/nothing")
    assert (status, answer["error"]["code"]) == (400, -32601)
    status, answer = get(door, "/api/v2/")
    assert (status, answer["error"]["code"]) == (400, -32601)


def test_http_takes_an_envelope(door: Door) -> None:
    body = json.dumps({"id": "a", "method": "public/ticker", "params": {"instrument_name": FRONT}})
    status, answer = call(door, "POST", "/api/v2", body)
    assert (status, answer["id"]) == (200, "a")
    assert answer["result"]["instrument_name"] == FRONT
    assert answer["testnet"] is True


def test_an_alias_names_the_same_instrument(door: Door) -> None:
    _, answer = get(door, "/api/v2/public/ticker?instrument_name=H1HQ6")
    assert answer["result"]["instrument_name"] == FRONT


def test_prices_stand_in_answers_as_exact_decimals(door: Door) -> None:
    connection = http.client.HTTPConnection(door.served.rest.removeprefix("http://"), timeout=60)
    connection.request("GET", f"/api/v2/public/get_instrument?instrument_name={FRONT}")
    assert b'"max_price":40.94,' in connection.getresponse().read()
    connection.close()


def test_orders_over_get_need_an_authorization_header(door: Door) -> None:
    key = door.trader
    query = f"instrument_name={FRONT}&amount=1&price=2.5"
    for headers in (
        {},
        {"Cookie": f"access_token={key.client_secret}"},
        {"Authorization": "Bearer nothing"},
        {"Authorization": "Basic YW5uOmFubg=="},
        {"Authorization": f"deri-hmac-sha256 id={key.client_id},ts=1,sig=00,nonce=1"},
        {"Authorization": "deri-hmac-sha256"},
    ):
        status, answer = get(door, f"/api/v2/private/buy?{query}", headers)
        assert (status, answer["error"]["code"]) == (400, 13009)


def test_a_key_that_reads_may_not_trade(door: Door) -> None:
    with connect(door.served.ws) as socket:
        login(socket, door.reader)
        assert ask(socket, "private/buy", **ORDER)["error"]["code"] == 13021
        assert ask(socket, "private/cancel_all")["error"]["code"] == 13021
        assert ask(socket, "private/get_account_summary")["result"]["equity"] == 1_000_000.5


def test_private_channels_need_a_login(door: Door) -> None:
    with connect(door.served.ws) as socket:
        answer = ask(socket, "public/subscribe", channels=["user.portfolio.USD"])
        assert answer["error"]["code"] == 13009
        answer = ask(socket, "private/subscribe", channels=["user.portfolio.USD"])
        assert answer["error"]["code"] == 13009


def test_channels_need_a_socket(door: Door) -> None:
    body = json.dumps({"method": "public/subscribe", "params": {"channels": ["quote." + FRONT]}})
    assert call(door, "POST", "/api/v2", body)[1]["error"]["code"] == 10030


def test_too_many_requests_and_cancels_that_are_never_too_many(door: Door) -> None:
    with connect(door.served.ws, max_size=None) as socket:
        login(socket, door.trader)
        count = 2_600
        for number in range(count):
            request = {"id": number, "method": "private/buy", "params": {**ORDER, "amount": 0}}
            socket.send(json.dumps(request))
        codes = [json.loads(socket.recv(10))["error"]["code"] for _ in range(count)]
        assert set(codes) == {10002, 10028}
        assert codes[:1_000] == [10002] * 1_000
        assert ask(socket, "private/cancel_all")["result"] == 0
        assert ask(socket, "private/buy", **{**ORDER, "amount": 0})["error"]["code"] in (
            10002,
            10028,
        )


def test_the_operators_routes_need_the_servers_token(door: Door) -> None:
    connection = http.client.HTTPConnection(door.served.rest.removeprefix("http://"), timeout=60)
    for headers in ({}, {"Authorization": "Bearer x"}):
        for path in ("/admin/accounts", "/admin/keys"):
            connection.request("POST", path, "{}", headers)
            response = connection.getresponse()
            response.read()
            assert response.status == 403
    connection.close()


def test_files_with_secrets_are_their_owners(door: Door) -> None:
    for name in ("keys.json", "server.json"):
        assert (door.directory / name).stat().st_mode & 0o777 == 0o600
