"""What an operator does on a running server: accounts, keys, acts of the desk, controls.

The routes take the token that stands in `server.json`, which only the owner can read.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clearing.house import House
from engine.jit import Table
from engine.rows import Batch
from gateway.clearing_desk import Before, Cleared, Told, cleared, told_rows
from gateway.controls import Acted, Control, done, prepared, waiting
from gateway.desk import Act, Reviewed, desk_rows, reviewed
from gateway.handing import hands
from gateway.keys import Key, Keys
from gateway.opening import (
    NewAccount,
    NewKey,
    Opened,
    OperatorError,
    account_rows,
    make_key,
    opened,
)
from gateway.post_trade import Handed, PostTrade, assign_rows, handed, undo_rows
from gateway.sequencer import Sequencer
from gateway.signed import Requests
from gateway.view import View


class Admin:
    """The operator's endpoints of one exchange."""

    def __init__(
        self,
        directory: Path,
        token: str,
        view: View,
        house: House,
        keys: Keys,
        sequencer: Sequencer,
    ) -> None:
        """Wire it. house: is asked what it booked, and changed by nothing but rows."""
        self._directory = directory
        self._token = token
        self._view = view
        self._house = house
        self._keys = keys
        self._sequencer = sequencer
        self._one_at_a_time = asyncio.Lock()  # The next account's number must not be taken twice.

    def routes(self) -> list[Route]:
        """Return the operator's routes."""
        return [
            Route("/admin/accounts", self.accounts, methods=["POST"]),
            Route("/admin/keys", self.keys, methods=["POST"]),
            Route("/admin/desk", self.desk, methods=["POST"]),
            Route("/admin/controls", self.controls, methods=["POST"]),
            Route("/admin/clearing", self.clearing, methods=["POST"]),
            Route("/admin/post-trade", self.post_trade, methods=["POST"]),
        ]

    async def accounts(self, request: Request) -> Response:
        """Open an account."""

        async def do(asked: NewAccount) -> Opened:
            async with self._one_at_a_time:
                batch, number = account_rows(self._view.directory, asked)
                return opened(self._view.directory, number, await self._submit(batch))

        return await self._serve(request, NewAccount, do)

    async def keys(self, request: Request) -> Response:
        """Make a key."""

        async def do(asked: NewKey) -> Key:
            key = make_key(self._directory, self._view.directory, asked)
            self._keys.add(key)
            return key

        return await self._serve(request, NewKey, do)

    async def desk(self, request: Request) -> Response:
        """Report a block, bust or adjust a trade."""

        async def do(asked: Act) -> Reviewed:
            events = await self._submit(desk_rows(self._view.directory, asked))
            return reviewed(self._view.directory, events)

        return await self._serve(request, Act, do)

    async def controls(self, request: Request) -> Response:
        """Stop, release, halt, resume, limit or guard."""
        requests = Requests(self._directory)

        async def do(asked: Control) -> Acted:
            async with self._one_at_a_time:
                ready = prepared(self._view, requests, asked)
                if ready is None:
                    return waiting(asked)
                events = await self._submit(ready.batch)
                return done(self._view.directory, requests, asked, ready, events)

        return await self._serve(request, Control, do)

    async def clearing(self, request: Request) -> Response:
        """Tell the clearing house something outside of its timetable."""

        async def do(asked: Told) -> Cleared:
            async with self._one_at_a_time:
                before = Before.of(self._house)
                events = await self._submit(told_rows(self._view, self._house, asked))
                return cleared(self._view.directory, self._house, asked, before, events)

        return await self._serve(request, Told, do)

    async def post_trade(self, request: Request) -> Response:
        """Let lots change hands after the trade."""

        async def do(asked: PostTrade) -> Handed:
            async with self._one_at_a_time:
                made = hands(self._view, asked)
                batch = assign_rows(made, asked)
                events = await self._submit(batch)
                undone = undo_rows(batch, events)
                if len(undone):
                    await self._submit(undone)
                return handed(asked, made, events)

        return await self._serve(request, PostTrade, do)

    async def _serve(
        self, request: Request, kind: Any, do: Callable[[Any], Awaitable[msgspec.Struct]]
    ) -> Response:
        """Answer the operator: 403 to anyone else, 400 and one sentence where it cannot be done."""
        if not self._is_operator(request):
            return Response(status_code=403)
        try:
            answer = await do(msgspec.json.decode(await request.body(), type=kind))
        except (OperatorError, msgspec.DecodeError) as error:
            return Response(str(error), 400)
        return Response(msgspec.json.encode(answer))

    async def _submit(self, batch: Batch) -> Table:
        """Return the events of rows once they are published. Raises OperatorError."""
        submitted: asyncio.Future[Table] = asyncio.get_running_loop().create_future()
        full = OperatorError("the server takes no more rows")
        if not self._sequencer.put(
            batch, submitted.set_result, lambda: submitted.set_exception(full)
        ):
            raise full
        return await submitted

    def _is_operator(self, request: Request) -> bool:
        sent = request.headers.get("authorization", "")
        return hmac.compare_digest(sent.encode(), f"Bearer {self._token}".encode())
