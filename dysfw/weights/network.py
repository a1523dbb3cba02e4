"""Whether this process may download anything, and where it reports that."""

from __future__ import annotations

import os

from ..util.progress import Progress, Silent

FETCH, OFFLINE = "DYSFW_FETCH", "DYSFW_OFFLINE"
_progress: list[Progress] = [Silent()]


def may_fetch() -> bool:
    """Return whether the user allowed it with ``--fetch`` or DYSFW_FETCH=1, and DYSFW_OFFLINE=1 does not forbid it."""
    return os.environ.get(FETCH) == "1" and not is_offline()


def is_offline() -> bool:
    """Return whether DYSFW_OFFLINE forbids all downloads: with 1, or anything else but 0."""
    return os.environ.get(OFFLINE, "") not in ("", "0")


def allow_fetching(allowed: bool, shown_by: Progress) -> None:
    """Set what the command line was given.

    Args:
        allowed: Whether downloads are allowed.
        shown_by: Shows the progress of all downloads of this process.
    """
    _progress[0] = shown_by
    if allowed:
        os.environ[FETCH] = "1"


def fetch_progress() -> Progress:
    """Return what shows the progress of downloads."""
    return _progress[0]
