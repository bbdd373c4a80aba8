"""Who is subscribed to what, and the messages that go out at each publication.

Each message is encoded once, whoever reads it. A subscriber that is too slow loses what
waits for it and gets every channel's first message again: it never slows the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.channels import Channel
from gateway.envelope import Notice, encode
from gateway.naming import CHANNELS_MAX, is_private, open_private, open_public
from gateway.refusals import invalid
from gateway.view import Changes, View

_Key = tuple[str, int]  # Name; account, or 0 for a public channel.


class Subscriber(Protocol):
    """Where messages go."""

    def push(self, message: bytes) -> None:
        """Send one message, in order, sooner or later."""


@dataclass(slots=True)
class _Line:
    """One channel and its subscribers; a dictionary keeps them in order."""

    name: str
    channel: Channel
    subscribers: dict[Subscriber, None] = field(default_factory=dict)
    is_due: bool = False


class Hub:
    """All channels that somebody is subscribed to."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._lines: dict[_Key, _Line] = {}
        self._of: dict[Subscriber, dict[_Key, None]] = {}

    def subscribe(self, subscriber: Subscriber, names: Sequence[str], account: int) -> list[str]:
        """Subscribe to channels, all or none; return their names. Raises RefusedError."""
        opened = {(name, account if is_private(name) else 0): name for name in names}
        mine = self._of.setdefault(subscriber, {})
        if len(opened.keys() | mine.keys()) > CHANNELS_MAX:
            raise invalid("channels", len(opened), f"makes more than {CHANNELS_MAX} in all")
        fresh = {key: self._open(*key) for key in opened if key not in self._lines}
        self._lines.update(fresh)
        for key in opened:
            line = self._lines[key]
            self._flush(line)
            if subscriber not in line.subscribers:
                line.subscribers[subscriber] = None
                mine[key] = None
        return list(opened.values())

    def send_first(self, subscriber: Subscriber, names: Sequence[str], account: int) -> None:
        """Send the first message of channels just subscribed to."""
        for name in names:
            line = self._lines.get((name, account if is_private(name) else 0))
            if line is not None and subscriber in line.subscribers:
                self._send(line, line.channel.first(self._view), [subscriber])

    def unsubscribe(self, subscriber: Subscriber, names: Sequence[str], account: int) -> list[str]:
        """Leave channels; return those that it was subscribed to."""
        left = []
        for name in names:
            key = (name, account if is_private(name) else 0)
            if key in self._of.get(subscriber, {}):
                self._leave(subscriber, key)
                left.append(name)
        return left

    def resend(self, subscriber: Subscriber) -> None:
        """Send every channel's first message again, to one that has lost messages."""
        for key in list(self._of.get(subscriber, {})):
            line = self._lines[key]
            self._flush(line)
            self._send(line, line.channel.first(self._view), [subscriber])

    def forget(self, subscriber: Subscriber) -> None:
        """Leave all channels."""
        for key in list(self._of.get(subscriber, {})):
            self._leave(subscriber, key)
        self._of.pop(subscriber, None)

    def publish(self, changes: Changes) -> None:
        """Take changes to all channels, and send what may not wait."""
        for line in list(self._lines.values()):
            line.is_due |= line.channel.take(changes)
            if line.is_due and line.channel.is_raw:
                self._flush(line)

    def flush(self) -> None:
        """Send what was waiting for its interval to end."""
        for line in list(self._lines.values()):
            self._flush(line)

    def _open(self, name: str, account: int) -> _Line:
        if is_private(name):
            return _Line(name, open_private(self._view, name, account))
        return _Line(name, open_public(self._view, name))

    def _leave(self, subscriber: Subscriber, key: _Key) -> None:
        del self._of[subscriber][key]
        line = self._lines[key]
        del line.subscribers[subscriber]
        if not line.subscribers:
            del self._lines[key]

    def _flush(self, line: _Line) -> None:
        if line.is_due:
            line.is_due = False
            self._send(line, line.channel.flush(self._view), list(line.subscribers))

    def _send(self, line: _Line, found: list[Any], subscribers: list[Subscriber]) -> None:
        for content in found:
            message = encode(Notice({"channel": line.name, "data": content}))
            for subscriber in subscribers:
                subscriber.push(message)
