"""The connection to a cluster, and errors of Ray in plain words."""

from __future__ import annotations

import logging
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import ray
import ray._private.worker
from ray.exceptions import OutOfMemoryError, RayTaskError

from dysfw.plugin import DysfwError, error_text

from .local_cluster import local_cluster

CONNECT_TIMEOUT = 10.0  # s


class Connection:
    """Connects to a cluster; an existing connection is used and stays open.

    Args:
        address: Address of the cluster; None starts a temporary one on this machine.
    """

    def __init__(self, address: str | None) -> None:
        self._address, self._stack = address, ExitStack()

    def __enter__(self) -> None:
        """Connect.

        Raises:
            DysfwError: The cluster cannot be reached.
        """
        if ray.is_initialized():
            return
        _check_reachable(self._address)
        settings = {} if self._address else self._stack.enter_context(local_cluster())
        try:
            # Output of the workers is not shown; failures are raised as errors.
            with _own_signals():
                self._stack.enter_context(_without_messages_on_stdout())
                ray.init(address=self._address, logging_level=logging.ERROR, log_to_driver=False, **settings)
        except Exception as error:  # ConnectionError, ValueError, RuntimeError …, depending on the version
            self._stack.close()
            raise connection_error(self._address, error) from None
        self._stack.callback(ray.shutdown)

    def __exit__(self, *_: object) -> None:
        """Disconnect, which ends what runs for this process."""
        self._stack.close()


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep what SIGTERM does: Ray replaces it by an exit without a message."""
    here = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM) if here else None
    try:
        yield
    finally:
        if here and handler is not None:
            signal.signal(signal.SIGTERM, handler)


@contextmanager
def _without_messages_on_stdout() -> Iterator[None]:
    """Do not let Ray print on stdout that a worker or a machine died, among the results: the runner says so itself."""
    worker = ray._private.worker
    printer = getattr(worker, "print_to_stdstream", None)  # Ray has no setting for it
    if printer is None:
        yield
        return
    worker.print_to_stdstream = lambda *_, **__: None
    try:
        yield
    finally:
        worker.print_to_stdstream = printer


def _check_reachable(address: str | None) -> None:
    """Raise DysfwError if the address does not respond; Ray itself retries for ten minutes."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_TIMEOUT).close()
        except OSError as error:
            raise connection_error(address, error) from None


def connection_error(address: str | None, error: Exception) -> DysfwError:
    """Convert an error of the attempt to connect.

    Args:
        address: Address of the cluster; None for one on this machine.
        error: What was raised.
    """
    text = " ".join(str(error).split())
    if versions := re.search(r"cluster was started with: (Ray: \S+ Python: \S+) .*(Ray: \S+ Python: \S+)", text):
        cluster, own = (pair.replace(": ", " ").replace(" Python", " with Python") for pair in versions.groups())
        return DysfwError(
            f"the Ray cluster at {address or 'this machine'} runs {cluster}, but this process {own}",
            hint="install the same versions of both on all machines of the cluster",
        )
    return DysfwError(
        f"no Ray cluster could be reached at {address or 'this machine'}: {error_text(error)}",
        hint="start one with `ray start --head`, or remove --address",
    )


def cluster_error(error: Exception) -> DysfwError:
    """Convert an error of a worker.

    Args:
        error: What Ray raised.
    """
    cause: BaseException = error
    while isinstance(cause, RayTaskError) and cause.cause is not None:
        cause = cause.cause
    if isinstance(cause, DysfwError):
        return DysfwError(f"on the cluster: {cause.message}", hint=cause.hint)
    if isinstance(cause, OutOfMemoryError) or "OutOfMemory" in str(cause):
        return DysfwError(
            "a worker of the cluster repeatedly ran out of memory",
            hint="let fewer work at the same time (see --runner-set), or use larger machines; finished work is kept",
        )
    if missing := re.search(r"No module named '([\w.]+)'", str(error)):
        return DysfwError(
            f"a machine of the cluster lacks the module {missing[1]}",
            hint="install dysfw and the same plugins, dysfw-ray included, on all machines of the cluster",
        )
    return DysfwError(f"the work failed on the cluster: {error_text(cause)}", hint="finished work is kept")
