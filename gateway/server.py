"""The served exchange: one process, one folder, one address."""

import asyncio
import contextlib
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog
import uvicorn
import uvloop

from clearing.store.database import StoreError
from clearing.venue import Venue
from engine.exchange import Outcome
from engine.journal import JournalError
from gateway.admin import Admin
from gateway.app import Endpoints, make_app
from gateway.clock import Clock, speed_of
from gateway.crowd import Crowd
from gateway.follower import Follower
from gateway.hub import Hub
from gateway.keys import Keys, ServerFile, read_keys, write_server_file
from gateway.recovery import BusyError, Founding, Lock, complete, recover
from gateway.sequencer import Sequencer
from gateway.session import FRAME_MAX, Desk
from gateway.view import View

HOST = "127.0.0.1"
FLUSH_S = 0.1  # How often channels that are not raw send.
GRACE_S = 2  # How long open connections may take to end.

_log = structlog.get_logger()


def serve(
    directory: Path,
    *,
    port: int = 8080,
    speed: str = "real",
    durability: str = "fsync",
    founding: Founding | None = None,
    crowd: Crowd | None = None,
    tls: tuple[str, str] | None = None,
    database: str | None = None,
) -> int:
    """Serve the exchange of a folder until SIGTERM or SIGINT; return the exit status.

    founding: what the exchange has to list and who has to have an account. tls: files of a
    certificate and its key. port: 0 takes any free one. database: a URL that is kept up to date;
    "": the file of the folder.
    Prints `ready http://127.0.0.1:PORT recovered=N` once it accepts connections.
    """
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        pace = speed_of(speed)
        lock = Lock(directory)
    except (BusyError, ValueError) as error:
        _log.error("cannot serve", why=str(error))
        return 1
    try:
        return _serve(directory, port, pace, durability, founding, crowd, tls, database)
    except (JournalError, StoreError) as error:
        _log.error("cannot serve", why=str(error))
        return 1
    finally:
        lock.release()


def _serve(
    directory: Path,
    port: int,
    pace: int,
    durability: str,
    founding: Founding | None,
    crowd: Crowd | None,
    tls: tuple[str, str] | None,
    database: str | None,
) -> int:
    view = View()
    publish = _publisher(view, crowd)
    venue = recover(directory, durability, publish)
    try:
        if founding is not None:
            complete(venue, view.directory, founding, publish)
        with _following(directory, venue, database) as follower:
            running = Running(directory, venue, view, pace, crowd, tls, follower)
            return uvloop.run(running.run(port))
    finally:
        venue.close()


@contextlib.contextmanager
def _following(directory: Path, venue: Venue, database: str | None) -> Iterator[Follower | None]:
    """Yield who keeps the database up to date, if anybody shall."""
    if database is None:
        yield None
        return
    follower = Follower(directory, database, venue.exchange.seq, _log.warning)
    try:
        yield follower
    finally:
        follower.close()


def _publisher(view: View, crowd: Crowd | None) -> Callable[[Outcome], None]:
    def publish(outcome: Outcome) -> None:
        view.fold(outcome)
        if crowd is not None:
            crowd.publish([outcome])

    return publish


class _Uvicorn(uvicorn.Server):
    """uvicorn without signal handlers of its own: SIGTERM is an orderly end here."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


class Running:
    """All parts of a served exchange, wired."""

    def __init__(
        self,
        directory: Path,
        venue: Venue,
        view: View,
        pace: int,
        crowd: Crowd | None,
        tls: tuple[str, str] | None,
        follower: Follower | None,
    ) -> None:
        self._follower = follower
        self._directory = directory
        self._venue = venue
        self._tls = tls
        self._view = view
        self._hub = Hub(view)
        self._clock = Clock(venue.exchange.time, pace)
        self._sequencer = Sequencer(venue, self._clock, self._publish, crowd)
        self._keys = Keys(read_keys(directory))
        self._token = secrets.token_urlsafe(32)

    async def run(self, port: int) -> int:
        """Serve until a signal ends it; return the exit status. Raises what ended it else."""
        listener = socket.create_server((HOST, port), backlog=1_024, reuse_port=False)
        server = self._server()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _end, server)
        matching = loop.create_task(self._sequencer.run())
        flushing = loop.create_task(self._flush())
        serving = loop.create_task(server.serve([listener]))
        announcing = loop.create_task(self._announce(server, listener.getsockname()[1]))
        try:
            await asyncio.wait({serving, matching}, return_when=asyncio.FIRST_COMPLETED)
            failed = matching.done()
            self._sequencer.stop()
            server.should_exit, server.force_exit = True, failed
            await matching
            await serving
        finally:
            flushing.cancel()
            announcing.cancel()
        return 0

    def _server(self) -> _Uvicorn:
        view, keys, sequencer = self._view, self._keys, self._sequencer
        admin = Admin(self._directory, self._token, view, self._venue.house, keys, sequencer)
        endpoints = Endpoints(Desk(view, keys, self._hub), sequencer)
        certificate, key = self._tls or (None, None)
        config = uvicorn.Config(
            make_app(endpoints, admin.routes()),
            loop="none",
            http="httptools",
            ws="websockets-sansio",
            ws_max_size=FRAME_MAX,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        return _Uvicorn(config)

    def _publish(self, outcome: Outcome) -> None:
        self._hub.publish(self._view.fold(outcome))
        if self._follower is not None:
            self._follower.put(outcome)

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            self._hub.flush()

    async def _announce(self, server: _Uvicorn, port: int) -> None:
        while not server.started:
            await asyncio.sleep(0.001)
        s = "s" if self._tls else ""
        rest, ws = f"http{s}://{HOST}:{port}", f"ws{s}://{HOST}:{port}/ws/api/v2"
        write_server_file(self._directory, ServerFile(port, self._token, rest, ws))
        sys.stdout.write(f"ready {rest} recovered={self._venue.recovered}\n")
        sys.stdout.flush()
        _log.info("ready", rest=rest, recovered=self._venue.recovered)


def _end(server: _Uvicorn) -> None:
    server.should_exit = True
