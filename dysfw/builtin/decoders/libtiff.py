"""Keeps libtiff from writing to standard error: Pillow turns its errors into exceptions, and leaves its messages on."""

from __future__ import annotations

import contextlib
import ctypes
from functools import cache
from pathlib import Path

import PIL


@cache
def silence_libtiff() -> None:
    """Switch off the messages of the libtiff that is in Pillow's package for Linux or macOS; without one, do nothing."""
    package = Path(PIL.__file__).parent
    for path in (*package.parent.glob("pillow.libs/libtiff*.so*"), *package.glob(".dylibs/libtiff*.dylib")):
        with contextlib.suppress(OSError, AttributeError):
            set_handler = ctypes.CDLL(str(path)).TIFFSetErrorHandler  # of the library that Pillow has loaded
            set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
            set_handler(None)
