"""What an operator does from the command line: on a running server, or on a folder at rest."""

import http.client
import ssl
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

import msgspec

from clearing.house import House
from engine.jit import Table
from engine.rows import Batch
from gateway.clearing_desk import Before, Cleared, Told, cleared, told_rows
from gateway.controls import Acted, Control, done, prepared, waiting
from gateway.desk import Act, Reviewed, desk_rows, reviewed
from gateway.handing import hands
from gateway.keys import Key, ServerFile, read_server_file
from gateway.opening import (
    NewAccount,
    NewKey,
    Opened,
    OperatorError,
    account_rows,
    check,
    make_key,
    opened,
    scopes_of,
)
from gateway.post_trade import Handed, PostTrade, assign_rows, handed, undo_rows
from gateway.recovery import BusyError, Founding, Lock, complete, is_founded, recover
from gateway.signed import Requests
from gateway.view import View

__all__ = ["KeyMade", "Opened", "OperatorError", "new_key", "open_account"]

_T = TypeVar("_T")
Submit = Callable[[Batch], Table]  # Makes rows durable, and returns their events.


class KeyMade(msgspec.Struct):
    """A key and where to use it; the addresses are "" where no server runs."""

    client_id: str
    client_secret: str
    account: str
    rest: str
    ws: str


def open_account(
    directory: Path,
    owner: str,
    type: str = "speculator",
    origin: str = "customer",
    cash: Decimal | str = "0",
    founding: Founding | None = None,
    firm: int = 0,
) -> Opened:
    """Open an account, with its owner where that is new; it is durable when this returns.

    founding: what a folder at rest that holds no exchange yet is to become.

    Raises OperatorError.
    """
    try:
        fields = {"owner": owner, "type": type, "origin": origin, "firm": firm}
        fields["cash"] = Decimal(cash)
        asked = msgspec.convert(fields, NewAccount)
    except InvalidOperation:
        raise OperatorError(f"cash {cash!r} is not an amount of money") from None
    except msgspec.ValidationError as error:
        raise OperatorError(str(error)) from None
    check(asked)
    try:
        lock = Lock(directory)
    except BusyError:
        return _ask(directory, "/admin/accounts", asked, Opened)
    try:
        return _open_offline(directory, asked, founding)
    finally:
        lock.release()


def new_key(directory: Path, account: str, scopes: Sequence[str] = ("read", "trade")) -> KeyMade:
    """Make a key of an account; the secret stands only in the folder's key file and in the result.

    Raises OperatorError.
    """
    asked = NewKey(account, scopes_of(scopes))
    if not is_founded(directory):
        raise OperatorError(f"{directory} holds no exchange; open an account there first")
    try:
        lock = Lock(directory)
    except BusyError:
        key = _ask(directory, "/admin/keys", asked, Key)
        server = server_file(directory)
        return KeyMade(key.client_id, key.client_secret, account, server.rest, server.ws)
    try:
        view = View()
        recover(directory, "fsync", view.fold).close()
        key = make_key(directory, view.directory, asked)
        return KeyMade(key.client_id, key.client_secret, account, "", "")
    finally:
        lock.release()


def review(directory: Path, asked: Act) -> Reviewed:
    """Do what the exchange's desk asks for; it is durable when this returns.

    Raises OperatorError.
    """

    def do(view: View, _house: House, submit: Submit) -> Reviewed:
        return reviewed(view.directory, submit(desk_rows(view.directory, asked)))

    return _act(directory, "/admin/desk", asked, Reviewed, do)


def control(directory: Path, asked: Control) -> Acted:
    """Stop, release, halt, resume, limit or guard; it is durable when this returns.

    A release waits until a second operator asks for the same. Raises OperatorError.
    """
    requests = Requests(directory)

    def do(view: View, _house: House, submit: Submit) -> Acted:
        ready = prepared(view, requests, asked)
        if ready is None:
            return waiting(asked)
        events = submit(ready.batch)
        return done(view.directory, requests, asked, ready, events)

    return _act(directory, "/admin/controls", asked, Acted, do)


def clear(directory: Path, asked: Told) -> Cleared:
    """Tell the clearing house something outside of its timetable; durable when this returns.

    Raises OperatorError.
    """

    def do(view: View, house: House, submit: Submit) -> Cleared:
        before = Before.of(house)
        events = submit(told_rows(view, house, asked))
        return cleared(view.directory, house, asked, before, events)

    return _act(directory, "/admin/clearing", asked, Cleared, do)


def hand_over(directory: Path, asked: PostTrade) -> Handed:
    """Let lots change hands after the trade; it is durable, and whole, when this returns.

    Raises OperatorError, and then nothing has changed hands.
    """

    def do(view: View, _house: House, submit: Submit) -> Handed:
        made = hands(view, asked)
        batch = assign_rows(made, asked)
        events = submit(batch)
        undone = undo_rows(batch, events)
        if len(undone):
            submit(undone)
        return handed(asked, made, events)

    return _act(directory, "/admin/post-trade", asked, Handed, do)


def _act(
    directory: Path,
    path: str,
    asked: msgspec.Struct,
    kind: type[_T],
    do: Callable[[View, House, Submit], _T],
) -> _T:
    """Return what an act did: on a running server by its path, on a folder at rest by `do`."""
    if not is_founded(directory):
        raise OperatorError(f"{directory} holds no exchange")
    try:
        lock = Lock(directory)
    except BusyError:
        return _ask(directory, path, asked, kind)
    try:
        view = View()
        venue = recover(directory, "fsync", view.fold)

        def submit(batch: Batch) -> Table:
            outcomes = venue.submit(batch, venue.exchange.time)
            venue.sync()
            return outcomes[0].events

        try:
            return do(view, venue.house, submit)
        finally:
            venue.close()
    finally:
        lock.release()


def server_file(directory: Path) -> ServerFile:
    """Return what the running server left. Raises OperatorError where there is none."""
    try:
        return read_server_file(directory)
    except (OSError, msgspec.DecodeError) as error:
        raise OperatorError(f"{directory}: no address of the server: {error}") from None


def _open_offline(directory: Path, asked: NewAccount, founding: Founding | None) -> Opened:
    view = View()
    venue = recover(directory, "fsync", view.fold)
    try:
        if founding is not None:
            complete(venue, view.directory, founding, view.fold)
        batch, number = account_rows(view.directory, asked)
        outcomes = venue.submit(batch, venue.exchange.time)
        venue.sync()
        for outcome in outcomes:
            view.fold(outcome)
        return opened(view.directory, number, outcomes[0].events)
    finally:
        venue.close()


def _ask(directory: Path, path: str, asked: msgspec.Struct, kind: type[_T]) -> _T:
    """Return a running server's answer. Raises OperatorError."""
    server = server_file(directory)
    connection = _connection(server)
    headers = {"Authorization": f"Bearer {server.token}"}
    try:
        connection.request("POST", path, msgspec.json.encode(asked), headers)
        response = connection.getresponse()
        body = response.read()
    except OSError as error:
        raise OperatorError(f"the server of {directory} does not answer: {error}") from None
    finally:
        connection.close()
    if response.status != 200:
        raise OperatorError(body.decode(errors="replace") or f"status {response.status}")
    return msgspec.json.decode(body, type=kind)


def _connection(server: ServerFile) -> http.client.HTTPConnection:
    if not server.rest.startswith("https:"):
        return http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    context = ssl.create_default_context()  # Its certificate names a host, not this address.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", server.port, timeout=30, context=context)
