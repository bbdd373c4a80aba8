"""The HTTP and WebSocket endpoints: bytes between sockets and sessions, no trading rule."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from engine.jit import Table
from engine.layout import EVENT
from gateway.hub import Hub
from gateway.keys import UnauthorizedError
from gateway.refusals import (
    BAD_REQUEST,
    METHOD_UNKNOWN,
    QUEUE_FULL,
    STOPPING,
    UNAUTHORIZED,
    RefusedError,
)
from gateway.sequencer import Sequencer
from gateway.session import FRAME_MAX, Answered, Awaited, Desk, Sent, Session, Step, refuse

UNSENT_MAX = 4 << 20  # Bytes that may wait for a slow reader.
CONNECTIONS_MAX = 512  # Of one address.
QUERY_MAX = 16 << 10  # Bytes of a query; httptools itself ends at 64 KiB of URL.

_JSON = "application/json"
_NO_EVENTS = np.zeros(0, EVENT)


class Connection:
    """One WebSocket: replies and messages wait here for their turn to be written.

    A reader that leaves more than `unsent_max` bytes waiting loses the messages, not the replies,
    and gets every channel's first message again once it has caught up.
    """

    def __init__(
        self, send: Callable[[str], Awaitable[None]], hub: Hub, unsent_max: int = UNSENT_MAX
    ) -> None:
        self._send = send
        self._hub = hub
        self._unsent_max = unsent_max
        self._unsent: deque[tuple[bytes, bool]] = deque()  # Text, whether it is a message.
        self._size = 0
        self._has_lost = False
        self._ready = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Bytes that are not written yet."""
        return self._size

    def push(self, message: bytes) -> None:
        """Send a channel's message, unless the reader has fallen behind."""
        if self._has_lost:
            return
        if self._size + len(message) > self._unsent_max:
            self._lose()
            return
        self._put(message, is_message=True)

    def reply(self, sent: Sent) -> None:
        """Send a reply."""
        self._put(sent.text, is_message=False)

    async def write(self) -> None:
        """Write what waits, for as long as the socket is open."""
        while True:
            self._ready.clear()
            while self._unsent:
                text, _ = self._unsent.popleft()
                self._size -= len(text)
                await self._send(text.decode())
            if self._has_lost:
                self._has_lost = False
                self._hub.resend(self)
                continue
            await self._ready.wait()

    def _put(self, text: bytes, is_message: bool) -> None:
        self._unsent.append((text, is_message))
        self._size += len(text)
        self._ready.set()

    def _lose(self) -> None:
        self._unsent = deque(item for item in self._unsent if not item[1])
        self._size = sum(len(text) for text, _ in self._unsent)
        self._has_lost = True
        self._ready.set()


class Endpoints:
    """The endpoints of one exchange."""

    def __init__(self, desk: Desk, sequencer: Sequencer) -> None:
        self._desk = desk
        self._sequencer = sequencer
        self._open: dict[str, int] = {}  # Address: its WebSockets.

    async def get(self, request: Request) -> Response:
        """Answer GET /api/v2/{scope}/{name} with the parameters in the query."""
        now = time.time_ns()
        if len(request.url.query) > QUERY_MAX:
            return _too_large(len(request.url.query), QUERY_MAX, now)
        try:
            session = self._session(request, "", now)
        except UnauthorizedError as error:
            return _response(refuse(RefusedError(UNAUTHORIZED, reason=str(error)), now))
        method = f"{request.path_params['scope']}/{request.path_params['name']}"
        step = session.query(method, dict(request.query_params), now)
        return _response(await self._finish(step))

    async def post(self, request: Request) -> Response:
        """Answer POST /api/v2 with a JSON-RPC envelope as its body."""
        now = time.time_ns()
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > FRAME_MAX:
                return _too_large(len(body), FRAME_MAX, now)
        try:
            session = self._session(request, body.decode(errors="replace"), now)
        except UnauthorizedError as error:
            return _response(refuse(RefusedError(UNAUTHORIZED, reason=str(error)), now))
        return _response(await self._finish(session.receive(body, now)))

    async def unknown(self, request: Request) -> Response:
        """Answer any other path of the API."""
        error = RefusedError(METHOD_UNKNOWN, param="path", value=request.url.path[:64])
        return _response(refuse(error, time.time_ns()))

    async def socket(self, socket: WebSocket) -> None:
        """Serve one WebSocket until either side closes it."""
        peer = socket.client.host if socket.client else ""
        if self._open.get(peer, 0) >= CONNECTIONS_MAX:
            await socket.close(1013)
            return
        await socket.accept()
        self._open[peer] = self._open.get(peer, 0) + 1
        connection = Connection(socket.send_text, self._desk.hub)
        session = Session(self._desk, self._desk.fresh_credits(), connection)
        writing = asyncio.create_task(connection.write())
        try:
            await self._read(socket, connection, session)
        except WebSocketDisconnect:
            return
        finally:
            self._desk.hub.forget(connection)
            self._open[peer] -= 1
            writing.cancel()

    async def _read(self, socket: WebSocket, connection: Connection, session: Session) -> None:
        while True:
            message: dict[str, Any] = dict(await socket.receive())
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            frame = message.get("bytes") or b"" if text is None else text.encode()
            step = session.receive(frame, time.time_ns())
            if isinstance(step, Awaited):
                self._submit(step, connection.reply)
            else:
                connection.reply(step.reply)
                self._desk.hub.send_first(connection, step.after, session.account)

    def _submit(self, step: Awaited, reply: Callable[[Sent], None]) -> None:
        """Queue a request's rows; `reply` is called once they are durable."""

        def done(events: Table) -> None:
            reply(step.answer(events, time.time_ns()))

        if len(step.batch) == 0:
            done(_NO_EVENTS)
        elif not self._sequencer.put(step.batch, done, lambda: reply(_no_room(step))):
            reply(_queue_full(step))

    def _session(self, request: Request, body: str, now: int) -> Session:
        """Return a session for one request. Raises UnauthorizedError."""
        peer = request.client.host if request.client else ""
        session = Session(self._desk, self._desk.credits(peer))
        header = request.headers.get("authorization", "")
        if header:
            path, query = request.url.path, request.url.query
            target = f"{path}?{query}" if query else path
            milli = now // 1_000_000
            session.key = self._desk.keys.by_header(header, request.method, target, body, milli)
        return session

    async def _finish(self, step: Step) -> Sent:
        if isinstance(step, Answered):
            return step.reply
        answered: asyncio.Future[Sent] = asyncio.get_running_loop().create_future()

        def reply(sent: Sent) -> None:
            if not answered.done():
                answered.set_result(sent)

        self._submit(step, reply)
        return await answered


def make_app(endpoints: Endpoints, admin: list[Route]) -> FastAPI:
    """Return the application; order entry goes through plain routes."""
    app = FastAPI(title="cfx", docs_url=None, redoc_url=None)
    app.router.routes += [
        Route("/api/v2/{scope}/{name}", endpoints.get, methods=["GET"]),
        Route("/api/v2/{scope}/{name}", endpoints.post, methods=["POST"]),
        Route("/api/v2", endpoints.post, methods=["POST"]),
        WebSocketRoute("/ws/api/v2", endpoints.socket),
        *admin,
        Route("/api/{rest:path}", endpoints.unknown, methods=["GET", "POST"]),
    ]
    return app


def _response(sent: Sent, status: int = 400) -> Response:
    return Response(sent.text, 200 if sent.ok else status, media_type=_JSON)


def _too_large(size: int, limit: int, now: int) -> Response:
    reason = f"it may have {limit} bytes"
    error = RefusedError(BAD_REQUEST, param="request", value=f"{size} bytes", reason=reason)
    return _response(refuse(error, now), 413)


def _queue_full(step: Awaited) -> Sent:
    error = RefusedError(QUEUE_FULL, reason="too many rows wait to be matched")
    return refuse(error, time.time_ns(), step.id)


def _no_room(step: Awaited) -> Sent:
    error = RefusedError(STOPPING, reason="the journal has no room for more rows")
    return refuse(error, time.time_ns(), step.id)
