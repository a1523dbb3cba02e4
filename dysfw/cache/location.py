"""Location and maximum size of the stage cache, from the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..errors import DysfwError
from ..util.process_environment import CACHE as FOLDER
from ..util.process_environment import OFF
from ..util.user_folders import writable_cache_folder

SIZE = "DYSFW_CACHE_SIZE"
DEFAULT_SIZE = 4 * 2**30
MIN_SIZE = 2**20
UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def cache_folder() -> Path | None:
    """Return the folder of the stage cache: ``stages`` in DYSFW_CACHE, or in ``dysfw`` in the user's cache folder.

    Returns:
        The folder; None if DYSFW_CACHE is "off".

    Raises:
        DysfwError: The user has no folder that can be written.
    """
    stated = os.environ.get(FOLDER, "")
    if stated.lower() == OFF:
        return None
    try:
        return (Path(stated).expanduser() if stated else writable_cache_folder()) / "stages"
    except (DysfwError, RuntimeError) as error:  # RuntimeError: "~" without a home folder
        reason = error.message if isinstance(error, DysfwError) else f"{FOLDER} is {stated!r}, and there is no home folder"
        raise DysfwError(f"nothing is cached: {reason}", hint=f"set {FOLDER} to a folder, or to {OFF}") from None


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
