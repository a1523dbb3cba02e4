"""The entry point of the program ``dysfw``."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import NoReturn

from ..util import background
from .main import main


def program() -> NoReturn:
    """Run the program and end its process.

    Python would first destroy every object and every module of torch and the runtimes, which takes a second or more, although
    the system frees their memory at once. So the process ends as those of ``multiprocessing`` do: it waits for its threads,
    runs what was registered with ``atexit``, and leaves.
    """
    code = 0
    try:
        main()
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):
            raise
        code = ended.code or 0
    background.abandon()
    threading._shutdown()  # type: ignore[attr-defined]  # threads that are not daemons, and pools of processes
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # nobody reads it any more; `main` has reported what could be reported
            continue
    os._exit(code)
