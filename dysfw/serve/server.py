"""Where the application meets the network: a socket, and uvicorn behind it."""

from __future__ import annotations

import asyncio
import os
import socket

os.environ.setdefault("OTEL_SDK_DISABLED", "true")  # fastapi can report to whoever asks it; nobody may

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..errors import DysfwError
from ..inference.pipeline import Pipeline
from .app import make_app
from .settings import Settings


class Server(uvicorn.Server):
    """Answers what is under way, with a refusal, before it ends: nobody is left without a word."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.config.app.state.served.worker.stop()  # type: ignore[union-attr]  # make_app's
        await super().shutdown(sockets)

    def finish(self) -> None:
        """Wait for what is being computed: a thread that the interpreter ends in the middle of it takes all down with it."""
        self.config.app.state.served.worker.join()  # type: ignore[union-attr]


class Prompt(H11Protocol):
    """Ends connections on which no request's head has come in time: each keeps a place, and uvicorn would wait for ever."""

    seconds = 10.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._limit = self.loop.call_later(self.seconds, self._end)

    def connection_lost(self, exc: Exception | None) -> None:
        self._limit.cancel()
        super().connection_lost(exc)

    def _end(self) -> None:
        if self.cycle is None:
            self.transport.close()


def listening(host: str, port: int) -> socket.socket:
    """A socket on which connections wait from now on. port: 0 takes a free one. Raises DysfwError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind, protocol)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(128)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DysfwError(f"cannot listen at {host}, port {port}: {reason}", hint="name another --host or --port") from None
    return opened


def server_of(pipeline: Pipeline, settings: Settings) -> Server:
    """To be run on a socket. Each has a pipeline of its own."""
    config = uvicorn.Config(
        make_app(pipeline, settings),
        http=Prompt,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=5,
        limit_concurrency=max(64, 16 * settings.waiting),
        lifespan="off",
        ws="none",
    )
    return Server(config)
