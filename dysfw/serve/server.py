"""The HTTP server: a socket, and uvicorn."""

from __future__ import annotations

import asyncio
import logging
import socket

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..errors import DysfwError
from ..inference.pipeline import Pipeline
from ..knowledge.load import Knowledge
from .app import make_app
from .settings import Settings


class Server(uvicorn.Server):
    """A server that answers every pending request before it stops."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop the worker, which rejects pending requests, and then the server."""
        self.config.app.state.service.worker.stop()  # type: ignore[union-attr]  # set by make_app
        await super().shutdown(sockets)

    def finish(self) -> None:
        """Wait for the worker thread. The process could crash if the interpreter ended during a computation."""
        self.config.app.state.service.worker.join()  # type: ignore[union-attr]


class HeaderTimeoutProtocol(H11Protocol):
    """Closes connections that do not send a request's header in time. Uvicorn has no such timeout.

    Attributes:
        seconds: The timeout in s.
    """

    seconds = 10.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Start the timer."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(self.seconds, self._close_if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timer."""
        self._timer.cancel()
        super().connection_lost(exc)

    def _close_if_idle(self) -> None:
        if self.cycle is None:
            self.transport.close()


def listening(host: str, port: int) -> socket.socket:
    """Open a socket that accepts connections.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.

    Returns:
        The socket.

    Raises:
        DysfwError: If the address is not available.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DysfwError(f"cannot listen on {host}, port {port}: {reason}", hint="use another --host or --port") from None
    return listener


def server_of(pipeline: Pipeline, settings: Settings, knowledge: Knowledge) -> Server:
    """Make a server.

    Args:
        pipeline: A trained pipeline, which only this server uses.
        settings: The server's settings.
        knowledge: The ontology and the face generator, as far as plugins provide them.

    Returns:
        A server to run on a socket.
    """
    logging.getLogger("uvicorn.access").disabled = True  # it would log queries, such as the text that is searched
    config = uvicorn.Config(
        make_app(pipeline, settings, knowledge),
        http=HeaderTimeoutProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=5,
        limit_concurrency=max(64, 16 * settings.max_requests),
        lifespan="off",
        ws="none",
    )
    return Server(config)
