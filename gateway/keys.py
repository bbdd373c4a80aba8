"""Who is calling: HMAC keys, what they may do, and for which account.

Secrets stand in one file of mode 0600 outside the journal; only this module reads it.
"""

import enum
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

import msgspec

WINDOW_MS = 60_000  # How far a signature's time may be from ours.
TOKEN_S = 86_400  # How long an access token holds.
_FILE = "keys.json"
_SERVER_FILE = "server.json"


class Scope(enum.StrEnum):
    """What a caller may do."""

    PUBLIC = "public"
    READ = "read"
    TRADE = "trade"


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key: it acts for one account."""

    client_id: str
    client_secret: str
    account: int
    scopes: tuple[Scope, ...]
    number: int  # Stands in the head of every row that it sends.


class ServerFile(msgspec.Struct, frozen=True):
    """What a running server leaves for its operator: where it is, and the word it obeys."""

    port: int
    token: str
    rest: str
    ws: str


class UnauthorizedError(Exception):
    """The caller is not who it says, or is too late. One sentence."""


def read_keys(directory: Path) -> list[Key]:
    """Return the keys of an exchange; none where there is no file yet."""
    path = directory / _FILE
    if not path.exists():
        return []
    return msgspec.json.decode(path.read_bytes(), type=list[Key])


def add_key(directory: Path, account: int, scopes: Sequence[str]) -> Key:
    """Return a new key, which is in the file, synced, when this returns.

    Raises ValueError for a scope that does not exist.
    """
    allowed = tuple(Scope(scope) for scope in scopes)
    keys = read_keys(directory)
    number = len(keys) + 1
    key = Key(
        f"cfx{number}{secrets.token_hex(4)}", secrets.token_urlsafe(32), account, allowed, number
    )
    write_private(directory / _FILE, msgspec.json.encode([*keys, key]))
    return key


def write_server_file(directory: Path, server: ServerFile) -> None:
    """Leave a server's address and token for its operator."""
    write_private(directory / _SERVER_FILE, msgspec.json.encode(server))


def read_server_file(directory: Path) -> ServerFile:
    """Return what a running server left. Raises OSError, msgspec.DecodeError."""
    content = (directory / _SERVER_FILE).read_bytes()
    return msgspec.json.decode(content, type=ServerFile)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file by one that only its owner can read, all of it or nothing."""
    fresh = path.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    os.replace(fresh, path)


class Keys:
    """The keys that are known now, and the logins that they made."""

    def __init__(self, keys: Sequence[Key] = ()) -> None:
        self._keys = {key.client_id: key for key in keys}
        self._tokens: dict[str, tuple[Key, int]] = {}
        self._seen: dict[str, int] = {}  # Signature: when it may be forgotten (ms).

    def add(self, key: Key) -> None:
        """Know one more key."""
        self._keys[key.client_id] = key

    def by_secret(self, client_id: str, client_secret: str) -> Key:
        """Return the key that these credentials name. Raises UnauthorizedError."""
        key = self._known(client_id)
        if not hmac.compare_digest(key.client_secret.encode(), client_secret.encode()):
            raise UnauthorizedError("client_secret is wrong")
        return key

    def by_signature(
        self, client_id: str, signed: str, signature: str, timestamp: int, now: int
    ) -> Key:
        """Return the key that signed `signed`; the same signature is taken once.

        timestamp, now: ms since the epoch. Raises UnauthorizedError.
        """
        key = self._known(client_id)
        wanted = hmac.new(key.client_secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted.encode(), signature.encode()):
            raise UnauthorizedError("signature is wrong")
        if abs(now - timestamp) > WINDOW_MS:
            raise UnauthorizedError(f"timestamp {timestamp} is more than {WINDOW_MS} ms from {now}")
        self._take_once(f"{client_id}:{signature}", now)
        return key

    def by_header(self, header: str, method: str, target: str, body: str, now: int) -> Key:
        """Return the key of an HTTP request with an Authorization header. Raises UnauthorizedError.

        target: path and query as they were sent. now: ms since the epoch.
        """
        scheme, _, rest = header.partition(" ")
        if scheme.lower() == "bearer":
            return self.by_token(rest, now)
        if scheme != "deri-hmac-sha256":
            raise UnauthorizedError(f"Authorization scheme {scheme[:32]!r} is not known")
        part = dict(item.strip().split("=", 1) for item in rest.split(",") if "=" in item)
        if not {"id", "ts", "sig", "nonce"} <= set(part) or not part["ts"].isdecimal():
            raise UnauthorizedError("Authorization lacks one of id, ts, sig, nonce")
        signed = f"{part['ts']}\n{part['nonce']}\n{method}\n{target}\n{body}\n"
        return self.by_signature(part["id"], signed, part["sig"], int(part["ts"]), now)

    def grant(self, key: Key, now: int) -> str:
        """Return a new access token of a key, good for TOKEN_S seconds. now: ms."""
        self._tokens = {text: held for text, held in self._tokens.items() if held[1] > now}
        token = secrets.token_urlsafe(32)
        self._tokens[token] = (key, now + TOKEN_S * 1_000)
        return token

    def by_token(self, token: str, now: int) -> Key:
        """Return the key that a token was granted to. Raises UnauthorizedError."""
        key, until = self._tokens.get(token, (None, 0))
        if key is None or until <= now:
            raise UnauthorizedError("access token is unknown or expired")
        return key

    def _known(self, client_id: str) -> Key:
        key = self._keys.get(client_id)
        if key is None:
            raise UnauthorizedError(f"client_id {client_id[:64]!r} is not known")
        return key

    def _take_once(self, mark: str, now: int) -> None:
        if len(self._seen) > 10_000:
            self._seen = {text: until for text, until in self._seen.items() if until > now}
        if self._seen.get(mark, 0) > now:
            raise UnauthorizedError("this signature was used before")
        self._seen[mark] = now + 2 * WINDOW_MS
