"""The JSON-RPC envelope: what stands around each request, answer and notification."""

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")
encode = _encoder.encode


class Envelope(msgspec.Struct):
    """A request as it stands on a socket, its parameters not yet read."""

    method: str
    params: msgspec.Raw = msgspec.Raw(b"{}")
    id: int | str | None = None
    jsonrpc: str = "2.0"


class EnvelopeId(msgspec.Struct):
    """What is left of an envelope that is not one, so that its sender can match the error."""

    id: int | str | None = None


class Reply(msgspec.Struct):
    """The answer to a request. Times in microseconds since the epoch, of the wall clock."""

    id: int | str | None
    result: Any
    usIn: int  # noqa: N815
    usOut: int  # noqa: N815
    usDiff: int  # noqa: N815
    testnet: bool = True
    jsonrpc: str = "2.0"


class Error(msgspec.Struct):
    """Why a request was refused; `data` names the field and the value."""

    code: int
    message: str
    data: dict[str, Any] = {}


class Failure(msgspec.Struct):
    """The answer to a request that was refused."""

    id: int | str | None
    error: Error
    usIn: int  # noqa: N815
    usOut: int  # noqa: N815
    usDiff: int  # noqa: N815
    testnet: bool = True
    jsonrpc: str = "2.0"


class Notice(msgspec.Struct):
    """One message of a channel."""

    params: dict[str, Any]
    method: str = "subscription"
    jsonrpc: str = "2.0"


class Login(msgspec.Struct):
    """What a login gives."""

    access_token: str
    refresh_token: str
    expires_in: int
    scope: str
    state: str = ""
    token_type: str = "bearer"
