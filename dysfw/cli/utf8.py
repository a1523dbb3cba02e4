"""Starts the program again in Python's UTF-8 mode if the locale would hide the names of files."""

from __future__ import annotations

import io
import os
import sys

SETTING = "PYTHONUTF8"
ENCODINGS = "DYSFW_STREAM_ENCODINGS"  # hands those of the streams to the program that is started again
STREAMS = ("stdout", "stderr")


def ensure_utf8() -> None:
    """Make names of files UTF-8, in this process and in those that it starts; what is printed still follows the locale.

    With an ASCII or Latin-1 locale, Python cannot open a file that a manifest calls "Zoë.jpg", although it is there. Python
    itself ignores such a locale from version 3.15 on, and before only if nothing disables that. The mode can only be set at
    start. Nothing happens on Windows, where names are always Unicode.
    """
    _restore_encodings()
    if sys.getfilesystemencoding().replace("-", "").lower() == "utf8" or os.name == "nt":
        return
    os.environ[SETTING] = "1"  # for processes that are started later
    os.environ[ENCODINGS] = ",".join(getattr(getattr(sys, name), "encoding", None) or "" for name in STREAMS)
    command = [os.fsencode(argument) for argument in sys.orig_argv]
    os.execv(sys.executable, [command[0], b"-X", b"utf8", *command[1:]])  # noqa: S606  # this same program


def _restore_encodings() -> None:
    """Give the streams the encodings that they had before the restart; not those of processes that are started later."""
    for name, encoding in zip(STREAMS, os.environ.pop(ENCODINGS, "").split(","), strict=False):
        stream = getattr(sys, name)
        if encoding and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=encoding)
