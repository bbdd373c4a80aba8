"""What an operator does on a running server: accounts, keys, and acts of the desk.

The routes take the token that stands in `server.json`, which only the owner can read.
"""

import asyncio
import hmac
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.jit import Table
from engine.rows import Batch
from gateway.desk import Act, desk_rows, reviewed
from gateway.keys import Keys
from gateway.opening import NewAccount, NewKey, OperatorError, account_rows, make_key, opened
from gateway.sequencer import Sequencer
from gateway.view import View


class Admin:
    """The operator's endpoints of one exchange."""

    def __init__(
        self, directory: Path, token: str, view: View, keys: Keys, sequencer: Sequencer
    ) -> None:
        self._directory = directory
        self._token = token
        self._view = view
        self._keys = keys
        self._sequencer = sequencer
        self._one_at_a_time = asyncio.Lock()  # The next account's number must not be taken twice.

    def routes(self) -> list[Route]:
        """Return the operator's routes."""
        return [
            Route("/admin/accounts", self.accounts, methods=["POST"]),
            Route("/admin/keys", self.keys, methods=["POST"]),
            Route("/admin/desk", self.desk, methods=["POST"]),
        ]

    async def accounts(self, request: Request) -> Response:
        """Open an account."""
        if not self._is_operator(request):
            return Response(status_code=403)
        try:
            asked = msgspec.json.decode(await request.body(), type=NewAccount)
            async with self._one_at_a_time:
                batch, number = account_rows(self._view.directory, asked)
                answer = opened(self._view.directory, number, await self._submit(batch))
        except (OperatorError, msgspec.DecodeError) as error:
            return Response(str(error), 400)
        return Response(msgspec.json.encode(answer))

    async def keys(self, request: Request) -> Response:
        """Make a key."""
        if not self._is_operator(request):
            return Response(status_code=403)
        try:
            asked = msgspec.json.decode(await request.body(), type=NewKey)
            key = make_key(self._directory, self._view.directory, asked)
        except (OperatorError, msgspec.DecodeError) as error:
            return Response(str(error), 400)
        self._keys.add(key)
        return Response(msgspec.json.encode(key))

    async def desk(self, request: Request) -> Response:
        """Report a block, bust or adjust a trade."""
        if not self._is_operator(request):
            return Response(status_code=403)
        try:
            asked = msgspec.json.decode(await request.body(), type=Act)
            events = await self._submit(desk_rows(self._view.directory, asked))
            answer = reviewed(self._view.directory, events)
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
