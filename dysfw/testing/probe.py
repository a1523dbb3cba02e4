"""Loads a plugin, hooks included, in a process of its own and writes, as JSON, what that did. For ``dysfw.testing.plugins``.

python -P dysfw/testing/probe.py package.plugin answer.json
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
import threading
import time
from pathlib import Path


def main(target: str, answer: str) -> None:
    from dysfw.registry import hookspecs  # what every plugin's module imports

    before, threads, said = set(sys.modules), threading.active_count(), io.StringIO()
    events: list[str] = []
    sys.addaudithook(lambda event, arguments: events.append(event) if event.startswith("socket.") else None)
    began = time.process_time()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        module, _, attribute = target.partition(":")
        loaded = importlib.import_module(module)
        plugin = getattr(loaded, attribute) if attribute else loaded
        for name in dir(hookspecs):
            if name.startswith("dysfw_") and callable(hook := getattr(plugin, name, None)):
                hook()
    found = {
        "seconds": time.process_time() - began,
        "imported": sorted({name.partition(".")[0] for name in set(sys.modules) - before}),
        "said": said.getvalue(),
        "threads": threading.active_count() - threads,
        "network": sorted(set(events)),
    }
    Path(answer).write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
