"""Sees, by the interpreter's own audit events, what code does that a component must not: use the network, read pickles."""

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


class _Watcher:
    """An audit hook cannot be taken away again, so there is one, which listens only inside ``watched``."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] | None = None
        self.installed = False
        self.lock = threading.Lock()

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.seen is None:
            return
        if event in NETWORK and not _is_local(arguments):
            self.seen.append((event, " ".join(repr(a) for a in arguments[-3:])[:200]))
        elif event == PICKLE:
            self.seen.append((event, ".".join(map(str, arguments))))


def _is_local(arguments: tuple[object, ...]) -> bool:
    """A socket between processes of this machine that has no network address: how children are talked to."""
    return any(isinstance(argument, str | bytes) and os.fsdecode(argument).startswith(("/", "\0")) for argument in arguments)


_watcher = _Watcher()


@contextlib.contextmanager
def audited() -> Iterator[list[tuple[str, str]]]:
    """What happens inside, of this process: pairs of an audit event and what it was about."""
    with _watcher.lock:
        if not _watcher.installed:
            sys.addaudithook(_watcher.hear)
            _watcher.installed = True
        seen: list[tuple[str, str]] = []
        _watcher.seen = seen
    try:
        yield seen
    finally:
        _watcher.seen = None
