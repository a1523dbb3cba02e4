"""Records network access and unpickling, by audit events of the interpreter."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator

NETWORK = frozenset(
    f"socket.{name}" for name in ("connect", "bind", "sendto", "sendmsg", "getaddrinfo", "gethostbyname", "gethostbyaddr")
)
PICKLE = "pickle.find_class"


class _Recorder:
    """The audit hook. It cannot be removed, so there is only one, which records only inside ``audited``."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] | None = None
        self.installed = False
        self.lock = threading.Lock()

    def record(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.events is None:
            return
        if event in NETWORK and not _is_local(arguments):
            self.events.append((event, " ".join(repr(a) for a in arguments[-3:])[:200]))
        elif event == PICKLE:
            self.events.append((event, ".".join(map(str, arguments))))


def _is_local(arguments: tuple[object, ...]) -> bool:
    """Whether the address is a Unix socket, by which processes of one machine communicate."""
    return any(isinstance(argument, str | bytes) and os.fsdecode(argument).startswith(("/", "\0")) for argument in arguments)


_recorder = _Recorder()


@contextlib.contextmanager
def audited() -> Iterator[list[tuple[str, str]]]:
    """Record the audit events of this process inside the context.

    Yields:
        Pairs of an event's name and its arguments, filled as they occur.
    """
    with _recorder.lock:
        if not _recorder.installed:
            sys.addaudithook(_recorder.record)
            _recorder.installed = True
        events: list[tuple[str, str]] = []
        _recorder.events = events
    try:
        yield events
    finally:
        _recorder.events = None
