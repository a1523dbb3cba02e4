"""Hashes of files, and files inside installed packages."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Compute the hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def packaged_file(pointer: str) -> Path | None:
    """Find a file inside a package without importing the package.

    Args:
        pointer: "package:path/inside/it".

    Returns:
        The path; None if there is no such package or file.
    """
    package, _, inside = pointer.partition(":")
    try:
        spec = find_spec(package)
    except ModuleNotFoundError:  # the parent package is missing
        return None
    folders = (spec.submodule_search_locations if spec else None) or ()
    return next((path for folder in folders if (path := Path(folder, inside)).exists()), None)
