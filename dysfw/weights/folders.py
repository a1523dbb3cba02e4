"""Where weight files are kept."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import DysfwError
from ..util.user_folders import cache_folder

# Any of these means that the user chose where files of the Hugging Face hub are kept.
HUB_SETTINGS = ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME")


def store_folder() -> Path:
    """Return the folder of the store: DYSFW_HOME/weights, or dysfw/weights in the user's cache folder.

    Returns:
        The folder.

    Raises:
        DysfwError: The user has no home folder.
    """
    stated = os.environ.get("DYSFW_HOME")
    try:
        return (Path(stated).expanduser() if stated else cache_folder()) / "weights"
    except (DysfwError, RuntimeError):  # RuntimeError: "~" without a home folder
        raise DysfwError("there is no home folder to store weights in", hint="set DYSFW_HOME to a folder for them") from None


def hub_folder() -> Path | None:
    """Return the folder for files of the Hugging Face hub.

    Returns:
        ``hub`` in the store; None if the user chose another folder, by a setting of the hub's client.

    Raises:
        DysfwError: The user has no home folder.
    """
    return None if any(os.environ.get(name) for name in HUB_SETTINGS) else store_folder() / "hub"
