"""Whether this process may fetch anything, and who is told when it does."""

from __future__ import annotations

import os

from ..util.progress import Progress, Silent

FETCH, OFFLINE = "DYSFW_FETCH", "DYSFW_OFFLINE"
_progress: list[Progress] = [Silent()]


def may_fetch() -> bool:
    """Where the user has allowed it (``--fetch``, or DYSFW_FETCH=1) and DYSFW_OFFLINE=1 does not forbid it."""
    return os.environ.get(FETCH) == "1" and not is_offline()


def is_offline() -> bool:
    """DYSFW_OFFLINE=1 outweighs everything. Whoever writes true, or anything but 0, means it too."""
    return os.environ.get(OFFLINE, "") not in ("", "0")


def allow_fetching(allowed: bool, shown_by: Progress) -> None:
    """What the command line was told. progress: hears of what is fetched, whoever asks for it."""
    _progress[0] = shown_by
    if allowed:
        os.environ[FETCH] = "1"


def fetch_progress() -> Progress:
    return _progress[0]
