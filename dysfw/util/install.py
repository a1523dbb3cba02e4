"""Says how to install what is missing, from where this installation came."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

CORE = "dysfw"


def install_command(distribution: str, extra: str = "") -> str:
    """Return the command that installs a distribution or one of its extras.

    If the distribution, or dysfw itself, was installed from a folder, the command names that folder: a clone is on no index.

    Args:
        distribution: Name, such as "dysfw" or "dysfw-dlib"; installed or not.
        extra: An extra of it, such as "parquet".

    Returns:
        Such as "pip install -e '/home/me/dysfw/plugins/dysfw-dlib[detectors]'" or "pip install 'dysfw-dlib[detectors]'".
    """
    folder = _folder_of(distribution)
    clone = _folder_of(CORE)
    if folder is None and clone is not None and (clone / "plugins" / distribution).is_dir():
        folder = clone / "plugins" / distribution
    target = f"{folder or distribution}{f'[{extra}]' if extra else ''}"
    quoted = f"'{target}'" if extra or " " in target else target
    return f"pip install {'-e ' if folder else ''}{quoted}"


def _folder_of(distribution: str) -> Path | None:
    """The folder from which a distribution was installed; None if it came from elsewhere, or the folder is gone."""
    try:
        origin = json.loads(metadata.distribution(distribution).read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, OSError, ValueError):
        return None
    if "dir_info" not in origin:
        return None
    from urllib.request import url2pathname  # slow to import

    folder = Path(url2pathname(unquote(urlsplit(str(origin.get("url", ""))).path)))
    return folder if folder.is_dir() else None
