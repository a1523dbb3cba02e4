"""Where the stage cache lies, and how large it may grow."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..errors import DysfwError

FOLDER, SIZE, OFF = "DYSFW_CACHE", "DYSFW_CACHE_SIZE", "off"
USUAL_SIZE = 4 * 2**30
LEAST_SIZE = 2**20
UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def cache_folder() -> Path | None:
    """The folder ``stages`` in DYSFW_CACHE, or else in dysfw in the user's cache folder; None where DYSFW_CACHE is "off", or
    there is no home."""
    own, cache = os.environ.get(FOLDER), os.environ.get("XDG_CACHE_HOME")
    if own and own.lower() == OFF:
        return None
    try:
        return (Path(own).expanduser() if own else Path(cache or "~/.cache").expanduser() / "dysfw") / "stages"
    except RuntimeError:  # a user without a home, as in some containers
        return None


def cache_size() -> int:
    """Bytes: DYSFW_CACHE_SIZE, such as "20G", or else 4 GiB. Raises DysfwError."""
    said = os.environ.get(SIZE)
    if not said:
        return USUAL_SIZE
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:I?B)?\s*", said.upper())
    size = int(float(match[1]) * UNITS[match[2]]) if match else 0
    if size < LEAST_SIZE:
        raise DysfwError(f"{SIZE} is {said!r}; it is a number of bytes, 1M or more, such as 500M or 20G")
    return size
