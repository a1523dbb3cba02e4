"""What runs in the worker processes of the cluster: one call of a function that was sent there."""

from __future__ import annotations

import pickle
import socket
from collections.abc import Sequence
from typing import Any

from dysfw.plugin import CannotShareError, DysfwError, unpack_work, work_alone

# The work that this process received last, so that its many tasks unpack it once.
_received: tuple[str, Any, Any] = ("", None, None)

Outcome = tuple[bytes | None, str, str | None]  # the pickled result; else an error's message and hint


def call(inputs: tuple[bytes, Sequence[Any]], key: str, item: object) -> Outcome:
    """Call a function on an item, with one thread.

    Args:
        inputs: The function and its context, as ``dysfw.plugin.pack_work`` made them. The arrays are in shared memory.
        key: Identifies ``inputs``.
        item: The item.

    Returns:
        The result as bytes, because arrays in shared memory would stay there as long as the caller keeps them. Or a message
        about an error.
    """
    global _received  # noqa: PLW0603  # lives as long as the process
    try:
        if _received[0] != key:
            _received = (key, *unpack_work(*inputs))
        _, work, context = _received
        return pickle.dumps(work_alone(work, context, item), protocol=5), "", None
    except CannotShareError as error:
        return None, f"{machine()}: {error}", "install the same software on all machines of the cluster"
    except DysfwError as error:
        return None, f"{machine()}: {error.message}", error.hint


def machine() -> str:
    """The name of this machine."""
    return socket.gethostname()
