"""Location and maximum size of the stage cache, from the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..errors import DysfwError

FOLDER, SIZE, OFF = "DYSFW_CACHE", "DYSFW_CACHE_SIZE", "off"
DEFAULT_SIZE = 4 * 2**30
MIN_SIZE = 2**20
UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def cache_folder() -> Path | None:
    """Return the folder of the stage cache: ``stages`` in DYSFW_CACHE, or in ``dysfw`` in the user's cache folder.

    Returns:
        The folder; None if DYSFW_CACHE is "off" or the user has no home folder.
    """
    folder, cache = os.environ.get(FOLDER), os.environ.get("XDG_CACHE_HOME")
    if folder and folder.lower() == OFF:
        return None
    try:
        return (Path(folder).expanduser() if folder else Path(cache or "~/.cache").expanduser() / "dysfw") / "stages"
    except RuntimeError:  # a user without a home, as in some containers
        return None


def cache_size() -> int:
    """Return the maximum size of the stage cache: DYSFW_CACHE_SIZE, such as "20G", or 4 GiB.

    Returns:
        Bytes.

    Raises:
        DysfwError: DYSFW_CACHE_SIZE is not a size.
    """
    text = os.environ.get(SIZE)
    if not text:
        return DEFAULT_SIZE
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:I?B)?\s*", text.upper())
    size = int(float(match[1]) * UNITS[match[2]]) if match else 0
    if size < MIN_SIZE:
        raise DysfwError(f"{SIZE} is {text!r}; it must be a number of bytes, at least 1M, such as 500M or 20G")
    return size
