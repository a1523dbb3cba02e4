"""Imports a plugin's module in a process of its own and prints, as JSON, what that did. For ``dysfw.testing.plugins``.

python -P dysfw/testing/probe.py package.plugin
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
import threading
import time


def main(module: str) -> None:
    import dysfw.registry.hookspecs  # noqa: F401  # what every plugin's module imports

    before, threads, said = set(sys.modules), threading.active_count(), io.StringIO()
    events: list[str] = []
    sys.addaudithook(lambda event, arguments: events.append(event) if event.startswith("socket.") else None)
    began = time.process_time()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        importlib.import_module(module)
    seconds = time.process_time() - began
    imported = sorted({name.partition(".")[0] for name in set(sys.modules) - before})
    found = {
        "seconds": seconds,
        "imported": imported,
        "said": said.getvalue(),
        "threads": threading.active_count() - threads,
        "network": sorted(set(events)),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
