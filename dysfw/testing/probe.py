"""Loads a plugin in a process of its own and writes what that did as JSON. For ``dysfw.testing.plugins``.

python -P dysfw/testing/probe.py package.plugin result.json
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


def main(target: str, output: str) -> None:
    """Import a plugin, call its hooks and write the result.

    Args:
        target: Value of the entry point: a module, perhaps with ":attribute".
        output: Path of the JSON file.
    """
    from dysfw.registry import hookspecs  # every plugin imports it, so it does not count

    before, threads, printed = set(sys.modules), threading.active_count(), io.StringIO()
    events: list[str] = []
    sys.addaudithook(lambda event, arguments: events.append(event) if event.startswith("socket.") else None)
    started = time.process_time()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        module, _, attribute = target.partition(":")
        loaded = importlib.import_module(module)
        plugin = getattr(loaded, attribute) if attribute else loaded
        for name in dir(hookspecs):
            if name.startswith("dysfw_") and callable(hook := getattr(plugin, name, None)):
                hook()
    result = {
        "seconds": time.process_time() - started,
        "imported": sorted({name.partition(".")[0] for name in set(sys.modules) - before}),
        "printed": printed.getvalue(),
        "threads": threading.active_count() - threads,
        "network": sorted(set(events)),
    }
    Path(output).write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
