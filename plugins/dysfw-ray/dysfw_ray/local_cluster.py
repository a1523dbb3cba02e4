"""Settings for a temporary cluster on this machine: nothing is sent or looked up, and no file is left behind."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Even without usage reports, a process of Ray asks the metadata services of three cloud providers where it runs. It asks over
# HTTP, and its client fails for a proxy with an unknown scheme before any look-up or connection.
NO_PROXY_NEEDED = "localhost,127.0.0.1,::1"
CUT_OFF = {"http_proxy": "none://", "HTTP_PROXY": "none://", "no_proxy": NO_PROXY_NEEDED, "NO_PROXY": NO_PROXY_NEEDED}
# An address of the loopback that Ray takes as given. For 127.0.0.1 it would look for an address that others can reach, by a
# socket to a public name server, and listen there. Elsewhere than on Linux it uses the loopback anyway.
THIS_MACHINE = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"
LOOPBACK_ONLY = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # says so, on every system, to the processes that Ray starts
TOKEN = secrets.token_hex(32)  # one for this process, because Ray remembers it
MAX_FOLDER = 40  # characters: Ray adds 66 for its sockets, whose paths have at most 107


@contextmanager
def local_cluster() -> Iterator[dict[str, Any]]:
    """Prepare the start of a cluster on this machine.

    The folder for logs and sockets is temporary. The token, without which nobody can use the cluster, is kept in memory, unless
    the user has set one.

    Yields:
        Arguments of ``ray.init``, which has to be called in this context.
    """
    own = CUT_OFF | LOOPBACK_ONLY
    if not any(name.startswith("RAY_AUTH_") for name in os.environ):
        own["RAY_AUTH_TOKEN"] = TOKEN
    previous = {name: os.environ.get(name) for name in (*own, "RAY_AUTH_MODE")}  # Ray sets the mode itself
    # Workers read images, so they get the user's own proxies back.
    restored = {name: previous[name] or "" for name in CUT_OFF}
    with tempfile.TemporaryDirectory(prefix="dysfw-", dir=_short_folder(), ignore_cleanup_errors=True) as folder:
        os.environ.update(own)
        try:
            yield {
                "include_dashboard": False,
                "runtime_env": {"env_vars": restored},
                "_node_ip_address": THIS_MACHINE,
                "_temp_dir": folder,
            }
        finally:
            for name, value in previous.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _short_folder() -> str | None:
    """The folder for temporary files, or /tmp if paths of sockets in it would be too long."""
    usual = tempfile.gettempdir()
    too_long = len(usual) + len("/dysfw-12345678") > MAX_FOLDER
    return "/tmp" if too_long and os.access("/tmp", os.W_OK) and Path("/tmp").is_dir() else usual  # noqa: S108
