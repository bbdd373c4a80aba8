"""A session without sockets: frames in, replies and rows out.

It knows who has logged in and what that caller may do; time comes in with each call.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from engine.jit import Table
from engine.rows import Batch
from gateway import bidding, messages, orders, own, public, quotes
from gateway.credits import LIMITS, Credits, Limits
from gateway.envelope import Envelope, EnvelopeId, Error, Failure, Login, Reply, encode
from gateway.hub import Hub, Subscriber
from gateway.keys import TOKEN_S, Key, Keys, Scope, UnauthorizedError
from gateway.methods import METHODS
from gateway.naming import is_private
from gateway.refusals import (
    BAD_REQUEST,
    FORBIDDEN,
    METHOD_UNKNOWN,
    NOT_JSON,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    WEBSOCKET_ONLY,
    RefusedError,
    invalid,
)
from gateway.view import View

FRAME_MAX = 64 << 10  # Bytes of one request.
_TRADING = {**orders.METHODS, **quotes.METHODS, **bidding.METHODS}

_envelopes = msgspec.json.Decoder(Envelope)
_raw = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ids = msgspec.json.Decoder(EnvelopeId)


class Sent(NamedTuple):
    """A reply as it goes out, and whether it is a result."""

    text: bytes
    ok: bool


class Answered(NamedTuple):
    """A request that was answered at once."""

    reply: Sent
    after: tuple[str, ...] = ()  # Channels whose first message follows the reply.


class Awaited(NamedTuple):
    """A request that became rows, maybe none; their events make its reply.

    answer: takes these events and the wall clock (ns).
    """

    batch: Batch
    answer: Callable[[Table, int], Sent]
    id: int | str | None


Step = Answered | Awaited


class Desk:
    """What all sessions share."""

    def __init__(self, view: View, keys: Keys, hub: Hub, limits: Limits = LIMITS) -> None:
        self.view = view
        self.keys = keys
        self.hub = hub
        self._limits = limits
        self._credits: dict[str, Credits] = {}

    def credits(self, caller: str) -> Credits:
        """Return what a key, or an address without one, has left over all its sessions."""
        return self._credits.setdefault(caller, self.fresh_credits())

    def fresh_credits(self) -> Credits:
        """Return the credits of a caller that has used none."""
        return Credits(self._limits)


class Request(NamedTuple):
    """One request whose parameters were read."""

    id: int | str | None
    method: str
    params: Any
    received: int  # Nanoseconds of the wall clock.


class Session:
    """One connection, or one HTTP request.

    anyone: what it has left before it has logged in. subscriber: where its channels'
    messages go; None where it can have none.
    """

    def __init__(self, desk: Desk, anyone: Credits, subscriber: Subscriber | None = None) -> None:
        self._desk = desk
        self._anyone = anyone
        self._subscriber = subscriber
        self.key: Key | None = None

    @property
    def account(self) -> int:
        """The account that this session acts for; 0: none yet."""
        return self.key.account if self.key else 0

    def receive(self, frame: bytes, now: int) -> Step:
        """Take one JSON-RPC request. now: nanoseconds of the wall clock."""
        try:
            envelope = _envelopes.decode(frame)
        except msgspec.ValidationError as error:
            refused = RefusedError(BAD_REQUEST, reason=str(error))
            return Answered(_failure(_id(frame), refused.error, now, now))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return Answered(
                _failure(None, RefusedError(NOT_JSON, reason=str(error)).error, now, now)
            )
        try:
            raw = envelope.params
            params = _read(
                envelope.method,
                lambda kind: msgspec.json.decode(raw, type=kind),
                lambda param: _text(raw, param),
            )
        except RefusedError as refusal:
            return Answered(_failure(envelope.id, refusal.error, now, now))
        return self.call(Request(envelope.id, envelope.method, params, now))

    def query(self, method: str, query: Mapping[str, str], now: int) -> Step:
        """Take one request whose parameters are text, as HTTP's GET has them."""
        try:
            params = _read(
                method, lambda kind: msgspec.convert(query, kind, strict=False), query.get
            )
        except RefusedError as refusal:
            return Answered(_failure(None, refusal.error, now, now))
        return self.call(Request(None, method, params, now))

    def call(self, request: Request) -> Step:
        """Take one request that was read."""
        try:
            self._permit(request)
            return self._do(request)
        except RefusedError as refusal:
            return Answered(_failure(request.id, refusal.error, request.received, request.received))

    def _permit(self, request: Request) -> None:
        """Raise RefusedError where this caller may not ask this, or not so often."""
        scope = METHODS[request.method][1]
        if scope is not Scope.PUBLIC:
            if self.key is None:
                raise RefusedError(UNAUTHORIZED, reason=f"{request.method} needs a login")
            if scope not in self.key.scopes:
                reason = f"{request.method} needs scope {scope}"
                raise RefusedError(FORBIDDEN, reason=reason)
        if request.method in orders.CANCELS:
            return
        left = self._desk.credits(self.key.client_id) if self.key else self._anyone
        bucket = left.orders if request.method in _TRADING else left.requests
        if not bucket.take(request.received):
            reason = f"more than {bucket.rate} a second, {bucket.burst} at once"
            raise RefusedError(TOO_MANY_REQUESTS, reason=reason)

    def _do(self, request: Request) -> Step:
        method, params, view = request.method, request.params, self._desk.view
        if method in _TRADING:
            return self._work(request)
        if method in public.ANSWERS:
            return _reply(request, public.ANSWERS[method](view, params))
        if method in own.ANSWERS:
            return _reply(request, own.ANSWERS[method](view, view.accounts[self.account], params))
        if method == "public/auth":
            return _reply(request, self._login(params, request.received))
        return self._subscription(request)

    def _work(self, request: Request) -> Step:
        assert self.key is not None
        caller = orders.Caller(self.key, request.received)
        work = _TRADING[request.method](self._desk.view, caller, request.params)

        def answer(events: Table, now: int) -> Sent:
            try:
                return _success(request, work.answer(events), now)
            except RefusedError as refusal:
                return _failure(request.id, refusal.error, request.received, now)

        return Awaited(work.batch, answer, request.id)

    def _login(self, asked: messages.Auth, now: int) -> Login:
        keys, clock = self._desk.keys, now // 1_000_000
        try:
            if asked.grant_type == "client_credentials":
                key = keys.by_secret(asked.client_id, asked.client_secret)
            else:
                signed = f"{asked.timestamp}\n{asked.nonce}\n{asked.data}"
                signature, sent = asked.signature, asked.timestamp
                key = keys.by_signature(asked.client_id, signed, signature, sent, clock)
        except UnauthorizedError as error:
            raise RefusedError(UNAUTHORIZED, reason=str(error)) from None
        self.key = key
        token = keys.grant(key, clock)
        scope = " ".join(f"{scope.value}" for scope in key.scopes)
        return Login(token, token, TOKEN_S, scope, asked.state)

    def _subscription(self, request: Request) -> Step:
        if self._subscriber is None:
            raise RefusedError(WEBSOCKET_ONLY, reason=f"{request.method} needs a WebSocket")
        names, hub = request.params.channels, self._desk.hub
        if request.method.endswith("/unsubscribe"):
            return _reply(request, hub.unsubscribe(self._subscriber, names, self.account))
        for name in names:
            if is_private(name):
                self._check_private(name)
        found = hub.subscribe(self._subscriber, names, self.account)
        return Answered(_success(request, found, request.received), tuple(found))

    def _check_private(self, name: str) -> None:
        if self.key is None:
            raise RefusedError(UNAUTHORIZED, reason=f"{name} needs a login")
        if Scope.READ not in self.key.scopes:
            raise RefusedError(FORBIDDEN, reason=f"{name} needs scope read")


def _read(
    method: str,
    read: Callable[[type[messages.Params]], Any],
    found: Callable[[str], str | None],
) -> Any:
    """Return a method's parameters. Raises RefusedError that names the field and the value.

    found: returns a parameter as it came.
    """
    kind, _ = METHODS.get(method, (None, None))
    if kind is None:
        raise RefusedError(METHOD_UNKNOWN, param="method", value=method[:64], reason="is unknown")
    try:
        return read(kind)
    except msgspec.DecodeError as error:
        reason = str(error)
        param = _param(reason)
        raise invalid(param, found(param) or "missing", reason) from None


def _text(params: bytes, name: str) -> str | None:
    """Return a parameter as it stands in JSON, text without its quotes; all if name is ""."""
    try:
        found = _raw.decode(params).get(name)
    except msgspec.DecodeError:
        return bytes(params).decode()
    return None if found is None else bytes(found).decode().strip('"')


def _param(complaint: str) -> str:
    """Return the field that a complaint of msgspec is about; "" where it names none."""
    quoted = complaint.split("`")
    if "$." in complaint:
        return complaint.rsplit("$.", 1)[1].rstrip("`")
    return quoted[1] if "field" in complaint and len(quoted) > 1 else ""


def _id(frame: bytes) -> int | str | None:
    try:
        return _ids.decode(frame).id
    except msgspec.DecodeError:
        return None


def _reply(request: Request, result: Any) -> Answered:
    return Answered(_success(request, result, request.received))


def _success(request: Request, result: Any, now: int) -> Sent:
    micro, out = request.received // 1_000, now // 1_000
    return Sent(encode(Reply(request.id, result, micro, out, out - micro)), ok=True)


def _failure(id_: int | str | None, error: Error, received: int, sent: int) -> Sent:
    micro, out = received // 1_000, sent // 1_000
    return Sent(encode(Failure(id_, error, micro, out, out - micro)), ok=False)


def refuse(error: RefusedError, now: int, id_: int | str | None = None) -> Sent:
    """Return the reply to something that was no request. now: nanoseconds of the wall clock."""
    return _failure(id_, error.error, now, now)
